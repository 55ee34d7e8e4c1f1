/*
 * Where the figures come from: /proc and /sys, or the trees that stand for them.
 *
 * source_open() takes two folders; every reader goes through the two descriptors with
 * paths relative to them, so a saved tree, a host's mounted into a container and a test's
 * fixture are read by the same code. Nothing is cached. The descriptors stay until the
 * program ends.
 *
 * Files are read whole, by base/file.h, and taken apart with base/text.h.
 */
#ifndef SYSINFO_SOURCE_H
#define SYSINFO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

struct source {
	int proc;
	int sys;	       /* negative: not opened; ask source_sys() */
	const char *proc_path; /* "/proc", or what --proc says */
	const char *sys_path;
	bool other_proc; /* --proc was given */
	bool other_sys;
	bool mounted; /* source_mount_proc() has been here */
};

/* proc and sys may be NULL for the system's own. 0; -errno, and *ret_failed is the path.
 * Only a folder that was named has to be there: /sys may be missing. */
int source_open(struct source *s, const char *proc, const char *sys,
		const char **ret_failed);

/* The descriptor of /sys, which is opened when it is first asked for: most readers need
 * /proc alone. Negative: there is none. */
int source_sys(struct source *s);

/* As file_read_at() and file_read_whole_at(), base/file.h, below the two folders. */
int source_read_proc(struct source *s, const char *path, struct buf *b);
int source_read_proc_whole(struct source *s, const char *path, struct buf *b);
int source_read_sys(struct source *s, const char *path, struct buf *b);

/* One number of a small file; 0 or -errno, -EINVAL when there is none. */
int source_sys_int(struct source *s, const char *path, int64_t *ret);
/* One line of a small file without its newline and trailing blanks, into b: 0 or -errno.
 */
int source_sys_line(struct source *s, const char *path, struct buf *b);
/* What the kernel calls a device, "block" or "char", below /dev: b has it; 0 or -errno,
 * -ENODATA where it is not said. */
int source_device_name(struct source *s, const char *kind, unsigned major, unsigned minor,
		       struct buf *b);

/*
 * libproc2 has the path /proc built in. With --proc, put that folder in the place of
 * /proc, for this process alone, in a mount namespace of its own (in a user namespace
 * where we are not root): 0, or -errno where that is not allowed. Nothing to do without
 * --proc. Call it right before a libproc2 call; readers with descriptors are not
 * concerned.
 */
int source_mount_proc(struct source *s);

/* Ticks per second of /proc's clock figures. */
double source_ticks(void);

#endif
