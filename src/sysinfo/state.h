/*
 * --state: the last sample, kept in a file from one run to the next.
 *
 * The file holds a section for each raw table: whose it is, when it was read
 * (CLOCK_BOOTTIME, as the machine may have slept between two runs), and its rows. A
 * checksum ends it. Sections of topics that were not asked for this time stay as they
 * are, so one file serves several prompts. What is not such a file, was cut short, or is
 * of another boot, counts as none and is replaced.
 */
#ifndef SYSINFO_STATE_H
#define SYSINFO_STATE_H

#include <stddef.h>

#include "base/buf.h"
#include "sysinfo/sample.h"
#include "sysinfo/source.h"

struct state {
	struct buf path; /* where symbolic links lead to */
	struct buf old;	 /* the file as it was, if it was good */
	struct buf boot; /* which boot this is: a word */
	struct buf new;	 /* the file as it will be */
};

/* Read the file: 0; -EINVAL where it is no regular file, and must not be replaced by one;
 * or another -errno. */
int state_open(struct state *state, const char *path, struct source *source);
void state_close(struct state *state);

/* Give a windowed sample its older table, if the file has it: 0 or -ENOMEM. */
int state_load(struct state *state, struct sample *s);

/* Note the younger tables of the samples, before they are changed: 0 or -ENOMEM. */
int state_note(struct state *state, const struct sample *samples, size_t n);

/* Replace the file with what was noted: 0 or -errno. */
int state_write(struct state *state);

#endif
