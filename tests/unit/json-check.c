/*
 * Read what json-bytes writes with a JSON parser that is not ours, and check each value
 * against the bytes that it stands for. Prints the number of lines; 1 and a message at
 * the first wrong one.
 */
#include "config.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long line_number;

static void expect(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "line %ld: %s\n", line_number, what);
	exit(EXIT_FAILURE);
}

static size_t from_hex(const char *hex, char *to)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		to[n] = (char)byte;
	return n;
}

static size_t from_base64(const char *text, char *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	size_t n = 0;
	unsigned int bits = 0;
	unsigned int value = 0;

	expect(strlen(text) % 4 == 0, "base64 without its padding");
	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		expect(digit != NULL, "not a base64 digit");
		value = value << 6 | (unsigned int)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			to[n++] = (char)(value >> bits & 0xff);
		}
	}
	expect((value & ((1U << bits) - 1)) == 0, "base64 with bits that nobody needs");
	expect(strspn(text, "=") == strlen(text), "base64 behind its padding");
	return n;
}

static void expect_base64(const json_t *value, const char *bytes, size_t len,
			  const char *what)
{
	char decoded[1024];

	expect(json_is_string(value), what);
	expect(from_base64(json_string_value(value), decoded) == len, what);
	expect(memcmp(decoded, bytes, len) == 0, what);
}

static void expect_string(const json_t *value, const json_t *wanted, const char *what)
{
	expect(json_is_string(value) && json_equal(value, wanted), what);
}

static void check_text(const json_t *line, const json_t *wanted, bool valid,
		       const char *bytes, size_t len)
{
	const json_t *list = json_object_get(line, "list");
	const json_t *list_b64 = json_object_get(line, "list_b64");
	const json_t *text_b64 = json_object_get(line, "text_b64");

	expect_string(json_object_get(line, "text"), wanted, "text");
	expect(json_array_size(list) == 2, "list");
	expect_string(json_array_get(list, 1), wanted, "list");
	if (valid) {
		expect(!text_b64 && !list_b64, "base64 where none is needed");
		return;
	}
	expect_base64(text_b64, bytes, len, "text_b64");
	expect(json_array_size(list_b64) == 2, "list_b64");
	expect_base64(json_array_get(list_b64, 0), "-x", 2, "list_b64");
	expect_base64(json_array_get(list_b64, 1), bytes, len, "list_b64");
}

static void check_line(const json_t *line)
{
	const json_t *string = json_object_get(line, "string");
	char bytes[1024];
	const char *hex = json_string_value(json_object_get(line, "hex"));

	expect(hex && json_is_string(string), "no hex or no string");

	size_t len = from_hex(hex, bytes);

	/* The library takes nothing but valid UTF-8 for a string. */
	json_t *wanted = json_stringn(bytes, len);
	bool valid = wanted != NULL;

	if (valid)
		expect_string(string, wanted, "string");
	else
		expect(memmem(json_string_value(string), json_string_length(string),
			      "\xef\xbf\xbd", 3) != NULL,
		       "string without U+FFFD");
	expect_string(json_object_get(line, "pieces"), string, "pieces");
	expect_base64(json_object_get(line, "base64"), bytes, len, "base64");
	if (memchr(bytes, '\0', len))
		expect(json_is_null(json_object_get(line, "text")), "text with a NUL");
	else
		check_text(line, string, valid, bytes, len);
	json_decref(wanted);
}

int main(void)
{
	char text[8192];

	while (fgets(text, sizeof(text), stdin)) {
		json_error_t error;

		line_number++;
		expect(strchr(text, '\n') != NULL, "no newline");

		json_t *line =
			json_loads(text, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

		if (!line)
			fprintf(stderr, "%s\n", error.text);
		expect(line != NULL, "not JSON");
		check_line(line);
		json_decref(line);
	}
	expect(line_number > 0 && !ferror(stdin), "nothing to read");
	printf("%ld\n", line_number);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
