/*
 * prockit map - run a command for each of many items, several at a time.
 */
#include "config.h"

#include "cli/run-options.h"
#include "cli/subcommand.h"
#include "map/map.h"

#include <unistd.h>

static struct {
	struct map_options map;
	struct run_options run;
} opt = {.map = MAP_OPTIONS_INIT, .run = RUN_OPTIONS_INIT};

static const char heading_items[] = "Items";
static const char heading_running[] = "Running";
static const char heading_output[] = "Output";

#define FLAG(name, letter, code, help)                                         \
	{                                                                      \
		name, letter, POPT_ARG_NONE, NULL, MAP_CODE_##code, help, NULL \
	}
#define VALUE(name, letter, code, help, metavar)                                    \
	{                                                                           \
		name, letter, POPT_ARG_STRING, NULL, MAP_CODE_##code, help, metavar \
	}

static const struct poptOption item_options[] = {
	FLAG("null", '0', NULL, "items end with a NUL, not with a newline"),
	VALUE("delimiter", 'd', DELIMITER, "items end with this character", "CHAR"),
	VALUE("arg-file", 'a', ARG_FILE, "read items from this file, - is standard input",
	      "FILE"),
	VALUE("colsep", 'C', COLSEP, "split items into columns {1}, {2}... at this",
	      "REGEX"),
	FLAG("header", '\0', HEADER, "the first row names the columns: {name}"),
	VALUE("max-args", 'n', MAX_ARGS, "give each job this many items (1)", "NUMBER"),
	VALUE("replace", 'I', REPLACE, "what stands for the item, in the place of {}",
	      "TEXT"),
	VALUE("buffer", '\0', BUFFER, "items to read ahead (twice the jobs at a time)",
	      "NUMBER"),
	POPT_TABLEEND,
};

static const struct poptOption running_options[] = {
	VALUE("jobs", 'j', JOBS, "how many at a time (the usable CPUs)",
	      "NUMBER|NUMBER%|+NUMBER|-NUMBER|FILE"),
	FLAG("jobserver", '\0', JOBSERVER, "offer the jobs a jobserver, as make does"),
	VALUE("timeout", 't', TIMEOUT,
	      "end a job and its descendants after this long, or percentage of the median",
	      "DURATION|NUMBER%"),
	VALUE("total-timeout", '\0', TOTAL_TIMEOUT, "end everything after this long",
	      "DURATION"),
	OPTION_GROUP(run_signal_options, heading_running),
	OPTION_GROUP(run_capture_options, heading_running),
	VALUE("retry-on", '\0', RETRY_ON, "retry only after these statuses", "LIST"),
	VALUE("delay", '\0', DELAY, "wait this long between two starts", "DURATION"),
	VALUE("rate", '\0', RATE, "start no more than this many", "NUMBER/s"),
	VALUE("load", '\0', LOAD, "start nothing while the load is higher", "NUMBER"),
	VALUE("mem-free", '\0', MEM_FREE,
	      "start nothing while less memory than this is available", "SIZE"),
	VALUE("pressure", '\0', PRESSURE,
	      "start nothing while the pressure (avg10) is higher than this", "NUMBER"),
	VALUE("halt", '\0', HALT, "end when so many jobs have ended so",
	      "WHEN,WHY=NUMBER[%]"),
	FLAG("fail-fast", '\0', FAIL_FAST, "the same as --halt=now,fail=1"),
	FLAG("no-guard", '\0', NO_GUARD,
	     "do not end the jobs when prockit itself is killed"),
	POPT_TABLEEND,
};

static const struct poptOption output_options[] = {
	FLAG("keep-order", 'k', KEEP_ORDER, "print in the order of the items"),
	FLAG("line-buffer", '\0', LINE_BUFFER, "print whole lines as they come"),
	FLAG("ungroup", 'u', UNGROUP, "let the jobs write as they like"),
	{"tag", '\0', POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL, NULL, MAP_CODE_TAG,
	 "begin each line with the item, or with this", "TEXT"},
	FLAG("json", '\0', JSON, "print a JSON record for each job, one a line"),
	FLAG("jsonl", '\0', JSON, "the same"),
	VALUE("log", '\0', LOG, "append these records to a file", "FILE"),
	VALUE("joblog", '\0', JOBLOG, "write GNU parallel's table of jobs", "FILE"),
	VALUE("results", '\0', RESULTS, "keep each job's output in a folder", "DIR"),
	VALUE("resume", '\0', RESUME, "skip the jobs that have succeeded in this log",
	      "FILE"),
	VALUE("retry-failed", '\0', RETRY_FAILED,
	      "run only the jobs that have failed in this log", "FILE"),
	FLAG("progress", '\0', PROGRESS, "show on the terminal how far it is"),
	POPT_TABLEEND,
};

static const struct poptOption stdio_options[] = {
	VALUE("stdin", '\0', STDIN,
	      "what the jobs read (null); first: only the first job reads ours",
	      "null|first|inherit"),
	POPT_TABLEEND,
};

/* Ours first: their letters are ours too. */
static const struct poptOption map_options_table[] = {
	OPTION_GROUP(item_options, heading_items),
	OPTION_GROUP(output_options, heading_output),
	OPTION_GROUP(running_options, heading_running),
	OPTION_GROUP(stdio_options, run_heading_stdio),
	OPTION_GROUP(run_shell_options, run_heading_command),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_argv0_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_tree_options, run_heading_ending),
	OPTION_GROUP(run_ok_codes_options, run_heading_ending),
	OPTION_GROUP(run_status_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *map_set(int code, const char *arg)
{
	return map_options_set(&opt.map, &opt.run, code, arg);
}

static void end_worker(void)
{
	_exit(0);
}

static int map_run_command(char **operands)
{
	return map_run(&opt.map, &opt.run, operands, end_worker);
}

const struct subcommand cmd_map = {
	.name = "map",
	.summary = "run a command for each of many items, several at a time",
	.operands = "COMMAND [ARG...] [::: ITEM...]",
	.options = map_options_table,
	.flags = SUBCOMMAND_OPERANDS,
	.set = map_set,
	.run = map_run_command,
};
