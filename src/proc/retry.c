#include "config.h"

#include "proc/retry.h"

#include "base/parse.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The parts of a word; the longest duration or number that makes sense is far shorter. */
enum { PART_SIZE = 128 };

enum part {
	PART_FACTOR = 1 << 0,
	PART_MAX = 1 << 1,
	PART_JITTER = 1 << 2,
};

/* A number in plain decimal digits; strtod(3) alone would take "inf", "0x1" and blanks.
 */
static int parse_decimal(const char *word, double *ret_value)
{
	char *end;
	double value = strtod(word, &end);

	if (end == word || *end || word[strspn(word, "0123456789.")] || !isfinite(value))
		return -EINVAL;
	*ret_value = value;
	return 0;
}

/* One part behind FIRST: which it is, or -EINVAL. */
static int parse_part(const char *part, struct retry_delay *d)
{
	if (*part == 'x')
		return parse_decimal(part + 1, &d->factor) == 0 && d->factor >= 1
			       ? (int)PART_FACTOR
			       : -EINVAL;
	if (strncmp(part, "max=", 4) == 0)
		return parse_duration(part + 4, &d->max) == 0 && d->max > 0
			       ? (int)PART_MAX
			       : -EINVAL;
	if (strncmp(part, "jitter=", 7) == 0)
		return parse_decimal(part + 7, &d->jitter) == 0 && d->jitter <= 1
			       ? (int)PART_JITTER
			       : -EINVAL;
	return -EINVAL;
}

/* Copy what stands before the next comma, and return what stands behind it; NULL: it was
 * the last. A part that does not fit is no part that we know. */
static const char *cut_part(const char *word, char part[PART_SIZE])
{
	size_t len = strcspn(word, ",");
	size_t kept = len < PART_SIZE ? len : 0;

	memcpy(part, word, kept);
	part[kept] = '\0';
	return word[len] ? word + len + 1 : NULL;
}

int retry_delay_parse(const char *word, struct retry_delay *ret)
{
	struct retry_delay d = RETRY_DELAY_INIT;
	char part[PART_SIZE];
	int seen = 0;

	/* A plain duration may be of any length. */
	if (!strchr(word, ',')) {
		if (parse_duration(word, &d.first) < 0)
			return -EINVAL;
		*ret = d;
		return 0;
	}
	word = cut_part(word, part);
	if (parse_duration(part, &d.first) < 0)
		return -EINVAL;
	while (word) {
		word = cut_part(word, part);

		int which = parse_part(part, &d);

		if (which < 0 || (seen & which))
			return -EINVAL;
		seen |= which;
	}
	*ret = d;
	return 0;
}

/* Too large for the type, or not less than max, is max. */
static nsec_t nsec_at_most(long double value, nsec_t max)
{
	return value < (long double)max ? (nsec_t)value : max;
}

nsec_t retry_delay_before(const struct retry_delay *d, unsigned try, double random)
{
	long double wait = (long double)d->first;
	long double factor = d->factor;

	/* Nothing times infinity would be no number. */
	if (d->first <= 0)
		return 0;
	if (d->first == NSEC_FOREVER && d->max == NSEC_FOREVER)
		return NSEC_FOREVER;
	/* factor to the power of the retries before this one, by squaring: a try may have
	 * any number. 64 bits of mantissa keep doublings exact. */
	for (unsigned n = try > 2 ? try - 2 : 0; n; n >>= 1) {
		if (n & 1)
			wait *= factor;
		factor *= factor;
	}

	nsec_t whole = nsec_at_most(wait, d->max);

	if (d->jitter == 0 || whole == NSEC_FOREVER)
		return whole;
	return nsec_at_most((long double)whole * (1 + d->jitter * (2 * random - 1)),
			    NSEC_FOREVER);
}

nsec_t retry_delay_draw(const struct retry_delay *d, unsigned try)
{
	uint64_t bits;

	if (d->jitter == 0)
		return retry_delay_before(d, try, 0);
	/* Early at boot there may be none yet; any bits that differ between processes
	 * will do. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		bits = (uint64_t)nsec_now() * UINT64_C(0x9e3779b97f4a7c15);
	/* 53 bits are what a double holds. */
	return retry_delay_before(d, try, (double)(bits >> 11) * 0x1p-53);
}
