/*
 * make's jobserver: tokens, so that all of a build together runs no more jobs than make's
 * -j says (GNU make's manual, "POSIX Jobserver").
 *
 * A client finds it in MAKEFLAGS (the last --jobserver-auth= or --jobserver-fds= word:
 * "R,W", two descriptors of a pipe, or "fifo:PATH"). Whoever was started has one slot for
 * nothing; for each job beyond it a token, one byte, is read, and the same byte is
 * written back when the job has ended, on every path. The pipe's description is shared
 * with make, so it must not be made non-blocking: it is opened anew through /proc, where
 * a read that finds nothing returns.
 *
 * A server makes a pipe with tokens in it, and a MAKEFLAGS for the jobs. It takes a token
 * itself for every job that it starts: that is the slot which the job has for nothing.
 *
 * jobserver_join() or jobserver_serve() a JOBSERVER_INIT; wait for POLLIN on js->in,
 * jobserver_take(); jobserver_give() each byte that was taken; jobserver_clear(). The
 * last cannot give back what is still held: only the caller has the bytes. What POLLIN
 * promised another client may have taken, and then jobserver_take() returns 0.
 */
#ifndef PROC_JOBSERVER_H
#define PROC_JOBSERVER_H

#include <stdbool.h>

#include "base/buf.h"

struct jobserver {
	int in;		 /* non-blocking, ours; -1: no jobserver */
	int out;	 /* where tokens go back; non-blocking, ours */
	bool serves;	 /* it is our own */
	unsigned held;	 /* tokens */
	unsigned tokens; /* server: how many there are */
	int fds[2];	 /* server: what the jobs inherit (not close-on-exec); -1 */
};

#define JOBSERVER_INIT                                 \
	(struct jobserver)                             \
	{                                              \
		.in = -1, .out = -1, .fds = { -1, -1 } \
	}

/*
 * Become a client of the one that MAKEFLAGS speaks of (flags: its value, or NULL). 0;
 * -ENOENT where there is none (make without -j, with -j1, or with -j and no number);
 * -EBADF where it names descriptors that are not there, or are not the two ends of one
 * pipe (a recipe without '+'), or a path that is no FIFO; -ENXIO where that path is gone,
 * with its make; -EINVAL where the word makes no sense; -ENOTSUP where the pipe is there
 * but cannot be opened anew (no /proc, or the pipe is another user's), so that it could
 * only be read in a way that may wait for ever; -errno. In all these js->in stays -1.
 */
int jobserver_join(struct jobserver *js, const char *flags);

/* Whether MAKEFLAGS, which speaks of no jobserver, says that make runs one job at a time
 * (-j1). */
bool jobserver_is_one(const char *flags);

/* Offer one with so many tokens: 0 or -errno, -EINVAL for none. */
int jobserver_serve(struct jobserver *js, unsigned tokens);

/*
 * Add a server's MAKEFLAGS to ret: flags (ours, or NULL) with our own jobserver behind,
 * and without any other, but before the variables that follow a lone "--". 0 or -ENOMEM.
 */
int jobserver_flags(const struct jobserver *js, const char *flags, struct buf *ret);

/* Take a token without waiting: 1 and the byte; 0: none there now; -errno. */
int jobserver_take(struct jobserver *js, char *ret_token);

/* Give one back. 0 or -errno. */
int jobserver_give(struct jobserver *js, char token);

void jobserver_clear(struct jobserver *js);

#endif
