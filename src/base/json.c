#include "config.h"

#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base64 makes groups of 4 from groups of 3; 4 KiB are made at once. */
enum { BASE64_INPUT = 3072, BASE64_OUTPUT = BASE64_INPUT / 3 * 4 };

#define EIGHT(c) (UINT64_C(0x0101010101010101) * (c))

static const char replacement[] = "\xef\xbf\xbd";

void json_init(struct json *j, struct out *out)
{
	*j = (struct json){.out = out};
}

/* What stands before a value: a comma if one came before, and the key with its ending. */
static void json_begin_suffixed(struct json *j, const char *key, const char *suffix)
{
	if (j->comma)
		out_char(j->out, ',');
	if (key) {
		out_char(j->out, '"');
		out_string(j->out, key);
		out_string(j->out, suffix);
		out_write(j->out, "\":", 2);
	}
	j->comma = true;
}

static void json_begin(struct json *j, const char *key)
{
	json_begin_suffixed(j, key, "");
}

void json_object_begin(struct json *j, const char *key)
{
	json_begin(j, key);
	out_char(j->out, '{');
	j->comma = false;
}

void json_object_end(struct json *j)
{
	out_char(j->out, '}');
	j->comma = true;
}

void json_array_begin(struct json *j, const char *key)
{
	json_begin(j, key);
	out_char(j->out, '[');
	j->comma = false;
}

void json_array_end(struct json *j)
{
	out_char(j->out, ']');
	j->comma = true;
}

void json_add_null(struct json *j, const char *key)
{
	json_begin(j, key);
	out_string(j->out, "null");
}

void json_add_bool(struct json *j, const char *key, bool value)
{
	json_begin(j, key);
	out_string(j->out, value ? "true" : "false");
}

void json_add_int(struct json *j, const char *key, int64_t value)
{
	json_begin(j, key);
	out_format(j->out, "%" PRId64, value);
}

void json_add_uint(struct json *j, const char *key, uint64_t value)
{
	json_begin(j, key);
	out_format(j->out, "%" PRIu64, value);
}

void json_add_double(struct json *j, const char *key, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_add_null(j, key);
		return;
	}
	/* 15 digits are enough for what people type, 17 for every double. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	json_begin(j, key);
	out_string(j->out, text);
}

void json_add_decimal(struct json *j, const char *key, double value, int digits)
{
	char text[40];

	/* A double has no more than 15 digits that mean something. */
	if (!(fabs(value) < 1e15)) {
		json_add_double(j, key, value);
		return;
	}
	snprintf(text, sizeof(text), "%.*f", digits < 15 ? digits : 15, value);
	json_begin(j, key);
	/* What rounds to zero has no sign. */
	out_string(j->out, text + (text[0] == '-' && !strpbrk(text, "123456789")));
}

void json_add_nsec_as_ms(struct json *j, const char *key, nsec_t value)
{
	const uint64_t per_ms = (uint64_t)NSEC_PER_MS;
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[40];

	if (value == NSEC_FOREVER) {
		json_add_null(j, key);
		return;
	}

	int len = snprintf(text, sizeof(text), "%s%" PRIu64 ".%06" PRIu64,
			   value < 0 ? "-" : "", size / per_ms, size % per_ms);

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	json_begin(j, key);
	out_write(j->out, text, (size_t)len);
}

/* Whether a byte may stand in a JSON string as it is, and is ASCII. */
static bool char_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many plain characters stand at p, counted eight at a time. */
static size_t plain_run(const unsigned char *p, size_t len)
{
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t w;

		memcpy(&w, p + n, sizeof(w));

		/*
		 * Each term sets the high bit of the bytes it looks for (0x80 and above,
		 * controls, '"', '\'). A borrow may set more, but only behind a right
		 * one.
		 */
		uint64_t quote = w ^ EIGHT('"');
		uint64_t slash = w ^ EIGHT('\\');
		uint64_t found = w | (w - EIGHT(0x20)) | (quote - EIGHT(1)) |
				 (slash - EIGHT(1));

		if (found & EIGHT(0x80))
			break;
	}
	while (n < len && char_is_plain(p[n]))
		n++;
	return n;
}

/* An ASCII character that may not stand in a JSON string as it is. */
static void json_escape(struct out *o, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter) {
		out_char(o, '\\');
		out_char(o, letter[1]);
	} else {
		char code[6] = {'\\',	       'u', '0', '0', (char)('0' + (c >> 4)),
				digits[c & 15]};

		out_write(o, code, sizeof(code));
	}
}

/*
 * The inside of a string. Returns how many bytes at the end were left out because they
 * may be the beginning of a sequence that is not complete (3 at most).
 */
static size_t json_inside(struct out *o, const unsigned char *p, size_t len)
{
	size_t run = 0;

	/* Bytes that need no change gather in a run, which is written in one go. */
	while (run < len) {
		size_t skip;
		size_t n = p[run] < 0x80 ? plain_run(p + run, len - run)
					 : utf8_sequence(p + run, len - run, &skip);

		if (n) {
			run += n;
			continue;
		}
		out_write(o, p, run);
		p += run;
		len -= run;
		run = 0;
		if (*p < 0x80) {
			json_escape(o, *p);
			skip = 1;
		} else if (skip == len) {
			return len;
		} else {
			out_write(o, replacement, 3);
		}
		p += skip;
		len -= skip;
	}
	out_write(o, p, run);
	return 0;
}

/* A whole string with its quotes. */
static void json_quoted(struct out *o, const char *value, size_t len)
{
	out_char(o, '"');
	if (json_inside(o, (const unsigned char *)value, len))
		out_write(o, replacement, 3);
	out_char(o, '"');
}

void json_add_key(struct json *j, const char *key, size_t len)
{
	json_begin(j, NULL);
	json_quoted(j->out, key, len);
	out_char(j->out, ':');
	j->comma = false;
}

void json_add_string_n(struct json *j, const char *key, const char *value, size_t len)
{
	json_begin(j, key);
	json_quoted(j->out, value, len);
}

void json_add_string(struct json *j, const char *key, const char *value)
{
	if (value)
		json_add_string_n(j, key, value, strlen(value));
	else
		json_add_null(j, key);
}

/* Base64 (RFC 4648) of len bytes; only at the very end may len be no multiple of 3. */
static void base64_write(struct out *o, const unsigned char *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char chunk[BASE64_OUTPUT];
	char *to = chunk;

	for (; len >= 3; p += 3, len -= 3) {
		*to++ = digits[p[0] >> 2];
		*to++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
		*to++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
		*to++ = digits[p[2] & 63];
		if (to == chunk + sizeof(chunk)) {
			out_write(o, chunk, sizeof(chunk));
			to = chunk;
		}
	}
	if (len) {
		unsigned char second = len == 2 ? p[1] : 0;

		*to++ = digits[p[0] >> 2];
		*to++ = digits[(p[0] & 3) << 4 | second >> 4];
		*to++ = len == 2 ? digits[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	out_write(o, chunk, (size_t)(to - chunk));
}

/* The bytes of a string in base64, as "<key>_b64"; NULL is null. */
static void json_base64(struct json *j, const char *key, const char *value)
{
	json_begin_suffixed(j, key, "_b64");
	if (!value) {
		out_string(j->out, "null");
		return;
	}
	out_char(j->out, '"');
	base64_write(j->out, (const unsigned char *)value, strlen(value));
	out_char(j->out, '"');
}

void json_add_base64_array(struct json *j, const char *key, const char *const *values,
			   size_t n)
{
	json_begin_suffixed(j, key, "_b64");
	out_char(j->out, '[');
	j->comma = false;
	for (size_t i = 0; i < n; i++)
		json_base64(j, NULL, values[i]);
	json_array_end(j);
}

void json_add_text(struct json *j, const char *key, const char *value)
{
	json_add_string(j, key, value);
	if (value && !utf8_is_valid(value, strlen(value)))
		json_base64(j, key, value);
}

void json_add_text_array(struct json *j, const char *key, char *const *values)
{
	bool valid = true;
	size_t n = 0;

	if (!values) {
		json_add_null(j, key);
		return;
	}
	json_array_begin(j, key);
	for (; values[n]; n++) {
		json_add_string(j, NULL, values[n]);
		valid = valid && utf8_is_valid(values[n], strlen(values[n]));
	}
	json_array_end(j);
	if (!valid)
		json_add_base64_array(j, key, (const char *const *)values, n);
}

void json_pieces_begin(struct json *j, const char *key, bool base64)
{
	json_begin(j, key);
	out_char(j->out, '"');
	j->pieces.base64 = base64;
	j->pieces.carried = 0;
}

/* Complete the triple that is carried, write all whole ones, carry the rest. */
static void pieces_add_base64(struct json *j, const unsigned char *p, size_t len)
{
	if (j->pieces.carried) {
		while (len && j->pieces.carried < 3) {
			j->pieces.carry[j->pieces.carried++] = *p++;
			len--;
		}
		if (j->pieces.carried < 3)
			return;
		base64_write(j->out, j->pieces.carry, 3);
		j->pieces.carried = 0;
	}

	size_t rest = len % 3;

	base64_write(j->out, p, len - rest);
	memcpy(j->pieces.carry, p + len - rest, rest);
	j->pieces.carried = (unsigned char)rest;
}

/*
 * Complete the sequence that is carried, or learn that it is none: then it is one U+FFFD,
 * and the byte that showed it begins something new.
 */
static void pieces_add_text(struct json *j, const unsigned char *p, size_t len)
{
	while (len && j->pieces.carried) {
		size_t skip;
		size_t n = j->pieces.carried;

		j->pieces.carry[n] = *p;
		if (utf8_sequence(j->pieces.carry, n + 1, &skip)) {
			out_write(j->out, j->pieces.carry, n + 1);
			j->pieces.carried = 0;
		} else if (skip == n + 1) {
			j->pieces.carried++;
		} else {
			out_write(j->out, replacement, 3);
			j->pieces.carried = 0;
			break;
		}
		p++;
		len--;
	}

	if (!len)
		return;

	size_t rest = json_inside(j->out, p, len);

	memcpy(j->pieces.carry, p + len - rest, rest);
	j->pieces.carried = (unsigned char)rest;
}

void json_pieces_add(struct json *j, const void *data, size_t len)
{
	if (!len)
		return;
	if (j->pieces.base64)
		pieces_add_base64(j, data, len);
	else
		pieces_add_text(j, data, len);
}

void json_pieces_end(struct json *j)
{
	if (j->pieces.carried && j->pieces.base64)
		base64_write(j->out, j->pieces.carry, j->pieces.carried);
	else if (j->pieces.carried)
		out_write(j->out, replacement, 3);
	out_char(j->out, '"');
	j->pieces.carried = 0;
}

void json_end_line(struct json *j)
{
	out_char(j->out, '\n');
	j->comma = false;
}

void json_add_raw(struct json *j, const char *text)
{
	json_begin(j, NULL);
	out_string(j->out, text);
}
