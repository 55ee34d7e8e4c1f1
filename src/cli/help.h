/*
 * What --help and the completions show of an option table.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/out.h"
#include "cli/subcommand.h"

/*
 * The usage, as --help shows it, 80 columns wide: usage line, summary, options by group;
 * for the front door (no name), the subcommands too.
 */
void help_write(struct out *o, const struct subcommand *sub);

/*
 * For completions: a line an option, five fields between tabs: --long or nothing, -s or
 * nothing, METAVAR or nothing, "none" "required" or "optional", help.
 */
void help_write_table(struct out *o, const struct subcommand *sub);

/* For completions: a line a subcommand, its name, a tab and its summary. */
void help_write_subcommands(struct out *o);

#endif
