/*
 * How much time is lost by waiting for CPUs, memory and devices: /proc/pressure.
 *
 *	r = pressure_fetch(proc, "pressure/cpu", &b);
 *	for (char *cursor = b.data; pressure_next(&cursor, &line);)
 *		if (strcmp(line.kind, "some") == 0 && line.has_average[PRESSURE_10]) ...
 *
 * A kernel without this (psi=0) has no such file, or one that cannot be opened.
 */
#ifndef PROC_PRESSURE_H
#define PROC_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The averages: over 10, 60 and 300 seconds. */
enum { PRESSURE_10, PRESSURE_60, PRESSURE_300, PRESSURE_AVERAGES };

struct pressure {
	const char *kind;		   /* "some" or "full" */
	double average[PRESSURE_AVERAGES]; /* percent */
	uint64_t total;			   /* microseconds since boot */
	bool has_average[PRESSURE_AVERAGES];
	bool has_total;
};

/* Read a file below the folder proc, as file_read_whole_at(). Of a file that was cut, the
 * last word, which may be cut as well, is left out. */
int pressure_fetch(int proc, const char *path, struct buf *b);

/* The next line that is one; false at the end. The text is taken apart. */
bool pressure_next(char **cursor, struct pressure *ret);

#endif
