/*
 * The median of many durations, in constant memory: for --timeout=P%.
 *
 * A histogram with 32 steps to each doubling, so what it says is within 1.1 % (half a
 * step) of the truth, however many there were. (GNU parallel uses a remedian: Rousseeuw
 * and Bassett 1990.)
 */
#ifndef MAP_MEDIAN_H
#define MAP_MEDIAN_H

#include <stdint.h>

#include "base/nsec.h"

enum {
	MEDIAN_BITS = 5,
	MEDIAN_STEPS = 1 << MEDIAN_BITS,
	MEDIAN_BUCKETS = (63 - MEDIAN_BITS) * MEDIAN_STEPS,
};

struct median {
	uint64_t n;
	uint32_t *buckets; /* MEDIAN_BUCKETS of them, once there is a duration; NULL */
};

int median_add(struct median *m, nsec_t duration); /* 0 or -ENOMEM */
nsec_t median_get(const struct median *m);	   /* 0 where there is none */
void median_clear(struct median *m);

#endif
