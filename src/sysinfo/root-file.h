/*
 * Files of the system whose /proc is read: /etc/os-release, /run/utmp.
 *
 * Of our own they stand below /. Where --proc names another tree they stand below its
 * 1/root, which is the root folder of that system's first process, be it in a container's
 * mount of the host's /proc or made up in a fixture.
 */
#ifndef SYSINFO_ROOT_FILE_H
#define SYSINFO_ROOT_FILE_H

#include "base/buf.h"
#include "sysinfo/source.h"

/* What openat(2) and its like take. */
struct root_file {
	int dirfd;
	char path[256];
};

/* path has no slash in front; -ENAMETOOLONG where it is too long, else 0. */
int root_file(struct source *s, const char *path, struct root_file *ret);

/* As file_read_at(). */
int root_file_read(struct source *s, const char *path, struct buf *b);

#endif
