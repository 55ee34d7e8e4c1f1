#include "config.h"

#include "proc/pool-slot.h"

/* A job that takes longer gains nothing by being handed over early. */
#define QUICK (5 * NSEC_PER_MS)

/* After so many quick ones in a row the next one will be, too. */
enum { QUICK_JOBS = 8 };

/* How long a prefetched job waits for the one before it, and up to twice that. */
#define PATIENCE (5 * NSEC_PER_MS)

struct pool_job *pool_take_ahead(struct pool_slot *slot, const struct result *result)
{
	struct pool_job *job = slot->ahead;

	slot->ahead = NULL;
	slot->is_cancelling = false;
	if (!result->started || result->duration >= QUICK)
		slot->n_quick = 0;
	else if (slot->n_quick < QUICK_JOBS)
		slot->n_quick++;
	return job;
}

static void hand_over(struct pool_slot *slot, struct pool_job *job)
{
	struct pool *p = slot->pool;
	int r;

	job->slot = slot->number;
	r = p->handlers->prepare(p, job);
	if (r < 0) {
		pool_fail_try(p, job, SPAWN_STEP_EXEC, -r);
		return;
	}
	r = worker_send_task(&slot->worker, &job->task);
	if (r < 0) {
		/* SIGCHLD tells that its worker was killed. */
		pool_put_back_first(p, job);
		return;
	}
	slot->ahead = job;
	pool_listen_to(slot);
	if (p->patience.at == NSEC_FOREVER)
		p->patience.at = nsec_add(nsec_now(), PATIENCE);
}

void pool_look_ahead(struct pool_slot *slot)
{
	struct pool *p = slot->pool;

	/* With room left there was no job, or none may start. */
	if (!p->prefetch || slot->n_quick < QUICK_JOBS || !slot->job || slot->ahead ||
	    slot->worker.outbox.len || p->is_filling || p->shortage || p->is_held ||
	    p->paused || pool_has_room(p))
		return;
	p->is_filling = true;

	struct pool_job *job = pool_next_job(p);

	if (job)
		hand_over(slot, job);
	p->is_filling = false;
}

static void cancel(struct pool_slot *slot)
{
	if (!slot->ahead || slot->is_cancelling)
		return;
	slot->is_cancelling = true;
	(void)worker_cancel_task(&slot->worker, &slot->ahead->task);
	pool_listen_to(slot);
}

void pool_cancel_ahead(struct pool *p)
{
	for (unsigned i = 0; i < p->n_slots; i++)
		cancel(p->slots[i]);
}

void pool_put_back_ahead(struct pool_slot *slot)
{
	struct pool *p = slot->pool;
	struct pool_job *job = slot->ahead;

	slot->ahead = NULL;
	slot->is_cancelling = false;
	if (p->draining)
		p->handlers->given_up(p, job);
	else
		pool_put_back_first(p, job);
}

void pool_on_patience(struct loop_timer *timer)
{
	struct pool *p = timer->data;
	nsec_t now = nsec_now();

	for (unsigned i = 0; i < p->n_slots; i++) {
		struct pool_slot *slot = p->slots[i];

		if (!slot->ahead || slot->is_cancelling)
			continue;
		if (now - slot->job->started < PATIENCE) {
			timer->at = nsec_add(now, PATIENCE);
			continue;
		}
		slot->n_quick = 0;
		cancel(slot);
	}
}
