/*
 * Finding the program that a command word names, and saying why it cannot be run.
 *
 * posix_spawnp() searches our own PATH, not the child's (measured, glibc 2.36), and
 * cannot say what was wrong, so the search is ours: the PATH of the environment the child
 * gets, relative entries taken from the directory it starts in, as execvp(3) and env -C
 * do.
 */
#ifndef PROC_PROGRAM_H
#define PROC_PROGRAM_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Find name: a path when it holds a '/', else along PATH in envp (without PATH:
 * /bin:/usr/bin). dirfd is the directory the child will be in (AT_FDCWD: ours). Returns 0
 * and the path in ret_path; -ENOENT; or what stood in the way of the first file of that
 * name (-EACCES...).
 */
int program_find(const char *name, char *const *envp, int dirfd, struct buf *ret_path);

/* How a file that the kernel refuses (ENOEXEC, ENOENT although it is there) is to be
 * understood. */
enum program_kind {
	PROGRAM_OTHER,	/* unreadable, or simply not there */
	PROGRAM_TEXT,	/* text without #!: sh runs it, as execvp(3) has it */
	PROGRAM_BINARY, /* something binary: not for sh */
	PROGRAM_INTERPRETER_MISSING, /* its #! names a file that is not there */
};

/* Look at the file; for a missing interpreter, its path in ret_interpreter. */
enum program_kind program_inspect(const char *path, int dirfd,
				  struct buf *ret_interpreter);

#endif
