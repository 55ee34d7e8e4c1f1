/*
 * The names in a folder below /sys, sorted as people count: temp2 before temp10.
 *
 *	auto_folder struct folder f = {0};
 *	r = folder_list(source, "class/hwmon", &f);
 */
#ifndef SYSINFO_FOLDER_H
#define SYSINFO_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sysinfo/source.h"

struct folder {
	char **names; /* without hidden ones */
	size_t n;
	struct buf text; /* what they point into */
};

/* 0 or -errno; nothing is in *ret then. */
int folder_list(struct source *s, const char *path, struct folder *ret);
bool folder_has(const struct folder *f, const char *name);
void folder_clear(struct folder *f);

#define auto_folder __attribute__((cleanup(folder_clear)))

#endif
