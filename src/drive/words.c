#include "config.h"

#include "drive/drive.h"

#include "base/message.h"
#include "record/command.h"
#include "record/shell-words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Seconds with as many decimals as they need: "1", "0.2". */
static int add_seconds(struct buf *text, nsec_t value)
{
	char fraction[16];
	int n = snprintf(fraction, sizeof(fraction), ".%09lld",
			 (long long)(value % NSEC_PER_SEC));

	while (n > 0 && (fraction[n - 1] == '0' || fraction[n - 1] == '.'))
		fraction[--n] = '\0';
	return buf_add_format(text, "%lld%s", (long long)(value / NSEC_PER_SEC),
			      fraction);
}

/* The command or pipeline, shell-quoted: 0 or -ENOMEM. */
static int add_command(const struct drive *d, struct buf *text)
{
	struct out o;

	out_init(&o, -1);
	command_write(&o, &d->job, 0, d->job.n_stages);

	int r = o.error ? o.error : buf_add(text, o.buf.data, o.buf.len);

	(void)out_close(&o);
	return r;
}

/* Python's repr of a signal; its enum has only the first and the last of the real-time
 * ones. */
static int add_death(struct buf *text, int signal)
{
	char name[16];

	if (signal > SIGRTMIN && signal < SIGRTMAX)
		return buf_add_format(text, "died with unknown signal %d.", signal);
	return buf_add_format(text, "died with <Signals.%s: %d>.",
			      signal_name(signal, name), signal);
}

/* How it failed, as subprocess.CalledProcessError and TimeoutExpired have it. */
static int add_failure(const struct drive *d, struct buf *text)
{
	const struct job_limits *limits = &d->options->limits;
	const struct result *result = &d->result;
	int deciding = drive_deciding_stage(d);
	int r;

	switch (result->outcome) {
	case OUTCOME_TIMED_OUT:
		if (limits->timeout == NSEC_FOREVER)
			return buf_add_string(text, "timed out");
		r = buf_add_string(text, "timed out after ");
		if (r == 0)
			r = add_seconds(text, limits->timeout);
		return r < 0 ? r : buf_add_string(text, " seconds");
	case OUTCOME_IDLE_TIMED_OUT:
		r = buf_add_string(text, "wrote nothing for ");
		if (r == 0)
			r = add_seconds(text, limits->idle_timeout);
		return r < 0 ? r : buf_add_string(text, " seconds");
	case OUTCOME_OUTPUT_LIMIT:
		return buf_add_format(text, "wrote more than %" PRIu64 " bytes",
				      limits->max_output);
	default:
		break;
	}
	if (deciding < 0 || !result->stages[deciding].child.ended)
		return buf_add_string(text, "was interrupted.");

	const struct wait_status *status = &result->stages[deciding].child.status;

	if (status->signal)
		return add_death(text, status->signal);
	return buf_add_format(text, "returned non-zero exit status %d.", status->code);
}

void drive_say_end(const struct drive *d)
{
	auto_buf struct buf text = BUF_INIT;

	if (d->options->quiet)
		return;

	int r = buf_add_string(&text, "Command '");

	if (r == 0)
		r = add_command(d, &text);
	if (r == 0)
		r = buf_add_string(&text, "' ");
	if (r == 0)
		r = add_failure(d, &text);
	message("%s", r < 0 ? error_text(-r) : text.data);
}

static int add_end(const struct drive *d, struct buf *text)
{
	const struct result *result = &d->result;
	int deciding = drive_deciding_stage(d);
	char name[16];

	if (result->error.step != SPAWN_STEP_NONE || !result->n_stages)
		return buf_add_string(text, "was not started");
	if (result->limit_struck)
		return add_failure(d, text);

	const struct child *c = &result->stages[deciding < 0 ? 0 : deciding].child;

	if (deciding < 0 && result->n_stages > 1)
		return buf_add_string(text, "exited with status 0");
	if (c->status.signal)
		return buf_add_format(text, "died of %s%s",
				      signal_name(c->status.signal, name),
				      c->status.core_dumped ? " (core dumped)" : "");
	return buf_add_format(text, "exited with status %d", c->status.code);
}

int drive_describe_end(const struct drive *d, struct buf *ret_text)
{
	int r = add_command(d, ret_text);

	if (r == 0)
		r = buf_add_string(ret_text, ": ");
	if (r == 0)
		r = add_end(d, ret_text);
	if (r == 0 && d->result.started) {
		/* For people: what matters of it. */
		nsec_t unit = d->result.duration < NSEC_PER_SEC ? NSEC_PER_MS / 100
								: NSEC_PER_MS;
		nsec_t rounded = (d->result.duration + unit / 2) / unit * unit;

		r = buf_add_string(ret_text, ", ran for ");
		if (r == 0)
			r = add_seconds(ret_text, rounded);
		if (r == 0)
			r = buf_add_string(ret_text, " s");
	}
	return r;
}

bool drive_fits_shell(const struct capture *c, const char *name)
{
	int r = shell_words_check(c);

	if (r == -EILSEQ)
		message("%s holds a NUL byte, which a shell variable cannot; use --format=json",
			name);
	else if (r < 0)
		message("cannot read the captured output: %s", error_text(-r));
	return r == 0;
}
