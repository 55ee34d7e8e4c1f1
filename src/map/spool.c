#include "config.h"

#include "map/spool.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <string.h>

enum {
	SEGMENT = 1 << 20,
	COPY_SIZE = 65536,
};

static size_t segment_of(uint64_t at)
{
	return (size_t)(at / SEGMENT);
}

/* The file, and a count for each segment that so many more bytes touch: 0 or -errno. */
static int make_room(struct spool *s, uint64_t more)
{
	if (s->fd < 0) {
		int fd = fd_open_temporary();

		if (fd < 0)
			return fd;
		s->fd = fd;
	}

	size_t need = segment_of(s->end + more) + 1;

	if (need <= s->n_segments)
		return 0;

	size_t n = s->n_segments * 2 > need ? s->n_segments * 2 : need;
	uint32_t *segments = reallocarray(s->segments, n, sizeof(*segments));

	if (!segments)
		return -ENOMEM;
	memset(segments + s->n_segments, 0, (n - s->n_segments) * sizeof(*segments));
	s->segments = segments;
	s->n_segments = n;
	return 0;
}

/* Not every file system can; then the room comes back with the rest. */
static void punch(const struct spool *s, size_t segment)
{
	(void)fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(off_t)segment * SEGMENT, SEGMENT);
}

/* What stands in these segments has become more or less: by a whole stretch of bytes. */
static void count(struct spool *s, uint64_t at, uint64_t len, bool more)
{
	while (len) {
		size_t i = segment_of(at);
		uint64_t in_segment = SEGMENT - at % SEGMENT;
		uint32_t n = (uint32_t)(len < in_segment ? len : in_segment);

		s->segments[i] += more ? n : -n;
		/* The segment at the end is still filled; spool_add() looks at it when it
		 * leaves it. */
		if (!s->segments[i] && i != segment_of(s->end))
			punch(s, i);
		at += n;
		len -= n;
	}
}

/* The bytes up to end are there: they count. */
static void hold(struct spool *s, uint64_t end, uint64_t *ret_at)
{
	uint64_t at = s->end;
	size_t left = segment_of(at);

	s->end = end;
	s->held += end - at;
	count(s, at, end - at, true);
	if (left != segment_of(end) && !s->segments[left])
		punch(s, left);
	*ret_at = at;
}

/* It could not be added: what was written of it is no use to anybody, and takes room. */
static int give_up(const struct spool *s, int r)
{
	(void)ftruncate(s->fd, (off_t)s->end);
	return r;
}

/* The kernel took n bytes of the parts: those that are left. */
static void skip_parts(struct iovec **parts, size_t *n_parts, size_t n)
{
	while (*n_parts && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		(*parts)++;
		(*n_parts)--;
	}
	if (*n_parts) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

int spool_add(struct spool *s, struct iovec *parts, size_t n, uint64_t *ret_at)
{
	uint64_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].iov_len;

	int r = make_room(s, len);

	if (r < 0)
		return r;

	uint64_t at = s->end;

	skip_parts(&parts, &n, 0);
	while (n) {
		ssize_t written = pwritev(s->fd, parts, (int)n, (off_t)at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return give_up(s, -errno);
		at += (uint64_t)written;
		skip_parts(&parts, &n, (size_t)written);
	}
	hold(s, at, ret_at);
	return 0;
}

static int read_at(int fd, uint64_t at, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_at(int fd, uint64_t at, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Where the kernel cannot copy between these two files the bytes pass through us. */
static int copy_file(int from, uint64_t from_at, int to, uint64_t to_at, uint64_t len)
{
	loff_t in = (loff_t)from_at;
	loff_t out = (loff_t)to_at;

	while (len) {
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
			return -errno;
		if (n <= 0)
			break;
		len -= (uint64_t)n;
	}
	while (len) {
		char data[COPY_SIZE];
		size_t n = len < sizeof(data) ? (size_t)len : sizeof(data);
		int r = read_at(from, (uint64_t)in, data, n);

		if (r == 0)
			r = write_at(to, (uint64_t)out, data, n);
		if (r < 0)
			return r;
		in += (loff_t)n;
		out += (loff_t)n;
		len -= n;
	}
	return 0;
}

int spool_add_file(struct spool *s, const void *head, size_t head_len, int file,
		   uint64_t file_at, uint64_t len, uint64_t *ret_at)
{
	int r = make_room(s, head_len + len);

	if (r < 0)
		return r;
	r = write_at(s->fd, s->end, head, head_len);
	if (r == 0)
		r = copy_file(file, file_at, s->fd, s->end + head_len, len);
	if (r < 0)
		return give_up(s, r);
	hold(s, s->end + head_len + len, ret_at);
	return 0;
}

int spool_read(const struct spool *s, uint64_t at, void *data, size_t len)
{
	return read_at(s->fd, at, data, len);
}

int spool_overwrite(struct spool *s, uint64_t at, const void *data, size_t len)
{
	return write_at(s->fd, at, data, len);
}

void spool_release(struct spool *s, uint64_t at, uint64_t len)
{
	count(s, at, len, false);
	s->held -= len;
	if (s->held)
		return;
	/* Nothing is left: begin anew. A small file is worth no system call. */
	if (s->end > SEGMENT)
		(void)ftruncate(s->fd, 0);
	s->end = SPOOL_FIRST;
}

void spool_clear(struct spool *s)
{
	s->fd = fd_close(s->fd);
	free(s->segments);
	*s = SPOOL_INIT;
}
