/*
 * Ending processes that are not our children: what prockit terminate does.
 *
 * Everything goes through pidfds, opened from handles before the first signal, so nobody
 * but the processes meant is ever reached. stop_run() sends the first signal to all
 * targets (with whole_tree: to their descendants too), waits until they are really gone,
 * sends KILL to what is left after kill_after, and returns when all are gone or the
 * timeout struck. A zombie is gone: what remains of it is its parent's business.
 */
#ifndef PROC_STOP_H
#define PROC_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nsec.h"
#include "proc/handle.h"
#include "proc/loop.h"
#include "proc/tree.h"

struct stop_target {
	struct handle handle; /* the caller's to fill */
	struct tree tree;     /* the target, and with whole_tree its descendants */
	bool left; /* something of it was still there when the timeout struck */
	int error; /* errno with which a signal or the opening failed; 0 */
};

struct stop {
	struct stop_target *targets;
	size_t n_targets;
	int signal;	   /* the first; 0: none before KILL */
	nsec_t kill_after; /* NSEC_FOREVER: never */
	nsec_t timeout;	   /* NSEC_FOREVER: none */
	bool whole_tree;
	void (*notice)(const struct stop *s, int signal,
		       const struct tree_member *m); /* NULL: nobody listens */
};

/* How it ended; the errors of single targets stand in them. */
enum stop_outcome {
	STOP_GONE,	/* all that could be signalled are gone */
	STOP_TIMED_OUT, /* something is still there */
	STOP_GIVEN_UP,	/* the same, a few seconds after KILL: it cannot be killed */
};

/* Do it: 0 and *ret_outcome, or -errno when we ran out of something. Frees what it used
 * of the targets. */
int stop_run(struct stop *s, enum stop_outcome *ret_outcome);

#endif
