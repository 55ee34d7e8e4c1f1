/*
 * Parsing a subcommand's words with popt, and walking its option table.
 *
 * Options end at the first operand or at --; with SUBCOMMAND_PERMUTE only at --, and
 * operands may stand among them. '' and - are operands. Long names are never
 * abbreviated; --name=value and --name value, -nvalue and -n value; letters without an
 * argument cluster. --help is understood by every subcommand and stands in no table of
 * theirs.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/buf.h"
#include "cli/subcommand.h"

enum options_outcome {
	OPTIONS_RUN,   /* *ret_operands is set: go on */
	OPTIONS_HELP,  /* --help was given */
	OPTIONS_USAGE, /* *ret_error holds one line to show */
};

/*
 * Parse words (NULL-terminated, without "prockit call"). Calls sub->set() for each
 * option, from left to right, and stops at the first that fails or is --help. An
 * options_outcome, or -ENOMEM. *ret_operands and the arguments that set() gets point into
 * words, which have to live on.
 */
int options_parse(const struct subcommand *sub, char **words, struct buf *ret_error,
		  char ***ret_operands);

/* Entries of a table that options_table() makes. */
enum { OPTIONS_TABLE_SIZE = 3 };

/* The whole table of a subcommand, as the parser sees it: its own with --help. */
void options_table(const struct subcommand *sub,
		   struct poptOption ret_table[OPTIONS_TABLE_SIZE]);

/*
 * Walk the table, includes too, in order; group is the heading of the include it came
 * from, or NULL. letter is the option's, unless one before it has taken that: then it is
 * NUL, and the option has its long name only. So a table that puts its own options before
 * the groups it includes can use their letters for itself.
 */
typedef void options_visit(const struct poptOption *option, char letter,
			   const char *group, void *data);
void options_walk(const struct poptOption *table, options_visit *visit, void *data);

enum option_argument {
	OPTION_ARGUMENT_NONE,
	OPTION_ARGUMENT_REQUIRED,
	OPTION_ARGUMENT_OPTIONAL,
};

enum option_argument option_argument(const struct poptOption *option);

#endif
