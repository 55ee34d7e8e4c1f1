#include "config.h"

#include "drive/drive.h"

#include "base/exit.h"
#include "base/message.h"

#include <errno.h>
#include <string.h>

/* A stage that was never seen to end. */
enum { STATUS_NONE = -1 };

/* How a stage ended, for main(). */
static int stage_status(const struct result_stage *stage)
{
	const struct wait_status *status = &stage->child.status;

	if (!stage->child.ended)
		return STATUS_NONE;
	return status->signal ? EXIT_BY_SIGNAL(status->signal) : status->code;
}

static bool stage_failed(const struct drive *d, size_t i)
{
	const struct result_stage *stage = &d->result.stages[i];
	const struct code_set *codes = d->stage_codes ? &d->stage_codes[i]
						      : &d->options->ok_codes;
	int status = stage_status(stage);

	if (stage->benign_sigpipe && d->policy != PIPE_STRICT)
		return false;
	return status == STATUS_NONE || EXIT_IS_BY_SIGNAL(status) || !codes->has[status];
}

int drive_deciding_stage(const struct drive *d)
{
	size_t n = d->result.n_stages;

	if (n == 0)
		return -1;
	if (d->policy == PIPE_FIRST)
		return stage_failed(d, 0) ? 0 : -1;
	for (size_t i = n; i-- > 0;) {
		if (stage_failed(d, i))
			return (int)i;
		if (d->policy == PIPE_LAST)
			break;
	}
	return -1;
}

/* Not started, or something of ours failed on the way. */
static int failure_status(const struct drive *d)
{
	const struct spawn_error *e = &d->result.error;

	if (e->step != SPAWN_STEP_EXEC)
		return EXIT_OWN_FAILURE;
	return e->error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* Whether a command itself died of the KILL that a limit sent it. */
static bool died_of_kill(const struct drive *d)
{
	bool kill_was_sent = d->result.killed || d->options->limits.signal == SIGKILL;

	for (size_t i = 0; kill_was_sent && i < d->result.n_stages; i++)
		if (d->result.stages[i].child.status.signal == SIGKILL)
			return true;
	return false;
}

/* status: what the deciding stage, or all of them, came to. */
static int judge(const struct drive *d, int status)
{
	const struct result *result = &d->result;

	if (result->error.step != SPAWN_STEP_NONE)
		return failure_status(d);
	if (result->limit_struck) {
		/* We would have to kill ourselves to say it better; timeout(1) exits with
		 * 137 too. */
		if (died_of_kill(d))
			return EXIT_SIGNAL_BASE + SIGKILL;
		/* What could not be killed has no status to preserve. */
		if (!d->options->preserve_status || status == STATUS_NONE)
			return EXIT_LIMIT;
	} else if (result->interrupted_by) {
		status = EXIT_BY_SIGNAL(result->interrupted_by);
	}
	if (status == STATUS_NONE)
		return EXIT_OWN_FAILURE;
	if (EXIT_IS_BY_SIGNAL(status) && d->options->no_reraise)
		return EXIT_SIGNAL_BASE + EXIT_SIGNAL_OF(status);
	return status;
}

int drive_status(const struct drive *d)
{
	int deciding = drive_deciding_stage(d);

	return judge(d, deciding < 0 ? 0 : stage_status(&d->result.stages[deciding]));
}

int drive_real_status(const struct drive *d)
{
	if (d->result.n_stages != 1)
		return drive_status(d);
	return judge(d, stage_status(&d->result.stages[0]));
}

int drive_record_status(const struct drive *d, bool check)
{
	const struct result *result = &d->result;

	if (check || result->error.step != SPAWN_STEP_NONE || result->limit_struck ||
	    result->outcome == OUTCOME_INTERRUPTED)
		return drive_status(d);
	return 0;
}

/* The program or the file that could not be executed, as the user wrote it. */
static const char *failed_program(const struct drive *d)
{
	if (d->error_path)
		return d->error_path;
	if (d->result.failed_stage >= d->job.n_stages)
		return "";

	const struct spawn *s = &d->job.stages[d->result.failed_stage].spawn;

	return s->file ? s->file : s->argv[0];
}

/* execve(2): E2BIG is about all words and the environment together, or about a single
 * one. */
static const char too_long[] =
	"the arguments and the environment are too long (one word may have 128 KiB); "
	"use --input or a file";

static int describe_exec(struct drive *d, const char *name)
{
	const struct spawn_error *e = &d->result.error;
	struct buf *text = &d->error_message;

	if (!*name)
		name = "''";
	if (e->error == ENOENT && e->detail.len)
		return buf_add_format(text, "%s: interpreter '%s' not found", name,
				      e->detail.data);
	if (e->error == ENOENT)
		return buf_add_format(text, "%s: %s", name,
				      strchr(name, '/') ? error_text(ENOENT)
							: "command not found");
	if (e->error == E2BIG)
		return buf_add_format(text, "%s: %s", name, too_long);
	if (e->error == ENOEXEC)
		return buf_add_format(text, "%s: not a program this system can run (%s)",
				      name, error_text(ENOEXEC));
	return buf_add_format(text, "%s: %s", name, error_text(e->error));
}

/* One line that names what failed. */
static int describe(struct drive *d)
{
	const struct spawn_error *e = &d->result.error;
	struct buf *text = &d->error_message;
	const char *path = failed_program(d);
	const char *why = error_text(e->error);

	switch (e->step) {
	case SPAWN_STEP_EXEC:
		return describe_exec(d, path);
	case SPAWN_STEP_CHDIR:
		return buf_add_format(text, "cannot change to directory '%s': %s",
				      d->error_path, why);
	case SPAWN_STEP_OPEN:
		return buf_add_format(text, "cannot open '%s': %s", d->error_path, why);
	case SPAWN_STEP_PIPE:
		if (e->detail.len)
			return buf_add_format(text, "cannot set --%s: %s", e->detail.data,
					      why);
		if (e->error == ENOSPC || e->error == EDQUOT || e->error == EFBIG)
			return buf_add_format(
				text, "cannot keep the output: %s (see TMPDIR)", why);
		return buf_add_format(text, "cannot set up pipes and descriptors: %s",
				      why);
	default:
		if (e->detail.len)
			return buf_add_format(text, "cannot set --%s: %s", e->detail.data,
					      why);
		return buf_add_format(text, "cannot start a process: %s", why);
	}
}

const char *drive_describe_failure(struct drive *d)
{
	const struct result *result = &d->result;

	if (result->error.step == SPAWN_STEP_NONE)
		return NULL;
	if (!d->error_path && result->error.step == SPAWN_STEP_EXEC)
		d->error_path = failed_program(d);
	d->error_message.len = 0;
	return describe(d) < 0 ? error_text(ENOMEM) : d->error_message.data;
}

bool drive_say_failure(struct drive *d)
{
	const struct result *result = &d->result;
	const char *text = drive_describe_failure(d);

	if (!text)
		return false;
	if (d->job.n_stages > 1 && result->failed_stage < d->job.n_stages)
		message("stage %zu: %s", result->failed_stage + 1, text);
	else
		message("%s", text);
	return true;
}
