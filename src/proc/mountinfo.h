/*
 * What is mounted where: /proc/self/mountinfo, taken apart.
 *
 * mountinfo and not mounts, because it has the root of a bind mount and tells stacked
 * mounts apart. Paths are unescaped, so they may hold blanks and newlines; options are
 * not, or a comma within one could not be told from the next.
 *
 *	auto_mounts struct mounts m = {0};
 *	r = mounts_read(proc, &m);
 */
#ifndef PROC_MOUNTINFO_H
#define PROC_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct mount {
	unsigned major;
	unsigned minor;
	const char *root;    /* of the file system, that is mounted here */
	const char *point;   /* the mount point */
	const char *options; /* of the mount: "rw,nosuid,relatime" */
	const char *fstype;
	const char *device;	   /* "/dev/sda1", "tmpfs", "host:/export" */
	const char *super_options; /* of the file system */
	bool hidden;		   /* a later mount covers the same mount point */
};

struct mounts {
	struct mount *list; /* in the kernel's order */
	size_t n;
	struct buf text; /* what the pointers point into */
};

/* proc: the folder /proc, or one that stands for it. 0 or -errno. Lines that make no
 * sense are left out. */
int mounts_read(int proc, struct mounts *ret);
void mounts_clear(struct mounts *m);

#define auto_mounts __attribute__((cleanup(mounts_clear)))

#endif
