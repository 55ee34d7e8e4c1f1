#include "config.h"

#include "cli/run-options.h"

#include "cli/run-codes.h"

#include <stddef.h>

const char run_heading_limits[] = "Limits";
const char run_heading_command[] = "The command";
const char run_heading_stdio[] = "Input and output";
const char run_heading_process[] = "Process attributes";
const char run_heading_ending[] = "Ending and reporting";

#define FLAG(name, letter, code, help)                                         \
	{                                                                      \
		name, letter, POPT_ARG_NONE, NULL, RUN_CODE_##code, help, NULL \
	}
#define VALUE(name, letter, code, help, metavar)                                    \
	{                                                                           \
		name, letter, POPT_ARG_STRING, NULL, RUN_CODE_##code, help, metavar \
	}
#define MAYBE(name, code, help, metavar)                                   \
	{                                                                  \
		name, '\0', POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL, NULL, \
			RUN_CODE_##code, help, metavar                     \
	}

/* Options of a table as part of another one, under the heading that this one gets. */
#define PART(table)                                                                \
	{                                                                          \
		NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)(table), 0, NULL, NULL \
	}

static const struct poptOption run_timeout_options[] = {
	VALUE("timeout", 't', TIMEOUT,
	      "end it and its descendants after this long; 0: no limit", "DURATION"),
	POPT_TABLEEND,
};

const struct poptOption run_signal_options[] = {
	VALUE("kill-after", 'k', KILL_AFTER,
	      "send KILL this long after the first signal (5s); 0: never", "DURATION"),
	VALUE("signal", 's', SIGNAL, "the first signal (TERM)", "SIGNAL"),
	POPT_TABLEEND,
};

const struct poptOption run_limit_options[] = {
	PART(run_timeout_options),
	PART(run_signal_options),
	FLAG("preserve-status", 'p', PRESERVE_STATUS,
	     "exit with the command's status even after a limit"),
	POPT_TABLEEND,
};

const struct poptOption run_capture_options[] = {
	VALUE("idle-timeout", '\0', IDLE_TIMEOUT,
	      "end it when it writes nothing for this long", "DURATION"),
	VALUE("max-output", '\0', MAX_OUTPUT, "end it when it writes more than this",
	      "SIZE"),
	VALUE("drain", '\0', DRAIN,
	      "how long to wait for output that a descendant still holds open (inf)",
	      "DURATION"),
	POPT_TABLEEND,
};

const struct poptOption run_tree_options[] = {
	VALUE("tree", '\0', TREE,
	      "descendants that outlive the command: leave them (default)",
	      "leave|wait|kill"),
	FLAG("guard", '\0', GUARD, "end everything too when prockit itself is killed"),
	POPT_TABLEEND,
};

const struct poptOption run_status_options[] = {
	VALUE("retries", '\0', RETRIES,
	      "run it again up to this many times while it fails", "NUMBER"),
	VALUE("retry-delay", '\0', RETRY_DELAY,
	      "wait before a retry (0); doubles each time, or as in 1s,x3,max=1m,jitter=0.2",
	      "DURATION"),
	FLAG("no-reraise", '\0', NO_RERAISE,
	     "exit with 128+N instead of dying of signal N"),
	FLAG("verbose", 'v', VERBOSE, "say which signal goes to which command"),
	FLAG("quiet", 'q', QUIET, "say nothing about how the command ended"),
	FLAG("dry-run", '\0', DRY_RUN, "print what would run, and exit"),
	POPT_TABLEEND,
};

const struct poptOption run_ok_codes_options[] = {
	VALUE("ok-codes", '\0', OK_CODES, "statuses that count as success, such as 0,1",
	      "LIST"),
	POPT_TABLEEND,
};

const struct poptOption run_environment_options[] = {
	VALUE("chdir", 'C', CHDIR, "run it in this directory", "DIR"),
	VALUE("env", 'E', ENV, "set a variable; NAME alone copies it after -i",
	      "NAME=VALUE"),
	VALUE("unset", 'u', UNSET, "remove a variable", "NAME"),
	FLAG("ignore-environment", 'i', IGNORE_ENVIRONMENT,
	     "start from an empty environment"),
	POPT_TABLEEND,
};

const struct poptOption run_argv0_options[] = {
	VALUE("argv0", 'a', ARGV0, "what the command sees as its own name", "NAME"),
	POPT_TABLEEND,
};

const struct poptOption run_shell_options[] = {
	FLAG("shell", 'c', SHELL,
	     "the first operand is a string for sh; the others are its $1, $2 and so on"),
	POPT_TABLEEND,
};

const struct poptOption run_shell_path_options[] = {
	VALUE("shell-path", '\0', SHELL_PATH, "the shell to use (/bin/sh)", "FILE"),
	POPT_TABLEEND,
};

const struct poptOption run_stdin_options[] = {
	VALUE("stdin", '\0', STDIN, "where its input comes from (inherit)",
	      "FILE|null|inherit"),
	VALUE("input", '\0', INPUT, "its input is this text", "TEXT"),
	VALUE("input-file", '\0', INPUT_FILE,
	      "its input is this file's contents, - is ours", "FILE"),
	POPT_TABLEEND,
};

const struct poptOption run_stdout_options[] = {
	VALUE("stdout", '\0', STDOUT, "where its output goes (inherit)",
	      "FILE|null|inherit"),
	POPT_TABLEEND,
};

const struct poptOption run_stderr_options[] = {
	VALUE("stderr", '\0', STDERR, "where its errors go (inherit)",
	      "FILE|null|inherit|stdout"),
	FLAG("append", '\0', APPEND, "append to these files instead of truncating them"),
	POPT_TABLEEND,
};

const struct poptOption run_process_options[] = {
	MAYBE("default-signal", DEFAULT_SIGNAL,
	      "reset these signals, or all, to their default", "LIST"),
	MAYBE("ignore-signal", IGNORE_SIGNAL, "ignore these signals, or all", "LIST"),
	MAYBE("block-signal", BLOCK_SIGNAL, "block these signals, or all", "LIST"),
	FLAG("new-group", '\0', NEW_GROUP, "run it in a process group of its own"),
	FLAG("new-session", '\0', NEW_SESSION,
	     "run it in a session of its own, without terminal"),
	VALUE("umask", '\0', UMASK, "its file mode creation mask, in octal", "MODE"),
	VALUE("nice", '\0', NICE, "add this to its nice value", "NUMBER"),
	VALUE("rlimit", '\0', RLIMIT,
	      "set a resource limit, such as nofile=1024 or core=0:unlimited",
	      "NAME=SOFT[:HARD]"),
	MAYBE("close-fds", CLOSE_FDS, "close all descriptors above 2, but for these",
	      "LIST"),
	POPT_TABLEEND,
};

const struct poptOption run_report_options[] = {
	VALUE("report", '\0', REPORT, "write a JSON record of the run to this file",
	      "FILE"),
	VALUE("report-fd", '\0', REPORT_FD, "write it to this descriptor", "FD"),
	FLAG("report-append", '\0', REPORT_APPEND, "append the record to the file"),
	POPT_TABLEEND,
};
