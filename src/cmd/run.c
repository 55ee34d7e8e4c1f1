/*
 * prockit run - run a command, capture both streams, and print a record of it.
 */
#include "config.h"

#include "base/exit.h"
#include "base/message.h"
#include "cli/run-options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "record/record.h"
#include "record/shell-words.h"
#include "subcommands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	CODE_FORMAT = RUN_CODE_END,
	CODE_PREFIX,
	CODE_CHECK,
	CODE_TEE,
	CODE_STDERR,
};

enum format {
	FORMAT_JSON,
	FORMAT_EVAL,
	FORMAT_TEXT,
};

static const char bad_prefix[] = "cannot begin the name of a variable";

static struct {
	struct run_options run;
	enum format format;
	const char *prefix;
	bool check;
	bool tee;
	bool merge;
} opt = {.run = RUN_OPTIONS_INIT, .prefix = ""};

/* Both streams are captured; all that is left to say is whether as one. */
static const struct poptOption run_merge_options[] = {
	{"stderr", '\0', POPT_ARG_STRING, NULL, CODE_STDERR,
	 "capture its errors apart (default), or as part of stdout, in the order written",
	 "capture|stdout"},
	POPT_TABLEEND,
};

static const struct poptOption run_options_table[] = {
	{"format", '\0', POPT_ARG_STRING, NULL, CODE_FORMAT,
	 "how to print the record: an object (default), shell words, or for people",
	 "json|eval|text"},
	{"prefix", '\0', POPT_ARG_STRING, NULL, CODE_PREFIX,
	 "begin the names of the shell variables with this", "PREFIX"},
	{"check", '\0', POPT_ARG_NONE, NULL, CODE_CHECK, "exit with the command's status",
	 NULL},
	{"tee", '\0', POPT_ARG_NONE, NULL, CODE_TEE,
	 "show both streams live on stderr too", NULL},
	OPTION_GROUP(run_limit_options, run_heading_limits),
	OPTION_GROUP(run_capture_options, run_heading_limits),
	OPTION_GROUP(run_tree_options, run_heading_limits),
	OPTION_GROUP(run_shell_options, run_heading_command),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_argv0_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_stdin_options, run_heading_stdio),
	OPTION_GROUP(run_merge_options, run_heading_stdio),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_ok_codes_options, run_heading_ending),
	OPTION_GROUP(run_status_options, run_heading_ending),
	OPTION_GROUP(run_report_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *run_set(int code, const char *arg)
{
	switch (code) {
	case CODE_FORMAT:
		if (strcmp(arg, "json") == 0)
			opt.format = FORMAT_JSON;
		else if (strcmp(arg, "eval") == 0)
			opt.format = FORMAT_EVAL;
		else if (strcmp(arg, "text") == 0)
			opt.format = FORMAT_TEXT;
		else
			return "is neither json, eval nor text";
		return NULL;
	case CODE_PREFIX:
		opt.prefix = arg;
		return shell_words_is_prefix(arg) ? NULL : bad_prefix;
	case CODE_CHECK:
		opt.check = true;
		return NULL;
	case CODE_TEE:
		opt.tee = true;
		return NULL;
	case CODE_STDERR:
		opt.merge = strcmp(arg, "stdout") == 0;
		return opt.merge || strcmp(arg, "capture") == 0
			       ? NULL
			       : "is neither capture nor stdout: run keeps both streams";
	default:
		return run_options_set(&opt.run, code, arg);
	}
}

/* returncode=3 stdout='...' stderr='...'; empty where it was not started, so that no
 * older value stays. */
static int print_words(const struct drive *d)
{
	const struct result *result = &d->result;
	struct out o;
	int returncode;

	if (!drive_fits_shell(&result->out, "stdout") ||
	    !drive_fits_shell(&result->err, "stderr"))
		return EXIT_OWN_FAILURE;
	out_init(&o, STDOUT_FILENO);
	out_format(&o, "%sreturncode=", opt.prefix);
	if (result->n_stages && record_returncode(&result->stages[0], &returncode))
		out_format(&o, "%d", returncode);
	out_char(&o, ' ');
	shell_words_capture(&o, opt.prefix, "stdout", &result->out, false);
	out_char(&o, ' ');
	shell_words_capture(&o, opt.prefix, "stderr", &result->err, false);
	out_char(&o, '\n');
	return out_finish_status(&o);
}

/* One stream under its heading. */
static int print_stream(const char *name, const struct capture *c)
{
	struct out o;

	if (!c->size)
		return 0;
	out_init(&o, STDOUT_FILENO);
	out_format(&o, "--- %s\n", name);

	int r = out_close(&o);

	if (r == 0)
		r = capture_write(c, c->size, STDOUT_FILENO);
	if (r == 0 && capture_text_size(c, true) == c->size)
		r = fd_write_all(STDOUT_FILENO, "\n", 1);
	return r;
}

/* For people: how it ended, how long it took, then what it wrote. */
static int print_text(struct drive *d)
{
	auto_buf struct buf end = BUF_INIT;
	struct out o;

	if (drive_describe_end(d, &end) < 0)
		return stdout_error_status(-ENOMEM);
	out_init(&o, STDOUT_FILENO);
	out_format(&o, "%s\n", end.data);

	int r = out_close(&o);

	if (r == 0)
		r = print_stream("stdout", &d->result.out);
	if (r == 0)
		r = print_stream("stderr", &d->result.err);
	return stdout_error_status(r);
}

static int print_record(struct drive *d)
{
	struct out o;

	switch (opt.format) {
	case FORMAT_EVAL:
		return print_words(d);
	case FORMAT_TEXT:
		return print_text(d);
	default:
		out_init(&o, STDOUT_FILENO);
		drive_write_record(d, &o);
		return out_finish_status(&o);
	}
}

static int run_run(char **operands)
{
	auto_drive struct drive d = DRIVE_INIT(&opt.run);

	d.flags = DRIVE_NEEDS_STDOUT;
	d.job.flags = JOB_CAPTURE_STDOUT | JOB_WANT_HANDLE;
	d.job.flags |= opt.merge ? JOB_MERGE_STDERR : JOB_CAPTURE_STDERR;
	if (opt.tee)
		d.job.flags |= JOB_TEE;

	int status = drive_open(&d, operands);

	if (status >= 0)
		return status;
	drive_run(&d);
	(void)drive_say_failure(&d);
	/* The report first: the write may be our end. */
	status = drive_finish(&d, drive_record_status(&d, opt.check));

	int r = print_record(&d);
	int tee_error = d.result.out.tee_error ? d.result.out.tee_error
					       : d.result.err.tee_error;

	if (tee_error) {
		message("cannot write to standard error: %s", error_text(tee_error));
		r = EXIT_OWN_FAILURE;
	}
	return r ? r : status;
}

const struct subcommand cmd_run = {
	.name = "run",
	.summary = "run a command, capture both streams, and print a record of it",
	.operands = "COMMAND [ARG...]",
	.options = run_options_table,
	.flags = SUBCOMMAND_OPERANDS,
	.set = run_set,
	.run = run_run,
};
