#include "config.h"

#include "base/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

/*
 * What a lead byte announces: how many bytes follow, and the range of the first of them,
 * which is where overlong forms, surrogates and what is above U+10FFFF are kept out
 * (Unicode, table 3-7). Returns false for what can not lead.
 */
static bool utf8_lead(unsigned char c, struct utf8_check *ret_state)
{
	unsigned char need = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
		return false;
	ret_state->need = need;
	ret_state->min = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	ret_state->max = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	return true;
}

/* Take one byte behind a lead byte; false where it does not belong there. */
static bool utf8_follow(struct utf8_check *u, unsigned char c)
{
	if (c < u->min || c > u->max)
		return false;
	u->need--;
	u->min = 0x80;
	u->max = 0xbf;
	return true;
}

void utf8_check_add(struct utf8_check *u, const void *data, size_t len)
{
	const unsigned char *p = data;
	const unsigned char *end = p + len;

	if (u->invalid)
		return;
	while (p < end) {
		uint64_t eight;

		/* Most text is ASCII for long stretches: eight bytes at a time. */
		while (!u->need && end - p >= 8) {
			memcpy(&eight, p, sizeof(eight));
			if (eight & HIGH_BITS)
				break;
			p += 8;
		}
		if (p == end)
			return;
		if (u->need ? !utf8_follow(u, *p) : !utf8_lead(*p, u)) {
			u->invalid = true;
			return;
		}
		p++;
	}
}

bool utf8_check_end(const struct utf8_check *u)
{
	return !u->invalid && !u->need;
}

bool utf8_is_valid(const void *data, size_t len)
{
	struct utf8_check u = {0};

	utf8_check_add(&u, data, len);
	return utf8_check_end(&u);
}

size_t utf8_sequence(const void *data, size_t len, size_t *ret_skip)
{
	const unsigned char *p = data;
	struct utf8_check u = {0};
	size_t n = 1;

	if (!len || !utf8_lead(p[0], &u)) {
		*ret_skip = len ? 1 : 0;
		return 0;
	}
	for (; u.need; n++) {
		if (n == len || !utf8_follow(&u, p[n])) {
			*ret_skip = n;
			return 0;
		}
	}
	return n;
}
