/*
 * A folder of made-up files for a unit test: fixture_open(), fixture_put() files below
 * it, fixture_close() takes it all away. What fails ends the test with status 2.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fixture_dir[PATH_MAX];

static inline void fixture_open(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fixture_dir, sizeof(fixture_dir), "%s/prockit-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(fixture_dir) || chdir(fixture_dir) < 0)
		exit(2);
}

/* Write a file, and make the folders on the way to it. */
static inline void fixture_put(const char *path, const char *text)
{
	char folder[PATH_MAX];

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(p - path), path);
		mkdir(folder, 0700);
	}

	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		exit(2);
}

static inline int fixture_remove(const char *path, const struct stat *st, int type,
				 struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fixture_close(void)
{
	if (chdir("/") < 0 ||
	    nftw(fixture_dir, fixture_remove, 8, FTW_DEPTH | FTW_PHYS) != 0)
		exit(2);
}

#endif
