#include "config.h"

#include "sysinfo/root-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int root_file(struct source *s, const char *path, struct root_file *ret)
{
	int len = snprintf(ret->path, sizeof(ret->path), "%s/%s",
			   s->other_proc ? "1/root" : "", path);

	ret->dirfd = s->other_proc ? s->proc : AT_FDCWD;
	return len < 0 || (size_t)len >= sizeof(ret->path) ? -ENAMETOOLONG : 0;
}

int root_file_read(struct source *s, const char *path, struct buf *b)
{
	struct root_file file;
	int r = root_file(s, path, &file);

	return r < 0 ? r : file_read_whole_at(file.dirfd, file.path, b);
}
