/*
 * Writing a record whole: a signal ends us before it or behind it, not within.
 *
 * What a pipe takes in one piece (PIPE_BUF) is simply written. While more than that is on
 * its way, signals that would end us wait. One that comes while there is no room for the
 * first byte ends us at once, and nothing of the record is written. Behind that the rest
 * follows, for a reader that goes on reading; for one that does not, the signal waits
 * EMIT_PATIENCE_MS and no longer.
 */
#ifndef SYSINFO_EMIT_H
#define SYSINFO_EMIT_H

#include <stddef.h>

enum { EMIT_PATIENCE_MS = 2000 };

/* 0 or -errno. Others may have the descriptor open, too: its flags stay as they are. */
int emit_whole(int fd, const void *data, size_t len);

#endif
