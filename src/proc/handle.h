/*
 * A handle: the text that names one process for good.
 *
 * PID:INODE (the inode of its pidfd, Linux 6.9; the token that util-linux uses) or, on
 * older kernels, PID@STARTTIME (field 22 of /proc/PID/stat). A bare PID is taken too, and
 * means whoever has it now. A handle of a process that is gone never reaches another one.
 * STARTTIME counts in clock ticks (10 ms), so it is the weaker of the two.
 */
#ifndef PROC_HANDLE_H
#define PROC_HANDLE_H

#include <stdint.h>
#include <sys/types.h>

#include "proc/procfs.h"

enum { HANDLE_SIZE = 48 };

struct handle {
	pid_t pid;
	uint64_t inode;	      /* 0: not given */
	procfs_ticks_t start; /* 0: not given */
};

/* The text of a handle for a living process or an unreaped child; pidfd may be -1. 0 or
 * -errno. */
int handle_format(pid_t pid, int pidfd, char ret_text[HANDLE_SIZE]);

/* Parse one: 0, or -EINVAL when it is neither a PID above 0 nor a handle. */
int handle_parse(const char *text, struct handle *ret);

/* Open the process: a pidfd; -ESRCH when it is gone, or its PID is somebody else's now;
 * -errno. */
int handle_open(const struct handle *h);

#endif
