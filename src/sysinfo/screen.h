/*
 * What a terminal changes: colours and width, never structure or values.
 */
#ifndef SYSINFO_SCREEN_H
#define SYSINFO_SCREEN_H

#include "sysinfo/format.h"

struct screen {
	unsigned width;
	unsigned height;
};

/* Size of the terminal that is standard output; 0 where it does not tell. COLUMNS and
 * LINES are obeyed, as by ps(1). */
struct screen screen_size(void);

/* Set color and width of a table's style: none where standard output is no terminal. */
void screen_style(struct style *style);

#endif
