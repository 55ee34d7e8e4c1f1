#include "config.h"

#include "cli/subcommand.h"

#include "base/exit.h"
#include "base/message.h"
#include "cli/suggest.h"

#include <stddef.h>
#include <string.h>

const struct subcommand *subcommand_find(const char *name)
{
	for (size_t i = 0; subcommands[i]; i++)
		if (strcmp(subcommands[i]->name, name) == 0)
			return subcommands[i];
	return NULL;
}

int subcommand_unknown(const char *name)
{
	struct suggestion s = {.word = name};

	for (size_t i = 0; subcommands[i]; i++)
		suggestion_consider(&s, subcommands[i]->name);
	if (s.nearest)
		message("'%s': unknown subcommand (did you mean %s?)", name, s.nearest);
	else
		message("'%s': unknown subcommand (see 'prockit --help')", name);
	return EXIT_OWN_FAILURE;
}
