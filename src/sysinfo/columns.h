/*
 * Which columns are shown, and which are read: -o, -O, --get and the default.
 */
#ifndef SYSINFO_COLUMNS_H
#define SYSINFO_COLUMNS_H

#include "sysinfo/sample.h"
#include "sysinfo/view.h"

/*
 * Fill shown and wanted of all samples (topic and query are there). 0; EXIT_OWN_FAILURE
 * after a message when there is no such column. With --get, every sample but the one that
 * has the column shows nothing (n_shown is 0).
 */
int columns_choose(const struct view *v, struct sample *samples, size_t n);

#endif
