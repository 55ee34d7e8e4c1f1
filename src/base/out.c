#include "config.h"

#include "base/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EAGAIN) {
			struct pollfd room = {.fd = fd, .events = POLLOUT};

			/* Whatever poll() has to say, the next write() says it better. */
			(void)poll(&room, 1, -1);
			continue;
		}
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

void out_init(struct out *o, int fd)
{
	*o = (struct out){.fd = fd};
}

/* Write out what has come together; the memory is kept for what comes next. */
static void out_drain(struct out *o)
{
	if (o->fd < 0 || o->error || !o->buf.len)
		return;
	o->error = fd_write_all(o->fd, o->buf.data, o->buf.len);
	o->buf.len = 0;
}

void out_write(struct out *o, const void *data, size_t len)
{
	if (o->error)
		return;
	/* The common case, small pieces into room that is there, without a call. */
	if (len && len < o->buf.cap - o->buf.len && o->buf.len < OUT_FLUSH_SIZE &&
	    len < OUT_FLUSH_SIZE - o->buf.len) {
		memcpy(o->buf.data + o->buf.len, data, len);
		o->buf.len += len;
		o->buf.data[o->buf.len] = '\0';
		return;
	}
	if (o->fd >= 0 && len >= OUT_FLUSH_SIZE - o->buf.len) {
		out_drain(o);
		/* A large piece is not copied: it goes straight to the kernel. */
		if (len >= OUT_FLUSH_SIZE) {
			if (!o->error)
				o->error = fd_write_all(o->fd, data, len);
			return;
		}
		if (o->error)
			return;
	}
	o->error = buf_add(&o->buf, data, len);
}

void out_string(struct out *o, const char *s)
{
	out_write(o, s, strlen(s));
}

void out_char(struct out *o, char c)
{
	out_write(o, &c, 1);
}

void out_format(struct out *o, const char *format, ...)
{
	va_list args;

	if (o->error)
		return;
	va_start(args, format);
	o->error = buf_add_vformat(&o->buf, format, args);
	va_end(args);
	/* out_write() counts on the buffer never holding more than this. */
	if (o->buf.len >= OUT_FLUSH_SIZE)
		out_drain(o);
}

int out_flush(struct out *o)
{
	out_drain(o);
	return o->error;
}

int out_close(struct out *o)
{
	int r = out_flush(o);

	buf_clear(&o->buf);
	return r;
}

void out_fail(struct out *o, int error)
{
	if (o->error == 0)
		o->error = error;
}
