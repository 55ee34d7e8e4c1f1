/*
 * A row: the items that one job gets.
 *
 * Usually one item; several with -n, with several sources, or with columns. A row is one
 * block of memory that owns its items; row_free() gives it back. Every item is
 * NUL-terminated. One that was longer than ITEM_MAX is cut there, and its job can only
 * fail; one that holds a NUL says so, because no word can hold one.
 */
#ifndef MAP_ROW_H
#define MAP_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* What we keep of one item: far more than the 128 KiB that a word may have (execve(2)),
 * so that {/} and {.} of a huge one still find their part. */
enum { ITEM_MAX = 2 << 20 };

struct item {
	const char *text;
	size_t len;   /* of text, NULs inside included */
	bool cut;     /* it was longer */
	bool has_nul; /* text has a NUL within len */
};

struct row {
	size_t n;
	struct item items[];
};

/* A row with copies of n items: NULL where there is no memory. */
struct row *row_new(const struct item *items, size_t n);
void row_free(struct row *row);

/* Add the items, with blanks between them: 0 or -ENOMEM. */
int row_join(const struct row *row, struct buf *ret_text);

/* Why no job can have this row as its words: a text for a message, or NULL. */
const char *row_problem(const struct row *row);

#endif
