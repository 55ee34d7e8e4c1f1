/*
 * Time: one type, nanoseconds.
 *
 * Moments are on CLOCK_MONOTONIC (it does not jump, and it pauses over suspend, as
 * execution limits should); NSEC_FOREVER as a moment or a duration means "never".
 */
#ifndef BASE_NSEC_H
#define BASE_NSEC_H

#include <stdint.h>
#include <time.h>

typedef int64_t nsec_t;

#define NSEC_FOREVER INT64_MAX
#define NSEC_PER_SEC ((nsec_t)1000000000)
#define NSEC_PER_MS  ((nsec_t)1000000)

static inline nsec_t nsec_from_timespec(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static inline nsec_t nsec_clock(clockid_t clock)
{
	struct timespec ts = {0};

	(void)clock_gettime(clock, &ts);
	return nsec_from_timespec(&ts);
}

/* Now, on the monotonic clock. */
static inline nsec_t nsec_now(void)
{
	return nsec_clock(CLOCK_MONOTONIC);
}

/* a + b, both >= 0; too large is NSEC_FOREVER. */
static inline nsec_t nsec_add(nsec_t a, nsec_t b)
{
	return a > NSEC_FOREVER - b ? NSEC_FOREVER : a + b;
}

#endif
