#include "config.h"

#include "sysinfo/value.h"

#include "sysinfo/topic.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Large enough that a topic takes one or two, small enough to stay out of the way. */
enum { CHUNK_SIZE = 16384 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	max_align_t data[];
};

/* A chunk with room for size bytes becomes the one in use. */
static struct arena_chunk *take_chunk(struct arena *a, size_t size)
{
	struct arena_chunk **place = &a->spare;

	while (*place && (*place)->size < size)
		place = &(*place)->next;

	struct arena_chunk *c = *place;

	if (c) {
		*place = c->next;
	} else {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		if (room > SIZE_MAX - sizeof(*c))
			return NULL;
		c = malloc(sizeof(*c) + room);
		if (!c)
			return NULL;
		c->size = room;
	}
	c->used = 0;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->chunks;

	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!c || c->size - c->used < size) {
		c = take_chunk(a, size);
		if (!c)
			return NULL;
	}

	void *p = (char *)c->data + c->used;

	c->used += size;
	return memset(p, 0, size);
}

char *arena_copy(struct arena *a, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	return copy ? memcpy(copy, text, len) : NULL;
}

void arena_reset(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->next;
		c->next = a->spare;
		a->spare = c;
	}
}

void arena_clear(struct arena *a)
{
	arena_reset(a);
	while (a->spare) {
		struct arena_chunk *c = a->spare;

		a->spare = c->next;
		free(c);
	}
}

const char *why_name(enum why why)
{
	static const char *const names[] = {
		[WHY_UNSUPPORTED] = "unsupported",
		[WHY_PERMISSION] = "permission",
		[WHY_GONE] = "gone",
		[WHY_NOT_APPLICABLE] = "not_applicable",
	};

	return names[why];
}

enum why why_from_error(int error)
{
	switch (error < 0 ? -error : error) {
	case EACCES:
	case EPERM:
		return WHY_PERMISSION;
	case ENOENT:
	case ESRCH:
	case ENODEV:
	case ENXIO:
		return WHY_GONE;
	default:
		return WHY_UNSUPPORTED;
	}
}

enum why why_of_file(int error)
{
	return error == ENOENT || error == -ENOENT ? WHY_UNSUPPORTED
						   : why_from_error(error);
}

void table_init(struct table *t, const struct topic *topic)
{
	*t = (struct table){.topic = topic};
}

void table_reset(struct table *t)
{
	t->n = 0;
	t->error = 0;
	t->depths = NULL;
	arena_reset(&t->arena);
}

void table_clear(struct table *t)
{
	free(t->rows);
	arena_clear(&t->arena);
	*t = (struct table){.topic = t->topic};
}

static void *no_memory(struct table *t)
{
	t->error = -ENOMEM;
	return NULL;
}

struct row *table_add(struct table *t)
{
	if (t->n == t->cap) {
		size_t cap = t->cap > 0 ? t->cap * 2 : 16;
		struct row **rows = reallocarray(t->rows, cap, sizeof(struct row *));

		if (!rows)
			return no_memory(t);
		t->rows = rows;
		t->cap = cap;
	}

	struct row *row = arena_alloc(&t->arena, sizeof(*row));

	if (!row)
		return no_memory(t);
	row->table = t;
	/* All zero: null, unsupported. */
	row->values = arena_alloc(&t->arena, t->topic->n_columns * sizeof(struct value));
	if (!row->values)
		return no_memory(t);
	t->rows[t->n++] = row;
	return row;
}

/* false: it is too large. */
static bool add_number(struct value *sum, const struct value *v)
{
	if (value_is_null(sum))
		*sum = *v;
	else if (sum->kind == VALUE_UINT && v->kind == VALUE_UINT)
		return !__builtin_add_overflow(sum->natural, v->natural, &sum->natural);
	else
		value_real(sum, value_number(sum) + value_number(v));
	return !value_is_null(sum);
}

static void sum_column(struct value *sum, const struct table *from, size_t column,
		       bool (*counts)(const struct row *row), bool lenient)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct row *row = from->rows[i];
		const struct value *v = &row->values[column];

		if (counts && !counts(row))
			continue;
		if (!value_is_null(v)) {
			if (add_number(sum, v))
				continue;
			value_null(sum, WHY_UNSUPPORTED);
			return;
		}
		if (v->why != WHY_NOT_APPLICABLE ? lenient : row->is_new) {
			if (value_is_null(sum))
				*sum = *v;
			continue;
		}
		*sum = *v;
		return;
	}
}

struct row *table_sum(struct table *t, const struct table *from,
		      bool (*counts)(const struct row *row), bool lenient)
{
	const struct column *columns = t->topic->columns;
	struct row *row = table_add(t);

	for (size_t i = 0; row && i < t->topic->n_columns; i++)
		if (column_is_number(&columns[i]) && !(columns[i].flags & COLUMN_ID))
			sum_column(&row->values[i], from, i, counts, lenient);
	return row;
}

void value_null(struct value *v, enum why why)
{
	*v = (struct value){.kind = VALUE_NULL, .why = why};
}

void value_bool(struct value *v, bool value)
{
	*v = (struct value){.kind = VALUE_BOOL, .boolean = value};
}

void value_int(struct value *v, int64_t value)
{
	*v = (struct value){.kind = VALUE_INT, .integer = value};
}

void value_uint(struct value *v, uint64_t value)
{
	*v = (struct value){.kind = VALUE_UINT, .natural = value};
}

void value_real(struct value *v, double value)
{
	if (isfinite(value))
		*v = (struct value){.kind = VALUE_REAL, .real = value};
	else
		value_null(v, WHY_NOT_APPLICABLE);
}

void value_text_n(struct table *t, struct value *v, const char *text, size_t len)
{
	const char *copy = arena_copy(&t->arena, text, len);

	if (copy)
		*v = (struct value){.kind = VALUE_TEXT, .text = copy};
	else
		(void)no_memory(t);
}

void value_text(struct table *t, struct value *v, const char *text)
{
	value_text_n(t, v, text, strlen(text));
}

void row_null(struct row *row, size_t column, enum why why)
{
	value_null(&row->values[column], why);
}

void row_bool(struct row *row, size_t column, bool value)
{
	value_bool(&row->values[column], value);
}

void row_int(struct row *row, size_t column, int64_t value)
{
	value_int(&row->values[column], value);
}

void row_uint(struct row *row, size_t column, uint64_t value)
{
	value_uint(&row->values[column], value);
}

void row_real(struct row *row, size_t column, double value)
{
	value_real(&row->values[column], value);
}

void row_text(struct row *row, size_t column, const char *text)
{
	value_text(row->table, &row->values[column], text);
}

void row_text_n(struct row *row, size_t column, const char *text, size_t len)
{
	value_text_n(row->table, &row->values[column], text, len);
}

void row_format(struct row *row, size_t column, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	row_text(row, column, text);
}

static struct value *make_items(struct table *t, struct value *v, enum value_kind kind,
				size_t n)
{
	/* An empty list needs an address as well, to be told from a failure. */
	struct value *items = n < SIZE_MAX / sizeof(*items)
				      ? arena_alloc(&t->arena, (n + 1) * sizeof(*items))
				      : NULL;

	if (!items)
		return no_memory(t);
	*v = (struct value){.kind = kind};
	v->list.items = items;
	v->list.n = n;
	return items;
}

struct value *value_list(struct table *t, struct value *v, size_t n)
{
	return make_items(t, v, VALUE_LIST, n);
}

struct value *value_object(struct table *t, struct value *v, size_t n,
			   const char *const *names)
{
	struct value *items = make_items(t, v, VALUE_OBJECT, n);

	if (items)
		v->list.names = names;
	return items;
}

static void split_at_nul(struct table *t, struct value *v, enum value_kind kind,
			 const char *data, size_t len)
{
	char *copy = arena_copy(&t->arena, data, len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\0';
	n += len > 0 && data[len - 1] != '\0';

	char **texts = arena_alloc(&t->arena, (n + 1) * sizeof(*texts));

	if (!copy || !texts) {
		(void)no_memory(t);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		texts[i] = copy;
		copy += strlen(copy) + 1;
	}
	*v = (struct value){.kind = kind};
	v->words.texts = texts;
	v->words.n = n;
}

void value_words(struct table *t, struct value *v, const char *data, size_t len)
{
	split_at_nul(t, v, VALUE_WORDS, data, len);
}

void value_environ(struct table *t, struct value *v, const char *data, size_t len)
{
	split_at_nul(t, v, VALUE_ENVIRON, data, len);
}

/* The texts stand one behind the other, as split_at_nul() has put them. */
static void copy_words(struct table *t, struct value *to, const struct value *from)
{
	char **texts = from->words.texts;
	size_t n = from->words.n;
	const char *end = n > 0 ? texts[n - 1] + strlen(texts[n - 1]) + 1 : "";

	split_at_nul(t, to, from->kind, n > 0 ? texts[0] : "",
		     n > 0 ? (size_t)(end - texts[0]) : 0);
}

void value_copy(struct table *t, struct value *to, const struct value *from)
{
	struct value *items;

	switch (from->kind) {
	case VALUE_TEXT:
		value_text(t, to, from->text);
		return;
	case VALUE_LIST:
	case VALUE_OBJECT:
		items = make_items(t, to, from->kind, from->list.n);
		if (!items)
			return;
		to->list.names = from->list.names;
		for (size_t i = 0; i < from->list.n; i++)
			value_copy(t, &items[i], &from->list.items[i]);
		return;
	case VALUE_WORDS:
	case VALUE_ENVIRON:
		copy_words(t, to, from);
		return;
	default:
		*to = *from;
	}
}

double value_number(const struct value *v)
{
	switch (v->kind) {
	case VALUE_BOOL:
		return v->boolean;
	case VALUE_INT:
		return (double)v->integer;
	case VALUE_UINT:
		return (double)v->natural;
	case VALUE_REAL:
		return v->real;
	default:
		return 0;
	}
}

static int compare_words(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->words.n && i < b->words.n; i++) {
		int r = strcmp(a->words.texts[i], b->words.texts[i]);

		if (r)
			return r < 0 ? -1 : 1;
	}
	return (a->words.n > b->words.n) - (a->words.n < b->words.n);
}

static int compare_items(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->list.n && i < b->list.n; i++) {
		int r = value_compare(&a->list.items[i], &b->list.items[i]);

		if (r)
			return r;
	}
	return (a->list.n > b->list.n) - (a->list.n < b->list.n);
}

int value_compare(const struct value *a, const struct value *b)
{
	if (value_is_null(a) || value_is_null(b))
		return value_is_null(a) - value_is_null(b);
	if (a->kind == VALUE_UINT && b->kind == VALUE_UINT)
		return (a->natural > b->natural) - (a->natural < b->natural);
	if (a->kind == VALUE_INT && b->kind == VALUE_INT)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT) {
		int r = strcmp(a->text, b->text);

		return (r > 0) - (r < 0);
	}
	if ((a->kind == VALUE_WORDS || a->kind == VALUE_ENVIRON) && a->kind == b->kind)
		return compare_words(a, b);
	if ((a->kind == VALUE_LIST || a->kind == VALUE_OBJECT) && a->kind == b->kind)
		return compare_items(a, b);

	double x = value_number(a);
	double y = value_number(b);

	return (x > y) - (x < y);
}
