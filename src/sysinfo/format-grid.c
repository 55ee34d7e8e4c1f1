/*
 * Two ways to draw a grid, which look the same.
 *
 * libsmartcols draws what needs its skill: trees, texts cut to a terminal, colours, and
 * letters that are not one byte and one cell wide. It would look at the terminal and at
 * the locale by itself; here it is told the width, and gets texts that need no encoding.
 * To know how wide they are it needs a locale. The program has none, so it draws in
 * C.UTF-8, in this thread and for that moment only. Where a system lacks that, the
 * library has to encode after all: it turns what is not ASCII into \xHH (left alone, it
 * hangs: as of 2.38, in a tree).
 *
 * Anything else is written here, and all where the library is not installed: the default
 * table of 5,000 processes, which is most of what ps does after reading them, took five
 * times as long with it.
 */
#include "config.h"

#include "sysinfo/format-grid.h"

#include "base/cleanup.h"
#include "sysinfo/smartcols.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

void grid_init(struct grid *g, const struct style *style, bool headings)
{
	*g = (struct grid){.style = style, .headings = headings};
	out_init(&g->text, -1);
}

void grid_clear(struct grid *g)
{
	(void)out_close(&g->text);
	free(g->columns);
	free(g->cells);
	*g = (struct grid){0};
}

void grid_add_column(struct grid *g, const char *heading, size_t room,
		     enum grid_flags flags)
{
	size_t n = g->n_columns;
	struct grid_column *more = reallocarray(g->columns, n + 1, sizeof(*more));
	size_t len = strnlen(heading, GRID_HEADING_MAX - 1);

	if (!more) {
		out_fail(&g->text, -ENOMEM);
		return;
	}
	g->columns = more;
	more[n] = (struct grid_column){.room = room, .flags = flags};
	memcpy(more[n].heading, heading, len);
	g->n_columns++;
}

void grid_end_cell(struct grid *g, const char *color)
{
	if (g->n_cells == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 256;
		struct grid_cell *more = reallocarray(g->cells, cap, sizeof(*more));

		if (!more) {
			out_fail(&g->text, -ENOMEM);
			return;
		}
		g->cells = more;
		g->cap = cap;
	}
	out_char(&g->text, '\0');
	g->cells[g->n_cells++] = (struct grid_cell){g->begun, color};
	g->begun = g->text.buf.len;
}

static const char *text_of(const struct grid *g, const struct grid_cell *cell)
{
	return g->text.buf.data + cell->at;
}

/* Without its NUL. */
static size_t length_of(const struct grid *g, size_t cell)
{
	size_t end = cell + 1 < g->n_cells ? g->cells[cell + 1].at : g->text.buf.len;

	return end - g->cells[cell].at - 1;
}

static bool is_ascii(const struct grid *g)
{
	for (size_t i = 0; i < g->text.buf.len; i++)
		if ((unsigned char)g->text.buf.data[i] >= 0x80)
			return false;
	return true;
}

static void write_blanks(struct out *o, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n >= sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
		out_write(o, blanks, sizeof(blanks) - 1);
	out_write(o, blanks, n);
}

/* Blanks that show how deep a cell stands in the tree. */
static size_t indent_of(const struct grid *g, size_t cell)
{
	if (!g->depths || !(g->columns[cell % g->n_columns].flags & GRID_TREE))
		return 0;
	return 2 * (size_t)g->depths[cell / g->n_columns];
}

/* A cell on its side of the column; nothing follows the last one. */
static void write_plain_cell(struct out *o, const struct grid *g, size_t column,
			     size_t indent, const char *text, size_t len)
{
	size_t width = g->columns[column].width - indent;
	bool is_right = g->columns[column].flags & GRID_RIGHT;
	bool is_last = column + 1 == g->n_columns;

	write_blanks(o, indent);
	if (is_right)
		write_blanks(o, width - len);
	out_write(o, text, len);
	if (is_last) {
		out_char(o, '\n');
		return;
	}
	write_blanks(o, is_right ? 1 : width - len + 1);
}

static void write_plain(struct grid *g, struct out *o)
{
	for (size_t i = 0; i < g->n_columns; i++) {
		struct grid_column *c = &g->columns[i];
		size_t len = strlen(c->heading);

		c->width = (g->headings || c->room) && c->room < len ? len : c->room;
		/* To the library, too, a column of nothing is one cell wide. */
		if (c->width == 0)
			c->width = 1;
	}
	for (size_t i = 0; i < g->n_cells; i++) {
		struct grid_column *c = &g->columns[i % g->n_columns];
		size_t len = indent_of(g, i) + length_of(g, i);

		if (c->width < len)
			c->width = len;
	}
	for (size_t i = 0; g->headings && i < g->n_columns; i++)
		write_plain_cell(o, g, i, 0, g->columns[i].heading,
				 strlen(g->columns[i].heading));
	for (size_t i = 0; i < g->n_cells; i++)
		write_plain_cell(o, g, i % g->n_columns, indent_of(g, i),
				 text_of(g, &g->cells[i]), length_of(g, i));
}

static int draw_column(const struct smartcols *scols, struct libscols_table *table,
		       const struct grid *g, const struct grid_column *c)
{
	const char *heading = g->headings ? c->heading : "";
	size_t width = c->room;
	int flags = 0;
	struct libscols_column *column;

	if (width && width < strlen(c->heading))
		width = strlen(c->heading);
	/* The library heeds a width only where it is more than that of the heading, and
	 * minds one that it does not show, too. */
	if (width > strlen(heading))
		flags |= SCOLS_FL_STRICTWIDTH;
	else
		width = 0;
	if (c->flags & GRID_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (c->flags & GRID_CUT && g->style->width)
		flags |= SCOLS_FL_TRUNC;
	if (c->flags & GRID_TREE && g->depths)
		flags |= SCOLS_FL_TREE;
	column = scols->table_new_column(table, heading, (double)width, flags);
	if (!column)
		return -ENOMEM;
	if (!g->style->color)
		return 0;
	return scols->cell_set_color(scols->column_get_header(column), GRID_BOLD);
}

static int draw_row(const struct smartcols *scols, struct libscols_line *line,
		    const struct grid *g, size_t row)
{
	for (size_t i = 0; i < g->n_columns; i++) {
		const struct grid_cell *cell = &g->cells[row * g->n_columns + i];
		int r = scols->line_set_data(line, i, text_of(g, cell));

		if (r == 0 && g->style->color && cell->color)
			r = scols->cell_set_color(scols->line_get_cell(line, i),
						  cell->color);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Rows below each other; in a tree each hangs on the last one that is less deep. */
static int draw_rows(const struct smartcols *scols, struct libscols_table *table,
		     const struct grid *g)
{
	size_t n = g->n_cells / g->n_columns;
	auto_free struct libscols_line **lines = calloc(n + 1, sizeof(*lines));
	auto_free size_t *parents = calloc(n + 1, sizeof(*parents));

	if (!lines || !parents)
		return -ENOMEM;
	/* Counted from one; 0 is above all. */
	for (size_t i = 1; i <= n; i++) {
		size_t parent = g->depths ? i - 1 : 0;
		int r;

		while (parent && g->depths[parent - 1] >= g->depths[i - 1])
			parent = parents[parent];
		parents[i] = parent;
		lines[i] = scols->table_new_line(table, lines[parent]);
		r = lines[i] ? draw_row(scols, lines[i], g, i - 1) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the library makes of its table; it leaves the last newline out. */
static int print_table(const struct smartcols *scols, struct libscols_table *table,
		       struct out *o)
{
	auto_free char *text = NULL;
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(utf8);
	int r;

	scols->table_enable_noencoding(table, utf8 != (locale_t)0);
	r = scols->print_table_to_string(table, &text);
	uselocale(before);
	if (utf8)
		freelocale(utf8);
	if (r < 0)
		return r;
	if (text) {
		out_string(o, text);
		out_char(o, '\n');
	}
	return 0;
}

static int write_drawn(const struct smartcols *scols, const struct grid *g, struct out *o)
{
	struct libscols_table *table = scols->new_table();
	int r = table ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	scols->table_enable_noheadings(table, !g->headings);
	scols->table_enable_colors(table, g->style->color);
	scols->table_set_termforce(table, g->style->width ? SCOLS_TERMFORCE_ALWAYS
							  : SCOLS_TERMFORCE_NEVER);
	scols->table_set_termwidth(table, g->style->width);
	for (size_t i = 0; r == 0 && i < g->n_columns; i++)
		r = draw_column(scols, table, g, &g->columns[i]);
	if (r == 0)
		r = draw_rows(scols, table, g);
	if (r == 0)
		r = print_table(scols, table, o);
	scols->unref_table(table);
	return r;
}

int grid_write(struct grid *g, struct out *o)
{
	bool is_plain = !g->depths && !g->style->width && !g->style->color && is_ascii(g);

	if (g->text.error < 0)
		return g->text.error;
	if (g->n_columns == 0)
		return 0;

	/* The library shows nothing at all of no rows. */
	const struct smartcols *scols = is_plain || g->n_cells == 0 ? NULL
								    : smartcols_load();

	if (scols)
		return write_drawn(scols, g, o);
	write_plain(g, o);
	return o->error;
}
