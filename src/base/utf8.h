/*
 * UTF-8, checked as it streams by (RFC 3629: no overlong forms, no surrogates, nothing
 * above U+10FFFF).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State of a check over data that comes in pieces; all zero to begin. */
struct utf8_check {
	unsigned char need; /* continuation bytes still to come */
	unsigned char min;  /* range of the next byte */
	unsigned char max;
	bool invalid;
};

void utf8_check_add(struct utf8_check *u, const void *data, size_t len);
bool utf8_check_end(const struct utf8_check *u); /* was all of it valid and complete? */
bool utf8_is_valid(const void *data, size_t len);

/*
 * Length of the valid sequence at data (1-4), or 0 where there is none: then *ret_skip
 * says how many bytes one U+FFFD stands for. If those are all there are, more data may
 * complete them.
 */
size_t utf8_sequence(const void *data, size_t len, size_t *ret_skip);

#endif
