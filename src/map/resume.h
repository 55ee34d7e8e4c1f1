/*
 * What earlier runs have done, read from their logs: --resume, --retry-failed.
 *
 * A log is the JSON lines of --log (or --json). Of each key the last record counts, and
 * its "failed" says how the job ended. A line that is no such record (the last one cut
 * off by a kill) is skipped, and counted for a warning. A key takes about 20 bytes.
 *
 *	struct resume r = {0};
 *	resume_read(&r, path), as often as there are logs
 *	resume_clear(&r)
 */
#ifndef MAP_RESUME_H
#define MAP_RESUME_H

#include <stdbool.h>
#include <stddef.h>

struct resume_entry; /* resume.c's */

struct resume {
	struct resume_entry *entries; /* a hash of keys */
	size_t n;
	size_t n_slots;
	size_t bad_lines;
};

/* Read a log; one that is not there is an empty one. 0 or -errno. */
int resume_read(struct resume *r, const char *path);

/* Whether the job's last record says that it succeeded, or that it failed. */
bool resume_has_succeeded(const struct resume *r, const char *key);
bool resume_has_failed(const struct resume *r, const char *key);

void resume_clear(struct resume *r);

#endif
