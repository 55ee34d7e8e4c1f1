#include "config.h"

#include "subcommands.h"

#include <stddef.h>

#define SUBCOMMAND(symbol) &cmd_##symbol,

const struct subcommand *const subcommands[] = {
#include "subcommands.def"
	NULL,
};
