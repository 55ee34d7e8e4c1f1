#include "config.h"

#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_SIZE = 64 };

int buf_reserve(struct buf *b, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(b->len, more, &need) || need >= PTRDIFF_MAX)
		return -ENOMEM;
	if (need < b->cap)
		return 0;

	size_t cap = b->cap < PTRDIFF_MAX / 2 ? b->cap * 2 : PTRDIFF_MAX;

	if (cap < BUF_FIRST_SIZE)
		cap = BUF_FIRST_SIZE;
	if (cap <= need)
		cap = need + 1;

	char *data = realloc(b->data, cap);

	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int r = buf_reserve(b, len);

	if (r < 0)
		return r;
	/* Nothing may be added from NULL, but memcpy() must not be called with it. */
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_add_string(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_add_vformat(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int r = buf_reserve(b, BUF_FIRST_SIZE);

	if (r < 0)
		return r;

	/* Most texts fit into the room there is; others are formatted a second time. */
	size_t room = b->cap - b->len;

	va_copy(again, args);
	int len = vsnprintf(b->data + b->len, room, format, args);

	if (len >= 0 && (size_t)len >= room) {
		r = buf_reserve(b, (size_t)len);
		if (r == 0)
			len = vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
	}
	va_end(again);

	if (len < 0 || r < 0) {
		b->data[b->len] = '\0';
		return -ENOMEM;
	}
	b->len += (size_t)len;
	return 0;
}

int buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = buf_add_vformat(b, format, args);

	va_end(args);
	return r;
}

void buf_clear(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}
