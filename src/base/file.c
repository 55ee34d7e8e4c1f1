#include "config.h"

#include "base/file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

enum {
	READ_FIRST = 32768,  /* nearly every file of /proc fits into it */
	READ_MOST = 1 << 30, /* a fixture may be anything: stop before memory does */
};

/* whole: what comes short of the room asked for was all. */
static int read_file(int dirfd, const char *path, bool whole, struct buf *b)
{
	b->len = 0;
	if (buf_reserve(b, READ_FIRST) < 0)
		return -ENOMEM;
	b->data[0] = '\0';

	/* A FIFO in a fixture must not stop us. */
	auto_fd int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	for (;;) {
		size_t room = b->cap - b->len - 1;
		ssize_t n = read(fd, b->data + b->len, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || b->len + (size_t)n > READ_MOST) {
			int r = n < 0 ? -errno : -EFBIG;

			b->len = 0;
			b->data[0] = '\0';
			return r;
		}
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (n == 0 || (whole && (size_t)n < room))
			return 0;
		if (buf_reserve(b, READ_FIRST) < 0)
			return -ENOMEM;
	}
}

int file_read_at(int dirfd, const char *path, struct buf *b)
{
	return read_file(dirfd, path, false, b);
}

int file_read_whole_at(int dirfd, const char *path, struct buf *b)
{
	return read_file(dirfd, path, true, b);
}
