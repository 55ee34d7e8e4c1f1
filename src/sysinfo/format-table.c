/*
 * Tables for people: a line for each row, or for each field where a topic has one row of
 * many.
 */
#include "config.h"

#include "sysinfo/format-cell.h"
#include "sysinfo/format-grid.h"
#include "sysinfo/format-json.h"
#include "sysinfo/format.h"

#include <string.h>
#include <time.h>

/* Where a tree branches, and what is cut: the last column of texts, or none: n_shown. */
static size_t text_column(const struct part *part)
{
	for (size_t i = part->n_shown; i-- > 0;) {
		const struct column *c = &part->topic->columns[part->shown[i]];
		enum column_type type = c->type;

		if (c->flags & COLUMN_DRAWN)
			continue;
		if (type == COLUMN_TEXT || type == COLUMN_LIST || type == COLUMN_OBJECT)
			return i;
	}
	return part->n_shown;
}

/* Room that a column has where samples follow each other, so that they stand in line
 * below one heading. */
static size_t column_room(const struct column *c)
{
	switch (c->type) {
	case COLUMN_BYTES:
		return sizeof("1023.9M") - 1;
	case COLUMN_PERCENT:
		return sizeof("100.0") - 1;
	case COLUMN_NUMBER:
	case COLUMN_REAL:
	case COLUMN_MHZ:
	case COLUMN_CELSIUS:
		return sizeof("1234.56") - 1;
	case COLUMN_SECONDS:
	case COLUMN_MS:
	case COLUMN_US:
		return sizeof("12345678.90") - 1;
	default:
		return 1;
	}
}

static void heading_of(const struct column *c, char ret_heading[GRID_HEADING_MAX])
{
	size_t i = 0;

	for (; i < GRID_HEADING_MAX - 1 && c->name[i]; i++) {
		char letter = c->name[i];

		if (letter >= 'a' && letter <= 'z')
			letter = (char)(letter - 'a' + 'A');
		ret_heading[i] = letter;
	}
	ret_heading[i] = '\0';
}

static void add_columns(struct grid *g, const struct record *record,
			const struct part *part)
{
	size_t text = text_column(part);
	size_t tree = text < part->n_shown ? text : 0;

	if (record->repeats)
		grid_add_column(g, "TIME", sizeof("12:00:00") - 1, 0);
	for (size_t i = 0; i < part->n_shown; i++) {
		const struct column *c = &part->topic->columns[part->shown[i]];
		bool is_tree = part->table->depths && i == tree;
		enum grid_flags flags = 0;
		char heading[GRID_HEADING_MAX];

		if (is_tree)
			flags |= GRID_TREE;
		else if (column_is_number(c))
			flags |= GRID_RIGHT;
		if (i == text)
			flags |= GRID_CUT;
		heading_of(c, heading);
		grid_add_column(g, heading, record->repeats ? column_room(c) : 0, flags);
	}
}

static void add_value(struct grid *g, const struct column *c, const struct value *v)
{
	bool is_null = format_value_is_null(v);

	if (g->style->bars && c->type == COLUMN_PERCENT && !is_null) {
		cell_bar(&g->text, value_number(v) / 100);
		out_char(&g->text, ' ');
	}
	format_cell(&g->text, c, v, g->style->bytes);
	grid_end_cell(g, is_null ? GRID_DIM : NULL);
}

static void add_row(struct grid *g, const struct record *record, const struct part *part,
		    const struct row *row)
{
	if (record->repeats) {
		(void)cell_time(&g->text, record->time, true);
		grid_end_cell(g, NULL);
	}
	for (size_t i = 0; i < part->n_shown; i++)
		add_value(g, &part->topic->columns[part->shown[i]],
			  &row->values[part->shown[i]]);
}

/* One row as a line for each field. */
static void add_fields(struct grid *g, const struct part *part)
{
	grid_add_column(g, "FIELD", 0, 0);
	grid_add_column(g, "VALUE", 0, 0);
	for (size_t i = 0; i < part->n_shown; i++) {
		const struct column *c = &part->topic->columns[part->shown[i]];

		out_string(&g->text, c->name);
		grid_end_cell(g, GRID_BOLD);
		add_value(g, c, &part->table->rows[0]->values[part->shown[i]]);
	}
}

static int write_part(struct out *o, const struct record *record, const struct part *part,
		      const struct style *style)
{
	auto_grid struct grid g = {0};
	bool is_tall = part->topic->flags & TOPIC_TALL && part->table->n == 1 &&
		       !record->repeats;
	bool headings = !style->no_headings && !is_tall &&
			(record->first || record->n_parts > 1);

	grid_init(&g, style, headings);
	if (is_tall) {
		add_fields(&g, part);
	} else {
		add_columns(&g, record, part);
		g.depths = part->table->depths;
		for (size_t i = 0; i < part->table->n; i++)
			add_row(&g, record, part, part->table->rows[i]);
	}
	return grid_write(&g, o);
}

int format_table(struct out *o, const struct record *record, const struct style *style)
{
	if (style->summary)
		return format_summary(o, record, style);
	for (size_t i = 0; i < record->n_parts; i++) {
		const struct part *part = &record->parts[i];
		int r;

		if (record->n_parts > 1) {
			if (i || !record->first)
				out_char(o, '\n');
			out_format(o,
				   style->color ? GRID_BOLD "%s" GRID_PLAIN "\n" : "%s\n",
				   part->topic->name);
		}
		r = write_part(o, record, part, style);
		if (r < 0)
			return r;
	}
	return o->error;
}
