/*
 * A pool's slot: a worker, and the job that it runs. Nobody's business but pool.c's and
 * pool-end.c's.
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
};

/* End what a dead worker has left behind: it came to us, the next subreaper. More may
 * come with each death, so it is called again at each SIGCHLD while has_orphans. */
void pool_kill_orphans(struct pool *p);

#endif
