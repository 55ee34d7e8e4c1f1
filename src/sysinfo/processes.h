/*
 * The processes: the topic of prockit ps, and what was asked of it beside columns.
 *
 * Reading goes from the cheap to the dear. select_targets() says which processes to look
 * at at all. Of each, stat is read, and the selection decides. Only then come the files
 * that the wanted columns need; and where --head will drop most rows, or two moments are
 * compared, only those that sorting needs: the others are read when the rows are
 * arranged, for those that stay.
 */
#ifndef SYSINFO_PROCESSES_H
#define SYSINFO_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "sysinfo/family.h"
#include "sysinfo/process-columns.h"
#include "sysinfo/process.h"
#include "sysinfo/select.h"
#include "sysinfo/topic.h"

struct sort_key {
	size_t column;
	bool descending;
};

/* All zero: every process, in order of the pid. query.data points here. */
struct ps {
	struct selection select;
	struct sort_key *keys;
	size_t n_keys;
	size_t head; /* 0: all */
	bool tree;
	bool threads;  /* a row for each thread */
	bool windowed; /* two moments are compared */
	bool rate;

	/* From here on it is the readers' own. */
	struct process_host host;
	struct process_host second_host; /* of the second thread */
	/* What that one has read; the rows of each table that was filled go on there. */
	struct extra {
		const struct table *of;
		struct table table;
	} extra[2];
	struct family family;
	size_t early[PS_N]; /* columns that are read with the row */
	size_t n_early;
	size_t late[PS_N]; /* when it is arranged */
	size_t n_late;
};

void ps_clear(struct ps *ps);

/* Read columns of a process into its row. */
void processes_fill(struct process *p, struct row *row, const size_t *columns, size_t n);

/* The third step of the topic: topic.h says what it does. */
int processes_arrange(struct reading *r, struct table *t);

#endif
