/*
 * prockit getoutput - print what a shell command writes, less one final newline.
 *
 * stdout and stderr come through one pipe, in the order they were written.
 */
#include "config.h"

#include "cli/run-options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "subcommands.h"

#include <unistd.h>

static struct {
	struct run_options run;
} opt = {.run = RUN_OPTIONS_INIT};

static const struct poptOption getoutput_options[] = {
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

static const char *getoutput_set(int code, const char *arg)
{
	return run_options_set(&opt.run, code, arg);
}

static int getoutput_run(char **operands)
{
	auto_drive struct drive d = DRIVE_INIT(&opt.run);

	opt.run.shell = true;
	d.flags = DRIVE_NEEDS_STDOUT;
	d.job.flags = JOB_CAPTURE_STDOUT | JOB_MERGE_STDERR;

	int status = drive_open(&d, operands);

	if (status >= 0)
		return status;
	drive_run(&d);

	bool failed = drive_say_failure(&d);

	/* The report first: the write may be our end. */
	status = drive_finish(&d, drive_status(&d));

	/* What we could not keep whole is not passed off as all of it. */
	if (failed)
		return status;

	const struct capture *out = &d.result.out;
	int r = capture_write(out, capture_text_size(out, true), STDOUT_FILENO);

	return r < 0 ? stdout_error_status(r) : status;
}

const struct subcommand cmd_getoutput = {
	.name = "getoutput",
	.summary = "print what a shell command writes, less one final newline",
	.operands = "STRING [ARG...]",
	.options = getoutput_options,
	.flags = SUBCOMMAND_OPERANDS,
	.set = getoutput_set,
	.run = getoutput_run,
};
