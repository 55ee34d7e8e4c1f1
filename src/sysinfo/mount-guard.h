/*
 * statvfs(3) that a dead mount cannot hang.
 *
 * A file system whose server is gone lets whoever asks it wait for ever, often in a sleep
 * that no signal ends. So children ask, and answer over a pipe: one of them takes path
 * after path, and when it stalls, another goes on with those behind. After
 * MOUNT_GUARD_LIMIT, counted from the call, what has not answered is -ETIMEDOUT, however
 * many dead mounts there are.
 *
 * Children and not threads, because exit_group(2) waits until each thread has left the
 * kernel: a process with a thread in uninterruptible sleep cannot end. A child like that
 * stays behind and is init's, and as it holds none of our descriptors, a reader of our
 * standard output sees its end all the same. While it is there its path is not asked
 * again, so that a run with -i does not collect such children.
 *
 *	struct mount_question q[] = {{.path = "/"}, {.path = "/srv", .resolve = true}};
 *	mount_guard_ask(q, 2);
 *	... q[0].error, q[0].fs
 *	mount_guard_clear(q, 2);
 */
#ifndef SYSINFO_MOUNT_GUARD_H
#define SYSINFO_MOUNT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/statvfs.h>

#include "base/nsec.h"

#define MOUNT_GUARD_LIMIT (5 * NSEC_PER_SEC)

struct mount_question {
	const char *path; /* stays the caller's */
	bool resolve;	  /* resolved as well: that may hang just as well */

	/* The answer. */
	int error; /* 0; or -errno: -ETIMEDOUT, -EAGAIN when no child could be started */
	struct statvfs fs;
	char *resolved; /* realpath(3) of path, or NULL */
};

/* Fill in every answer. */
void mount_guard_ask(struct mount_question *questions, size_t n);

/* Free what the answers hold. */
void mount_guard_clear(struct mount_question *questions, size_t n);

#endif
