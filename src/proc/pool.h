/*
 * Many jobs, N at a time, on one loop.
 *
 * The pool pulls. Whenever a slot is free it asks next() for a job, has prepare() fill in
 * what this try of it is to run, and gives it to the slot's worker (proc/worker.h, forked
 * when it is first needed). ended() gets the result, and says whether the job is to be
 * tried again, and when; retries that are due come before new jobs. So nothing is held
 * here but what runs and what waits to be tried again, and whoever reads an endless list
 * reads it no faster than jobs end.
 *
 *	pool_init(&p, &handlers, &setup, loop, data);
 *	p.limit = 4;				may change at any time; then pool_wake()
 *	pool_wake(&p);
 *	while (!pool_is_done(&p)) loop_step(loop);
 *	pool_clear(&p);
 *
 * A user embeds struct pool_job in a job of its own. What it has to bring: the signals
 * caught (signals_catch(), before the first worker is forked) and read on the loop, with
 * SIGCHLD handed to pool_children_changed(), stop signals to pool_stop() and SIGCONT to
 * pool_continue(). The rest is policy: pool_drain() starts nothing new, pool_order() ends
 * what runs, pool_set_limit_of_time() gives what runs and what will run a limit.
 *
 * Jobs that take next to no time lose much of it between two of them: the worker waits
 * for us. With prefetch a worker whose last jobs were such ones has its next job before
 * the one that runs has ended: next() and prepare() are called that much earlier, and
 * jobs may begin in another order than they were asked for, by some milliseconds. A job
 * that turns out to sit behind a longer one goes back, and is prepared again for another
 * slot. Not for where what happened up to the start of a job decides about it.
 *
 * Where the system cannot start more (EAGAIN, EMFILE, ENOMEM), the job goes back and
 * waits until another one ends; only when nothing else runs, and it does not get better
 * within some seconds, does the job fail of it.
 *
 * A worker that is killed takes its job with it: what that had started comes to us as
 * orphans, is killed, and the job counts as one that could not be collected.
 */
#ifndef PROC_POOL_H
#define PROC_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nsec.h"
#include "proc/loop.h"
#include "proc/result.h"
#include "proc/tree.h"
#include "proc/worker.h"

struct pool;
struct pool_slot;

/* A job in the pool; a part of the user's. */
struct pool_job {
	struct worker_task task; /* prepare() fills it in; it points into the user's */
	unsigned slot;		 /* from 1, when prepare() is called */
	nsec_t started;		 /* when the try was given to its worker; 0: it was not */

	/* The pool's. */
	uint64_t number; /* from 1, as next() gave them */
	nsec_t again_at;
	struct pool_job *next;
};

enum pool_next {
	POOL_JOB,
	POOL_WAIT, /* none now; pool_wake() when there may be one */
	POOL_END,  /* there will be none any more */
};

struct pool_handlers {
	/* Whether another try may be started now; if not, pool_wake() when it may. NULL:
	 * always. */
	bool (*may_start)(struct pool *p);

	enum pool_next (*next)(struct pool *p, struct pool_job **ret_job);

	/* Fill in job->task for this try: 0; -errno: it fails of that, without being run.
	 */
	int (*prepare)(struct pool *p, struct pool_job *job);

	/* Output as it comes (JOB_LIVE); may be NULL. */
	void (*live)(struct pool *p, struct pool_job *job, int stream, const char *data,
		     size_t len);

	/*
	 * A try has ended: take over *result, and say when to try again (a wait, from
	 * now), or NSEC_FOREVER: it is done, and the job is the user's alone.
	 */
	nsec_t (*ended)(struct pool *p, struct pool_job *job, struct result *result);

	/* A job that waited for another try gets none: it is the user's again. */
	void (*given_up)(struct pool *p, struct pool_job *job);

	/* No more than so many can run just now, for this reason (errno); may be NULL. */
	void (*short_of)(struct pool *p, unsigned running, int error);
};

struct pool {
	const struct pool_handlers *handlers;
	struct worker_setup setup;
	struct loop *loop;
	void *data;	/* the user's */
	unsigned limit; /* how many at a time */
	bool prefetch;	/* see above; the limit does not fall, then */
	bool paused; /* take nothing from the workers: their output has nowhere to go */

	/* The pool's. */
	uint64_t n_jobs; /* that next() gave */
	struct pool_slot **slots;
	unsigned n_slots;
	unsigned cap_slots;
	unsigned running;
	bool at_end;   /* next() has said so */
	bool draining; /* ... or we were told so */
	bool is_filling;
	unsigned n_waiting;
	struct pool_job *waiting; /* to be tried again, soonest first */
	struct loop_timer again;
	unsigned shortage;  /* running when the system could not start more; 0: it can */
	unsigned shortages; /* with nothing running, since a job last could be run */
	bool is_held;	    /* nothing is started until recovery */
	struct loop_timer recovery;
	bool has_orphans; /* a worker was killed, and what it left behind is being ended
			   */
	unsigned leaving; /* workers that were dismissed and have not ended yet */
	struct loop_timer patience; /* with those that run before a prefetched job */
	nsec_t time_limit;
	struct tree tree;
};

/* 0 or -errno. setup->job has one stage and lives as long as the pool. */
int pool_init(struct pool *p, const struct pool_handlers *handlers,
	      const struct worker_setup *setup, struct loop *loop, void *data);

/* Start what can be started. */
void pool_wake(struct pool *p);

/* Whether nothing runs and nothing will. */
bool pool_is_done(const struct pool *p);

/* Start nothing new, not even a retry: what waits for one is handed to given_up(). */
void pool_drain(struct pool *p);

/* Order all that runs to end. With prefetch one more job a slot may begin before the
 * order comes, which is for that one too. */
void pool_order(struct pool *p, enum job_order order);

/* Limit every try to this long from its start (while paused, a prefetched one from when
 * the result before it was taken); NSEC_FOREVER: no limit. */
void pool_set_limit_of_time(struct pool *p, nsec_t limit);

/* Take output from the workers, or not. */
void pool_pause(struct pool *p, bool paused);

/* What runs: call back for each slot in its order. worker: a process whose children are
 * the job's. */
void pool_for_each(struct pool *p,
		   void (*visit)(struct pool_job *job, pid_t worker, void *data),
		   void *data);

/* SIGCHLD came. */
void pool_children_changed(struct pool *p);

/* Pass a stop on to the workers where they have not had it; go on. */
void pool_stop(struct pool *p, int signal);
void pool_continue(struct pool *p);

/* All stood still for so long: the timers were shifted. */
void pool_shift(struct pool *p, nsec_t by);

/* Dismiss the workers and wait for them, briefly. No job runs. */
void pool_clear(struct pool *p);

#endif
