#include "config.h"

#include "proc/job.h"

#include "base/cleanup.h"
#include "proc/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What a captured pipe may still bring once the tree has been ended: only what is in it.
 */
#define DRAIN_AFTER_END (100 * NSEC_PER_MS)

/* How long a worker lets a job's output wait in its pipes, and what is asked of it: most
 * jobs of many are short. */
#define LOOK_AFTER (2 * NSEC_PER_MS)

/* When to say that we wait for a pipe that somebody holds. */
#define NOTICE_AFTER (2 * NSEC_PER_SEC)

/*
 * A process that ends may close what it reads from a while before it can be collected.
 * One that lives on for longer after its writer died of SIGPIPE has not ended, but turned
 * away.
 */
#define SAME_MOMENT (500 * NSEC_PER_MS)

enum { HOLDERS_MAX = 16 };

void job_init(struct job *job)
{
	*job = (struct job){.limits = JOB_LIMITS_INIT, .watch_fd = -1};
}

/* Own failure before or while it runs. The first one counts. */
static void fail(struct run *run, enum spawn_step step, int r)
{
	if (run->result->error.step != SPAWN_STEP_NONE)
		return;
	run->result->error.step = step;
	run->result->error.error = -r;
	run->result->failed_stage = run->job->n_stages; /* none in particular */
}

static bool has_process(const struct result_process_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].pid == pid)
			return true;
	return false;
}

/* Who holds a captured pipe: up to HOLDERS_MAX of all processes we may look at. */
static void find_holders(const struct capture *c, struct result_process_list *holders)
{
	struct pid_list all = {0};
	struct stat pipe;

	if (!capture_is_open(c) || fstat(c->pipe, &pipe) < 0 || procfs_all(&all) < 0)
		all.n = 0;
	for (size_t i = 0; i < all.n && holders->n < HOLDERS_MAX; i++) {
		struct procfs_stat st;

		if (!has_process(holders, all.pids[i]) &&
		    procfs_holds_pipe(all.pids[i], pipe.st_ino, true) &&
		    procfs_stat(all.pids[i], &st) == 0)
			(void)result_add_process(holders, st.pid, st.comm, 0);
	}
	free(all.pids);
}

static void on_drain(struct loop_timer *timer)
{
	struct run *run = timer->data;

	run->drained = true;
}

static void on_notice(struct loop_timer *timer)
{
	struct run *run = timer->data;
	struct result_process_list holders = {0};

	if (!capture_is_open(&run->result->out) && !capture_is_open(&run->result->err))
		return;
	find_holders(&run->result->out, &holders);
	if (!holders.n)
		find_holders(&run->result->err, &holders);

	struct job_notice notice = {
		.event = JOB_EVENT_HOLDING,
		.holder = holders.n ? &holders.items[0] : NULL,
	};

	if (run->job->notice)
		run->job->notice(run->job, &notice);
	free(holders.items);
}

/* It has not ended in a moment, so it may want to write more than a pipe holds. */
static void on_look(struct loop_timer *timer)
{
	struct run *run = timer->data;

	/* Whoever wants its output was slow meanwhile, and shall have it later. */
	if (run->watch_source.events)
		return;
	run->watch_source.events = POLLIN;
	capture_look(&run->result->out);
	capture_look(&run->result->err);
}

/* A stage has ended and those before it write on to nobody: TERM, and KILL later. */
static void on_upstream(struct loop_timer *timer)
{
	struct run *run = timer->data;
	struct result *result = run->result;
	bool reader_ended = false;

	for (size_t i = result->n_stages; i-- > 0;) {
		struct child *c = &result->stages[i].child;

		if (!child_is_running(c)) {
			reader_ended = true;
		} else if (reader_ended) {
			result->stages[i].benign_sigpipe = true;
			(void)ending_signal_stage(
				run, i, run->upstream_asked ? SIGKILL : SIGTERM);
			(void)child_signal(c, SIGCONT);
		}
	}
	if (!run->upstream_asked)
		timer->at = nsec_add(nsec_now(), run->job->limits.kill_after);
	run->upstream_asked = true;
}

static void stage_has_ended(struct run *run, size_t i)
{
	struct result_stage *stage = &run->result->stages[i];
	struct child *c = &stage->child;

	if (c->status.signal == SIGPIPE && i + 1 < run->result->n_stages) {
		const struct child *reader = &run->result->stages[i + 1].child;

		/* Judged once its reader's end is known too. */
		stage->benign_sigpipe =
			!child_is_running(reader) ||
			!procfs_holds_pipe(reader->pid, stage->pipe, false);
	}

	if (--run->stages_left == 0 && run->look.at != NSEC_FOREVER) {
		run->look.at = NSEC_FOREVER;
		on_look(&run->look);
	}
	loop_remove(&run->loop, &run->stage_sources[i]);
	tree_owned_is_reaped(&run->tree, c->pid);
	if (i > 0 && run->ending == ENDING_NOT && run->upstream.at == NSEC_FOREVER &&
	    !run->upstream_asked)
		run->upstream.at = nsec_add(nsec_now(), run->job->limits.drain);
}

void run_reap_stages(struct run *run)
{
	for (size_t i = 0; i < run->result->n_stages; i++)
		if (child_reap(&run->result->stages[i].child) != 0)
			stage_has_ended(run, i);
}

static void on_stage_ended(struct loop_source *source, short revents)
{
	struct run *run = source->data;

	(void)revents;
	run_reap_stages(run);
	ending_children_changed(run);
	/* Dead, but a tracer still has to see it: SIGCHLD will tell when it is ours. */
	source->events = 0;
}

static void on_captured(struct capture *c, bool ended)
{
	struct run *run = c->data;

	if (!ended)
		ending_output_came(run);
	if (c->error) {
		fail(run, SPAWN_STEP_PIPE, -c->error);
		ending_begin(run, OUTCOME_EXITED);
	}
	if (c->truncated)
		ending_begin(run, OUTCOME_OUTPUT_LIMIT);
}

static void on_live(struct capture *c, const char *data, size_t len)
{
	struct run *run = c->data;
	int stream = c == &run->result->out ? STDOUT_FILENO : STDERR_FILENO;

	/* Whoever wants it is slow: the command has to wait, and our clocks go on. */
	if (run->job->live(run->job, stream, data, len)) {
		capture_hold(&run->result->out);
		capture_hold(&run->result->err);
		run->watch_source.events = POLLIN | POLLOUT;
	}
}

/* Open one capture and put it on the loop: 0 and the child's end, or -errno. */
static int open_capture(struct run *run, struct capture *c, int *ret_child_end)
{
	int r = capture_open(c, ret_child_end);

	if (r < 0)
		return r;
	c->limit = run->job->limits.max_output;
	c->memory = run->job->capture_memory;
	c->on_data = on_captured;
	c->data = run;
	if (run->job->flags & JOB_TEE)
		c->tee = STDERR_FILENO;
	if (run->job->flags & JOB_LIVE) {
		c->on_live = on_live;
		c->passes = (run->job->flags & JOB_KEEP) == 0;
	}
	r = capture_start(c, &run->loop);
	if (r == 0 && (run->job->flags & (JOB_IN_WORKER | JOB_LIVE)) == JOB_IN_WORKER)
		capture_hold(c);
	return r;
}

static enum child_flags child_flags(const struct job *job)
{
	return (job->flags & JOB_WANT_HANDLE ? CHILD_HANDLE : 0) |
	       (job->flags & JOB_IN_WORKER ? CHILD_NO_PIDFD : 0);
}

/* Start stage i between the given ends: 0 or -errno, with the error in the result. */
static int start_stage(struct run *run, size_t i, int in, int out, int err)
{
	const struct job *job = run->job;
	struct result *result = run->result;
	struct child *c = &result->stages[i].child;
	struct spawn s = job->stages[i].spawn;

	if (in >= 0)
		s.stdio[0] = in;
	if (out >= 0)
		s.stdio[1] = out;
	if (err >= 0)
		s.stdio[2] = err;
	if (job->stages[i].merge_stderr || (job->flags & JOB_MERGE_STDERR))
		s.stdio[2] = SPAWN_SAME_AS_STDOUT;

	int r = child_start(c, &s, child_flags(job), &result->error);

	if (r < 0) {
		result->failed_stage = i;
		return r;
	}
	run->stages_left++;
	if (run->tree.active && (r = tree_add_owned(&run->tree, c->pid)) < 0)
		return r;
	if (i == 0) {
		result->started = c->started;
		result->started_at = c->started_at;
	}
	run->stage_sources[i] = (struct loop_source){
		.fd = c->pidfd, .events = POLLIN, .ready = on_stage_ended, .data = run};
	/* Without a pidfd SIGCHLD tells. */
	return c->pidfd < 0 ? 0 : loop_add(&run->loop, &run->stage_sources[i]);
}

/* Start all stages, each reading what the one before writes: 0 or -errno. */
static int start_stages(struct run *run)
{
	const struct job *job = run->job;
	auto_fd int captured_out = -1;
	auto_fd int captured_err = -1;
	auto_fd int in = -1;
	int r = 0;

	if (job->flags & JOB_CAPTURE_STDOUT)
		r = open_capture(run, &run->result->out, &captured_out);
	if (r == 0 && (job->flags & JOB_CAPTURE_STDERR))
		r = open_capture(run, &run->result->err, &captured_err);
	for (size_t i = 0; r == 0 && i < job->n_stages; i++) {
		bool is_last = i + 1 == job->n_stages;
		int ends[2] = {-1, -1};

		if (!is_last && pipe2(ends, O_CLOEXEC) < 0) {
			r = -errno;
			break;
		}
		if (!is_last && job->pipe_size &&
		    fcntl(ends[1], F_SETPIPE_SZ, job->pipe_size) < 0) {
			r = -errno;
			(void)buf_add_string(&run->result->error.detail, "pipe-size");
		}

		auto_fd int out = ends[1];
		struct stat st;

		if (!is_last && fstat(ends[1], &st) == 0)
			run->result->stages[i].pipe = st.st_ino;
		if (r == 0)
			r = start_stage(run, i, in, is_last ? captured_out : out,
					captured_err);
		in = fd_close(in);
		in = ends[0];
	}
	return r;
}

/* Whether the descendants that the command left behind are to be ended. */
static bool wants_end_of_tree(const struct run *run)
{
	switch (run->job->tree) {
	case TREE_KILL:
		return true;
	case TREE_KILL_IF_SIGNALED:
		return run->result->stages[0].child.status.signal != 0;
	default:
		return false;
	}
}

/* Whether captured output may still come, or a watcher has not taken all of it. */
static bool wants_draining(const struct run *run)
{
	const struct result *result = run->result;

	return capture_is_open(&result->out) || capture_is_open(&result->err) ||
	       capture_is_showing(&result->out) || capture_is_showing(&result->err);
}

/* Whether a signal to us ended it: it died of that very one, or ended in whatever way
 * after being asked to. */
static bool was_interrupted(const struct run *run)
{
	const struct result *result = run->result;

	if (run->abandoned || run->interrupting)
		return true;
	for (size_t i = 0; run->passed_on && i < result->n_stages; i++)
		if (result->stages[i].child.status.signal == run->passed_on)
			return true;
	return false;
}

static void begin_draining(struct run *run)
{
	nsec_t wait = run->job->limits.drain;

	/* Nobody who asks us to end wants to wait for what else holds a pipe. */
	if ((run->ending != ENDING_NOT || was_interrupted(run)) && wait > DRAIN_AFTER_END)
		wait = DRAIN_AFTER_END;
	run->draining = true;
	run->drain.at = nsec_add(nsec_now(), wait);
	run->notice.at = nsec_add(nsec_now(), NOTICE_AFTER);
}

/* What remains once no stage runs: the tree, and captured pipes that somebody holds. */
static bool is_done(struct run *run)
{
	if (run->stages_left)
		return run->ending == ENDING_GIVEN_UP;
	if (run->abandoned)
		return true;
	if (run->ending == ENDING_NOT && wants_end_of_tree(run)) {
		(void)tree_reap(&run->tree);
		if (tree_has_children(&run->tree))
			ending_begin(run, OUTCOME_EXITED);
	}
	if (!ending_tree_is_done(run))
		return false;
	if (run->drained || !wants_draining(run))
		return true;
	if (!run->draining)
		begin_draining(run);
	return false;
}

static void drain_captures(struct run *run)
{
	struct result *result = run->result;
	struct capture *captures[] = {&result->out, &result->err};

	for (size_t i = 0; i < ARRAY_SIZE(captures); i++) {
		struct capture *c = captures[i];

		if (capture_is_open(c)) {
			/* An end that came this very moment is no leak. */
			struct pollfd p = {.fd = c->pipe};

			if (poll(&p, 1, 0) <= 0 || !(p.revents & POLLHUP)) {
				result->leaked = true;
				find_holders(c, &result->holders);
			}
		}
		capture_stop(c);
		if (c->error)
			fail(run, SPAWN_STEP_PIPE, -c->error);
	}
}

static void judge_stages(struct run *run)
{
	struct result *result = run->result;

	for (size_t i = 0; i < result->n_stages; i++) {
		struct result_stage *stage = &result->stages[i];

		const struct child *reader =
			i + 1 < result->n_stages ? &result->stages[i + 1].child : NULL;

		if (stage->child.status.signal == SIGPIPE && reader &&
		    reader->ended_at > stage->child.ended_at + SAME_MOMENT)
			stage->benign_sigpipe = false;
		if (stage->ended_by_limit)
			stage->outcome = result->outcome;
		else if (stage->child.ended)
			stage->outcome = outcome_of(&stage->child.status);
	}
}

static void finish(struct run *run)
{
	struct result *result = run->result;

	drain_captures(run);
	ending_finish(run);
	judge_stages(run);
	if (!result->started)
		return;
	result->duration = nsec_now() - result->started;
	result->interrupted = was_interrupted(run);
	if (run->start_failed)
		result->outcome = OUTCOME_NOT_STARTED;
	else if (!result->limit_struck && result->interrupted)
		result->outcome = OUTCOME_INTERRUPTED;
	else if (!result->limit_struck)
		result->outcome = result->stages[result->n_stages - 1].outcome;
}

/* Run it with everything prepared; the caller cleans up. */
static void run_prepared(struct run *run)
{
	int r = ending_prepare(run);

	if (r == 0)
		r = loop_add_timer(&run->loop, &run->drain);
	if (r == 0)
		r = loop_add_timer(&run->loop, &run->notice);
	if (r == 0)
		r = loop_add_timer(&run->loop, &run->upstream);
	if (r == 0)
		r = loop_add_timer(&run->loop, &run->look);
	if (r == 0)
		r = start_stages(run);
	if (r < 0) {
		fail(run, SPAWN_STEP_PIPE, r);
		run->start_failed = true;
		if (run->stages_left)
			ending_kill(run);
	} else {
		ending_started(run);
		if (run->job->flags & JOB_IN_WORKER) {
			run->watch_source.events = 0;
			run->look.at = nsec_add(nsec_now(), LOOK_AFTER);
		}
	}
	while ((r == 0 || run->ending != ENDING_NOT) && !is_done(run)) {
		int step = loop_step(&run->loop);

		if (step < 0) {
			fail(run, SPAWN_STEP_PIPE, step);
			break;
		}
	}
	finish(run);
}

/* Find all programs before any is started: 0 or -errno. */
static int prepare_stages(struct job *job, struct result *result)
{
	for (size_t i = 0; i < job->n_stages; i++) {
		int r = spawn_prepare(&job->stages[i].spawn, &result->error);

		if (r < 0) {
			result->failed_stage = i;
			return r;
		}
	}
	return 0;
}

void job_run(struct job *job, struct result *ret)
{
	struct run run = {
		.job = job,
		.result = ret,
		.tree = TREE_INIT,
		.drain = {.at = NSEC_FOREVER, .expired = on_drain, .data = &run},
		.notice = {.at = NSEC_FOREVER, .expired = on_notice, .data = &run},
		.upstream = {.at = NSEC_FOREVER, .expired = on_upstream, .data = &run},
		.look = {.at = NSEC_FOREVER, .expired = on_look, .data = &run},
	};
	auto_free struct loop_source *sources = calloc(job->n_stages, sizeof(*sources));

	ret->stages = calloc(job->n_stages, sizeof(*ret->stages));
	if (!sources || !ret->stages) {
		fail(&run, SPAWN_STEP_PIPE, -ENOMEM);
		return;
	}
	ret->n_stages = job->n_stages;
	for (size_t i = 0; i < job->n_stages; i++)
		ret->stages[i].child = CHILD_INIT;
	run.stage_sources = sources;
	if (prepare_stages(job, ret) < 0)
		return;

	bool were_caught = job->signals->fd >= 0;

	loop_init(&run.loop);
	run_prepared(&run);
	if (!were_caught)
		signals_release(job->signals);
	tree_clear(&run.tree);
	loop_clear(&run.loop);
}
