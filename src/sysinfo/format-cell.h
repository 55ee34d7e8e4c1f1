/*
 * Parts of cells: what tables and the summary have in common beside format_cell().
 */
#ifndef SYSINFO_FORMAT_CELL_H
#define SYSINFO_FORMAT_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/out.h"

/* Text of which is_plain() says what may stay, asked of each sequence that is valid
 * UTF-8: the rest, and what is not UTF-8, as \xHH. */
void cell_escape(struct out *o, const char *text, size_t len,
		 bool (*is_plain)(const unsigned char *sequence, size_t len));

/* Local RFC 3339: 2024-02-29T12:00:00+01:00. false where the calendar has no such day. */
bool cell_time(struct out *o, double seconds, bool with_ms);

/* A share from 0 to 1 as a bar, CELL_BAR_WIDTH cells wide. */
enum { CELL_BAR_WIDTH = 10 };
void cell_bar(struct out *o, double share);

#endif
