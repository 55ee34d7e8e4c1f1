/*
 * Buffered output to a descriptor.
 *
 * out_init(&o, fd); out_write...; r = out_close(&o). Nothing is written until
 * OUT_FLUSH_SIZE bytes have come together or out_flush() is called, so a short text is
 * one write(2). The first error sticks: later writes do nothing, and out_flush() and
 * out_close() return it; so callers check once, at the end. The descriptor is the
 * caller's. It may be non-blocking: writes wait for room. With fd -1 the bytes stay in
 * o.buf (which has no data if none came).
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include "base/buf.h"

enum { OUT_FLUSH_SIZE = 65536 };

struct out {
	int fd;
	int error; /* 0 or the first -errno */
	struct buf buf;
};

void out_init(struct out *o, int fd);
void out_write(struct out *o, const void *data, size_t len);
void out_string(struct out *o, const char *s);
void out_char(struct out *o, char c);
void out_format(struct out *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void out_fail(struct out *o, int error); /* what was to be written could not be had:
					    -errno */
int out_flush(struct out *o);		 /* 0 or the first -errno */
int out_close(struct out *o);		 /* flush and free; 0 or the first -errno */

/* Write all of it, over EINTR, short writes and non-blocking descriptors: 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

#endif
