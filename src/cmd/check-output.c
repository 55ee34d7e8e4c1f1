/*
 * prockit check-output - run a command and print its output if it succeeds.
 *
 * Captures stdout, and writes it, byte for byte, only once the command has succeeded;
 * else one line on stderr, in the words of Python's subprocess.CalledProcessError and
 * TimeoutExpired.
 */
#include "config.h"

#include "cli/run-options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "subcommands.h"

#include <unistd.h>

enum { CODE_SHOW_ON_FAILURE = RUN_CODE_END };

static struct {
	struct run_options run;
	bool show_on_failure;
} opt = {.run = RUN_OPTIONS_INIT};

static const struct poptOption check_output_options[] = {
	{"show-on-failure", '\0', POPT_ARG_NONE, NULL, CODE_SHOW_ON_FAILURE,
	 "write the output also when the command fails", NULL},
	OPTION_GROUP(run_limit_options, run_heading_limits),
	OPTION_GROUP(run_capture_options, run_heading_limits),
	OPTION_GROUP(run_tree_options, run_heading_limits),
	OPTION_GROUP(run_shell_options, run_heading_command),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_argv0_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_stdin_options, run_heading_stdio),
	OPTION_GROUP(run_stderr_options, run_heading_stdio),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_ok_codes_options, run_heading_ending),
	OPTION_GROUP(run_status_options, run_heading_ending),
	OPTION_GROUP(run_report_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *check_output_set(int code, const char *arg)
{
	if (code == CODE_SHOW_ON_FAILURE) {
		opt.show_on_failure = true;
		return NULL;
	}
	return run_options_set(&opt.run, code, arg);
}

static int check_output_run(char **operands)
{
	auto_drive struct drive d = DRIVE_INIT(&opt.run);

	d.flags = DRIVE_NEEDS_STDOUT;
	d.job.flags = JOB_CAPTURE_STDOUT;

	int status = drive_open(&d, operands);

	if (status >= 0)
		return status;
	drive_run(&d);
	status = drive_status(&d);

	if (!drive_say_failure(&d) && status != 0)
		drive_say_end(&d);

	bool show = status == 0 || opt.show_on_failure;

	/* The report first: the write may be our end. */
	status = drive_finish(&d, status);
	if (show) {
		int r = capture_write(&d.result.out, d.result.out.size, STDOUT_FILENO);

		if (r < 0)
			status = stdout_error_status(r);
	}
	return status;
}

const struct subcommand cmd_check_output = {
	.name = "check-output",
	.summary = "run a command and print its output if it succeeds",
	.operands = "COMMAND [ARG...]",
	.options = check_output_options,
	.flags = SUBCOMMAND_OPERANDS,
	.set = check_output_set,
	.run = check_output_run,
};
