/*
 * The one JSON writer of the project.
 *
 * Streaming: values go to a struct out as they come, so a captured file of any size is
 * written in bounded memory. What it writes is always valid JSON in valid UTF-8: the
 * writer places commas, escapes strings, and replaces what is not UTF-8 by U+FFFD (one
 * for each maximal part of a sequence, as Python does). Errors stick in the struct out.
 * Keys are NULL inside arrays and at the top; they are ASCII literals of ours and need
 * no escape. A key from outside goes before its value, with json_add_key().
 *
 *	struct json j;
 *	json_init(&j, &out);
 *	json_object_begin(&j, NULL);
 *	json_add_string(&j, "name", name);
 *	json_object_end(&j);
 *	json_end_line(&j);
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/out.h"
#include "base/utf8.h"

struct json {
	struct out *out;
	bool comma; /* a value stands before the next one */
	struct {    /* a string in pieces, between json_pieces_begin() and _end() */
		unsigned char carry[4]; /* an incomplete sequence or base64 triple */
		unsigned char carried;
		bool base64;
	} pieces;
};

void json_init(struct json *j, struct out *out);

void json_object_begin(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array_begin(struct json *j, const char *key);
void json_array_end(struct json *j);

/* A key of any bytes, escaped as strings are, for the next value, which has NULL as its
 * own. */
void json_add_key(struct json *j, const char *key, size_t len);

void json_add_null(struct json *j, const char *key);
void json_add_bool(struct json *j, const char *key, bool value);
void json_add_int(struct json *j, const char *key, int64_t value);
void json_add_uint(struct json *j, const char *key, uint64_t value);

/* In 15 to 17 digits, as few as read back the same; NaN and infinities are null. */
void json_add_double(struct json *j, const char *key, double value);
/* With this many digits behind the point; from 1e15 on as json_add_double(). */
void json_add_decimal(struct json *j, const char *key, double value, int digits);

/* In milliseconds, exact: 12.000345; NSEC_FOREVER is null. */
void json_add_nsec_as_ms(struct json *j, const char *key, nsec_t value);

/* A string; NULL is null. What is not UTF-8 shows as U+FFFD. */
void json_add_string(struct json *j, const char *key, const char *value);
void json_add_string_n(struct json *j, const char *key, const char *value, size_t len);

/*
 * The same for strings from outside: where one is not UTF-8, its bytes stand beside it,
 * in base64, as "<key>_b64". Only inside objects.
 */
void json_add_text(struct json *j, const char *key, const char *value);

/*
 * An array of such strings; where one is not UTF-8, "<key>_b64" is an array of all of
 * them in base64. NULL is null.
 */
void json_add_text_array(struct json *j, const char *key, char *const *values);

/* The bytes of an array of n strings, in base64, as "<key>_b64"; NULL in it is null. */
void json_add_base64_array(struct json *j, const char *key, const char *const *values,
			   size_t n);

/* A string that comes in pieces of any size, as text or as base64. */
void json_pieces_begin(struct json *j, const char *key, bool base64);
void json_pieces_add(struct json *j, const void *data, size_t len);
void json_pieces_end(struct json *j);

/* Elements of an array, or one value, that this writer made before: they stand as they
 * are. */
void json_add_raw(struct json *j, const char *text);

/* A newline after a finished top-level value. */
void json_end_line(struct json *j);

#endif
