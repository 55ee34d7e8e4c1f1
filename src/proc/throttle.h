/*
 * Whether the machine is too busy for another job: --load, --mem-free, --pressure, and
 * the pace of starts: --delay, --rate.
 *
 * throttle_init() from the limits; before each start throttle_wait() says how long to
 * wait before asking again (0: go), and throttle_started() that one was started. Load is
 * the first figure of /proc/loadavg; free memory is MemAvailable; pressure is the avg10
 * of "some" in /proc/pressure/cpu, memory or io, whichever is highest, in percent. Where
 * a file is not there, throttle_check() says so at the start, instead of waiting for
 * ever. Files are read again at most once a second, and only once the pace allows a
 * start.
 *
 * Two starts are never closer than delay. A rate is kept on average: a start that comes
 * late brings the next one no later, but whole turns that nobody used are lost, so there
 * are no bursts after an idle time.
 */
#ifndef PROC_THROTTLE_H
#define PROC_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

struct throttle_limits {
	double load;	   /* start nothing while the load is above; 0: no limit */
	uint64_t mem_free; /* bytes that must be available; 0 */
	double pressure;   /* percent; 0 */
	nsec_t delay;	   /* between two starts; 0 */
	double rate;	   /* starts a second, evenly spread; 0 */
};

struct throttle {
	struct throttle_limits limits;
	const char *proc; /* "/proc"; tests put another folder here */
	nsec_t looked_at; /* when the files were read; 0: never */
	bool busy;
	nsec_t next_start;
	nsec_t next_turn; /* of the rate; 0: none yet */
};

/* Whether there is a limit at all. */
bool throttle_is_on(const struct throttle_limits *limits);

void throttle_init(struct throttle *t, const struct throttle_limits *limits);

/*
 * 0, or -errno and the file that a limit needs and that cannot be read; -ENODATA where it
 * lacks the figure.
 */
int throttle_check(const struct throttle *t, const char **ret_file);

/* How long to wait; 0: go. now is nsec_now(). */
nsec_t throttle_wait(struct throttle *t, nsec_t now);
void throttle_started(struct throttle *t, nsec_t now);

#endif
