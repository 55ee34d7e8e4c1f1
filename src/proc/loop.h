/*
 * The one place that waits: descriptors and deadlines.
 *
 * loop_init(); add sources and timers; loop_step() until what you wait for has come;
 * loop_clear(). Sources and timers belong to the caller and are usually fields of
 * something larger; they must stay in place while added. A callback may add and remove
 * any source or timer, its own too. ppoll(2) and not epoll: a handful of descriptors, any
 * kind of file, nanosecond deadlines, and no descriptor of its own (there may be only
 * eight).
 *
 * A deadline is never early: a timer fires in the first step that begins or ends after
 * its moment.
 */
#ifndef PROC_LOOP_H
#define PROC_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/nsec.h"

struct loop;

struct loop_source {
	int fd;
	short events; /* POLLIN, POLLOUT; may be changed at any time, 0 pauses it */
	void (*ready)(struct loop_source *source, short revents);
	void *data;
	bool added; /* the loop's */
};

struct loop_timer {
	nsec_t at; /* a moment; NSEC_FOREVER: off */
	void (*expired)(struct loop_timer *timer);
	void *data;
};

struct loop {
	struct loop_source **sources;
	struct pollfd *polled;
	size_t n_sources;
	size_t cap_sources;
	struct loop_timer **timers;
	size_t n_timers;
	size_t cap_timers;
};

void loop_init(struct loop *l);
void loop_clear(struct loop *l);

int loop_add(struct loop *l, struct loop_source *source); /* 0 or -ENOMEM */
void loop_remove(struct loop *l, struct loop_source *source);

int loop_add_timer(struct loop *l, struct loop_timer *timer); /* 0 or -ENOMEM */

/* Move every timer that is on by so much: time stood still for them. */
void loop_shift_timers(struct loop *l, nsec_t by);

/* Wait until something is ready or due, and call back: 0 or -errno. */
int loop_step(struct loop *l);

#endif
