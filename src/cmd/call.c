/*
 * prockit call - run a command and exit with its status.
 *
 * Nothing stands between the command and the caller's terminal and files. Where nothing
 * has to be supervised, prockit becomes the command.
 */
#include "config.h"

#include "cli/run-options.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "subcommands.h"

static struct {
	struct run_options run;
} opt = {.run = RUN_OPTIONS_INIT};

static const struct poptOption call_options[] = {
	OPTION_GROUP(run_limit_options, run_heading_limits),
	OPTION_GROUP(run_tree_options, run_heading_limits),
	OPTION_GROUP(run_shell_options, run_heading_command),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_argv0_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_stdin_options, run_heading_stdio),
	OPTION_GROUP(run_stdout_options, run_heading_stdio),
	OPTION_GROUP(run_stderr_options, run_heading_stdio),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_ok_codes_options, run_heading_ending),
	OPTION_GROUP(run_status_options, run_heading_ending),
	OPTION_GROUP(run_report_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *call_set(int code, const char *arg)
{
	return run_options_set(&opt.run, code, arg);
}

static int call_run(char **operands)
{
	auto_drive struct drive d = DRIVE_INIT(&opt.run);

	d.flags = DRIVE_MAY_EXEC;

	int status = drive_open(&d, operands);

	if (status >= 0)
		return status;
	drive_run(&d);
	(void)drive_say_failure(&d);
	return drive_finish(&d, drive_status(&d));
}

const struct subcommand cmd_call = {
	.name = "call",
	.summary = "run a command and exit with its status",
	.operands = "COMMAND [ARG...]",
	.options = call_options,
	.flags = SUBCOMMAND_OPERANDS,
	.set = call_set,
	.run = call_run,
};
