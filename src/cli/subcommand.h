/*
 * A subcommand: one verb of prockit, as a declaration and one function.
 *
 * The front door finds it by name, parses the words after it with its option table (set()
 * is called for each option), and calls run() with what is left. The popt table is the
 * only place where an option's name, letter, metavar and one-line help stand; the parser,
 * --help, __options (for completions) and the tests read it.
 *
 * Every entry of a table has a val of its own (an option's code, above 0), and arg NULL:
 * popt stores nothing, set() does. Shared groups are included with
 * POPT_ARG_INCLUDE_TABLE; the descrip of an include is the heading of the group in
 * --help. An option whose argument may be left out (--close-fds[=LIST]) has
 * POPT_ARGFLAG_OPTIONAL; its argument is only ever taken from behind a '=', and set()
 * sees NULL where there is none.
 */
#ifndef CLI_SUBCOMMAND_H
#define CLI_SUBCOMMAND_H

#include <popt.h>

/* Include a shared group in a table; the includes of one heading stand together. */
#define OPTION_GROUP(table, heading)                                                  \
	{                                                                             \
		NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)(table), 0, heading, NULL \
	}

enum subcommand_flags {
	SUBCOMMAND_OPERANDS = 1 << 0, /* at least one operand is needed */
	SUBCOMMAND_PERMUTE = 1 << 1,  /* options may stand behind operands too */
};

struct subcommand {
	const char *name;     /* "check-output"; NULL: the front door itself */
	const char *summary;  /* one line; equals the man page's .Nd */
	const char *operands; /* "COMMAND [ARG...]", or "" */
	const struct poptOption *options;
	enum subcommand_flags flags;

	/*
	 * Take one option. arg is NULL for a flag, and is otherwise valid until the
	 * process ends. Returns NULL, or what is wrong with arg, to stand behind
	 * "--timeout: '1x' ": "is not a duration (such as 5, 1.5m, 500ms)".
	 */
	const char *(*set)(int code, const char *arg);

	/*
	 * Do it. Returns what main() ends with (base/exit.h). operands is
	 * NULL-terminated. NULL, as options and set then are: prockit-NAME does it, a
	 * program of its own.
	 */
	int (*run)(char **operands);
};

/* All subcommands of this program, sorted by name, NULL at the end. */
extern const struct subcommand *const subcommands[];

/* What stands before the subcommand's name: prockit's own options and summary. */
extern const struct subcommand front_door;

/* The subcommand of that very name, or NULL. */
const struct subcommand *subcommand_find(const char *name);

/* Say that there is no subcommand of that name, and which one was probably meant. Returns
 * 125, for main() to end with. */
int subcommand_unknown(const char *name);

#endif
