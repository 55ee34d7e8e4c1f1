#include "config.h"

#include "map/halt.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

/* Of jobs that have ended: so many tell something about those to come. */
enum { ENOUGH_TO_JUDGE = 3 };

static const struct {
	const char *text;
	enum halt_when when;
} whens[] = {{"now,", HALT_NOW}, {"soon,", HALT_SOON}};

static const struct {
	const char *text;
	enum halt_why why;
} whys[] = {{"fail=", HALT_FAIL}, {"success=", HALT_SUCCESS}, {"done=", HALT_DONE}};

/* Where the word goes on behind a beginning, or NULL. */
static const char *skip(const char *word, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(word, beginning, len) == 0 ? word + len : NULL;
}

/* "3", "10%": whole and unsigned, as in GNU parallel. */
static int parse_amount(const char *word, struct halt *h)
{
	char digits[24];
	size_t len = strspn(word, "0123456789");
	int64_t value;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, word, len);
	digits[len] = '\0';
	h->is_percentage = word[len] == '%';
	if (word[len + h->is_percentage] != '\0')
		return -EINVAL;

	/* None at all is no reason to stop. */
	int r = parse_number(digits, 1, h->is_percentage ? 100 : INT64_MAX, &value);

	if (r == 0)
		h->value = (double)value;
	return r;
}

int halt_parse(const char *word, struct halt *ret)
{
	struct halt h = {.when = HALT_NEVER};
	const char *rest = NULL;
	const char *amount = NULL;

	if (strcmp(word, "never") == 0) {
		*ret = h;
		return 0;
	}
	for (size_t i = 0; !rest && i < ARRAY_SIZE(whens); i++) {
		rest = skip(word, whens[i].text);
		h.when = whens[i].when;
	}
	if (!rest)
		return -EINVAL;
	for (size_t i = 0; !amount && i < ARRAY_SIZE(whys); i++) {
		amount = skip(rest, whys[i].text);
		h.why = whys[i].why;
	}
	if (!amount)
		return -EINVAL;

	int r = parse_amount(amount, &h);

	if (r == 0)
		*ret = h;
	return r;
}

bool halt_is_reached(const struct halt *h, const struct halt_counts *counts)
{
	uint64_t done = counts->failed + counts->succeeded;
	uint64_t count = h->why == HALT_FAIL	  ? counts->failed
			 : h->why == HALT_SUCCESS ? counts->succeeded
						  : done;

	if (h->when == HALT_NEVER)
		return false;
	if (!h->is_percentage)
		return (double)count >= h->value;

	uint64_t whole = counts->total;

	if (whole == 0) {
		/* All that are done are done, which says nothing. */
		if (h->why == HALT_DONE || done < ENOUGH_TO_JUDGE)
			return false;
		whole = done;
	}
	return (double)count * 100 >= h->value * (double)whole;
}
