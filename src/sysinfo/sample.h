/*
 * One topic of a run: its columns, and its tables from the reading to what is shown.
 *
 * sample_init(), the columns (columns.h), then for each record sample_read() and
 * sample_finish(); sample_clear() at the end. A windowed sample is read once before the
 * first record: what is shown is made from the last two tables, which take turns, so that
 * memory does not grow over the records.
 */
#ifndef SYSINFO_SAMPLE_H
#define SYSINFO_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nsec.h"
#include "sysinfo/rate.h"
#include "sysinfo/topic.h"
#include "sysinfo/value.h"
#include "sysinfo/view.h"

struct sample {
	const struct query *query;
	const struct topic *topic; /* what is shown: the query's, or that of --rate */
	const struct topic *raw;   /* what is read */
	struct rate *rate;	   /* NULL: no --rate, or no counters */
	bool windowed;		   /* made from two tables */

	size_t *shown; /* columns of topic, in order */
	size_t n_shown;
	bool *wanted;	  /* by column of topic */
	bool *raw_wanted; /* by column of raw */
	bool *told;	  /* by column of topic: --require has spoken of it */

	struct table tables[2]; /* of raw */
	nsec_t at[2];		/* when each was read */
	unsigned now;		/* the younger one */
	bool has_before;	/* the other one is there as well */

	struct table derived;  /* by the query's topic */
	struct table rates;    /* by rate */
	struct table totals;   /* one row, of topic */
	struct table *outcome; /* what is shown: one of those above */
};

/* 0 or -ENOMEM. windowed_too: topics that derive, but can do without, are windowed. */
int sample_init(struct sample *s, const struct query *q, bool rate, bool windowed_too);
void sample_clear(struct sample *s);

/* Read the younger table; the one before it, if any, becomes the older. clock is what
 * moments are taken on. 0 or -errno, as the topic's reader. */
int sample_read(struct sample *s, struct reading *r, clockid_t clock);

/* Seconds between the two tables; 0 where there is one only. */
double sample_seconds(const struct sample *s);

/* Derive, make rates of it, sum up, arrange: then outcome is set. 0 or -errno. */
int sample_finish(struct sample *s, struct reading *r);

#endif
