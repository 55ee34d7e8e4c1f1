/*
 * Parts of cells: what tables and the summary have in common beside format_cell().
 */
#ifndef SYSINFO_FORMAT_CELL_H
#define SYSINFO_FORMAT_CELL_H

#include <stddef.h>

#include "base/out.h"

/* Text that no terminal mistakes for a command: control characters, and what is not
 * UTF-8, as \xHH. */
void cell_text(struct out *o, const char *text, size_t len);

/* A size as 512B, 1.5G, 16T: powers of 1024. */
void cell_bytes(struct out *o, double bytes);

/* A share from 0 to 1 as a bar, CELL_BAR_WIDTH cells wide. */
enum { CELL_BAR_WIDTH = 10 };
void cell_bar(struct out *o, double share);

#endif
