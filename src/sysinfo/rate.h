/*
 * --rate: counters as their growth per second, for any topic.
 *
 * A topic is made at run time that has the same columns in the same places, only that the
 * counters are called <name>_per_sec and are numbers with a fraction. Rows of the two
 * tables belong together when all their id columns are equal. A counter that went down
 * was reset, and a row that is new has no past: both are null, not_applicable.
 */
#ifndef SYSINFO_RATE_H
#define SYSINFO_RATE_H

#include <stdbool.h>

#include "sysinfo/topic.h"
#include "sysinfo/value.h"

struct rate;

/* Whether a topic has counters at all. */
bool rate_is_for(const struct topic *topic);

/* NULL: no memory. */
struct rate *rate_new(const struct topic *topic);
void rate_free(struct rate *rate);

const struct topic *rate_topic(const struct rate *rate);

/*
 * Fill t, of rate_topic(): counters from the two tables (before is NULL when there is
 * none), everything else as it stands in plain, which has the rows of after, or those of
 * them that are to be shown. t then points into plain. 0 or -ENOMEM.
 */
int rate_derive(const struct table *before, const struct table *after,
		const struct table *plain, double seconds, struct table *t);

#endif
