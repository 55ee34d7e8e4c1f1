/*
 * Files read whole.
 *
 * With one large read(2) where they fit into it: /proc makes its text anew for each read,
 * and a reader that comes back for the rest may get another moment's. b holds the file,
 * NUL-terminated (b->len without that), and what it held before is gone. 0 or -errno; b
 * is empty (and its data "") on failure.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

/* dirfd and path as openat(2) takes them. */
int file_read_at(int dirfd, const char *path, struct buf *b);

/*
 * The same with one call less, for files whose text the kernel makes in one piece: those
 * of /sys, and of /proc those that show one thing (stat, meminfo, loadavg) and are no
 * lists. A list comes in pages, and a short one need not be the last.
 */
int file_read_whole_at(int dirfd, const char *path, struct buf *b);

#endif
