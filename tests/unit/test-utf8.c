#include "config.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "tap.h"

/* The UTF-8 form of a code point: 1 to 4 bytes, 0 where there is none. */
static size_t encode(uint32_t c, unsigned char *to)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;

	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (unsigned char)(0x80 | (c & 0x3f));
	to[0] = (unsigned char)(n == 1 ? c : (0xf00U >> n & 0xff) | c);
	return n;
}

/* The other way round: a sequence is valid if what it decodes to encodes to it. */
static bool sequence_is_valid(const unsigned char *p, size_t n)
{
	unsigned char again[4];
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return encode(c, again) == n && memcmp(again, p, n) == 0;
}

/* Whether a text is valid, by the slow way. */
static bool text_is_valid(const unsigned char *p, size_t len)
{
	while (len) {
		size_t n = 1;

		while (n <= 4 && (n > len || !sequence_is_valid(p, n)))
			n++;
		if (n > 4)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* How many of the answers are wrong about these bytes, as a sequence and as a text. */
static int check(const unsigned char *p, size_t n)
{
	size_t skip = 99;
	bool is_sequence = utf8_sequence(p, n, &skip) == n;
	int wrong = is_sequence != sequence_is_valid(p, n);

	wrong += utf8_is_valid(p, n) != text_is_valid(p, n);
	return wrong;
}

static void test_sequences(void)
{
	static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x81, 0x8f,
					      0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe0,
					      0xed, 0xf0, 0xf4, 0xff};
	const size_t n_edges = sizeof(edges);
	int wrong[5] = {0};
	unsigned char p[4];

	for (unsigned int a = 0; a < 256; a++) {
		p[0] = (unsigned char)a;
		wrong[1] += check(p, 1);
		for (unsigned int b = 0; b < 256; b++) {
			p[1] = (unsigned char)b;
			wrong[2] += check(p, 2);
			for (size_t i = 0; i < n_edges; i++) {
				p[2] = edges[i];
				wrong[3] += check(p, 3);
				for (size_t k = 0; k < n_edges; k++) {
					p[3] = edges[k];
					wrong[4] += check(p, 4);
				}
			}
		}
	}
	is_int(wrong[1], 0, "every byte");
	is_int(wrong[2], 0, "every two bytes");
	is_int(wrong[3], 0, "three bytes, the last one at the edges");
	is_int(wrong[4], 0, "four bytes, the last two at the edges");
}

static void test_code_points(void)
{
	int wrong = 0;
	int count = 0;

	for (uint32_t c = 0; c < 0x120000; c++) {
		unsigned char p[4];
		size_t n = encode(c, p);
		size_t skip;

		if (!n)
			continue;
		count++;
		wrong += utf8_sequence(p, n, &skip) != n || !utf8_is_valid(p, n);
		/* Without its end it is incomplete, and is worth one U+FFFD. */
		for (size_t k = 1; k < n; k++)
			wrong += utf8_sequence(p, k, &skip) != 0 || skip != k ||
				 utf8_is_valid(p, k);
	}
	is_int(count, 0x110000 - 0x800, "all code points but the surrogates");
	is_int(wrong, 0, "are valid, and incomplete without their ends");
}

/* Maximal subparts, from the Unicode standard's tables 3-8 to 3-11 and by hand. */
static const struct {
	const char *bytes;
	const char *parts; /* v: a byte of a valid sequence; a digit: one U+FFFD */
} subparts[] = {
	{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "11111111v"},
	{"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "11111111v"},
	{"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "11111v11v"},
	{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "2132v"},
	{"\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", "v321v1v11v"},
	{"\xc2\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "vvvvvvvvv"},
	{"\xf0\x9f\x98", "3"},
	{"\xe2\x82", "2"},
	{"\xc2", "1"},
	{"\xf0\x9f\x98\xf0\x9f\x98\x80", "3vvvv"},
	{"\xf5\x80", "11"},
	{"\xc2\xc2\xa9", "1vv"},
};

static void test_subparts(void)
{
	size_t skip = 99;

	for (size_t i = 0; i < ARRAY_SIZE(subparts); i++) {
		const char *p = subparts[i].bytes;
		size_t left = strlen(p);
		char parts[32] = "";

		while (left) {
			size_t n = utf8_sequence(p, left, &skip);

			if (n)
				memset(parts + strlen(parts), 'v', n);
			else
				parts[strlen(parts)] = (char)('0' + skip);
			if (!n && !skip)
				break;
			p += n ? n : skip;
			left -= n ? n : skip;
		}
		is_str(parts, subparts[i].parts, "the parts of text %zu", i);
	}
	ok(utf8_sequence("", 0, &skip) == 0 && skip == 0, "nothing is no sequence");
}

static uint32_t random_below(uint32_t n)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(state >> 33) % n;
}

/* Long texts, most of them ASCII, some of them broken, checked whole and in pieces. */
static void test_pieces(void)
{
	int wrong = 0;
	int valid = 0;

	for (int round = 0; round < 20000; round++) {
		unsigned char text[200];
		size_t len = 0;

		while (len < 190 && random_below(60)) {
			uint32_t c = random_below(4) ? random_below(0x80)
						     : random_below(0x11000);

			len += encode(c, text + len);
		}
		if (len && random_below(2))
			text[random_below((uint32_t)len)] =
				(unsigned char)random_below(256);

		struct utf8_check u = {0};
		bool is_valid = text_is_valid(text, len);

		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + random_below(20);
			if (n > len - at)
				n = len - at;
			utf8_check_add(&u, text + at, n);
		}
		valid += is_valid;
		wrong += utf8_check_end(&u) != is_valid ||
			 utf8_is_valid(text, len) != is_valid;
	}
	is_int(wrong, 0, "a text in pieces is what it is as a whole");
	ok(valid > 1000 && valid < 19000, "valid and invalid texts were tried (%d)",
	   valid);
	ok(utf8_is_valid(NULL, 0), "nothing is valid");
}

int main(void)
{
	test_sequences();
	test_code_points();
	test_subparts();
	test_pieces();
	return tap_done();
}
