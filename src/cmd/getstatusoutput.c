/*
 * prockit getstatusoutput - print the status and the output of a shell command.
 */
#include "config.h"

#include "base/exit.h"
#include "base/json.h"
#include "cli/run-options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "record/record.h"
#include "record/shell-words.h"
#include "subcommands.h"

#include <string.h>
#include <unistd.h>

enum {
	CODE_FORMAT = RUN_CODE_END,
	CODE_PREFIX,
};

enum format {
	FORMAT_LINES,
	FORMAT_JSON,
	FORMAT_EVAL,
};

static const char bad_prefix[] = "cannot begin the name of a variable";

static struct {
	struct run_options run;
	enum format format;
	const char *prefix;
} opt = {.run = RUN_OPTIONS_INIT, .prefix = ""};

static const struct poptOption getstatusoutput_options[] = {
	{"format", '\0', POPT_ARG_STRING, NULL, CODE_FORMAT,
	 "how to print them: status line and output (default), an object, or shell words",
	 "lines|json|eval"},
	{"prefix", '\0', POPT_ARG_STRING, NULL, CODE_PREFIX,
	 "begin the names of the shell variables with this", "PREFIX"},
	OPTION_GROUP(run_limit_options, run_heading_limits),
	OPTION_GROUP(run_capture_options, run_heading_limits),
	OPTION_GROUP(run_tree_options, run_heading_limits),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_stdin_options, run_heading_stdio),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_ok_codes_options, run_heading_ending),
	OPTION_GROUP(run_status_options, run_heading_ending),
	OPTION_GROUP(run_report_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *getstatusoutput_set(int code, const char *arg)
{
	switch (code) {
	case CODE_FORMAT:
		if (strcmp(arg, "lines") == 0)
			opt.format = FORMAT_LINES;
		else if (strcmp(arg, "json") == 0)
			opt.format = FORMAT_JSON;
		else if (strcmp(arg, "eval") == 0)
			opt.format = FORMAT_EVAL;
		else
			return "is neither lines, json nor eval";
		return NULL;
	case CODE_PREFIX:
		opt.prefix = arg;
		return shell_words_is_prefix(arg) ? NULL : bad_prefix;
	default:
		return run_options_set(&opt.run, code, arg);
	}
}

static void write_json(struct out *o, const struct capture *c, int returncode)
{
	struct json j;

	json_init(&j, o);
	json_object_begin(&j, NULL);
	json_add_int(&j, "returncode", returncode);
	record_write_capture(&j, "output", c, true);
	json_object_end(&j);
	json_end_line(&j);
}

/* Python's first line, then the output as it is: in two steps, because the kernel can
 * carry it. */
static int write_lines(struct out *o, const struct capture *c, int returncode)
{
	out_format(o, "%d\n", returncode);

	int r = out_close(o);

	if (r == 0)
		r = capture_write(c, capture_text_size(c, true), STDOUT_FILENO);
	return stdout_error_status(r);
}

/* Print both; the status if that fails. */
static int print_result(const struct capture *c, int returncode)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	switch (opt.format) {
	case FORMAT_LINES:
		return write_lines(&o, c, returncode);
	case FORMAT_JSON:
		write_json(&o, c, returncode);
		break;
	case FORMAT_EVAL:
		if (!drive_fits_shell(c, "the output"))
			return EXIT_OWN_FAILURE;
		out_format(&o, "%sreturncode=%d ", opt.prefix, returncode);
		shell_words_capture(&o, opt.prefix, "output", c, true);
		out_char(&o, '\n');
		break;
	}
	return out_finish_status(&o);
}

static int getstatusoutput_run(char **operands)
{
	auto_drive struct drive d = DRIVE_INIT(&opt.run);
	int returncode;

	opt.run.shell = true;
	d.flags = DRIVE_NEEDS_STDOUT;
	d.job.flags = JOB_CAPTURE_STDOUT | JOB_MERGE_STDERR;

	int status = drive_open(&d, operands);

	if (status >= 0)
		return status;
	drive_run(&d);
	status = drive_finish(&d, drive_record_status(&d, false));
	/* Printed after the report: the write may be our end. */
	if (!drive_say_failure(&d) &&
	    record_returncode(&d.result.stages[0], &returncode)) {
		int r = print_result(&d.result.out, returncode);

		if (r != 0)
			status = r;
	}
	return status;
}

const struct subcommand cmd_getstatusoutput = {
	.name = "getstatusoutput",
	.summary = "print the status and the output of a shell command",
	.operands = "STRING [ARG...]",
	.options = getstatusoutput_options,
	.flags = SUBCOMMAND_OPERANDS,
	.set = getstatusoutput_set,
	.run = getstatusoutput_run,
};
