#include "config.h"

#include "sysinfo/folder.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* The names, with a NUL behind each, into f->text, and how many: 0 or -errno. */
static int read_names(DIR *dir, struct folder *f)
{
	for (;;) {
		errno = 0;

		const struct dirent *entry = readdir(dir);

		if (!entry)
			return -errno;
		if (entry->d_name[0] == '.')
			continue;
		if (buf_add(&f->text, entry->d_name, strlen(entry->d_name) + 1) < 0)
			return -ENOMEM;
		f->n++;
	}
}

static int sort_names(struct folder *f)
{
	char *name = f->text.data;

	if (f->n == 0)
		return 0;
	f->names = calloc(f->n, sizeof(char *));
	if (!f->names)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++) {
		f->names[i] = name;
		name += strlen(name) + 1;
	}
	qsort(f->names, f->n, sizeof(char *), compare);
	return 0;
}

int folder_list(struct source *s, const char *path, struct folder *ret)
{
	if (source_sys(s) < 0)
		return -ENOENT;

	auto_fd int fd = openat(source_sys(s), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	(void)take_fd(&fd);

	struct folder f = {0};
	int r = read_names(dir, &f);

	(void)closedir(dir);
	if (r == 0)
		r = sort_names(&f);
	if (r < 0) {
		folder_clear(&f);
		return r;
	}
	*ret = f;
	return 0;
}

bool folder_has(const struct folder *f, const char *name)
{
	return f->n > 0 && bsearch(&name, f->names, f->n, sizeof(char *), compare);
}

void folder_clear(struct folder *f)
{
	free(f->names);
	buf_clear(&f->text);
	*f = (struct folder){0};
}
