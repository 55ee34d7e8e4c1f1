#include "config.h"

#include "proc/stop.h"

#include "base/cleanup.h"
#include "proc/pidfd.h"

#include <signal.h>
#include <sys/resource.h>

/* How long we wait for what does not die of KILL, as a kernel thread does not. */
#define GIVE_UP_AFTER (5 * NSEC_PER_SEC)

/* Scans until nothing new turns up. */
enum { ROUNDS = 16 };

/* A member that we wait for. */
struct watch {
	struct loop_source source;
	struct stopping *stopping;
	struct stop_target *target;
	pid_t pid;
};

struct stopping {
	struct stop *stop;
	struct loop loop;
	struct watch **watches;
	size_t n_watches;
	size_t cap_watches;
	struct loop_timer kill_after;
	struct loop_timer timeout;
	struct loop_timer give_up;
	bool timed_out;
	bool given_up;
	int error; /* -errno of a failure of ours */
};

/* Each member needs a descriptor; the soft limit is a courtesy to programs that use
 * select(2). */
static void raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void on_gone(struct loop_source *source, short revents)
{
	struct watch *w = source->data;
	struct tree_member *m = tree_find(&w->target->tree, w->pid);

	(void)revents;
	loop_remove(&w->stopping->loop, source);
	if (m && m->pidfd == source->fd)
		m->gone = true;
}

/* Wait for every member that we do not wait for yet. */
static int watch_members(struct stopping *st, struct stop_target *target)
{
	for (size_t i = 0; i < target->tree.n; i++) {
		struct tree_member *m = &target->tree.members[i];

		if (m->gone || m->is_watched)
			continue;
		m->is_watched = true;
		if (st->n_watches == st->cap_watches) {
			size_t cap = st->cap_watches ? st->cap_watches * 2 : 16;
			struct watch **grown =
				reallocarray(st->watches, cap, sizeof(struct watch *));

			if (!grown)
				return -ENOMEM;
			st->watches = grown;
			st->cap_watches = cap;
		}

		struct watch *w = malloc(sizeof(*w));

		if (!w)
			return -ENOMEM;
		*w = (struct watch){.stopping = st, .target = target, .pid = m->pid};
		w->source = (struct loop_source){
			.fd = m->pidfd, .events = POLLIN, .ready = on_gone, .data = w};
		st->watches[st->n_watches++] = w;

		int r = loop_add(&st->loop, &w->source);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Scan until nothing new turns up, sending the signal (0: none) to those that have not
 * had it. */
static int reach(struct stopping *st, struct stop_target *target, int signal,
		 bool then_continue)
{
	struct tree *tree = &target->tree;
	size_t known = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int living = tree_scan(tree);

		if (living < 0) {
			/* Those known have their signal, come what may: they may be
			 * stopped. */
			(void)tree_signal(tree, signal, then_continue);
			return living;
		}
		if (round > 0 && tree->n == known)
			break;
		known = tree->n;
		if (signal)
			(void)tree_signal(tree, signal, then_continue);
	}
	return watch_members(st, target);
}

static void note_errors(struct stopping *st, struct stop_target *target, int signal)
{
	const struct stop *stop = st->stop;

	for (size_t i = 0; i < target->tree.n; i++) {
		struct tree_member *m = &target->tree.members[i];

		if (m->error)
			target->error = m->error;
		else if (stop->notice && m->last_signal == signal)
			stop->notice(stop, signal, m);
	}
}

static void note_failure(struct stopping *st, int r)
{
	if (r < 0 && !st->error)
		st->error = r;
}

/* Find out who the target is, and that it is still the one its handle names. */
static int open_target(struct stopping *st, struct stop_target *target)
{
	auto_fd int pidfd = handle_open(&target->handle);
	int r;

	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return pidfd;
	r = tree_init_foreign(&target->tree, target->handle.pid);
	target->tree.only_root = !st->stop->whole_tree;
	if (r == 0)
		r = reach(st, target, 0, false);
	/*
	 * The scan went by number. If the process behind the pidfd lives after it, the
	 * number was its own all the time; if not, we may have looked at somebody else's
	 * family.
	 */
	if (r == 0 && pidfd_signal(pidfd, target->handle.pid, 0) == -ESRCH)
		for (size_t i = 0; i < target->tree.n; i++)
			target->tree.members[i].gone = true;
	return r;
}

static void signal_target(struct stopping *st, struct stop_target *target, int signal)
{
	if (!target->tree.active)
		return;
	/* Stopped, nothing can fork while we look; and what is stopped dies of KILL all
	 * the same. */
	if (signal == SIGKILL && st->stop->whole_tree)
		note_failure(st, reach(st, target, SIGSTOP, false));
	note_failure(st,
		     reach(st, target, signal, signal != SIGKILL && signal != SIGCONT));
	note_errors(st, target, signal);
}

static void on_kill_after(struct loop_timer *timer)
{
	struct stopping *st = timer->data;

	for (size_t i = 0; i < st->stop->n_targets; i++)
		signal_target(st, &st->stop->targets[i], SIGKILL);
	st->give_up.at = nsec_add(nsec_now(), GIVE_UP_AFTER);
}

static void on_give_up(struct loop_timer *timer)
{
	struct stopping *st = timer->data;

	st->given_up = true;
}

static void on_timeout(struct loop_timer *timer)
{
	struct stopping *st = timer->data;

	st->timed_out = true;
}

/* Whether one is left that has had a signal, or will. What may not be signalled is not
 * waited for. */
static bool is_left(const struct stop_target *target)
{
	for (size_t i = 0; i < target->tree.n; i++)
		if (!target->tree.members[i].gone && !target->tree.members[i].error)
			return true;
	return false;
}

static bool is_anyone_left(const struct stopping *st)
{
	for (size_t i = 0; i < st->stop->n_targets; i++)
		if (is_left(&st->stop->targets[i]))
			return true;
	return false;
}

static int add_timer(struct stopping *st, struct loop_timer *timer, nsec_t after,
		     void (*expired)(struct loop_timer *timer))
{
	*timer = (struct loop_timer){
		.at = nsec_add(nsec_now(), after), .expired = expired, .data = st};
	return loop_add_timer(&st->loop, timer);
}

static int run(struct stopping *st)
{
	struct stop *stop = st->stop;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stop->n_targets; i++) {
		int opened = open_target(st, &stop->targets[i]);

		if (opened == -EMFILE || opened == -ENOMEM)
			r = opened;
		else if (opened < 0)
			stop->targets[i].error = -opened;
	}
	if (r == 0)
		r = add_timer(st, &st->timeout, stop->timeout, on_timeout);
	if (r == 0)
		r = add_timer(st, &st->kill_after, stop->kill_after, on_kill_after);
	if (r == 0)
		r = add_timer(st, &st->give_up, NSEC_FOREVER, on_give_up);
	for (size_t i = 0; r == 0 && stop->signal && i < stop->n_targets; i++)
		signal_target(st, &stop->targets[i], stop->signal);
	while (r == 0 && !st->error && !st->timed_out && !st->given_up &&
	       is_anyone_left(st))
		r = loop_step(&st->loop);
	return r ? r : st->error;
}

int stop_run(struct stop *s, enum stop_outcome *ret_outcome)
{
	struct stopping st = {.stop = s};

	raise_nofile();
	loop_init(&st.loop);

	int r = run(&st);

	*ret_outcome = st.timed_out  ? STOP_TIMED_OUT
		       : st.given_up ? STOP_GIVEN_UP
				     : STOP_GONE;
	loop_clear(&st.loop);
	for (size_t i = 0; i < st.n_watches; i++)
		free(st.watches[i]);
	free(st.watches);
	for (size_t i = 0; i < s->n_targets; i++) {
		s->targets[i].left = is_left(&s->targets[i]);
		tree_clear(&s->targets[i].tree);
	}
	return r;
}
