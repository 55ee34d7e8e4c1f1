#include "config.h"

#include "map/median.h"

#include <errno.h>
#include <stdlib.h>

/* The doubling is the place of the highest bit, the step the bits behind it. */
static unsigned bucket_of(nsec_t duration)
{
	uint64_t value = duration > MEDIAN_STEPS ? (uint64_t)duration : MEDIAN_STEPS;
	unsigned shift = 63U - (unsigned)__builtin_clzll(value) - MEDIAN_BITS;

	return shift * MEDIAN_STEPS + (unsigned)(value >> shift) - MEDIAN_STEPS;
}

/* The middle of a step. */
static nsec_t middle_of(unsigned bucket)
{
	unsigned shift = bucket / MEDIAN_STEPS;
	uint64_t low = (uint64_t)(bucket % MEDIAN_STEPS + MEDIAN_STEPS) << shift;

	return (nsec_t)(low + ((UINT64_C(1) << shift) >> 1));
}

int median_add(struct median *m, nsec_t duration)
{
	if (!m->buckets) {
		m->buckets = calloc(MEDIAN_BUCKETS, sizeof(*m->buckets));
		if (!m->buckets)
			return -ENOMEM;
	}
	m->buckets[bucket_of(duration)]++;
	m->n++;
	return 0;
}

nsec_t median_get(const struct median *m)
{
	uint64_t below = 0;

	for (unsigned i = 0; m->n && i < MEDIAN_BUCKETS; i++) {
		below += m->buckets[i];
		if (below * 2 >= m->n)
			return middle_of(i);
	}
	return 0;
}

void median_clear(struct median *m)
{
	free(m->buckets);
	*m = (struct median){0};
}
