/*
 * What a command writes, collected through a pipe without ever blocking it or us.
 *
 * capture_open() makes the pipe and gives the end for the child; capture_start() puts the
 * other end on the loop; it reads until end of file or capture_stop(). Small output stays
 * in memory; beyond CAPTURE_MEMORY everything goes to an unlinked temporary file, moved
 * there by splice(2) without passing through us, so memory does not grow with the output.
 * Afterwards read it with capture_read(), any number of times. With on_live set it can
 * also be had as it comes, kept or not.
 *
 * End of file is not the end of the command, nor the other way round: a descendant may
 * hold the pipe after the command ended, and a command may close its output and run on.
 */
#ifndef PROC_CAPTURE_H
#define PROC_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "proc/loop.h"

enum { CAPTURE_MEMORY = 1 << 20 };

struct capture {
	int pipe;	/* our end, non-blocking; -1: closed */
	struct buf mem; /* what is captured, until it is too much */
	int file;	/* then all of it is here; -1: not yet */
	uint64_t size;	/* bytes captured */
	uint64_t limit; /* take no more than this; UINT64_MAX: all */
	size_t memory;	/* no more than this in mem; 0: CAPTURE_MEMORY */
	bool enabled;
	bool truncated; /* there was more than the limit, or than could be kept */
	int error;	/* errno of a failure to keep it (disk full); 0 */

	struct loop *loop;
	struct loop_source source;
	struct loop_source tee_source;
	int tee; /* a descriptor that sees it live; -1: none */
	struct buf tee_pending;
	int tee_error; /* errno of a write to it; 0, also where it just went away (EPIPE)
			*/

	/* Called after something came (ended false), and once when there will be no more.
	 */
	void (*on_data)(struct capture *c, bool ended);
	/* Called with what came; NULL: nobody wants it at once. */
	void (*on_live)(struct capture *c, const char *data, size_t len);
	bool passes; /* on_live is all that wants it: nothing is kept, size still counts
		      */
	void *data;
};

#define CAPTURE_INIT                              \
	(struct capture)                          \
	{                                         \
		.pipe = -1, .file = -1, .tee = -1 \
	}

/* Make the pipe: 0 and the child's end (close-on-exec, the caller closes it), or -errno.
 */
int capture_open(struct capture *c, int *ret_child_end);

/* Begin to read: 0 or -errno. c must stay in place. */
int capture_start(struct capture *c, struct loop *loop);

/*
 * Let what comes wait in the pipe, and take it from there after all, what is there now at
 * once. Each wake-up that a short command spares us is worth some of its time. Not with a
 * watcher.
 */
void capture_hold(struct capture *c);
void capture_look(struct capture *c);

/*
 * Read what is there now, and close our end: a command that still writes gets SIGPIPE. A
 * watcher that is not ready does not hold us up.
 */
void capture_stop(struct capture *c);

/* Whether more may come. */
bool capture_is_open(const struct capture *c);

/* Whether the watcher has not yet taken all it is to see. */
bool capture_is_showing(const struct capture *c);

/* Whether the command has to wait until the watcher has taken more. */
bool capture_is_paused(const struct capture *c);

/* Copy out up to len bytes from offset: how many (0 at the end), or -errno. */
ssize_t capture_read(const struct capture *c, uint64_t offset, void *data, size_t len);

/* How many bytes remain when exactly one newline at the end is left out, if there is one
 * and strip_newline. */
uint64_t capture_text_size(const struct capture *c, bool strip_newline);

/* Write the first len bytes of it to a descriptor: 0 or -errno. */
int capture_write(const struct capture *c, uint64_t len, int fd);

void capture_clear(struct capture *c);

#endif
