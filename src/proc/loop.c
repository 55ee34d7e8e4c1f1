#include "config.h"

#include "proc/loop.h"

#include "base/cleanup.h"

#include <string.h>

void loop_init(struct loop *l)
{
	*l = (struct loop){0};
}

void loop_clear(struct loop *l)
{
	free(l->sources);
	free(l->polled);
	free(l->timers);
	loop_init(l);
}

/* Room for one more in an array that doubles: the new array, or NULL. */
static void *grow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return array;

	size_t more = *cap ? *cap * 2 : 8;
	void *grown = reallocarray(array, more, size);

	if (grown)
		*cap = more;
	return grown;
}

int loop_add(struct loop *l, struct loop_source *source)
{
	size_t cap = l->cap_sources;
	struct pollfd *polled = grow(l->polled, l->n_sources, &cap, sizeof(*polled));

	if (!polled)
		return -ENOMEM;
	l->polled = polled;

	struct loop_source **sources = grow(l->sources, l->n_sources, &l->cap_sources,
					    sizeof(struct loop_source *));

	if (!sources)
		return -ENOMEM;
	l->sources = sources;
	l->sources[l->n_sources++] = source;
	source->added = true;
	return 0;
}

void loop_remove(struct loop *l, struct loop_source *source)
{
	if (!source->added)
		return;
	source->added = false;
	/* Leave a hole: a step may be walking the array. It closes before the next wait.
	 */
	for (size_t i = 0; i < l->n_sources; i++)
		if (l->sources[i] == source)
			l->sources[i] = NULL;
}

int loop_add_timer(struct loop *l, struct loop_timer *timer)
{
	struct loop_timer **timers =
		grow(l->timers, l->n_timers, &l->cap_timers, sizeof(struct loop_timer *));

	if (!timers)
		return -ENOMEM;
	l->timers = timers;
	l->timers[l->n_timers++] = timer;
	return 0;
}

void loop_shift_timers(struct loop *l, nsec_t by)
{
	for (size_t i = 0; i < l->n_timers; i++)
		l->timers[i]->at = nsec_add(l->timers[i]->at, by);
}

/* Close the holes and fill in what to poll for. */
static void fill_polled(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_sources; i++) {
		struct loop_source *source = l->sources[i];

		if (!source)
			continue;
		l->sources[kept] = source;
		/* A paused source is left out whole: poll() reports POLLHUP unasked. */
		l->polled[kept] = (struct pollfd){
			.fd = source->events ? source->fd : -1,
			.events = source->events,
		};
		kept++;
	}
	l->n_sources = kept;
}

static nsec_t nearest(const struct loop *l)
{
	nsec_t at = NSEC_FOREVER;

	for (size_t i = 0; i < l->n_timers; i++)
		if (l->timers[i]->at < at)
			at = l->timers[i]->at;
	return at;
}

static void expire_timers(struct loop *l)
{
	nsec_t now = nsec_now();

	for (size_t i = 0; i < l->n_timers; i++) {
		struct loop_timer *timer = l->timers[i];

		if (timer->at > now)
			continue;
		timer->at = NSEC_FOREVER;
		timer->expired(timer);
	}
}

int loop_step(struct loop *l)
{
	fill_polled(l);

	nsec_t at = nearest(l);
	struct timespec wait = {0};

	if (at != NSEC_FOREVER) {
		nsec_t left = at - nsec_now();

		if (left > 0)
			wait = (struct timespec){left / NSEC_PER_SEC,
						 left % NSEC_PER_SEC};
	}

	size_t n = l->n_sources;
	int ready = ppoll(l->polled, n, at == NSEC_FOREVER ? NULL : &wait, NULL);

	if (ready < 0 && errno != EINTR)
		return -errno;
	for (size_t i = 0; ready > 0 && i < n; i++) {
		short revents = l->polled[i].revents;

		/* A callback before this one may have removed or paused it. */
		if (revents && l->sources[i] && l->sources[i]->events)
			l->sources[i]->ready(l->sources[i], revents);
	}
	expire_timers(l);
	return 0;
}
