/*
 * A grid of texts, drawn as a table: cells row by row, below headings.
 *
 *	struct grid g;
 *	grid_init(&g, style, headings);
 *	grid_add_column(&g, ...) for each column
 *	format_cell(&g.text, ...); grid_end_cell(&g, NULL); for each cell
 *	grid_write(&g, o); grid_clear(&g);
 *
 * The texts have to be ones that can be shown: format_cell() makes such.
 */
#ifndef SYSINFO_FORMAT_GRID_H
#define SYSINFO_FORMAT_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/out.h"
#include "sysinfo/format.h"

#define GRID_BOLD  "\033[1m"
#define GRID_DIM   "\033[2m"
#define GRID_PLAIN "\033[0m"

enum grid_flags {
	GRID_RIGHT = 1 << 0, /* numbers stand at the right edge */
	GRID_CUT = 1 << 1,   /* cut to the terminal, if there is one */
	GRID_TREE = 1 << 2,  /* where the branches are drawn */
};

enum { GRID_HEADING_MAX = 64 };

struct grid_cell {
	size_t at; /* in text */
	const char *color;
};

struct grid_column {
	char heading[GRID_HEADING_MAX];
	size_t room; /* what it has at least, beside its heading; 0: what it takes */
	size_t width;
	enum grid_flags flags;
};

struct grid {
	const struct style *style;
	const unsigned *depths; /* how deep each row stands in a tree, or NULL */
	bool headings;
	struct grid_column *columns;
	size_t n_columns;

	struct out text; /* all cells, with a NUL behind each */
	size_t begun;	 /* where the cell in the making begins */
	struct grid_cell *cells;
	size_t n_cells;
	size_t cap;
};

void grid_init(struct grid *g, const struct style *style, bool headings);
void grid_clear(struct grid *g);

#define auto_grid __attribute__((cleanup(grid_clear)))

void grid_add_column(struct grid *g, const char *heading, size_t room,
		     enum grid_flags flags);

/* What was written to g->text is a cell; color (NULL: none) is kept, not copied. Lack of
 * memory sticks in g->text. */
void grid_end_cell(struct grid *g, const char *color);

/* 0 or -errno. Of no rows, the headings alone. */
int grid_write(struct grid *g, struct out *o);

#endif
