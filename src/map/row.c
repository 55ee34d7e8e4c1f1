#include "config.h"

#include "map/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row *row_new(const struct item *items, size_t n)
{
	size_t size = sizeof(struct row) + n * sizeof(*items);

	for (size_t i = 0; i < n; i++)
		size += items[i].len + 1;

	struct row *row = malloc(size);

	if (!row)
		return NULL;

	char *text = (char *)&row->items[n];

	row->n = n;
	for (size_t i = 0; i < n; i++) {
		row->items[i] = items[i];
		row->items[i].text = text;
		/* An empty item may come without a text. */
		if (items[i].len)
			memcpy(text, items[i].text, items[i].len);
		text += items[i].len;
		*text++ = '\0';
	}
	return row;
}

void row_free(struct row *row)
{
	free(row);
}

int row_join(const struct row *row, struct buf *ret_text)
{
	size_t size = row->n;

	for (size_t i = 0; i < row->n; i++)
		size += row->items[i].len;

	/* All the room at once: what follows cannot fail half-way. */
	int r = buf_reserve(ret_text, size);

	for (size_t i = 0; r == 0 && i < row->n; i++) {
		if (i > 0)
			r = buf_add_char(ret_text, ' ');
		if (r == 0)
			r = buf_add(ret_text, row->items[i].text, row->items[i].len);
	}
	return r;
}

_Static_assert(ITEM_MAX == 2 * 1024 * 1024, "row_problem() says 2 MiB");

const char *row_problem(const struct row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		if (row->items[i].has_nul)
			return "an item holds a NUL";
		if (row->items[i].cut)
			return "an item is longer than 2 MiB";
	}
	return NULL;
}
