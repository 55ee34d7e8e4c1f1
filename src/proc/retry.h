/*
 * How long to wait before a job is tried again: exponential backoff with jitter.
 *
 * Written FIRST[,xFACTOR][,max=DURATION][,jitter=SHARE]: 1s,x2,max=1m,jitter=0.2. The
 * first wait is FIRST; each later one is FACTOR times (2) the one before, up to max; a
 * jitter of 0.2 moves each by up to a fifth of it, either way, so that those who failed
 * together do not come back together. FACTOR is at least 1, max is above 0. What stands
 * behind FIRST may come in any order, each once.
 */
#ifndef PROC_RETRY_H
#define PROC_RETRY_H

#include "base/nsec.h"

struct retry_delay {
	nsec_t first;
	double factor;
	nsec_t max;
	double jitter; /* 0 to 1 */
};

#define RETRY_DELAY_INIT                                     \
	(struct retry_delay)                                 \
	{                                                    \
		.first = 0, .factor = 2, .max = NSEC_FOREVER \
	}

/* 0 or -EINVAL. */
int retry_delay_parse(const char *word, struct retry_delay *ret);

/* The wait before try number (2 is the first retry). random: in [0, 1). */
nsec_t retry_delay_before(const struct retry_delay *d, unsigned try, double random);

/* The same with a random number from the system, which is only asked where there is
 * jitter. */
nsec_t retry_delay_draw(const struct retry_delay *d, unsigned try);

#endif
