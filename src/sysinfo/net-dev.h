/*
 * The interfaces of a network namespace and their counters: net/dev.
 *
 *	r = net_dev_read(source, &buf);
 *	char *cursor = buf.data;
 *	while (net_dev_next(&cursor, &name, &counters))
 */
#ifndef SYSINFO_NET_DEV_H
#define SYSINFO_NET_DEV_H

#include <stdbool.h>

#include "base/buf.h"
#include "sysinfo/source.h"

/* 0, and no line where the kernel has no network; or -errno. */
int net_dev_read(struct source *s, struct buf *b);

/*
 * The next interface: its name, and the text of its counters. Both lie in the buffer, and
 * lines that make no sense are left out. false at the end.
 */
bool net_dev_next(char **cursor, const char **ret_name, const char **ret_counters);

#endif
