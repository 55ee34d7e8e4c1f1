#include "config.h"

#include "proc/pool-slot.h"

#include "base/cleanup.h"

#include <poll.h>
#include <string.h>

/* When the system is short of something and nothing of ours runs: how often, and how long
 * apart, a start is tried. While jobs run: how long no more than these are. */
enum { SHORTAGE_TRIES = 8 };

#define SHORTAGE_WAIT  (20 * NSEC_PER_MS) /* doubles each time: five seconds in all */
#define SHORTAGE_LASTS NSEC_PER_SEC

enum {
	WAITING_MOST = 128, /* jobs to be tried again, before no new ones come */
	STARTS_MOST = 256,  /* in one turn of the loop */
	SPARE_MOST = 24,    /* descriptors kept free */
};

static bool is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

/* Put a job back, to be tried at that moment: sorted, equal ones in their order. */
static void put_back(struct pool *p, struct pool_job *job, nsec_t at)
{
	struct pool_job **place = &p->waiting;

	job->again_at = at;
	while (*place && (*place)->again_at <= at)
		place = &(*place)->next;
	job->next = *place;
	*place = job;
	p->n_waiting++;
	p->again.at = p->waiting->again_at;
}

void pool_put_back_first(struct pool *p, struct pool_job *job)
{
	put_back(p, job, (nsec_t)job->number);
}

static struct pool_job *take_waiting(struct pool *p)
{
	struct pool_job *job = p->waiting;

	p->waiting = job->next;
	job->next = NULL;
	p->n_waiting--;
	p->again.at = p->waiting ? p->waiting->again_at : NSEC_FOREVER;
	return job;
}

static void on_again(struct loop_timer *timer)
{
	pool_wake(timer->data);
}

/* The sources of an idle slot stay on the loop: its worker may die. */
void pool_listen_to(struct pool_slot *slot)
{
	const struct pool *p = slot->pool;
	bool has_more = slot->worker.outbox.len > 0;

	slot->source.events =
		(short)((p->paused ? 0 : POLLIN) | (has_more ? POLLOUT : 0));
}

static void set_slot_limit(struct pool_slot *slot)
{
	slot->limit.at = slot->job ? nsec_add(slot->job->started, slot->pool->time_limit)
				   : NSEC_FOREVER;
}

/* The slot's job, which runs no more. In its place there is another one now, or NULL. */
static struct pool_job *release(struct pool_slot *slot, struct pool_job *next)
{
	struct pool_job *job = slot->job;

	slot->job = next;
	if (next)
		next->started = nsec_now();
	else
		slot->pool->running--;
	set_slot_limit(slot);
	return job;
}

/* A try is over. */
static void end_try(struct pool *p, struct pool_job *job, struct result *result)
{
	nsec_t wait = p->handlers->ended(p, job, result);

	if (wait == NSEC_FOREVER)
		return;
	if (p->draining)
		p->handlers->given_up(p, job);
	else
		put_back(p, job, nsec_add(nsec_now(), wait));
}

void pool_fail_try(struct pool *p, struct pool_job *job, enum spawn_step step, int error)
{
	struct result result;

	result_init(&result);
	result.error.step = step;
	result.error.error = error;
	end_try(p, job, &result);
}

/* A worker that was told to end, and has not been collected yet. */
static bool is_leaving(const struct pool_slot *slot)
{
	return slot->worker.socket < 0 && child_is_running(&slot->worker.child);
}

/* Workers without a job take processes and descriptors away from those that have one. */
static void dismiss_idle(struct pool *p)
{
	for (unsigned i = 0; i < p->n_slots; i++) {
		struct pool_slot *slot = p->slots[i];

		if (slot->job || slot->worker.socket < 0)
			continue;
		loop_remove(p->loop, &slot->source);
		worker_dismiss(&slot->worker);
		p->leaving++;
	}
}

/*
 * The system is short of something. True: the job waits for better times. For a while no
 * more run than do now; where none do, nothing is tried at all for a moment, and then one
 * alone. Only if that never helped, jobs fail; and then at once, until one could be run.
 */
static bool wait_out(struct pool *p, struct pool_job *job, int error)
{
	if (!is_shortage(error) || p->draining)
		return false;
	dismiss_idle(p);
	if (p->running) {
		if (!p->shortage && p->handlers->short_of)
			p->handlers->short_of(p, p->running, error);
		p->shortage = p->running;
		p->recovery.at = nsec_add(nsec_now(), SHORTAGE_LASTS);
	} else {
		p->shortage = 1;
		p->recovery.at = nsec_add(nsec_now(), SHORTAGE_LASTS);
		if (p->shortages == SHORTAGE_TRIES)
			return false;
		p->is_held = true;
		p->recovery.at = nsec_add(nsec_now(), SHORTAGE_WAIT << p->shortages++);
	}
	pool_put_back_first(p, job);
	return true;
}

/* Perhaps the shortage is over: one alone is tried after a pause, then all. */
static void on_recovery(struct loop_timer *timer)
{
	struct pool *p = timer->data;

	if (p->is_held)
		timer->at = nsec_add(nsec_now(), SHORTAGE_LASTS);
	else
		p->shortage = 0;
	p->is_held = false;
	pool_wake(p);
}

static void worker_is_gone(struct pool_slot *slot, bool was_leaving)
{
	struct pool *p = slot->pool;

	loop_remove(p->loop, &slot->source);
	tree_owned_is_reaped(&p->tree, slot->worker.child.pid);
	worker_clear(&slot->worker);
	if (was_leaving)
		p->leaving--;
	else
		pool_kill_orphans(p);
	if (slot->ahead)
		pool_put_back_ahead(slot);
	if (slot->job)
		pool_fail_try(p, release(slot, NULL), SPAWN_STEP_PIPE, ECHILD);
}

/* Its worker has said how the slot's job ended. */
static void take_result(struct pool_slot *slot, struct result *result)
{
	struct pool *p = slot->pool;
	struct pool_job *job = release(slot, pool_take_ahead(slot, result));

	/* From here on the token is ours to give back, and not the worker's. */
	if (job->task.token >= 0)
		(void)worker_send_order(&slot->worker, &job->task, JOB_ORDER_NONE);
	/* Only what was not started can wait. */
	bool is_short = !result->started && result->error.step >= SPAWN_STEP_PIPE &&
			is_shortage(result->error.error);

	if (is_short && wait_out(p, job, result->error.error)) {
		result_clear(result);
		return;
	}
	if (!is_short)
		p->shortages = 0;
	end_try(p, job, result);
}

/* Take what the slot's worker has to say, up to a result: whether one came. last: the
 * worker is dead, so pauses do not count. */
static bool listen_now(struct pool_slot *slot, bool last)
{
	struct pool *p = slot->pool;
	struct worker_piece piece;
	struct result result;
	enum worker_event event;

	/* What has been read is taken even when a pause comes meanwhile: poll(2) would
	 * not tell of it after the pause. */
	do {
		event = WORKER_NOTHING;
		if (last || !p->paused || worker_has_message(&slot->worker))
			event = worker_receive(&slot->worker, &piece, &result);
		if (event == WORKER_LIVE && slot->job && p->handlers->live)
			p->handlers->live(p, slot->job, piece.stream, piece.data,
					  piece.len);
		if (event == WORKER_CANCELLED && slot->ahead)
			pool_put_back_ahead(slot);
	} while (event == WORKER_LIVE || event == WORKER_CANCELLED);
	pool_listen_to(slot);
	/* SIGCHLD tells the rest. One that we cannot understand any more (for want of
	 * memory) would wait for us for ever. */
	if (event == WORKER_GONE) {
		slot->source.events = 0;
		(void)child_signal(&slot->worker.child, SIGKILL);
	}
	if (event != WORKER_RESULT)
		return false;
	take_result(slot, &result);
	return true;
}

static void on_slot_ready(struct loop_source *source, short revents)
{
	struct pool_slot *slot = source->data;

	if (revents & POLLOUT)
		(void)worker_flush(&slot->worker);
	/* A prefetched job may have ended too, and poll(2) would not tell of it. */
	do {
		if (!listen_now(slot, false))
			break;
		pool_wake(slot->pool);
		pool_look_ahead(slot);
	} while (worker_has_message(&slot->worker));
}

static void on_limit(struct loop_timer *timer)
{
	struct pool_slot *slot = timer->data;

	if (slot->job)
		(void)worker_send_order(&slot->worker, &slot->job->task,
					JOB_ORDER_TIME_OUT);
	pool_listen_to(slot);
}

/*
 * Whether enough descriptors are left, with this one taken, for captured output that
 * comes in files: what comes when there are none is lost.
 */
static bool has_spare(int fd)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;

	rlim_t spare = limit.rlim_cur / 2 < SPARE_MOST ? limit.rlim_cur / 2 : SPARE_MOST;

	return (rlim_t)fd + spare < limit.rlim_cur;
}

/* Fork a slot's worker: 0 or -errno. */
static int start_worker(struct pool_slot *slot)
{
	struct pool *p = slot->pool;
	int socket;
	int r = worker_start(&slot->worker, &socket);

	if (r < 0)
		return r;
	if (r == 1) {
		worker_run(socket, &p->setup);
		p->setup.leave();
	}
	slot->source = (struct loop_source){
		.fd = slot->worker.socket, .ready = on_slot_ready, .data = slot};
	if (p->running && !has_spare(slot->worker.socket))
		r = -EMFILE;
	if (r == 0)
		r = tree_add_owned(&p->tree, slot->worker.child.pid);
	if (r == 0)
		r = loop_add(p->loop, &slot->source);
	if (r < 0) {
		worker_dismiss(&slot->worker);
		p->leaving++;
		return r;
	}
	pool_listen_to(slot);
	return 0;
}

static bool grow_slots(struct pool *p)
{
	unsigned cap = p->cap_slots ? p->cap_slots * 2 : 8;
	struct pool_slot **slots = calloc(cap, sizeof(struct pool_slot *));

	if (!slots)
		return false;
	if (p->n_slots)
		memcpy(slots, p->slots, p->n_slots * sizeof(struct pool_slot *));
	free(p->slots);
	p->slots = slots;
	p->cap_slots = cap;
	return true;
}

/* A slot that can take a job, the lowest: NULL where there is no memory for another. */
static struct pool_slot *free_slot(struct pool *p)
{
	for (unsigned i = 0; i < p->n_slots; i++)
		if (!p->slots[i]->job && !is_leaving(p->slots[i]))
			return p->slots[i];

	if (p->n_slots == p->cap_slots && !grow_slots(p))
		return NULL;

	struct pool_slot *slot = malloc(sizeof(*slot));

	if (!slot)
		return NULL;
	*slot = (struct pool_slot){
		.pool = p,
		.number = p->n_slots + 1,
		.worker = WORKER_INIT,
		.limit = {.at = NSEC_FOREVER, .expired = on_limit, .data = slot},
	};
	if (loop_add_timer(p->loop, &slot->limit) < 0) {
		free(slot);
		return NULL;
	}
	p->slots[p->n_slots++] = slot;
	return slot;
}

/* A dead worker that is not collected yet. */
static void retire(struct pool_slot *slot)
{
	loop_remove(slot->pool->loop, &slot->source);
	slot->worker.socket = fd_close(slot->worker.socket);
	slot->pool->leaving++;
	slot->pool->has_orphans = true;
}

/* Run one try of a job. */
static void start(struct pool *p, struct pool_job *job)
{
	struct pool_slot *slot = free_slot(p);
	int r = slot ? 0 : -ENOMEM;

	if (r == 0) {
		job->slot = slot->number;
		r = p->handlers->prepare(p, job);
		if (r < 0) {
			pool_fail_try(p, job, SPAWN_STEP_EXEC, -r);
			return;
		}
	}
	if (r == 0 && slot->worker.socket < 0)
		r = start_worker(slot);
	if (r == 0)
		r = worker_send_task(&slot->worker, &job->task);
	if (r == -EPIPE || r == -ECONNRESET) {
		/* Killed while it had nothing to do. */
		retire(slot);
		pool_put_back_first(p, job);
		return;
	}
	if (r < 0) {
		if (!wait_out(p, job, -r))
			pool_fail_try(p, job, SPAWN_STEP_SPAWN, -r);
		return;
	}
	slot->job = job;
	job->started = nsec_now();
	p->running++;
	set_slot_limit(slot);
	pool_listen_to(slot);
}

bool pool_has_room(const struct pool *p)
{
	if (p->is_held || (p->shortage && p->running >= p->shortage))
		return false;
	return p->running + p->leaving < p->limit;
}

struct pool_job *pool_next_job(struct pool *p)
{
	struct pool_job *job = NULL;

	bool has_due = p->waiting && p->waiting->again_at <= nsec_now();

	if (!has_due && (p->at_end || p->draining || p->n_waiting >= WAITING_MOST))
		return NULL;
	if (p->handlers->may_start && !p->handlers->may_start(p))
		return NULL;
	if (has_due)
		return take_waiting(p);
	switch (p->handlers->next(p, &job)) {
	case POOL_JOB:
		job->number = ++p->n_jobs;
		return job;
	case POOL_END:
		p->at_end = true;
		return NULL;
	default:
		return NULL;
	}
}

void pool_wake(struct pool *p)
{
	/* A handler may wake us while we ask it. */
	if (p->is_filling)
		return;
	p->is_filling = true;
	for (int i = 0; pool_has_room(p); i++) {
		struct pool_job *job = i < STARTS_MOST ? pool_next_job(p) : NULL;

		/* Jobs that fail at once leave their slots free: others on the loop have
		 * their turn all the same. */
		if (i == STARTS_MOST)
			p->again.at = nsec_now();
		if (!job)
			break;
		start(p, job);
	}
	p->is_filling = false;
}

bool pool_is_done(const struct pool *p)
{
	return (p->at_end || p->draining) && p->running == 0 && p->n_waiting == 0;
}

void pool_drain(struct pool *p)
{
	p->draining = true;
	pool_cancel_ahead(p);
	while (p->waiting)
		p->handlers->given_up(p, take_waiting(p));
}

void pool_order(struct pool *p, enum job_order order)
{
	for (unsigned i = 0; i < p->n_slots; i++) {
		struct pool_slot *slot = p->slots[i];

		if (!slot->job)
			continue;
		(void)worker_send_order(&slot->worker, &slot->job->task, order);
		/* It may run by now, for all that we know. */
		if (slot->ahead)
			(void)worker_send_order(&slot->worker, &slot->ahead->task, order);
		pool_listen_to(slot);
	}
}

void pool_set_limit_of_time(struct pool *p, nsec_t limit)
{
	if (p->time_limit == limit)
		return;
	p->time_limit = limit;
	for (unsigned i = 0; i < p->n_slots; i++)
		set_slot_limit(p->slots[i]);
}

void pool_pause(struct pool *p, bool paused)
{
	if (p->paused == paused)
		return;
	p->paused = paused;
	for (unsigned i = 0; i < p->n_slots; i++)
		if (p->slots[i]->worker.socket >= 0)
			pool_listen_to(p->slots[i]);
}

void pool_for_each(struct pool *p,
		   void (*visit)(struct pool_job *job, pid_t worker, void *data),
		   void *data)
{
	for (unsigned i = 0; i < p->n_slots; i++)
		if (p->slots[i]->job)
			visit(p->slots[i]->job, p->slots[i]->worker.child.pid, data);
}

void pool_children_changed(struct pool *p)
{
	for (unsigned i = 0; i < p->n_slots; i++) {
		struct pool_slot *slot = p->slots[i];
		bool was_leaving = is_leaving(slot);

		if (child_reap(&slot->worker.child) == 0)
			continue;
		/* What it said before it ended counts. */
		while (slot->job && listen_now(slot, true))
			;
		worker_is_gone(slot, was_leaving);
	}
	(void)tree_reap(&p->tree);
	if (p->has_orphans)
		pool_kill_orphans(p);
	pool_wake(p);
}

void pool_stop(struct pool *p, int signal)
{
	for (unsigned i = 0; i < p->n_slots; i++)
		(void)child_signal(&p->slots[i]->worker.child, signal);
}

void pool_continue(struct pool *p)
{
	pool_stop(p, SIGCONT);
}

void pool_shift(struct pool *p, nsec_t by)
{
	for (unsigned i = 0; i < p->n_slots; i++)
		if (p->slots[i]->job)
			p->slots[i]->job->started += by;
	for (struct pool_job *job = p->waiting; job; job = job->next)
		job->again_at = nsec_add(job->again_at, by);
}

int pool_init(struct pool *p, const struct pool_handlers *handlers,
	      const struct worker_setup *setup, struct loop *loop, void *data)
{
	*p = (struct pool){
		.handlers = handlers,
		.setup = *setup,
		.loop = loop,
		.data = data,
		.limit = 1,
		.again = {.at = NSEC_FOREVER, .expired = on_again, .data = p},
		.recovery = {.at = NSEC_FOREVER, .expired = on_recovery, .data = p},
		.patience = {.at = NSEC_FOREVER, .expired = pool_on_patience, .data = p},
		.time_limit = NSEC_FOREVER,
		.tree = TREE_INIT,
	};

	int r = tree_init_own(&p->tree);

	p->tree.only_orphans = true;
	if (r == 0)
		r = loop_add_timer(loop, &p->again);
	if (r == 0)
		r = loop_add_timer(loop, &p->patience);
	return r < 0 ? r : loop_add_timer(loop, &p->recovery);
}
