#include "config.h"

#include "proc/pool-slot.h"

#include "base/cleanup.h"

#include <signal.h>

/* How long a dismissed worker may take to end. */
#define DISMISSAL (2 * NSEC_PER_SEC)

void pool_kill_orphans(struct pool *p)
{
	int sent;

	do {
		if (tree_scan(&p->tree) < 0)
			break;
		sent = tree_signal(&p->tree, SIGKILL, false);
	} while (sent > 0);
	p->has_orphans = false;
	for (size_t i = 0; i < p->tree.n; i++)
		if (!p->tree.members[i].is_owned && !p->tree.members[i].gone)
			p->has_orphans = true;
}

/* Collect the workers that have ended: how many have not. */
static unsigned count_workers(struct pool *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_slots; i++) {
		struct child *c = &p->slots[i]->worker.child;

		(void)child_reap(c);
		n += child_is_running(c);
	}
	return n;
}

/* Wait for the dismissed workers, and kill those that do not end. SIGCHLD is blocked, so
 * it waits for us. */
static void collect_workers(struct pool *p)
{
	nsec_t end = nsec_now() + DISMISSAL;
	bool was_killed = false;
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	pool_continue(p);
	while (count_workers(p)) {
		nsec_t left = end - nsec_now();

		if (left <= 0 && was_killed)
			break; /* it does not even die of KILL: so be it */
		if (left <= 0) {
			was_killed = true;
			pool_stop(p, SIGKILL);
			left = DISMISSAL;
			end = nsec_now() + DISMISSAL;
		}

		const struct timespec wait = {left / NSEC_PER_SEC, left % NSEC_PER_SEC};

		(void)sigtimedwait(&child, NULL, &wait);
	}
}

/* What dead workers left behind, while what others did is not ours yet. */
static void end_orphans(struct pool *p)
{
	const struct timespec soon = {.tv_nsec = 20 * NSEC_PER_MS};
	nsec_t end = nsec_now() + DISMISSAL;
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	while (p->has_orphans && nsec_now() < end) {
		pool_kill_orphans(p);
		(void)count_workers(p);
		(void)tree_reap(&p->tree);
		(void)sigtimedwait(&child, NULL, &soon);
	}
}

void pool_clear(struct pool *p)
{
	end_orphans(p);
	for (unsigned i = 0; i < p->n_slots; i++)
		worker_dismiss(&p->slots[i]->worker);
	collect_workers(p);
	for (unsigned i = 0; i < p->n_slots; i++) {
		struct pool_slot *slot = p->slots[i];

		loop_remove(p->loop, &slot->source);
		slot->limit.at = NSEC_FOREVER;
		worker_clear(&slot->worker);
		free(slot);
	}
	free(p->slots);
	tree_clear(&p->tree);
	p->slots = NULL;
	p->n_slots = 0;
}
