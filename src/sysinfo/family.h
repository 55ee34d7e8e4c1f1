/*
 * Who is whose child, among all processes of a moment.
 *
 *	struct family family = {0};
 *	r = family_read(&family, &host);
 *	... family_find(), family_children() ...
 *	family_clear(&family);
 *
 * A parent is named by its number alone, which may have become another process's by the
 * time that one is read: a child that is older than its parent is none, as in psutil.
 */
#ifndef SYSINFO_FAMILY_H
#define SYSINFO_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "sysinfo/process.h"

struct family_member {
	pid_t pid;
	pid_t ppid;
	procfs_ticks_t start;
};

struct family {
	struct family_member *by_pid; /* in order of the pid */
	size_t n;
	struct family_member *by_parent; /* in order of ppid, then pid */
	bool denied;			 /* some do not say whose child they are */
};

/* One pass over all processes: 0 or -errno. */
int family_read(struct family *f, struct process_host *host);
void family_clear(struct family *f);

const struct family_member *family_find(const struct family *f, pid_t pid);

/* The children of a process: *ret_n of them, or some that are older and do not count. */
const struct family_member *family_children(const struct family *f, pid_t pid,
					    size_t *ret_n);

/* Whether it can be a child of a process that started then. */
static inline bool family_is_child(const struct family_member *child,
				   procfs_ticks_t start)
{
	return child->start >= start;
}

#endif
