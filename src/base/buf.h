/*
 * A growing string of bytes.
 *
 * struct buf b = BUF_INIT; buf_add...(&b, ...); use b.data (NUL-terminated, never NULL
 * after a successful add) and b.len; buf_clear(&b), or declare it auto_buf. Growth is
 * geometric. Every add returns 0 or -ENOMEM, and leaves the contents as they were on
 * failure.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

#define BUF_INIT     \
	(struct buf) \
	{            \
		0    \
	}

int buf_reserve(struct buf *b, size_t more); /* room behind len, for a NUL as well */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_char(struct buf *b, char c);
int buf_add_string(struct buf *b, const char *s);
int buf_add_format(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int buf_add_vformat(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
void buf_clear(struct buf *b);

#define auto_buf __attribute__((cleanup(buf_clear)))

#endif
