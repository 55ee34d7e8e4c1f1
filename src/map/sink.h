/*
 * Writing to a descriptor that may not take anything just now, without ever blocking.
 *
 * Blocks are queued, and go out in order as the descriptors take them; while something
 * waits, sink_is_busy() tells the caller to make no more of it. Standard output and error
 * belong to others as well, so they are not made non-blocking: a pipe or a terminal is
 * opened anew through /proc where that is allowed (a description of our own), and written
 * in pieces of PIPE_BUF after poll(2) where it is not. Two streams that are the same file
 * keep their order, because there is one queue.
 *
 * A block is memory or a part of a file. What the caller makes although something waits
 * goes to the spool, so that memory stays small. The first error of a descriptor sticks:
 * what is queued for it is dropped from then on. SIGPIPE must be blocked.
 */
#ifndef MAP_SINK_H
#define MAP_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "map/spool.h"
#include "proc/loop.h"

enum { SINK_MEMORY = 256 << 10 };

/* What is to be written. Owns its memory and its descriptor, where it has them. */
struct block {
	struct buf mem;	     /* used where file is -1 */
	int file;	     /* nobody may change it any more */
	struct spool *spool; /* whose file it is, and who is told what was read; NULL: the
				file is the block's own */
	uint64_t at;	     /* in the file */
	uint64_t len;	     /* of it */
};

#define BLOCK_INIT         \
	(struct block)     \
	{                  \
		.file = -1 \
	}

/* How a descriptor is written to. */
enum sink_way {
	SINK_DIRECT, /* it never waits long: files, and devices but for terminals */
	SINK_OWN,    /* through own */
	SINK_POLLED, /* in small pieces when it is ready */
	SINK_SOCKET,
};

struct sink_stream {
	int fd;	   /* 1 or 2 */
	int own;   /* a description of our own, non-blocking; -1: none */
	int error; /* errno; 0 */
	enum sink_way way;
	bool carries; /* the kernel may carry bytes there from a file */
	struct loop_source source;
};

struct sink_entry; /* sink.c's */

struct sink {
	struct sink_stream streams[2]; /* stdout, stderr */
	struct sink_entry *first;
	struct sink_entry **end;
	uint64_t waiting; /* bytes queued in memory */
	uint64_t files;	  /* queued that have a descriptor of their own */
	uint64_t memory;  /* what may wait in memory: SINK_MEMORY */
	struct spool *spool;
	struct buf stage; /* the next bytes of the first block, made ready */
	size_t stage_at;
	bool failed; /* drained() has yet to hear of it */
	void (*drained)(void *data);
	void *data;
	struct loop *loop;
};

/* drained() is called from the loop, whenever the queue has become empty, or an error has
 * come. spool is where too much goes; the caller's. s must stay in place. 0 or -errno. */
int sink_init(struct sink *s, struct loop *loop, struct spool *spool,
	      void (*drained)(void *data), void *data);

/* Queue a block for stream 0 (stdout) or 1 (stderr), and write what can be written at
 * once. Takes the block over in any case. tag: begins each line, NULL: none; it is
 * copied. 0 or -ENOMEM. */
int sink_add(struct sink *s, unsigned stream, struct block *block, const char *tag,
	     size_t tag_len);

/* The same with bytes that stay the caller's; they are copied only if they have to wait.
 */
int sink_write(struct sink *s, unsigned stream, const char *data, size_t len,
	       const char *tag, size_t tag_len);

/* Whether something waits for a descriptor to take it. */
bool sink_is_busy(const struct sink *s);

/* errno of the stream's first failed write, or 0. */
int sink_error(const struct sink *s, unsigned stream);

void sink_clear(struct sink *s);
void block_clear(struct block *b);

#endif
