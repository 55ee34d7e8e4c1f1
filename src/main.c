/*
 * prockit - start, limit, connect and end processes.
 *
 * The front door, and the map of the house. Every floor includes only from the floors
 * below it:
 *
 *   main.c   finds the subcommand among the words, has its options parsed, runs it, and
 *            ends as it says. The subcommands are listed in subcommands.def; external.c
 *            becomes those that are programs of their own.
 *   cmd/     a file a subcommand: its options, and what it does with a job's result.
 *   drive/   what all subcommands that run commands share: from options to a job, and
 *            from its result to an exit status.
 *   record/  a result, written as JSON or as shell words.
 *   cli/     option tables: parsing, --help, suggestions, the groups that are shared.
 *   proc/    processes, the one engine: spawn, child, loop, capture, tree, job.
 *   base/    buffers, output, messages, parsing of durations and the like.
 *
 * Words on the command line become options, options become a job, job_run() makes it a
 * result, and the result becomes an exit status and a record. Begin with cmd/call.c, then
 * read proc/job.h.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"
#include "base/out.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/guard.h"
#include "external.h"
#include "proc/exec-verb.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CODE_VERSION = 1 };

static struct {
	bool version;
} opt;

static const struct poptOption front_door_options[] = {
	{"version", 'V', POPT_ARG_NONE, NULL, CODE_VERSION, "show the version and exit",
	 NULL},
	POPT_TABLEEND,
};

static const char *front_door_set(int code, const char *arg)
{
	(void)arg;
	if (code == CODE_VERSION)
		opt.version = true;
	return NULL;
}

const struct subcommand front_door = {
	.name = NULL,
	.summary = "start, limit, connect and end processes",
	.operands = "SUBCOMMAND [OPTION...] [--] OPERAND...",
	.options = front_door_options,
	.set = front_door_set,
};

static int say_no_memory(void)
{
	message("%s", error_text(ENOMEM));
	return EXIT_OWN_FAILURE;
}

static int show_help(const struct subcommand *sub)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	help_write(&o, sub);
	return out_finish_status(&o);
}

static int show_version(void)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	out_string(&o, PACKAGE_NAME " " PACKAGE_VERSION "\n");
	return out_finish_status(&o);
}

/* prockit without a word: its usage, but as an error. */
static int show_usage(void)
{
	struct out o;

	out_init(&o, STDERR_FILENO);
	help_write(&o, &front_door);
	(void)out_close(&o);
	return EXIT_OWN_FAILURE;
}

/* The first thing that an operand line such as "COMMAND [ARG...]" or "PID|HANDLE..." asks
 * for. */
static int say_missing_operand(const struct subcommand *sub)
{
	size_t len = strcspn(sub->operands, " .");

	message("missing operand: %.*s (see 'prockit %s --help')", (int)len,
		sub->operands, sub->name);
	return EXIT_OWN_FAILURE;
}

static int run_subcommand(const struct subcommand *sub, char **words)
{
	auto_buf struct buf problem = BUF_INIT;
	char **operands;

	message_set_subcommand(sub->name);
	switch (options_parse(sub, words, &problem, &operands)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_HELP:
		return show_help(sub);
	case OPTIONS_USAGE:
		message("%s", problem.data);
		return EXIT_OWN_FAILURE;
	default:
		return say_no_memory();
	}
	if ((sub->flags & SUBCOMMAND_OPERANDS) && !operands[0])
		return say_missing_operand(sub);
	return sub->run(operands);
}

/* For completions: the subcommands. */
static int list_subcommands(char **words)
{
	struct out o;

	(void)words;
	out_init(&o, STDOUT_FILENO);
	help_write_subcommands(&o);
	return out_finish_status(&o);
}

/* For completions: the options of one subcommand, or our own. */
static int list_options(char **words)
{
	const struct subcommand *sub = words[0] ? subcommand_find(words[0]) : &front_door;
	struct out o;

	if (!sub)
		return subcommand_unknown(words[0]);
	out_init(&o, STDOUT_FILENO);
	help_write_table(&o, sub);
	return out_finish_status(&o);
}

/* For completions: what operands a subcommand takes. */
static int list_operands(char **words)
{
	const struct subcommand *sub = words[0] ? subcommand_find(words[0]) : &front_door;
	struct out o;

	if (!sub)
		return subcommand_unknown(words[0]);
	out_init(&o, STDOUT_FILENO);
	out_format(&o, "%s\n", sub->operands);
	return out_finish_status(&o);
}

static int run_front_door(char **words);

static int run_guarded(char **words)
{
	return guard_verb_run(words, run_front_door);
}

/* Words that only prockit itself and its completions use; run() gets the words behind. */
static const struct internal_verb {
	const char *name;
	int (*run)(char **words);
} internal_verbs[] = {
	{"__exec", exec_verb_run},	     {"__guarded", run_guarded},
	{"__operands", list_operands},	     {"__options", list_options},
	{"__subcommands", list_subcommands},
};

/* Run the subcommand that words[0] names, with the words behind it. */
static int run_words(char **words)
{
	const struct subcommand *sub = subcommand_find(words[0]);

	if (sub)
		return run_subcommand(sub, words + 1);
	if (strncmp(words[0], "__", 2) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(internal_verbs); i++)
			if (strcmp(words[0], internal_verbs[i].name) == 0)
				return internal_verbs[i].run(words + 1);
	} else {
		int status = external_run(words);

		if (status != 0)
			return status;
	}
	return subcommand_unknown(words[0]);
}

static int run_front_door(char **words)
{
	auto_buf struct buf problem = BUF_INIT;
	char **rest;

	switch (options_parse(&front_door, words, &problem, &rest)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_HELP:
		return show_help(&front_door);
	case OPTIONS_USAGE:
		message("%s", problem.data);
		return EXIT_OWN_FAILURE;
	default:
		return say_no_memory();
	}
	if (opt.version)
		return show_version();
	if (!rest[0])
		return show_usage();
	return run_words(rest);
}

/* Die of a signal as the command did, without a core dump of ours: it is not we who
 * crashed. */
static int die_of_signal(int signal_number)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t mask;

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	(void)sigaction(signal_number, &sa, NULL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, signal_number);
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
	(void)kill(getpid(), signal_number);
	/* The first process of a PID namespace survives its own signals. */
	return EXIT_SIGNAL_BASE + signal_number;
}

int main(int argc, char **argv)
{
	int r = fd_reserve_std();

	if (r < 0) {
		message("cannot keep standard input, output and error apart: %s",
			error_text(-r));
		return EXIT_OWN_FAILURE;
	}

	guard_set_words(argv);

	int status = run_front_door(argc > 0 ? argv + 1 : argv);

	return EXIT_IS_BY_SIGNAL(status) ? die_of_signal(EXIT_SIGNAL_OF(status)) : status;
}
