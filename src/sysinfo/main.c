/*
 * prockit-sysinfo, also called prockit-ps: what the machine and its processes are doing.
 *
 * A program of its own, because prockit stands in front of every command of a loop and
 * must not pay for the libraries that are needed here. prockit becomes it by exec: the
 * same pid, the same terminal, the same status.
 *
 * The way of one figure: cmd-sysinfo.c and cmd-ps.c turn options into a view and queries
 * (view.h); view_run() has sample.c call the readers of the topics (topic.h, topics/,
 * processes.c), which read files below /proc and /sys (source.h) into tables (value.h);
 * format.h writes these. The columns that a topic declares are all that formats know of
 * it.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"
#include "base/out.h"
#include "cli/door.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "sysinfo/commands.h"
#include "sysinfo/topic.h"

#include <malloc.h>
#include <string.h>
#include <unistd.h>

const struct subcommand *const subcommands[] = {&cmd_ps, &cmd_sysinfo, NULL};

/* What prockit's completions ask; it has no options of its own. */
const struct subcommand front_door = {
	.name = NULL,
	.summary = "show what the machine and its processes are doing",
	.operands = "SUBCOMMAND [OPTION...] [OPERAND...]",
};

/* For completions: names of columns, one a line; those of sysinfo are of all topics. */
static void write_columns(struct out *o, const struct topic *topic)
{
	for (size_t i = 0; i < topic->n_columns; i++)
		if (!(topic->columns[i].flags & COLUMN_INTERNAL))
			out_format(o, "%s\n", topic->columns[i].name);
}

static int list_columns(char **words)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	if (words[0] && strcmp(words[0], cmd_ps.name) == 0)
		write_columns(&o, &topic_processes);
	else
		for (size_t i = 0; topics[i]; i++)
			write_columns(&o, topics[i]);
	return out_finish_status(&o);
}

/* For completions: a line a topic, its name, a tab and its summary. */
static int list_topics(char **words)
{
	struct out o;

	(void)words;
	out_init(&o, STDOUT_FILENO);
	for (size_t i = 0; topics[i]; i++)
		out_format(&o, "%s\t%s\n", topics[i]->name, topics[i]->summary);
	return out_finish_status(&o);
}

static const struct internal_verb {
	const char *name;
	int (*run)(char **words);
} internal_verbs[] = {
	{"__columns", list_columns},	  {"__operands", door_list_operands},
	{"__options", door_list_options}, {"__subcommands", door_list_subcommands},
	{"__topics", list_topics},
};

/* By the name we were called: prockit-ps is ps, anything else sysinfo. */
static const struct subcommand *subcommand_of(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	return strcmp(name, "prockit-ps") == 0 ? &cmd_ps : &cmd_sysinfo;
}

static int run(char **words)
{
	for (size_t i = 0; words[1] && i < ARRAY_SIZE(internal_verbs); i++)
		if (strcmp(words[1], internal_verbs[i].name) == 0)
			return internal_verbs[i].run(words + 2);
	return door_run(subcommand_of(words[0]), words + 1);
}

int main(int argc, char **argv)
{
	/* A table and a file or two: the memory that most runs need, asked for once. */
	(void)mallopt(M_TOP_PAD, 512 * 1024);

	char *no_words[] = {(char *)"prockit-sysinfo", NULL};
	int r = fd_reserve_std();

	if (r < 0) {
		message("cannot keep standard input, output and error apart: %s",
			error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	return door_leave(run(argc > 0 ? argv : no_words));
}
