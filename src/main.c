/*
 * prockit - start, limit, connect and end processes.
 *
 * The front door, and the map of the house. Every floor includes only from the floors
 * below it:
 *
 *   main.c   finds the subcommand among the words, has its options parsed, runs it, and
 *            ends as it says. The subcommands are listed in subcommands.def; external.c
 *            becomes those that are programs of their own.
 *   sysinfo/ such a program: what needs libproc2 and libsmartcols (sysinfo, ps). It
 *            stands on cli/, proc/ and base/, as this one does.
 *   cmd/     a file a subcommand: its options, and what it does with a job's result.
 *   map/     the parts of map: items become jobs, and their output comes into order.
 *   drive/   what all subcommands that run commands share: from options to a job, and
 *            from its result to an exit status.
 *   record/  a result, written as JSON or as shell words.
 *   cli/     option tables: parsing, --help, suggestions, the groups that are shared.
 *   proc/    processes, the one engine: spawn, child, loop, capture, tree, job, pool.
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
#include "cli/door.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/guard.h"
#include "external.h"
#include "proc/exec-verb.h"

#include <stdbool.h>
#include <string.h>
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

/* For completions: what a program of its own knows best itself. */
static int ask_helper(const char *verb, char **words)
{
	char *helper_words[] = {words[0], (char *)verb, words[0], NULL};

	return external_run_helper(helper_words);
}

static bool is_helper(char **words)
{
	const struct subcommand *sub = words[0] ? subcommand_find(words[0]) : NULL;

	return sub && !sub->run;
}

static int list_options(char **words)
{
	return is_helper(words) ? ask_helper("__options", words)
				: door_list_options(words);
}

static int list_columns(char **words)
{
	return is_helper(words) ? ask_helper("__columns", words) : 0;
}

static int list_topics(char **words)
{
	return is_helper(words) ? ask_helper("__topics", words) : 0;
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
	{"__columns", list_columns}, {"__exec", exec_verb_run},
	{"__guarded", run_guarded},  {"__operands", door_list_operands},
	{"__options", list_options}, {"__subcommands", door_list_subcommands},
	{"__topics", list_topics},
};

/* Run the subcommand that words[0] names, with the words behind it. */
static int run_words(char **words)
{
	const struct subcommand *sub = subcommand_find(words[0]);

	if (sub)
		return sub->run ? door_run(sub, words + 1) : external_run_helper(words);
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
	int outcome = options_parse(&front_door, words, &problem, &rest);

	if (outcome != OPTIONS_RUN)
		return door_refuse(&front_door, outcome, &problem);
	if (opt.version)
		return show_version();
	if (!rest[0])
		return show_usage();
	return run_words(rest);
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

	return door_leave(run_front_door(argc > 0 ? argv + 1 : argv));
}
