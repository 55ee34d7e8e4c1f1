/*
 * libsmartcols, loaded when a table really needs it.
 *
 * Binding it costs each start a dozen system calls, and only tables on a terminal, trees
 * and texts beyond ASCII are drawn by it. So it is a library of these alone, as systemd
 * has it with its rarer ones.
 */
#ifndef SYSINFO_SMARTCOLS_H
#define SYSINFO_SMARTCOLS_H

#include <libsmartcols.h>

/* What we call; each is the library's scols_NAME(). */
#define SMARTCOLS_FUNCTIONS(F)     \
	F(cell_set_color)          \
	F(column_get_header)       \
	F(line_get_cell)           \
	F(line_set_data)           \
	F(new_table)               \
	F(print_table_to_string)   \
	F(table_enable_colors)     \
	F(table_enable_noencoding) \
	F(table_enable_noheadings) \
	F(table_new_column)        \
	F(table_new_line)          \
	F(table_set_termforce)     \
	F(table_set_termwidth)     \
	F(unref_table)

struct smartcols {
#define SMARTCOLS_MEMBER(name) typeof(scols_##name) *name;
	SMARTCOLS_FUNCTIONS(SMARTCOLS_MEMBER)
#undef SMARTCOLS_MEMBER
};

/* The library, or NULL where it is not installed. Kept until the program ends. */
const struct smartcols *smartcols_load(void);

#endif
