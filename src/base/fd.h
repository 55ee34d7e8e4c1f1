/*
 * Descriptors of our own, kept clear of 0, 1 and 2.
 *
 * A program may be started with any of them closed; the next pipe() would then be its
 * standard output. fd_reserve_std(), called first in main(), fills each gap with a
 * descriptor that can neither be read nor written (O_PATH) and closes itself at exec:
 * reads and writes still fail with EBADF, children still get it closed, and no descriptor
 * of ours is ever below 3.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>

/* Fill the gaps: 0 or -errno. */
int fd_reserve_std(void);

/* Whether 0, 1 or 2 was closed when the program started. */
bool fd_std_was_closed(int fd);

/* Give a descriptor non-blocking reads and writes; only for one whose file description is
 * ours alone. 0 or -errno. */
int fd_set_nonblock(int fd);

/*
 * An unlinked temporary file, read-write, close-on-exec: in TMPDIR, else /tmp, else in
 * memory. Nothing of it is left when the process dies. The descriptor or -errno.
 */
int fd_open_temporary(void);

/* A file in memory that holds data, at its beginning, sealed against change; for short
 * input texts. The descriptor or -errno. */
int fd_open_memory(const char *data, unsigned long len);

#endif
