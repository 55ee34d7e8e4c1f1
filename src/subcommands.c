#include "config.h"

#include "subcommands.h"

#include "helpers.h"

#include <stddef.h>

#define SUBCOMMAND(symbol)
#define HELPER(symbol, PREFIX)                             \
	static const struct subcommand helper_##symbol = { \
		.name = #symbol,                           \
		.summary = PREFIX##_SUMMARY,               \
		.operands = PREFIX##_OPERANDS,             \
		.flags = SUBCOMMAND_PERMUTE,               \
	};
#include "subcommands.def"
#undef SUBCOMMAND
#undef HELPER

#define SUBCOMMAND(symbol)     &cmd_##symbol,
#define HELPER(symbol, PREFIX) &helper_##symbol,

const struct subcommand *const subcommands[] = {
#include "subcommands.def"
	NULL,
};
