/*
 * -j: how many jobs at a time.
 *
 * N; N% of the usable CPUs, rounded, at least 1; +N, -N: so many more or fewer than
 * these, at least 1; or the name of a file with one of these in its first line, which is
 * read again while we run, so that it can be changed. Usable CPUs: affinity and control
 * group quota (proc/cpus.h). A word that is none of the first is taken for a file when it
 * holds a '/' or such a file exists.
 */
#ifndef MAP_SLOTS_H
#define MAP_SLOTS_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

enum { SLOTS_MOST = 65536 };

/* Which text of a file we have read. */
struct slots_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct slots {
	const char *word; /* -j's; NULL: not given, the usable CPUs */
	bool is_file;
	unsigned now;

	/* slots.c's */
	struct slots_stamp stamp;
	bool settled; /* another text would have another stamp */
};

/* Take -j's word, and keep the pointer: 0; -EINVAL (no such number: "0", "0%", "-0%",
 * junk, a file without one or that is no regular file), or -errno of the file. More than
 * SLOTS_MOST is SLOTS_MOST. */
int slots_set(struct slots *s, const char *word);

/* How many now: cheap, so ask whenever a job ends. A file is read again if it was
 * changed; where that fails, or it says nothing that we understand, what it said last
 * stands. */
unsigned slots_get(struct slots *s);

#endif
