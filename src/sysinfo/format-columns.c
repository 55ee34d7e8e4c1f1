/*
 * --list-columns: what a topic can show, as a table of its own, so that every format
 * knows how to write it.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/format.h"

#include <errno.h>
#include <string.h>

enum {
	LISTED_TOPIC,
	LISTED_NAME,
	LISTED_TYPE,
	LISTED_UNIT,
	LISTED_COST,
	LISTED_DEFAULT,
	LISTED_HELP,
	N_LISTED,
};

static const struct column listed_columns[N_LISTED] = {
	[LISTED_TOPIC] = {.name = "topic"},
	[LISTED_NAME] = {.name = "name"},
	[LISTED_TYPE] = {.name = "type"},
	[LISTED_UNIT] = {.name = "unit"},
	[LISTED_COST] = {.name = "cost"},
	[LISTED_DEFAULT] = {.name = "default", .type = COLUMN_BOOL},
	[LISTED_HELP] = {.name = "help"},
};

static const struct topic topic_listed = {
	.name = "columns",
	.columns = listed_columns,
	.n_columns = N_LISTED,
	.flags = TOPIC_LIST,
};

static const char *const costs[] = {
	[COST_FREE] = "free",
	[COST_CHEAP] = "cheap",
	[COST_DEAR] = "dear",
};

static void add_column(struct table *t, const struct topic *topic, const struct column *c)
{
	struct row *row = table_add(t);

	if (!row)
		return;
	row_text(row, LISTED_TOPIC, topic->name);
	row_text(row, LISTED_NAME, c->name);
	row_text(row, LISTED_TYPE, column_type_name(c));
	row_text(row, LISTED_UNIT, column_unit(c));
	row_text(row, LISTED_COST, costs[c->cost]);
	row_bool(row, LISTED_DEFAULT, !(c->flags & COLUMN_HIDDEN));
	row_text(row, LISTED_HELP, c->help ? c->help : "");
}

int format_list_columns(struct out *o, const struct topic *const *list, size_t n,
			const struct style *style)
{
	auto_table struct table t;
	/* The columns of one topic need not say whose they are. */
	size_t first = n == 1 ? LISTED_NAME : LISTED_TOPIC;
	size_t shown[N_LISTED];
	struct part part = {
		.topic = &topic_listed,
		.table = &t,
		.is_list = true,
		.shown = shown,
		.n_shown = N_LISTED - first,
	};
	struct record record = {.parts = &part, .n_parts = 1, .first = true};

	for (size_t i = 0; i < part.n_shown; i++)
		shown[i] = first + i;
	table_init(&t, &topic_listed);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i]->n_columns; k++)
			if (!(list[i]->columns[k].flags & COLUMN_INTERNAL))
				add_column(&t, list[i], &list[i]->columns[k]);
	return t.error < 0 ? t.error : format_record(o, &record, style);
}
