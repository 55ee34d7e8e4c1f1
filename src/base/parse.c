#include "config.h"

#include "base/parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A unit of time is factor * 10^exponent nanoseconds. */
struct time_unit {
	const char *name;
	unsigned int factor;
	int exponent;
};

static const struct time_unit time_units[] = {
	{"", 1, 9},	 {"s", 1, 9},  {"m", 60, 9}, {"h", 3600, 9},
	{"d", 86400, 9}, {"ms", 1, 6}, {"us", 1, 3}, {"ns", 1, 0},
};

/* A decimal number as it was typed, and where its exponent moves the point. */
struct decimal {
	const char *digits; /* and at most one '.' among them */
	size_t len;
	int64_t point; /* digits before the point, once the exponent has moved it */
};

static bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Take apart what strtold() has accepted from word to end as a decimal number. */
static struct decimal decimal_split(const char *word, const char *end)
{
	struct decimal d = {.digits = word};

	while (word + d.len < end && (char_is_digit(word[d.len]) || word[d.len] == '.'))
		d.len++;

	const char *point = memchr(word, '.', d.len);

	d.point = point ? point - word : (int64_t)d.len;
	if (word + d.len < end) {
		/* Behind the 'e'. What is too large must not overflow the sums. */
		long long exponent = strtoll(word + d.len + 1, NULL, 10);

		if (exponent > INT64_MAX / 4)
			exponent = INT64_MAX / 4;
		if (exponent < INT64_MIN / 4)
			exponent = INT64_MIN / 4;
		d.point += exponent;
	}
	return d;
}

/*
 * The number times the unit in whole nanoseconds, rounded up. This is exact: "0.1" has no
 * exact binary form, and a ceiling after a multiplication would now and then be a
 * nanosecond too long.
 */
static nsec_t decimal_to_nsec(const struct decimal *d, const struct time_unit *unit)
{
	int64_t point = d->point + unit->exponent;
	nsec_t whole = 0;
	int64_t place = 0;
	size_t i;

	/* The digits before the point, then the zeros that the exponent puts there. */
	for (i = 0; i < d->len && place < point; i++) {
		if (d->digits[i] == '.')
			continue;
		place++;
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, d->digits[i] - '0', &whole))
			return NSEC_FOREVER;
	}
	for (; whole && place < point; place++)
		if (__builtin_mul_overflow(whole, 10, &whole))
			return NSEC_FOREVER;
	if (__builtin_mul_overflow(whole, (nsec_t)unit->factor, &whole))
		return NSEC_FOREVER;

	/* The others times the factor, from the last one as on paper, carrying. */
	unsigned int carry = 0;
	bool rest = false;

	for (size_t k = d->len; k > i; k--) {
		if (d->digits[k - 1] == '.')
			continue;
		carry += (unsigned int)(d->digits[k - 1] - '0') * unit->factor;
		rest |= carry % 10 != 0;
		carry /= 10;
	}
	/* Zeros between the point and the first digit: soon the carry is used up. */
	for (; carry && place > point; place--) {
		rest |= carry % 10 != 0;
		carry /= 10;
	}
	return nsec_add(whole, (nsec_t)carry + rest);
}

/* The same for hexadecimal numbers, which strtold() reads without rounding. */
static nsec_t binary_to_nsec(long double number, bool positive,
			     const struct time_unit *unit)
{
	static const long double powers[] = {1, 1e3L, 1e6L, 1e9L};
	long double value = number * unit->factor * powers[unit->exponent / 3];

	if (value >= 0x1p63L)
		return NSEC_FOREVER;

	nsec_t whole = (nsec_t)value;

	/* What is too small for a long double is still above zero. */
	return whole < value || (whole == 0 && positive) ? whole + 1 : whole;
}

/* Whether a digit other than 0 stands before the exponent of a hexadecimal number. */
static bool hex_is_positive(const char *word, const char *end)
{
	word += strspn(word, "0xX.");
	return word < end && *word != 'p' && *word != 'P';
}

int parse_duration(const char *word, nsec_t *ret_value)
{
	char *end;
	const char *start = word + strspn(word, " \t\n\v\f\r");
	long double number = strtold(word, &end);

	if (end == word || *start == '-' || isnan(number))
		return -EINVAL;
	if (*start == '+')
		start++;

	for (size_t i = 0; i < ARRAY_SIZE(time_units); i++) {
		const struct time_unit *unit = &time_units[i];

		if (strcmp(end, unit->name) != 0)
			continue;
		if (*start == 'i' || *start == 'I') {
			*ret_value = NSEC_FOREVER;
		} else if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) {
			bool positive = hex_is_positive(start, end);

			*ret_value = binary_to_nsec(number, positive, unit);
		} else {
			struct decimal d = decimal_split(start, end);

			*ret_value = decimal_to_nsec(&d, unit);
		}
		return 0;
	}
	return -EINVAL;
}

/* Digits, at least one: returns what stands behind them, NULL where there is none. */
static const char *parse_digits(const char *word, uint64_t *ret_value, bool *ret_overflow)
{
	if (!char_is_digit(*word))
		return NULL;
	*ret_value = 0;
	*ret_overflow = false;
	for (; char_is_digit(*word); word++)
		*ret_overflow |=
			__builtin_mul_overflow(*ret_value, 10, ret_value) ||
			__builtin_add_overflow(*ret_value, *word - '0', ret_value);
	return word;
}

int parse_size(const char *word, uint64_t *ret_value)
{
	static const char letters[] = "KMGTPE";
	uint64_t value;
	bool overflow;
	const char *suffix = parse_digits(word, &value, &overflow);
	unsigned int base = 1;
	unsigned int times = 0;

	if (!suffix)
		return -EINVAL;
	if (*suffix) {
		/* Of the SI prefixes only k is small. */
		bool kilo = strcmp(suffix, "kB") == 0;
		const char *letter = strchr(letters, kilo ? 'K' : *suffix);

		if (!letter)
			return -EINVAL;
		times = (unsigned int)(letter - letters) + 1;
		if (!suffix[1] || strcmp(suffix + 1, "iB") == 0)
			base = 1024;
		else if (kilo || (*suffix != 'K' && strcmp(suffix + 1, "B") == 0))
			base = 1000;
		else
			return -EINVAL;
	}
	while (times--)
		overflow |= __builtin_mul_overflow(value, base, &value);
	if (overflow)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_number(const char *word, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *word == '-';
	uint64_t digits;
	int64_t value;
	bool overflow;
	const char *end =
		parse_digits(word + (negative || *word == '+'), &digits, &overflow);

	if (!end || *end || overflow)
		return -EINVAL;
	if (negative)
		overflow = __builtin_sub_overflow(0, digits, &value);
	else
		overflow = __builtin_add_overflow(0, digits, &value);
	if (overflow || value < min || value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int parse_codes(const char *word, struct code_set *ret_codes)
{
	struct code_set codes = {0};

	for (;; word++) {
		uint64_t first;
		bool overflow;

		word = parse_digits(word, &first, &overflow);
		if (!word || overflow || first > 255)
			return -EINVAL;

		uint64_t last = first;

		if (*word == '-') {
			word = parse_digits(word + 1, &last, &overflow);
			if (!word || overflow || last > 255 || last < first)
				return -EINVAL;
		}
		for (uint64_t i = first; i <= last; i++)
			codes.has[i] = true;
		if (!*word)
			break;
		if (*word != ',')
			return -EINVAL;
	}
	*ret_codes = codes;
	return 0;
}
