/*
 * From words to a subcommand that runs: what prockit and its helper programs have in
 * common.
 *
 * Each of these returns what main() ends with (base/exit.h).
 */
#ifndef CLI_DOOR_H
#define CLI_DOOR_H

#include "base/buf.h"
#include "cli/subcommand.h"

/* Parse the words behind the subcommand's name, then show its help, say what is wrong, or
 * run it. Messages bear its name from here on. */
int door_run(const struct subcommand *sub, char **words);

/* Show a subcommand's --help, or that of the front door. */
int door_help(const struct subcommand *sub);

/* What options_parse() returned, when it was not OPTIONS_RUN. */
int door_refuse(const struct subcommand *sub, int outcome, const struct buf *problem);

/* For completions: the subcommands; the options and the operands of words[0], or of the
 * front door. A second line "permute" behind the operands says that options may follow
 * them. */
int door_list_subcommands(char **words);
int door_list_options(char **words);
int door_list_operands(char **words);

/* End as status says: it, or by the signal in it. The process is gone when this is about
 * a signal, unless it is the first of a PID namespace. */
int door_leave(int status);

#endif
