#include "config.h"

#include "record/shell-words.h"

#include "base/quote.h"

#include <errno.h>
#include <string.h>

enum { PIECE = 65536 };

int shell_words_check(const struct capture *c)
{
	char data[PIECE];

	for (uint64_t at = 0; at < c->size;) {
		ssize_t n = capture_read(c, at, data, sizeof(data));

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		if (memchr(data, '\0', (size_t)n))
			return -EILSEQ;
		at += (uint64_t)n;
	}
	return 0;
}

bool shell_words_is_prefix(const char *prefix)
{
	if (*prefix >= '0' && *prefix <= '9')
		return false;
	for (; *prefix; prefix++)
		if (*prefix != '_' && !(*prefix >= '0' && *prefix <= '9') &&
		    !(*prefix >= 'a' && *prefix <= 'z') &&
		    !(*prefix >= 'A' && *prefix <= 'Z'))
			return false;
	return true;
}

void shell_words_capture(struct out *o, const char *prefix, const char *name,
			 const struct capture *c, bool strip_newline)
{
	uint64_t size = capture_text_size(c, strip_newline);
	char data[PIECE];

	out_string(o, prefix);
	out_string(o, name);
	out_string(o, "='");
	for (uint64_t at = 0; at < size;) {
		size_t want = size - at < sizeof(data) ? (size_t)(size - at)
						       : sizeof(data);
		ssize_t n = capture_read(c, at, data, want);

		if (n <= 0) {
			out_fail(o, n < 0 ? (int)n : -EIO);
			return;
		}
		quote_inside(o, data, (size_t)n);
		at += (uint64_t)n;
	}
	out_char(o, '\'');
}
