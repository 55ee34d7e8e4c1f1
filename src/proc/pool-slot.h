/*
 * A pool's slot: a worker, the job that it runs, and perhaps the one that it will run
 * next. Nobody's business but pool.c's (a job's way), pool-ahead.c's (prefetched jobs)
 * and pool-end.c's (the end of all).
 */
#ifndef PROC_POOL_SLOT_H
#define PROC_POOL_SLOT_H

#include "proc/loop.h"
#include "proc/pool.h"
#include "proc/worker.h"

struct pool_slot {
	struct pool *pool;
	unsigned number; /* from 1 */
	struct worker worker;
	struct loop_source source;
	struct loop_timer limit;
	struct pool_job *job; /* NULL: idle */

	/* pool-ahead.c's. */
	struct pool_job *ahead; /* with its worker, behind job; NULL: none */
	bool is_cancelling;	/* it was asked back */
	unsigned n_quick;	/* its last so many jobs took next to no time */
};

/* --- pool.c --- */

/* The next job to start: a retry that is due, or a new one; NULL: none now. */
struct pool_job *pool_next_job(struct pool *p);

/* Whether another one may start. */
bool pool_has_room(const struct pool *p);

/* Put a job back that was not begun: before all others, in the order that they had. */
void pool_put_back_first(struct pool *p, struct pool_job *job);

/* A try that came to nothing, because of error, an errno. */
void pool_fail_try(struct pool *p, struct pool_job *job, enum spawn_step step, int error);

/* Wait for what the slot's worker has to say, or takes. */
void pool_listen_to(struct pool_slot *slot);

/* --- pool-ahead.c --- */

/* The slot's job has ended, like this: take note of how long it took. Its next one, if
 * there is one, runs now: that is returned, or NULL. */
struct pool_job *pool_take_ahead(struct pool_slot *slot, const struct result *result);

/* Give the slot's worker its next job, if that pays. */
void pool_look_ahead(struct pool_slot *slot);

/* Ask all prefetched jobs back. */
void pool_cancel_ahead(struct pool *p);

/* A slot's prefetched job has not begun, and will not: it goes to another one. */
void pool_put_back_ahead(struct pool_slot *slot);

/* Some prefetched job has waited for longer than it should. */
void pool_on_patience(struct loop_timer *timer);

/* --- pool-end.c --- */

/* End what a dead worker has left behind: it came to us, the next subreaper. More may
 * come with each death, so it is called again at each SIGCHLD while has_orphans. */
void pool_kill_orphans(struct pool *p);

#endif
