#include "config.h"

#include "drive/drive.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"
#include "cli/stdout.h"
#include "drive/build.h"
#include "drive/guard.h"
#include "drive/report.h"
#include "proc/pause.h"
#include "record/command.h"
#include "record/record.h"

#include <limits.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int fail_usage(const char *problem)
{
	message("%s", problem);
	return EXIT_OWN_FAILURE;
}

/* Mark from..to close-on-exec; close_range(2) came with Linux 5.9, its flag with 5.11. */
static void close_at_exec(unsigned from, unsigned to)
{
	if (from > to || syscall(SYS_close_range, from, to, CLOSE_RANGE_CLOEXEC) == 0)
		return;

	long max = sysconf(_SC_OPEN_MAX);

	for (unsigned fd = from; fd <= to && fd < (unsigned)max; fd++)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

static bool is_kept(const char *list, int fd)
{
	int kept;

	while (list && (kept = run_options_next_fd(&list)) >= 0)
		if (kept == fd)
			return true;
	return false;
}

/* --close-fds: descriptors that we were handed do not reach the command; those named do.
 */
static void close_inherited(const struct run_options *o)
{
	unsigned from = 3;

	if (!o->close_fds)
		return;
	for (int fd = 3; o->keep_fds && fd < 1 << 16; fd++)
		if (is_kept(o->keep_fds, fd)) {
			close_at_exec(from, (unsigned)fd - 1);
			from = (unsigned)fd + 1;
		}
	close_at_exec(from, UINT_MAX);
}

/* --dry-run: what would run, as a shell would have it. */
static int show_command(const struct drive *d)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	command_write(&o, &d->job, 0, d->job.n_stages);
	out_char(&o, '\n');
	return out_finish_status(&o);
}

/* Only words: no file is opened or made for them. */
static int dry_run(struct drive *d, char ***stages, size_t n_stages, const bool *merge)
{
	const struct run_options *o = d->options;
	struct run_options words_only = RUN_OPTIONS_INIT;

	words_only.shell = o->shell;
	words_only.shell_path = o->shell_path;
	words_only.argv0 = o->argv0;
	/* Where the jobs would run tells them from others (--resume). */
	if (d->flags & DRIVE_POOL)
		words_only.chdir = o->chdir;
	d->options = &words_only;

	int r = build_job(d, stages, n_stages, merge);

	d->options = o;
	if (d->flags & DRIVE_POOL)
		return -1;
	return r < 0 ? fail_usage(error_text(-r)) : show_command(d);
}

/* -v, and the holder of a pipe we wait for. */
static void say_notice(const struct job *job, const struct job_notice *notice)
{
	const struct drive *d = job->data;
	char name[16];

	if (notice->event == JOB_EVENT_SIGNAL) {
		if (!d->options->verbose)
			return;
		/* Without its SIG, as timeout(1) and kill -l have it. */
		const char *word = signal_name(notice->signal, name);

		word += strncmp(word, "SIG", 3) == 0 ? 3 : 0;
		if (notice->stage < job->n_stages)
			message("sending signal %s to command '%s'", word,
				job->stages[notice->stage].spawn.argv[0]);
		else
			message("sending signal %s to what the command left behind",
				word);
		return;
	}
	if (d->options->quiet || (!d->options->verbose && !isatty(STDERR_FILENO)))
		return;
	if (notice->holder)
		message("the command has ended; waiting for its output, held open by %s (pid %d); "
			"--drain limits this",
			notice->holder->comm, (int)notice->holder->pid);
	else
		message("the command has ended; waiting for its output, which some process holds "
			"open; --drain limits this");
}

/* Whether nothing at all has to be looked after once the command runs. */
static bool may_become_command(const struct drive *d)
{
	const struct run_options *o = d->options;

	return (d->flags & DRIVE_MAY_EXEC) && !o->report && o->report_fd < 0 &&
	       o->tree == TREE_LEAVE && !o->guard && !o->verbose && !o->no_reraise &&
	       o->retries == 0 && o->limits.timeout == NSEC_FOREVER &&
	       guard_watch_fd() < 0 &&
	       (o->spawn_flags & (SPAWN_NEW_GROUP | SPAWN_NEW_SESSION)) == 0 &&
	       memcmp(&o->ok_codes, &(struct code_set){.has = {[0] = true}},
		      sizeof(o->ok_codes)) == 0;
}

/* Become the command: the status of what went wrong. */
static int become_command(struct drive *d)
{
	struct spawn *s = &d->stages[0].spawn;

	if (spawn_prepare(s, &d->result.error) == 0)
		(void)spawn_exec(s, &d->result.error);
	(void)drive_say_failure(d);
	return drive_status(d);
}

/*
 * Whether another process of ours has to come first: --guard; or children that we had
 * before (a shell with background jobs exec'd us), whose orphans nobody could tell from
 * the command's.
 */
static bool wants_guard(const struct drive *d)
{
	const struct run_options *o = d->options;
	siginfo_t info;

	if ((d->flags & DRIVE_POOL) || o->dry_run || guard_watch_fd() >= 0)
		return false;
	if (o->guard)
		return true;
	return !may_become_command(d) &&
	       waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       guard_is_possible();
}

int drive_open_stages(struct drive *d, char ***stages, size_t n_stages, const bool *merge)
{
	const struct run_options *o = d->options;
	enum job_flags flags = d->job.flags;
	const char *problem = run_options_check(o);

	result_init(&d->result);
	signals_save(&d->signals);
	job_init(&d->job);
	d->job.flags = flags;
	d->job.watch_fd = guard_watch_fd();
	d->job.notice = say_notice;
	d->job.data = d;
	if (problem)
		return fail_usage(problem);
	if ((d->flags & DRIVE_NEEDS_STDOUT) && fd_std_was_closed(STDOUT_FILENO))
		return fail_usage("standard output is closed");
	if (wants_guard(d))
		return guard_run(&d->signals);
	if (!o->dry_run) {
		int status = report_open(d);

		if (status)
			return status;
		close_inherited(o);
	}
	if (o->dry_run)
		return dry_run(d, stages, n_stages, merge);
	if (build_job(d, stages, n_stages, merge) < 0) {
		d->tries = 1;
		return -1;
	}
	return may_become_command(d) ? become_command(d) : -1;
}

int drive_open(struct drive *d, char **words)
{
	return drive_open_stages(d, &words, 1, NULL);
}

/* attempts: the records of earlier tries, or NULL. Such a record is of one try. */
static void write_record(const struct drive *d, struct out *o, unsigned tries,
			 int attempts)
{
	const struct result *result = &d->result;
	size_t n = result->n_stages;
	auto_free int *statuses = calloc(n ? n : 1, sizeof(*statuses));

	if (!statuses) {
		out_fail(o, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct child *c = &result->stages[i].child;

		statuses[i] = !c->ended		 ? -1
			      : c->status.signal ? EXIT_SIGNAL_BASE + c->status.signal
						 : c->status.code;
	}

	struct record record = {
		.job = &d->job,
		.result = result,
		.cwd = d->cwd,
		.shell = d->options->shell,
		.is_pipeline = (d->flags & DRIVE_PIPELINE) != 0,
		.exit_status = drive_real_status(d),
		.deciding_stage = drive_deciding_stage(d),
		.statuses = statuses,
		.tries = tries,
		.attempts = attempts,
		.error_path = d->error_path,
		.error_message = d->error_message.len ? d->error_message.data : NULL,
	};

	record_write(o, &record);
}

/* Keep a failed try's record for the report, if there will be one: 0 or -errno. */
static int keep_attempt(struct drive *d)
{
	bool is_first = d->attempts < 0;
	struct out o;

	if (d->report < 0 && !(d->job.flags & JOB_WANT_HANDLE))
		return 0;
	if (is_first)
		d->attempts = fd_open_temporary();
	if (d->attempts < 0)
		return d->attempts;
	out_init(&o, d->attempts);
	if (!is_first)
		out_char(&o, ',');
	write_record(d, &o, 1, -1);
	return out_close(&o);
}

/* Whether another try may help: it ran, failed, and nobody asked us to end. */
static bool wants_retry(const struct drive *d)
{
	return d->tries <= d->options->retries && d->result.started &&
	       drive_status(d) != 0 && d->result.error.step == SPAWN_STEP_NONE &&
	       !d->result.interrupted;
}

/* Wait before the next try: whether there shall be one. */
static bool pause_before_retry(struct drive *d)
{
	nsec_t delay = retry_delay_draw(&d->options->retry_delay, d->tries + 1);
	int r = pause_job(&d->job, delay);

	if (r == 0)
		return true;
	/* The last try's result stands, and that we were told to end. */
	d->result.interrupted = true;
	d->result.interrupted_by = r > 0 ? r : SIGKILL;
	d->result.outcome = OUTCOME_INTERRUPTED;
	return false;
}

void drive_run(struct drive *d)
{
	if (d->result.error.step != SPAWN_STEP_NONE)
		return;
	for (;;) {
		d->tries++;
		job_run(&d->job, &d->result);
		if (!wants_retry(d) || !pause_before_retry(d))
			return;

		int r = keep_attempt(d);

		result_clear(&d->result);
		if (r < 0) {
			d->result.error.step = SPAWN_STEP_PIPE;
			d->result.error.error = -r;
			return;
		}
		build_rewind_input(d);
	}
}

void drive_write_record(const struct drive *d, struct out *o)
{
	write_record(d, o, d->tries, d->attempts);
	out_char(o, '\n');
}

int drive_finish(struct drive *d, int status)
{
	int r = report_write(d);

	return r ? r : status;
}

void drive_clear(struct drive *d)
{
	result_clear(&d->result);
	for (size_t i = 0; d->stages && i < d->job.n_stages; i++)
		spawn_clear(&d->stages[i].spawn);
	free(d->stages);
	free(d->words);
	free(d->envp);
	free(d->cwd);
	(void)fd_close(d->attempts);
	buf_clear(&d->error_message);
	for (int n = 0; n < 3; n++)
		(void)fd_close(d->fds[n]);
	(void)fd_close(d->dirfd);
	(void)fd_close(d->report);
}
