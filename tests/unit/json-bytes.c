/*
 * Write every sequence of one and of two bytes, and many longer ones, in lines of JSON:
 *
 *	hex      the bytes, for whoever checks the others
 *	string   json_add_string_n()
 *	pieces   json_pieces_add() as text, cut at random
 *	base64   json_pieces_add() as base64, cut at random
 *	text     json_add_text(), null where the bytes hold a NUL
 *	list     json_add_text_array() of "-x" and the bytes, null where they hold a NUL
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/out.h"

static uint32_t random_below(uint32_t n)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(state >> 33) % n;
}

static void put_pieces(struct json *j, const char *key, bool base64, const char *p,
		       size_t len)
{
	json_pieces_begin(j, key, base64);
	while (len) {
		size_t n = random_below(len < 8 ? (uint32_t)len + 1 : 8);

		json_pieces_add(j, p, n);
		p += n;
		len -= n;
	}
	json_pieces_end(j);
}

static void put_line(struct json *j, const char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char hex[1024];
	char text[512];
	char *list[] = {(char *)"-x", text, NULL};
	bool has_nul = memchr(p, '\0', len) != NULL;

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}
	memcpy(text, p, len);
	text[len] = '\0';

	json_object_begin(j, NULL);
	json_add_string_n(j, "hex", hex, 2 * len);
	json_add_string_n(j, "string", p, len);
	put_pieces(j, "pieces", false, p, len);
	put_pieces(j, "base64", true, p, len);
	json_add_text(j, "text", has_nul ? NULL : text);
	json_add_text_array(j, "list", has_nul ? NULL : list);
	json_object_end(j);
	json_end_line(j);
}

/* Bytes at the edges of what UTF-8 and JSON tell apart. */
static const char edges[] =
	"\x00\x1f\x22\x41\x5c\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0"
	"\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";

static void put_short(struct json *j)
{
	const size_t n = sizeof(edges) - 1;
	char p[4];

	put_line(j, "", 0);
	for (int a = 0; a < 256; a++) {
		p[0] = (char)a;
		put_line(j, p, 1);
		for (int b = 0; b < 256; b++) {
			p[1] = (char)b;
			put_line(j, p, 2);
		}
	}
	for (size_t i = 0; i < n * n * n; i++) {
		p[0] = edges[i / n / n];
		p[1] = edges[i / n % n];
		p[2] = edges[i % n];
		put_line(j, p, 3);
		/* Four bytes begin with what can lead so many. */
		if ((unsigned char)p[0] < 0xf0)
			continue;
		for (size_t k = 0; k < n; k += 3) {
			p[3] = edges[k];
			put_line(j, p, 4);
		}
	}
}

/* Words of a text, some of them broken, put together at random. */
static void put_long(struct json *j)
{
	static const char *const parts[] = {
		"plain",
		"eight by",
		"\"",
		"\\",
		"\n",
		"\x01",
		"\x7f",
		"\xc3\xa4",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf",
		"\xef\xbf\xbf",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"\xff",
		"\xed\xa0\x80",
		"\xc0\x80",
		"\x80",
	};

	for (int i = 0; i < 5000; i++) {
		char p[256];
		size_t len = 0;
		/* Every other one is valid: the last six parts are not. */
		uint32_t n = (uint32_t)ARRAY_SIZE(parts) - (i % 2 ? 6 : 0);

		for (uint32_t k = random_below(30); k; k--) {
			const char *part = parts[random_below(n)];

			memcpy(p + len, part, strlen(part));
			len += strlen(part);
			if (random_below(40) == 0)
				p[len++] = '\0';
		}
		put_line(j, p, len);
	}
}

int main(void)
{
	struct out out;
	struct json j;

	out_init(&out, STDOUT_FILENO);
	json_init(&j, &out);
	put_short(&j);
	put_long(&j);
	return out_close(&out) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
