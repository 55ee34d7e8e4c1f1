/*
 * Bytes that have to wait, in one unlinked file.
 *
 *	struct spool s = SPOOL_INIT;
 *	r = spool_add(&s, parts, n, &at);	     behind one another
 *	r = spool_read(&s, at, data, len);
 *	spool_release(&s, at, len);		     nobody will read these again
 *	spool_clear(&s);
 *
 * The file is opened when the first byte comes; nothing of it is left when the process
 * dies. It only grows at its end, but the room of what was released is given back to the
 * disk by the segment, and all of it when nothing is held any more. So what is added must
 * be released once, byte for byte, in parts of any size and in any order.
 *
 * Never splice(2) from it into a pipe: the pipe would hold the very pages that a release
 * makes zeros of.
 */
#ifndef MAP_SPOOL_H
#define MAP_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { SPOOL_FIRST = 64 }; /* nothing stands at 0 */

struct spool {
	int fd;		    /* -1: not yet */
	uint64_t end;	    /* where the next bytes go */
	uint64_t held;	    /* bytes added and not yet released */
	uint32_t *segments; /* how many of them are in each segment */
	size_t n_segments;
};

#define SPOOL_INIT                           \
	(struct spool)                       \
	{                                    \
		.fd = -1, .end = SPOOL_FIRST \
	}

/* Add the parts, which are used up; *ret_at, never 0, is where they stand. 0 or -errno
 * (a full disk), and then nothing was added. */
int spool_add(struct spool *s, struct iovec *parts, size_t n, uint64_t *ret_at);

/* The same with a head, and len bytes of a file behind it. */
int spool_add_file(struct spool *s, const void *head, size_t head_len, int file,
		   uint64_t file_at, uint64_t len, uint64_t *ret_at);

/* All of these bytes: 0 or -errno. */
int spool_read(const struct spool *s, uint64_t at, void *data, size_t len);

/* Put others in the place of bytes that are held: 0 or -errno. */
int spool_overwrite(struct spool *s, uint64_t at, const void *data, size_t len);

void spool_release(struct spool *s, uint64_t at, uint64_t len);
void spool_clear(struct spool *s);

#endif
