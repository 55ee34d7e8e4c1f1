/*
 * --progress: a line on the terminal that says how far the map is.
 *
 *	[#########                ] 36% 360/1000 done, 4 running, 2 failed, 41/s, 16s left
 *
 * Drawn on standard error while that is a terminal, at most ten times a second, and wiped
 * before anything else is printed. Without a total there is neither bar, percentage nor
 * time.
 */
#ifndef MAP_PROGRESS_H
#define MAP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proc/loop.h"

/* How far it is. */
struct progress_counts {
	uint64_t done; /* ended, whichever way, and skipped */
	uint64_t running;
	uint64_t failed;
	uint64_t total; /* 0: not known */
};

struct progress {
	bool enabled;
	bool is_shown;
	nsec_t started;
	struct loop_timer timer;
	void (*count)(void *data, struct progress_counts *ret);
	void *data;
};

/* Begin, if standard error is a terminal: 0 or -ENOMEM. count() is asked at each drawing.
 */
int progress_init(struct progress *p, struct loop *loop,
		  void (*count)(void *data, struct progress_counts *ret), void *data);

/* The line itself, width columns at most: 0 or -ENOMEM. */
int progress_format(struct buf *b, const struct progress_counts *c, nsec_t elapsed,
		    unsigned width);

/* Wipe it before something else is printed; it comes back by itself. */
void progress_hide(struct progress *p);

/* Wipe it for good. */
void progress_end(struct progress *p);

#endif
