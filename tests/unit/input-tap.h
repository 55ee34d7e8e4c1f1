/*
 * What the tests of the map's input share: texts as files, and rows as texts.
 */
#ifndef TESTS_UNIT_INPUT_TAP_H
#define TESTS_UNIT_INPUT_TAP_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "map/input.h"
#include "tap.h"

enum { CHUNK = 65536, DEADLINE = 60 };

/* Two arguments, which last as long as the block they stand in (an if is one). */
#define WORDS(...)                                         \
	(char *const *)(const char *const[]){__VA_ARGS__}, \
		ARRAY_SIZE(((const char *const[]){__VA_ARGS__}))

static const struct input_options lines = {.separator = '\n', .per_job = 1, .ahead = 1};

static struct input in;

/* A file in memory, and the name to open it by. */
struct text {
	int fd;
	char name[32];
};

static inline struct text text_of(const void *data, size_t len)
{
	struct text t = {.fd = memfd_create("text", MFD_CLOEXEC)};

	if (t.fd < 0 || write(t.fd, data, len) != (ssize_t)len)
		ok(false, "a file in memory");
	snprintf(t.name, sizeof(t.name), "/proc/self/fd/%d", t.fd);
	return t;
}

static inline struct text text(const char *data)
{
	return text_of(data, strlen(data));
}

/* Add what is in a row: items with blanks between them and a marker for each of their
 * flags, and a bar behind them. A NUL is shown as "\0". */
static inline void show_row(struct buf *b, const struct row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct item *item = &row->items[i];

		if (i > 0)
			(void)buf_add_char(b, ' ');
		for (size_t j = 0; j < item->len; j++)
			if (item->text[j])
				(void)buf_add_char(b, item->text[j]);
			else
				(void)buf_add_string(b, "\\0");
		if (item->text[item->len] != '\0')
			(void)buf_add_string(b, "!unterminated");
		if (item->cut)
			(void)buf_add_string(b, "!cut");
		if (item->has_nul)
			(void)buf_add_string(b, "!nul");
	}
	(void)buf_add_char(b, '|');
}

/* Take rows until there is something else, which is returned. */
static inline int take(struct buf *b)
{
	struct row *row = NULL;
	const char *name = NULL;
	int r;

	(void)buf_add(b, "", 0);
	while ((r = input_next(&in, &row, &name)) == INPUT_ROW) {
		show_row(b, row);
		row_free(row);
	}
	if (r < 0)
		(void)buf_add_format(b, "%s: %s", name ? name : "NULL", strerror(-r));
	return r;
}

static inline bool open_all(void)
{
	const char *name = NULL;

	return is_int(input_open(&in, &name), 0, "all opens");
}

#endif
