#include "config.h"

#include "base/keyed.h"

#include "base/text.h"

#include <string.h>

static void take(const char *number, struct keyed *k)
{
	const char *end = number;

	k->known = text_uint(&end, &k->value) && *end && strchr(" \t\r\n", *end);
}

void keyed_find(const char *text, struct keyed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list[i].known = false;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, ": \t\n");
		const char *number = line + len + (line[len] == ':');

		for (size_t i = 0; i < n; i++)
			if (strncmp(list[i].key, line, len) == 0 &&
			    list[i].key[len] == '\0')
				take(number, &list[i]);
		line += len;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}
