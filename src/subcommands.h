/*
 * The declarations of the subcommands: cmd_call and so on, one for each line of
 * subcommands.def.
 *
 * Every source in cmd/ includes it, so that what it defines is what the list declares.
 */
#ifndef SUBCOMMANDS_H
#define SUBCOMMANDS_H

#include "cli/subcommand.h"

#define SUBCOMMAND(symbol) extern const struct subcommand cmd_##symbol;
#define HELPER(symbol, PREFIX)
#include "subcommands.def"
#undef SUBCOMMAND
#undef HELPER

#endif
