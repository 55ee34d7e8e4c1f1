#include "config.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

char *text_line(char **cursor)
{
	char *line = *cursor;

	if (*line == '\0')
		return NULL;

	char *end = strchrnul(line, '\n');

	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

char *text_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t");

	if (*word == '\0')
		return NULL;

	char *end = word + strcspn(word, " \t");

	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool text_uint(const char **cursor, uint64_t *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	uint64_t value = 0;

	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	*ret = value;
	*cursor = p;
	return true;
}

bool text_int(const char **cursor, int64_t *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	bool negative = *p == '-';
	uint64_t size;

	if (negative)
		p++;
	if (!is_digit(*p) || !text_uint(&p, &size) ||
	    size > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)-size : (int64_t)size;
	*cursor = p;
	return true;
}

bool text_real(const char **cursor, double *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	bool negative = *p == '-';
	double value = 0;
	double scale = 1;

	if (negative)
		p++;
	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; is_digit(*p); p++) {
			value = value * 10 + (*p - '0');
			scale *= 10;
		}
	*ret = (negative ? -value : value) / scale;
	*cursor = p;
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

void text_unescape_octal(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && is_octal(p[2]) &&
		    is_octal(p[3])) {
			int byte = (p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0');

			/* A NUL is never escaped, it cannot be in a path. */
			*to = byte ? (char)byte : '?';
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

int text_cpu_list(const char *text, void (*visit)(unsigned cpu, void *data), void *data)
{
	enum { MOST = 65536 };
	const char *p = text;
	uint64_t next = 0;
	uint64_t first;

	while (text_uint(&p, &first)) {
		uint64_t last = first;

		if (*p == '-') {
			p++;
			if (!text_uint(&p, &last))
				return -EINVAL;
		}
		if (first < next || last < first || last >= MOST)
			return -EINVAL;
		next = last + 1;
		for (uint64_t cpu = first; cpu <= last; cpu++)
			visit((unsigned)cpu, data);
		if (*p != ',')
			break;
		p++;
	}
	return *p == '\0' || *p == '\n' ? 0 : -EINVAL;
}

static void count_cpu(unsigned cpu, void *data)
{
	uint64_t *n = data;

	(void)cpu;
	(*n)++;
}

int text_cpu_count(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (text_cpu_list(text, count_cpu, &n) < 0 || n == 0)
		return -EINVAL;
	*ret = n;
	return 0;
}
