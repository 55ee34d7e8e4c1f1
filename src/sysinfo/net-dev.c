#include "config.h"

#include "sysinfo/net-dev.h"

#include <errno.h>
#include <string.h>

int net_dev_read(struct source *s, struct buf *b)
{
	int r = source_read_proc(s, "net/dev", b);

	/* Mounted with subset=pid, /proc has no net of its own. */
	if (r == -ENOENT)
		r = source_read_proc(s, "self/net/dev", b);
	return r == -ENOENT ? 0 : r;
}

bool net_dev_next(char **cursor, const char **ret_name, const char **ret_counters)
{
	char *line;

	while ((line = text_line(cursor))) {
		/* An alias has a colon in its name (eth0:1), a figure has none. */
		char *colon = strrchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		line += strspn(line, " \t");
		if (*line == '\0' || strpbrk(line, " \t|"))
			continue;
		*ret_name = line;
		*ret_counters = colon + 1;
		return true;
	}
	return false;
}
