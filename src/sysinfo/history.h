/*
 * What the percentages of a table were in the records before: the line of blocks that
 * --watch shows beside each row.
 */
#ifndef SYSINFO_HISTORY_H
#define SYSINFO_HISTORY_H

#include "sysinfo/format.h"

struct history;

struct history *history_new(void); /* NULL: no memory */
void history_free(struct history *h);

/* Note the values of a record; what it no longer has is forgotten: 0 or -ENOMEM. */
int history_add(struct history *h, const struct record *record);

/* Make of the last record that was added one that has the history in a column more, where
 * a part has a percentage, for a screen of this width (0: unknown); valid until the next
 * call. 0 or -ENOMEM. */
int history_decorate(struct history *h, const struct record *record, unsigned width,
		     struct record *ret_record);

#endif
