#include "config.h"

#include "sysinfo/rate.h"

#include "base/cleanup.h"

#include <string.h>

struct rate {
	struct topic topic;
	struct column *columns;
	struct arena names;
};

static bool is_counter(const struct column *c)
{
	return (c->flags & COLUMN_COUNTER) && !(c->flags & COLUMN_INTERNAL) &&
	       column_is_number(c);
}

bool rate_is_for(const struct topic *topic)
{
	for (size_t i = 0; i < topic->n_columns; i++)
		if (is_counter(&topic->columns[i]))
			return true;
	return false;
}

/* Texts one behind the other, some of which may be NULL; or NULL. */
static const char *join(struct arena *a, const char *one, const char *two,
			const char *three)
{
	const char *texts[] = {one, two, three};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		len += texts[i] ? strlen(texts[i]) : 0;

	char *all = arena_alloc(a, len + 1);

	for (size_t i = 0; all && i < ARRAY_SIZE(texts); i++)
		if (texts[i])
			strcat(all, texts[i]);
	return all;
}

/* false: no memory. */
static bool make_column(struct rate *rate, struct column *c)
{
	struct column from = *c;
	const char *unit = column_unit(&from);

	*c = (struct column){
		.name = join(&rate->names, from.name, "_per_sec", NULL),
		.type = COLUMN_REAL,
		.flags = from.flags & ~(unsigned)COLUMN_COUNTER,
		.cost = from.cost,
		.unit = join(&rate->names, *unit ? unit : "", *unit ? " " : "",
			     "per second"),
		.decimals = 3,
		/* Who asks for the counter means its rate. */
		.aliases = join(&rate->names, from.name, from.aliases ? " " : NULL,
				from.aliases),
		.help = from.help ? join(&rate->names, from.help, ", per second", NULL)
				  : NULL,
	};
	return c->name && c->unit && c->aliases && (c->help || !from.help);
}

struct rate *rate_new(const struct topic *topic)
{
	struct rate *rate = calloc(1, sizeof(*rate));

	if (!rate)
		return NULL;
	rate->columns = calloc(topic->n_columns, sizeof(*rate->columns));
	if (!rate->columns) {
		rate_free(rate);
		return NULL;
	}
	memcpy(rate->columns, topic->columns, topic->n_columns * sizeof(*rate->columns));
	rate->topic = *topic;
	rate->topic.columns = rate->columns;
	for (size_t i = 0; i < topic->n_columns; i++)
		if (is_counter(&rate->columns[i]) &&
		    !make_column(rate, &rate->columns[i])) {
			rate_free(rate);
			return NULL;
		}
	return rate;
}

void rate_free(struct rate *rate)
{
	if (!rate)
		return;
	arena_clear(&rate->names);
	free(rate->columns);
	free(rate);
}

const struct topic *rate_topic(const struct rate *rate)
{
	return &rate->topic;
}

static bool same_row(const struct topic *topic, const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < topic->n_columns; i++)
		if ((topic->columns[i].flags & COLUMN_ID) &&
		    value_compare(&a->values[i], &b->values[i]) != 0)
			return false;
	return true;
}

/* The row of t that is the same thing as row, or NULL. Both tables mostly are in one
 * order: the search begins behind the last find. */
static const struct row *find_row(const struct table *t, const struct row *row,
				  size_t *cursor)
{
	for (size_t i = 0; t && i < t->n; i++) {
		size_t at = (*cursor + i) % t->n;

		if (!same_row(t->topic, t->rows[at], row))
			continue;
		*cursor = at + 1;
		return t->rows[at];
	}
	return NULL;
}

/* The growth of a counter. Whole numbers are subtracted as such: a double would lose the
 * last digits of a large one. */
static void set_rate(struct value *v, const struct value *before,
		     const struct value *after, double seconds)
{
	double growth;

	if (value_is_null(after) || value_is_null(before)) {
		*v = value_is_null(after) ? *after : *before;
		return;
	}
	if (seconds <= 0 || value_compare(after, before) < 0) {
		value_null(v, WHY_NOT_APPLICABLE);
		return;
	}
	if (after->kind == VALUE_UINT && before->kind == VALUE_UINT)
		growth = (double)(after->natural - before->natural);
	else if (after->kind == VALUE_INT && before->kind == VALUE_INT)
		growth = (double)((uint64_t)after->integer - (uint64_t)before->integer);
	else
		growth = value_number(after) - value_number(before);
	value_real(v, growth / seconds);
}

int rate_derive(const struct table *before, const struct table *after,
		const struct table *plain, double seconds, struct table *t)
{
	const struct topic *topic = after->topic;
	const struct value none = {.kind = VALUE_NULL, .why = WHY_NOT_APPLICABLE};
	size_t cursor_before = 0;
	size_t cursor_after = 0;

	for (size_t i = 0; i < plain->n; i++) {
		const struct row *from = plain->rows[i];
		const struct row *old = find_row(before, from, &cursor_before);
		const struct row *new = find_row(after, from, &cursor_after);
		struct row *row = table_add(t);

		if (!row)
			return -ENOMEM;
		row->is_new = before && !old;
		for (size_t k = 0; k < topic->n_columns; k++)
			if (is_counter(&topic->columns[k]))
				set_rate(&row->values[k], old ? &old->values[k] : &none,
					 new ? &new->values[k] : &none, seconds);
			else
				row->values[k] = from->values[k];
	}
	return t->error;
}
