#include "config.h"

#include "record/record.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "base/parse.h"
#include "record/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { PIECE = 65536 };

static const char *outcome_name(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NOT_STARTED:
		return "not_started";
	case OUTCOME_EXITED:
		return "exited";
	case OUTCOME_SIGNALED:
		return "signaled";
	case OUTCOME_TIMED_OUT:
		return "timed_out";
	case OUTCOME_IDLE_TIMED_OUT:
		return "idle_timed_out";
	case OUTCOME_OUTPUT_LIMIT:
		return "output_limit";
	case OUTCOME_INTERRUPTED:
		return "interrupted";
	}
	return NULL;
}

static const char *step_name(enum spawn_step step)
{
	switch (step) {
	case SPAWN_STEP_NONE:
		break;
	case SPAWN_STEP_EXEC:
		return "exec";
	case SPAWN_STEP_CHDIR:
		return "chdir";
	case SPAWN_STEP_OPEN:
		return "open";
	case SPAWN_STEP_PIPE:
		return "pipe";
	case SPAWN_STEP_SPAWN:
		return "spawn";
	}
	return NULL;
}

/* Whether the captured bytes are text in UTF-8; what cannot be read is not. */
static bool is_utf8(const struct capture *c, uint64_t size)
{
	struct utf8_check check = {0};
	char data[PIECE];

	for (uint64_t at = 0; at < size;) {
		size_t want = size - at < sizeof(data) ? (size_t)(size - at)
						       : sizeof(data);
		ssize_t n = capture_read(c, at, data, want);

		if (n <= 0)
			return false;
		utf8_check_add(&check, data, (size_t)n);
		if (check.invalid)
			return false;
		at += (uint64_t)n;
	}
	return utf8_check_end(&check);
}

void record_write_capture(struct json *j, const char *key, const struct capture *c,
			  bool strip_newline)
{
	char encoding_key[32];

	(void)snprintf(encoding_key, sizeof(encoding_key), "%s_encoding", key);
	if (!c->enabled) {
		json_add_null(j, key);
		json_add_null(j, encoding_key);
		return;
	}

	uint64_t size = capture_text_size(c, strip_newline);
	bool text = is_utf8(c, size);
	char data[PIECE];

	json_pieces_begin(j, key, !text);
	for (uint64_t at = 0; at < size;) {
		size_t want = size - at < sizeof(data) ? (size_t)(size - at)
						       : sizeof(data);
		ssize_t n = capture_read(c, at, data, want);

		if (n <= 0) {
			out_fail(j->out, n < 0 ? (int)n : -EIO);
			break;
		}
		json_pieces_add(j, data, (size_t)n);
		at += (uint64_t)n;
	}
	json_pieces_end(j);
	json_add_string(j, encoding_key, text ? "utf-8" : "base64");
}

bool record_returncode(const struct result_stage *stage, int *ret_returncode)
{
	if (!stage->child.ended)
		return false;
	*ret_returncode = stage->child.status.signal ? -stage->child.status.signal
						     : stage->child.status.code;
	return true;
}

static void int_or_null(struct json *j, const char *key, bool known, int64_t value)
{
	if (known)
		json_add_int(j, key, value);
	else
		json_add_null(j, key);
}

static void write_time(struct json *j, const char *key, const struct timespec *at)
{
	struct tm tm;
	char day[32];
	char text[64];

	if (at->tv_sec == 0 || !gmtime_r(&at->tv_sec, &tm)) {
		json_add_null(j, key);
		return;
	}
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text, sizeof(text), "%s.%09ldZ", day, at->tv_nsec);
	json_add_string(j, key, text);
}

static void write_command(struct json *j, const struct job *job, size_t first, size_t n)
{
	struct out text;

	out_init(&text, -1);
	command_write(&text, job, first, n);
	if (text.error || buf_add_char(&text.buf, '\0') < 0)
		json_add_null(j, "command");
	else
		json_add_text(j, "command", text.buf.data);
	(void)out_close(&text);
}

/* What it is a record of; a stage of a pipeline has no item of its own. */
static void write_head(struct json *j, const struct record_item *item)
{
	json_add_int(j, "schema", RECORD_SCHEMA);
	if (!item)
		return;
	json_add_uint(j, "seq", item->seq);
	json_add_uint(j, "slot", item->slot);
	json_add_uint(j, "attempt", item->attempt);
	json_add_text(j, "item", item->item);
	json_add_string(j, "key", item->key);
	json_add_bool(j, "failed", item->failed);
}

/* What was run, up to when it started. stage is NULL for a pipeline as a whole. */
static void write_what(struct json *j, const struct record *r, size_t first,
		       const struct result_stage *stage)
{
	const struct spawn *s = &r->job->stages[first].spawn;
	bool started = stage && stage->child.pid > 0;

	if (stage)
		json_add_text_array(j, "argv", s->argv);
	else
		json_add_null(j, "argv");
	write_command(j, r->job, first, stage ? 1 : r->job->n_stages);
	json_add_text(j, "executable", stage && s->path.len ? s->path.data : NULL);
	json_add_text(j, "cwd", r->cwd);
	json_add_bool(j, "shell", r->shell);
	int_or_null(j, "pid", started, started ? stage->child.pid : 0);
	json_add_string(j, "handle",
			started && stage->child.handle[0] ? stage->child.handle : NULL);
	write_time(j, "started_at",
		   stage ? &stage->child.started_at : &r->result->started_at);
}

/* The records of earlier tries, as they stand in their file. */
static void write_attempts(struct json *j, const struct record *r)
{
	char data[PIECE];
	ssize_t n;

	if (r->attempts < 0) {
		json_add_null(j, "attempts");
		return;
	}
	json_array_begin(j, "attempts");
	json_add_raw(j, "");
	for (off_t at = 0; (n = pread(r->attempts, data, sizeof(data), at)) > 0; at += n)
		out_write(j->out, data, (size_t)n);
	if (n < 0)
		out_fail(j->out, -errno);
	json_array_end(j);
}

/* How a stage, or the stage that decides, ended. */
static void write_end(struct json *j, const struct record *r,
		      const struct result_stage *stage, nsec_t duration,
		      enum outcome outcome, int exit_status)
{
	const struct wait_status *status = &stage->child.status;
	const struct result *result = r->result;
	char name[16];
	int returncode = 0;
	bool ended = record_returncode(stage, &returncode);
	bool signaled = ended && status->signal != 0;

	if (stage->child.pid > 0 && duration >= 0)
		json_add_nsec_as_ms(j, "duration_ms", duration);
	else
		json_add_null(j, "duration_ms");
	json_add_string(j, "outcome", outcome_name(outcome));
	int_or_null(j, "returncode", ended, returncode);
	int_or_null(j, "exit_code", ended && !signaled, status->code);
	json_add_string(j, "signal", signaled ? signal_name(status->signal, name) : NULL);
	int_or_null(j, "signal_number", signaled, status->signal);
	json_add_bool(j, "core_dumped", status->core_dumped);
	int_or_null(j, "exit_status", exit_status >= 0,
		    EXIT_IS_BY_SIGNAL(exit_status)
			    ? EXIT_SIGNAL_BASE + EXIT_SIGNAL_OF(exit_status)
			    : exit_status);
	json_add_bool(j, "timed_out", result->outcome == OUTCOME_TIMED_OUT);
	json_add_nsec_as_ms(j, "timeout_ms", r->job->limits.timeout);
	json_array_begin(j, "signals_sent");
	for (size_t i = 0; i < result->n_signals; i++) {
		json_object_begin(j, NULL);
		json_add_string(j, "signal",
				signal_name(result->signals[i].signal, name));
		json_add_nsec_as_ms(j, "at_ms", result->signals[i].at);
		json_object_end(j);
	}
	json_array_end(j);
	json_add_int(j, "tries", r->tries);
	write_attempts(j, r);
}

static void write_output(struct json *j, const struct record *r, bool is_whole)
{
	static const struct capture none = CAPTURE_INIT;
	const struct capture *out = is_whole ? &r->result->out : &none;
	const struct capture *err = is_whole ? &r->result->err : &none;
	bool shown = !r->leave_out_output;

	record_write_capture(j, "stdout", shown ? out : &none, false);
	record_write_capture(j, "stderr", shown ? err : &none, false);
	if (out->enabled)
		json_add_uint(j, "stdout_bytes", out->size);
	else
		json_add_null(j, "stdout_bytes");
	if (err->enabled)
		json_add_uint(j, "stderr_bytes", err->size);
	else
		json_add_null(j, "stderr_bytes");
	json_add_bool(j, "truncated", out->truncated || err->truncated);
}

static void write_processes(struct json *j, const char *key,
			    const struct result_process_list *list, bool with_errno)
{
	json_array_begin(j, key);
	for (size_t i = 0; i < list->n; i++) {
		const struct result_process *p = &list->items[i];

		json_object_begin(j, NULL);
		json_add_int(j, "pid", p->pid);
		json_add_text(j, "comm", p->comm);
		if (with_errno)
			json_add_string(j, "errno",
					p->error ? error_name(p->error) : NULL);
		json_object_end(j);
	}
	json_array_end(j);
}

static void write_tree(struct json *j, const struct record *r, bool is_whole)
{
	const struct result *result = r->result;
	bool known = is_whole && result->tree_watched;

	json_add_bool(j, "leaked", is_whole && result->leaked);
	if (is_whole)
		write_processes(j, "holders", &result->holders, false);
	else
		json_add_null(j, "holders");
	int_or_null(j, "descendants_killed", known, (int64_t)result->descendants_killed);
	int_or_null(j, "descendants_left", known, (int64_t)result->descendants_left);
	if (known)
		write_processes(j, "survivors", &result->survivors, true);
	else
		json_add_null(j, "survivors");
}

static nsec_t nsec_from_timeval(const struct timeval *tv)
{
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * 1000;
}

static void write_rusage(struct json *j, const struct result_stage *stage)
{
	const struct rusage *u = &stage->child.usage;

	if (!stage->child.ended) {
		json_add_null(j, "rusage");
		return;
	}
	json_object_begin(j, "rusage");
	json_add_nsec_as_ms(j, "user_ms", nsec_from_timeval(&u->ru_utime));
	json_add_nsec_as_ms(j, "system_ms", nsec_from_timeval(&u->ru_stime));
	json_add_int(j, "max_rss_bytes", (int64_t)u->ru_maxrss * 1024); /* the kernel
								       counts KiB */
	json_add_int(j, "minor_faults", u->ru_minflt);
	json_add_int(j, "major_faults", u->ru_majflt);
	json_add_int(j, "voluntary_switches", u->ru_nvcsw);
	json_add_int(j, "involuntary_switches", u->ru_nivcsw);
	json_add_int(j, "in_blocks", u->ru_inblock);
	json_add_int(j, "out_blocks", u->ru_oublock);
	json_object_end(j);
}

static void write_error(struct json *j, const struct record *r, bool is_of_this)
{
	const struct spawn_error *e = &r->result->error;

	if (!is_of_this || e->step == SPAWN_STEP_NONE) {
		json_add_null(j, "error");
		return;
	}
	json_object_begin(j, "error");
	json_add_string(j, "step", step_name(e->step));
	json_add_string(j, "errno", error_name(e->error));
	json_add_text(j, "message",
		      r->error_message ? r->error_message : error_text(e->error));
	json_add_text(j, "path", r->error_path);
	json_object_end(j);
}

/* The keys from stdout to error, the same for the whole and for a stage of a pipeline. */
static void write_rest(struct json *j, const struct record *r,
		       const struct result_stage *stage, bool is_whole, bool has_error)
{
	write_output(j, r, is_whole);
	write_tree(j, r, is_whole);
	write_rusage(j, stage);
	write_error(j, r, has_error);
}

static void write_stage(struct json *j, const struct record *r, size_t i)
{
	const struct result *result = r->result;
	const struct result_stage *stage = &result->stages[i];

	json_object_begin(j, NULL);
	json_add_int(j, "index", (int64_t)i + 1);
	write_head(j, NULL);
	write_what(j, r, i, stage);
	write_end(j, r, stage,
		  stage->child.ended ? stage->child.ended_at - stage->child.started : -1,
		  stage->outcome, r->statuses[i]);
	json_add_bool(j, "benign_sigpipe", stage->benign_sigpipe);
	write_rest(j, r, stage, false, result->failed_stage == i);
	json_object_end(j);
}

/* What only a pipeline has. */
static void write_stages(struct json *j, const struct record *r)
{
	json_array_begin(j, "stages");
	for (size_t i = 0; i < r->result->n_stages; i++)
		write_stage(j, r, i);
	json_array_end(j);
	json_array_begin(j, "pipestatus");
	for (size_t i = 0; i < r->result->n_stages; i++)
		int_or_null(j, NULL, r->statuses[i] >= 0, r->statuses[i]);
	json_array_end(j);
	int_or_null(j, "deciding_stage", r->deciding_stage >= 0, r->deciding_stage + 1);
}

/* The sum of what the stages used; the largest of their sizes. */
static void add_usage(struct rusage *sum, const struct rusage *u)
{
	timeradd(&sum->ru_utime, &u->ru_utime, &sum->ru_utime);
	timeradd(&sum->ru_stime, &u->ru_stime, &sum->ru_stime);
	if (u->ru_maxrss > sum->ru_maxrss)
		sum->ru_maxrss = u->ru_maxrss;
	sum->ru_minflt += u->ru_minflt;
	sum->ru_majflt += u->ru_majflt;
	sum->ru_nvcsw += u->ru_nvcsw;
	sum->ru_nivcsw += u->ru_nivcsw;
	sum->ru_inblock += u->ru_inblock;
	sum->ru_oublock += u->ru_oublock;
}

/* A pipeline as a whole, seen as a stage: it ended as the stage that decides, or as the
 * last. */
static struct result_stage stage_of_whole(const struct record *r)
{
	static const struct result_stage nothing = {.child = CHILD_INIT};
	const struct result *result = r->result;

	if (result->n_stages == 0)
		return nothing;

	size_t decides = r->deciding_stage >= 0 ? (size_t)r->deciding_stage
						: result->n_stages - 1;
	struct result_stage whole = result->stages[decides];

	if (!r->is_pipeline)
		return whole;
	/* All succeeded, if in the way that a stage whose reader has ended does. */
	if (r->deciding_stage < 0 && whole.child.ended)
		whole.child.status = (struct wait_status){0};
	whole.child.usage = (struct rusage){0};
	for (size_t i = 0; i < result->n_stages; i++)
		add_usage(&whole.child.usage, &result->stages[i].child.usage);
	return whole;
}

void record_write(struct out *o, const struct record *r)
{
	const struct result *result = r->result;
	struct result_stage whole = stage_of_whole(r);
	enum outcome outcome = result->outcome;
	struct json j;

	/* Limits and interruptions are the pipeline's; else it ended as the stage that
	 * decides. */
	if (outcome == OUTCOME_EXITED || outcome == OUTCOME_SIGNALED)
		outcome = outcome_of(&whole.child.status);

	json_init(&j, o);
	json_object_begin(&j, NULL);
	write_head(&j, r->item);
	write_what(&j, r, 0, r->is_pipeline ? NULL : &whole);
	write_end(&j, r, &whole, result->duration, outcome, r->exit_status);
	write_rest(&j, r, &whole, true, true);
	if (r->is_pipeline)
		write_stages(&j, r);
	json_object_end(&j);
}
