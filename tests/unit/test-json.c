#include "config.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "tap.h"

#define FFFD "\xef\xbf\xbd"

static struct out out;
static struct json j;

static void begin(void)
{
	out_init(&out, -1);
	json_init(&j, &out);
}

/* What was written since begin(). */
static void is_json(const char *wanted, const char *what)
{
	is_str(out.error ? "(error)" : out.buf.data, wanted, "%s", what);
	out_close(&out);
}

static void test_structure(void)
{
	begin();
	json_object_begin(&j, NULL);
	json_object_end(&j);
	json_end_line(&j);
	json_array_begin(&j, NULL);
	json_array_end(&j);
	json_end_line(&j);
	is_json("{}\n[]\n", "empty values, a line each");

	begin();
	json_object_begin(&j, NULL);
	json_add_null(&j, "n");
	json_add_bool(&j, "t", true);
	json_add_bool(&j, "f", false);
	json_array_begin(&j, "a");
	json_add_int(&j, NULL, INT64_MIN);
	json_add_uint(&j, NULL, UINT64_MAX);
	json_array_begin(&j, NULL);
	json_array_end(&j);
	json_object_begin(&j, NULL);
	json_add_string(&j, "s", "x");
	json_object_end(&j);
	json_add_string(&j, NULL, NULL);
	json_array_end(&j);
	json_object_begin(&j, "o");
	json_object_end(&j);
	json_add_int(&j, "last", 0);
	json_object_end(&j);
	json_end_line(&j);
	is_json("{\"n\":null,\"t\":true,\"f\":false,\"a\":[-9223372036854775808,"
		"18446744073709551615,[],{\"s\":\"x\"},null],\"o\":{},\"last\":0}\n",
		"nested values have their commas");
}

static const struct {
	double value;
	const char *text;
} doubles[] = {
	{0, "0"},
	{-0.0, "-0"},
	{1, "1"},
	{0.1, "0.1"},
	{1.5, "1.5"},
	{-12.345, "-12.345"},
	{0.1 + 0.2, "0.30000000000000004"},
	{1.0 / 3, "0.3333333333333333"},
	{100, "100"},
	{1e300, "1e+300"},
	{5e-324, "4.94065645841247e-324"},
	{DBL_MAX, "1.7976931348623157e+308"},
	{9007199254740993, "9007199254740992"},
	{INFINITY, "null"},
	{-INFINITY, "null"},
	{NAN, "null"},
};

static const struct {
	double value;
	int digits;
	const char *text;
} decimals[] = {
	{0, 1, "0.0"},
	{-0.0, 1, "0.0"},
	{-0.04, 1, "0.0"},
	{-0.06, 1, "-0.1"},
	{12.25, 0, "12"},
	{99.96, 1, "100.0"},
	{1700000000.1234567, 6, "1700000000.123457"},
	{999999999999999, 30, "999999999999999.000000000000000"},
	{1e15, 1, "1e+15"},
	{-1e300, 1, "-1e+300"},
	{NAN, 1, "null"},
	{-INFINITY, 1, "null"},
};

static const struct {
	nsec_t value;
	const char *text;
} times[] = {
	{0, "0"},
	{1, "0.000001"},
	{12000345, "12.000345"},
	{1000000, "1"},
	{1500000, "1.5"},
	{10000000, "10"},
	{100000, "0.1"},
	{-1, "-0.000001"},
	{-2500000, "-2.5"},
	{NSEC_FOREVER - 1, "9223372036854.775806"},
	{NSEC_FOREVER, "null"},
	{INT64_MIN, "-9223372036854.775808"},
};

static void test_numbers(void)
{
	int wrong = 0;
	uint64_t bits = 1;

	for (size_t i = 0; i < ARRAY_SIZE(doubles); i++) {
		begin();
		json_add_double(&j, NULL, doubles[i].value);
		is_json(doubles[i].text, "a double");
	}
	for (size_t i = 0; i < ARRAY_SIZE(decimals); i++) {
		begin();
		json_add_decimal(&j, NULL, decimals[i].value, decimals[i].digits);
		is_json(decimals[i].text, "a number of so many digits");
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		begin();
		json_add_nsec_as_ms(&j, NULL, times[i].value);
		is_json(times[i].text, "a time in milliseconds");
	}
	for (int i = 0; i < 100000; i++) {
		double value;

		bits = bits * 6364136223846793005U + 1442695040888963407U;
		memcpy(&value, &bits, sizeof(value));
		begin();
		json_add_double(&j, NULL, value);
		wrong += isfinite(value) && strtod(out.buf.data, NULL) != value;
		out_close(&out);
	}
	is_int(wrong, 0, "any double reads back as it was");
}

static const struct {
	const char *text;
	size_t len;
	const char *json;
} strings[] = {
	{"", 0, "\"\""},
	{"plain text", 10, "\"plain text\""},
	{"\"\\/", 3, "\"\\\"\\\\/\""},
	{"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
	{"\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\""},
	{"\0", 1, "\"\\u0000\""},
	{"a\0b", 3, "\"a\\u0000b\""},
	{"12345678\"2345678\n", 17, "\"12345678\\\"2345678\\n\""},
	{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
	 "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	{"\xff", 1, "\"" FFFD "\""},
	{"a\x80z", 3, "\"a" FFFD "z\""},
	{"\xe2\x82", 2, "\"" FFFD "\""},
	{"\xe2\x82\n", 3, "\"" FFFD "\\n\""},
	{"\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\""},
	{"\xc0\xaf", 2, "\"" FFFD FFFD "\""},
	{"\xf0\x9f\x98\xf0\x9f\x98\x80", 7, "\"" FFFD "\xf0\x9f\x98\x80\""},
};

static void test_strings(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		int wrong = 0;

		begin();
		json_add_string_n(&j, NULL, strings[i].text, strings[i].len);
		is_json(strings[i].json, "a string");

		/* In two pieces, and in pieces of one byte, it is the same string. */
		for (size_t cut = 0; cut <= strings[i].len; cut++) {
			begin();
			json_pieces_begin(&j, NULL, false);
			json_pieces_add(&j, strings[i].text, cut);
			json_pieces_add(&j, "", 0);
			json_pieces_add(&j, strings[i].text + cut, strings[i].len - cut);
			json_pieces_end(&j);
			wrong += strcmp(out.buf.data, strings[i].json) != 0;
			out_close(&out);
		}
		begin();
		json_pieces_begin(&j, NULL, false);
		for (size_t at = 0; at < strings[i].len; at++)
			json_pieces_add(&j, strings[i].text + at, 1);
		json_pieces_end(&j);
		wrong += strcmp(out.buf.data, strings[i].json) != 0;
		out_close(&out);
		is_int(wrong, 0, "string %zu is the same in pieces", i);
	}
}

/* A byte to escape at each place of a text that is read eight bytes at a time. */
static void test_every_place(void)
{
	static const struct {
		char byte;
		const char *json;
	} special[] = {
		{'"', "\\\""},	     {'\\', "\\\\"}, {'\n', "\\n"},  {'\001', "\\u0001"},
		{'\037', "\\u001f"}, {'\x80', FFFD}, {'\xff', FFFD},
	};
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
		for (int at = 0; at < 24; at++) {
			char text[25] = "aaaaaaaaaaaaaaaaaaaaaaaa";
			char wanted[64];

			text[at] = '\0';
			snprintf(wanted, sizeof(wanted), "\"%s%s%s\"", text,
				 special[i].json, text + at + 1);
			text[at] = special[i].byte;
			begin();
			json_add_string(&j, NULL, text);
			wrong += strcmp(out.buf.data, wanted) != 0;
			out_close(&out);
		}
	}
	is_int(wrong, 0, "a byte to escape is found at each place");
}

static void test_texts(void)
{
	char *good[] = {(char *)"ls", (char *)"\xc3\xa4", NULL};
	char *bad[] = {(char *)"ls", (char *)"\xff", (char *)"", NULL};
	char *none[] = {NULL};

	begin();
	json_object_begin(&j, NULL);
	json_add_text(&j, "good", "x\n");
	json_add_text(&j, "bad", "a\xff");
	json_add_text(&j, "none", NULL);
	json_object_end(&j);
	is_json("{\"good\":\"x\\n\",\"bad\":\"a" FFFD
		"\",\"bad_b64\":\"Yf8=\",\"none\":null}",
		"the bytes of a text that is not UTF-8 stand beside it");

	begin();
	json_object_begin(&j, NULL);
	json_add_text_array(&j, "good", good);
	json_add_text_array(&j, "bad", bad);
	json_add_text_array(&j, "none", none);
	json_add_text_array(&j, "null", NULL);
	json_add_bool(&j, "last", true);
	json_object_end(&j);
	is_json("{\"good\":[\"ls\",\"\xc3\xa4\"],\"bad\":[\"ls\",\"" FFFD "\",\"\"],"
		"\"bad_b64\":[\"bHM=\",\"/w==\",\"\"],\"none\":[],\"null\":null,\"last\":true}",
		"and so do those of an array");
}

static void test_keys(void)
{
	const char *texts[] = {"x", NULL, "\xff"};

	begin();
	json_object_begin(&j, NULL);
	json_add_key(&j, "", 0);
	json_add_string(&j, NULL, "no name");
	json_add_key(&j, "a\"\\\n=", 4);
	json_add_int(&j, NULL, 1);
	json_add_key(&j, "\xff\xe2\x82", 3);
	json_array_begin(&j, NULL);
	json_array_end(&j);
	json_add_base64_array(&j, "k", texts, 3);
	json_add_base64_array(&j, "none", texts, 0);
	json_add_bool(&j, "last", true);
	json_object_end(&j);
	is_json("{\"\":\"no name\",\"a\\\"\\\\\\n\":1,\"" FFFD FFFD
		"\":[],\"k_b64\":[\"eA==\",null,\"/w==\"],\"none_b64\":[],\"last\":true}",
		"keys of any bytes, and arrays of bytes");
}

/* The examples of RFC 4648, section 10, and the last two of the digits. */
static const struct {
	const char *bytes;
	const char *base64;
} base64[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xbf", "+/+/"},
};

static void test_base64(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(base64); i++) {
		size_t len = strlen(base64[i].bytes);
		int wrong = 0;
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "\"%s\"", base64[i].base64);
		for (size_t a = 0; a <= len; a++) {
			for (size_t b = a; b <= len; b++) {
				begin();
				json_pieces_begin(&j, NULL, true);
				json_pieces_add(&j, base64[i].bytes, a);
				json_pieces_add(&j, base64[i].bytes + a, b - a);
				json_pieces_add(&j, base64[i].bytes + b, len - b);
				json_pieces_end(&j);
				wrong += strcmp(out.buf.data, wanted) != 0;
				out_close(&out);
			}
		}
		is_int(wrong, 0, "base64 \"%s\", in up to three pieces",
		       base64[i].base64);
	}
}

/* Lengths around those of the buffers in between. */
static void test_long(void)
{
	enum { LEN = 200000 };
	auto_free char *text = malloc(LEN + 1);
	int wrong = 0;

	if (!text) {
		ok(false, "memory for a long string");
		return;
	}
	memset(text, 'x', LEN);
	text[LEN] = '\0';
	for (int special = 0; special < 2; special++) {
		begin();
		json_add_string_n(&j, NULL, text, LEN);
		wrong += out.buf.len != LEN + 2 + (size_t)special;
		wrong += out.buf.data[out.buf.len - 1] != '"';
		wrong += special && memcmp(out.buf.data + LEN / 2, "x\\n", 3) != 0;
		out_close(&out);
		text[LEN / 2] = '\n';
	}
	is_int(wrong, 0, "long strings are whole");

	wrong = 0;
	memset(text, 0, LEN);
	for (size_t len = 3066; len < 3080; len++) {
		size_t groups = (len + 2) / 3;

		begin();
		json_pieces_begin(&j, NULL, true);
		json_pieces_add(&j, text, len);
		json_pieces_end(&j);
		wrong += out.buf.len != groups * 4 + 2;
		wrong += strspn(out.buf.data + 1, "A") != (len * 8 + 5) / 6;
		out_close(&out);
	}
	is_int(wrong, 0, "long base64 strings are whole");
}

int main(void)
{
	test_structure();
	test_numbers();
	test_strings();
	test_every_place();
	test_texts();
	test_keys();
	test_base64();
	test_long();
	return tap_done();
}
