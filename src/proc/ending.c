#include "config.h"

#include "proc/run.h"

#include "base/cleanup.h"

/* How long we wait for what does not die of KILL: another user's, or in uninterruptible
 * sleep. */
#define GIVE_UP_AFTER (5 * NSEC_PER_SEC)

/* Scans until nothing new turns up; more than this many times only against something that
 * forks on purpose, and that is what KILL and the orphans' coming to us are for. */
enum { ROUNDS = 8 };

static nsec_t since_start(const struct run *run)
{
	return run->result->started ? nsec_now() - run->result->started : 0;
}

static void notify_signal(struct run *run, size_t stage, int signal)
{
	struct job_notice notice = {
		.event = JOB_EVENT_SIGNAL,
		.signal = signal,
		.stage = stage,
	};

	if (run->job->notice)
		run->job->notice(run->job, &notice);
}

int ending_signal_stage(struct run *run, size_t stage, int signal)
{
	int r = child_signal(&run->result->stages[stage].child, signal);

	if (r == 0) {
		notify_signal(run, stage, signal);
		(void)result_add_signal(run->result, signal, since_start(run));
	}
	return r;
}

/* Send to all that live, until a scan finds nobody new; without a tree, to the stages. */
static void signal_tree(struct run *run, int signal, bool then_continue)
{
	nsec_t at = since_start(run);

	for (size_t i = run->result->n_stages; !run->tree.active && i-- > 0;)
		(void)child_signal(&run->result->stages[i].child, signal);
	for (int round = 0; run->tree.active && round < ROUNDS; round++) {
		/* Where the scan runs out of something, what it found is signalled all
		 * the same. */
		(void)tree_scan(&run->tree);
		if (tree_signal(&run->tree, signal, then_continue) <= 0)
			break;
	}
	(void)result_add_signal(run->result, signal, at);
	for (size_t i = run->result->n_stages; i-- > 0;)
		if (child_is_running(&run->result->stages[i].child))
			notify_signal(run, i, signal);
	if (run->stages_left == 0)
		notify_signal(run, run->result->n_stages, signal);
}

void ending_kill(struct run *run)
{
	if (run->ending >= ENDING_KILLED)
		return;
	run->ending = ENDING_KILLED;
	run->kill_after.at = NSEC_FOREVER;
	run->result->killed = run->result->limit_struck;
	signal_tree(run, SIGKILL, false);
	run->give_up.at = nsec_add(nsec_now(), GIVE_UP_AFTER);
}

static void note_limit(struct run *run, enum outcome why)
{
	struct result *result = run->result;

	result->limit_struck = true;
	result->outcome = why;
	for (size_t i = 0; i < result->n_stages; i++)
		result->stages[i].ended_by_limit =
			child_is_running(&result->stages[i].child);
}

void ending_begin(struct run *run, enum outcome why)
{
	const struct job_limits *limits = &run->job->limits;

	if (run->ending != ENDING_NOT)
		return;
	run->ending = ENDING_ASKED;
	run->timeout.at = run->idle.at = run->upstream.at = NSEC_FOREVER;
	run->drain.at = run->notice.at = NSEC_FOREVER;
	run->draining = false;
	if (why != OUTCOME_EXITED)
		note_limit(run, why);
	if (limits->signal == SIGKILL) {
		ending_kill(run);
		return;
	}
	if (limits->signal)
		signal_tree(run, limits->signal, limits->signal != SIGCONT);
	/* From when the last of them has had it: thousands take a while. */
	run->kill_after.at = nsec_add(nsec_now(), limits->kill_after);
}

/* Whether a direct child is new to us, or has not had its KILL: something forked while we
 * were killing. */
static bool has_new_children(struct run *run)
{
	struct pid_list list = {0};
	bool found = procfs_children(run->tree.root, 1, &list) < 0;

	for (size_t i = 0; i < list.n && !found; i++) {
		const struct tree_member *m = tree_find(&run->tree, list.pids[i]);

		found = !m || m->gone || m->last_signal != SIGKILL;
	}
	free(list.pids);
	return found;
}

void ending_children_changed(struct run *run)
{
	if (!run->tree.active)
		return;
	(void)tree_reap(&run->tree);
	if (run->ending != ENDING_KILLED || !has_new_children(run))
		return;
	(void)tree_scan(&run->tree);
	(void)tree_signal(&run->tree, SIGKILL, false);
}

bool ending_tree_is_done(struct run *run)
{
	if (!run->tree.active || run->ending == ENDING_GIVEN_UP)
		return true;
	if (run->ending == ENDING_NOT && run->job->tree != TREE_WAIT)
		return true;
	return !tree_has_children(&run->tree);
}

void ending_output_came(struct run *run)
{
	if (run->idle.at != NSEC_FOREVER)
		run->idle.at = nsec_add(nsec_now(), run->job->limits.idle_timeout);
}

static void on_timeout(struct loop_timer *timer)
{
	ending_begin(timer->data, OUTCOME_TIMED_OUT);
}

static void on_idle(struct loop_timer *timer)
{
	struct run *run = timer->data;

	/* While a slow watcher keeps us from reading, silence is not the command's. */
	if (capture_is_paused(&run->result->out) || capture_is_paused(&run->result->err))
		timer->at = nsec_add(nsec_now(), run->job->limits.idle_timeout);
	else
		ending_begin(run, OUTCOME_IDLE_TIMED_OUT);
}

static void on_kill_after(struct loop_timer *timer)
{
	ending_kill(timer->data);
}

static void on_give_up(struct loop_timer *timer)
{
	struct run *run = timer->data;

	run->ending = ENDING_GIVEN_UP;
}

/* Ended as by a limit, because somebody asked for it. */
static void end_on_order(struct run *run, enum outcome why)
{
	if (run->stages_left == 0 && run->ending == ENDING_NOT)
		run->abandoned = true;
	if (why == OUTCOME_INTERRUPTED)
		run->interrupting = true;
	ending_begin(run, why == OUTCOME_INTERRUPTED ? OUTCOME_EXITED : why);
}

static void on_watch(struct loop_source *source, short revents)
{
	struct run *run = source->data;
	const struct job *job = run->job;

	if ((revents & POLLOUT) && !job->flush(job)) {
		source->events = POLLIN;
		capture_look(&run->result->out);
		capture_look(&run->result->err);
	}
	if ((revents & ~POLLOUT) == 0)
		return;
	switch (job->watched ? job->watched(job) : JOB_ORDER_KILL) {
	case JOB_ORDER_NONE:
		/* There may be an answer. */
		if (job->flush && job->flush(job))
			source->events = POLLIN | POLLOUT;
		break;
	case JOB_ORDER_END:
		end_on_order(run, OUTCOME_INTERRUPTED);
		break;
	case JOB_ORDER_TIME_OUT:
		end_on_order(run, OUTCOME_TIMED_OUT);
		break;
	case JOB_ORDER_LEAVE:
		loop_remove(&run->loop, source);
		run->ending = ENDING_GIVEN_UP;
		run->abandoned = true;
		break;
	case JOB_ORDER_KILL:
		loop_remove(&run->loop, source);
		run->abandoned = run->stages_left == 0;
		ending_kill(run);
		break;
	}
}

/* Signals by which somebody asks for an end, and not for, say, a new log file. */
static bool asks_for_end(int signal)
{
	return signal == SIGINT || signal == SIGTERM || signal == SIGQUIT;
}

/*
 * Whether the command has had the signal too, because the terminal sent it to the whole
 * group. When a terminal goes away, only its session's leader hears of it.
 */
static bool has_command_got(const struct run *run, const struct signalfd_siginfo *info)
{
	bool for_leader = info->ssi_signo == SIGHUP && getsid(0) == getpid();

	return (run->job->flags & JOB_SHARES_TERMINAL) && signals_from_terminal(info) &&
	       !for_leader;
}

static bool is_stopped(const struct child *c)
{
	struct procfs_stat st;

	return child_is_running(c) && procfs_stat(c->pid, &st) == 0 && st.state == 'T';
}

static void pass_on(struct run *run, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	bool command_has_it = has_command_got(run, info);

	/* Our own write, to a reader that went away or beyond a limit: its result says so
	 * too. */
	if ((signal == SIGPIPE || signal == SIGXFSZ) &&
	    info->ssi_pid == (uint32_t)getpid())
		return;
	run->passed_on = signal;
	if (asks_for_end(signal))
		run->interrupting = true;
	if (run->stages_left == 0) {
		/* Nobody to pass it on to: it is us who shall end. */
		run->result->interrupted_by = signal;
		if (run->ending == ENDING_NOT)
			run->abandoned = true;
		else
			ending_kill(run);
		return;
	}
	for (size_t i = run->result->n_stages; !command_has_it && i-- > 0;)
		if (ending_signal_stage(run, i, signal) == 0 &&
		    (signal == SIGTERM || is_stopped(&run->result->stages[i].child)))
			(void)child_signal(&run->result->stages[i].child, SIGCONT);
}

static void continue_stages(struct run *run)
{
	for (size_t i = 0; i < run->result->n_stages; i++)
		if (is_stopped(&run->result->stages[i].child))
			(void)child_signal(&run->result->stages[i].child, SIGCONT);
}

/* Whether we were really stopped: then what continued us is still pending. */
static bool was_continued(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1;
}

/*
 * Ctrl-Z, or a background job that wants the terminal: we stop with the command, and so
 * do our clocks.
 */
static void stop_together(struct run *run, const struct signalfd_siginfo *info)
{
	bool command_has_it = has_command_got(run, info);
	int signal = (int)info->ssi_signo;

	/* In a group of its own it might be an orphan to job control, which SIGTSTP does
	 * not stop. A prockit that we guard must hear which signal it is. */
	int passed = (run->job->flags & JOB_IS_PROCKIT) ? signal : SIGSTOP;

	for (size_t i = 0; !command_has_it && i < run->result->n_stages; i++)
		(void)child_signal(&run->result->stages[i].child, passed);

	nsec_t before = nsec_now();

	signals_stop_self(signal);
	loop_shift_timers(&run->loop, nsec_now() - before);
	/* What the terminal stopped, its shell continues; and may stop again before we
	 * look. */
	run->stopped_together = command_has_it && was_continued();
	for (size_t i = 0; !command_has_it && i < run->result->n_stages; i++)
		(void)child_signal(&run->result->stages[i].child, SIGCONT);
}

/* Whether the pool's main process has sent it, and not a shell to all of us. */
static bool is_from_main(const struct run *run, const struct signalfd_siginfo *info)
{
	return (run->job->flags & JOB_IN_WORKER) && info->ssi_pid == (uint32_t)getppid();
}

static void on_signal(struct loop_source *source, short revents)
{
	struct run *run = source->data;
	struct signalfd_siginfo info;

	(void)revents;
	while (signals_read(run->job->signals, &info) > 0) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			run_reap_stages(run);
			ending_children_changed(run);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			stop_together(run, &info);
			break;
		case SIGCONT:
			if (!run->stopped_together || is_from_main(run, &info))
				continue_stages(run);
			run->stopped_together = false;
			break;
		default:
			if ((run->job->flags & JOB_IN_WORKER) == 0)
				pass_on(run, &info);
			/* Ctrl-C ends the command before an order can come, and then
			 * what it has started would be left. */
			else if (info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT)
				end_on_order(run, OUTCOME_INTERRUPTED);
			break;
		}
	}
}

static int add_timer(struct run *run, struct loop_timer *timer,
		     void (*expired)(struct loop_timer *timer))
{
	*timer = (struct loop_timer){.at = NSEC_FOREVER, .expired = expired, .data = run};
	return loop_add_timer(&run->loop, timer);
}

static bool has_limit(const struct job_limits *limits)
{
	return limits->timeout != NSEC_FOREVER || limits->idle_timeout != NSEC_FOREVER ||
	       limits->max_output != UINT64_MAX;
}

int ending_prepare(struct run *run)
{
	const struct job *job = run->job;
	bool may_end = has_limit(&job->limits) || job->tree != TREE_LEAVE ||
		       job->watch_fd >= 0 || job->n_stages > 1;
	int r = 0;

	run->terminal.fd = -1;
	if (may_end && (job->flags & JOB_IN_WORKER) == 0)
		terminal_save(&run->terminal);
	/* Whatever is captured may have to be ended too, when it cannot be kept. */
	if (job->flags & JOB_AGAIN)
		tree_init_own_again(&run->tree);
	else if (may_end || (job->flags & (JOB_WATCH_TREE | JOB_CAPTURE_STDOUT)))
		r = tree_init_own(&run->tree);
	if (r == 0)
		r = signals_catch(job->signals);
	if (r == 0)
		r = add_timer(run, &run->timeout, on_timeout);
	if (r == 0)
		r = add_timer(run, &run->idle, on_idle);
	if (r == 0)
		r = add_timer(run, &run->kill_after, on_kill_after);
	if (r == 0)
		r = add_timer(run, &run->give_up, on_give_up);
	run->signal_source = (struct loop_source){.fd = job->signals->fd,
						  .events = POLLIN,
						  .ready = on_signal,
						  .data = run};
	run->watch_source = (struct loop_source){
		.fd = job->watch_fd, .events = POLLIN, .ready = on_watch, .data = run};
	if (r == 0)
		r = loop_add(&run->loop, &run->signal_source);
	if (r == 0 && job->watch_fd >= 0)
		r = loop_add(&run->loop, &run->watch_source);
	return r;
}

void ending_started(struct run *run)
{
	const struct job_limits *limits = &run->job->limits;

	/* Not from when the first began to start: then a limit could be early. */
	nsec_t now = nsec_now();

	run->timeout.at = nsec_add(now, limits->timeout);
	run->idle.at = nsec_add(now, limits->idle_timeout);
}

static void count_members(struct run *run)
{
	struct result *result = run->result;
	bool was_ended = run->ending != ENDING_NOT;

	for (size_t i = 0; i < run->tree.n; i++) {
		const struct tree_member *m = &run->tree.members[i];

		if (m->gone) {
			/* Signals 0 and the like end nobody; what was sent and is gone,
			 * is gone of it. */
			if (!m->is_owned && m->last_signal)
				result->descendants_killed++;
			continue;
		}
		if (!m->is_owned)
			result->descendants_left++;
		if (was_ended)
			(void)result_add_process(&result->survivors, m->pid, m->comm,
						 m->error);
	}
}

void ending_finish(struct run *run)
{
	if (run->result->limit_struck || run->ending >= ENDING_KILLED)
		terminal_restore(&run->terminal);
	if (!run->tree.active)
		return;
	run->result->tree_watched = true;
	/* Mostly the last look has found nobody left, and each is a call. */
	if (!run->tree.is_empty)
		(void)tree_reap(&run->tree);
	if (run->ending != ENDING_NOT ||
	    (!run->tree.is_empty && tree_has_children(&run->tree)))
		(void)tree_scan(&run->tree);
	count_members(run);
	run->result->no_child_left = run->tree.is_empty;
}
