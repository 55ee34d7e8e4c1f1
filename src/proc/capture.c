#include "config.h"

#include "proc/capture.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/out.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>

enum {
	READ_SIZE = 65536,	 /* a pipe's default capacity */
	FIRST_READ = 4096,	 /* most commands say less, or nothing */
	BIG_PIPE_SIZE = 1 << 20, /* what an unprivileged user may ask for (pipe-max-size)
				  */
	TEE_MAX = 65536,	 /* held back for a slow watcher before we stop reading */
	LOOKS_MAX = 4,		 /* pieces taken at once; the loop brings the rest */
	TEE_WRITE = 4096,	 /* PIPE_BUF: what a ready pipe takes without blocking */
};

bool capture_is_showing(const struct capture *c)
{
	return c->tee >= 0 && c->tee_pending.len > 0;
}

bool capture_is_paused(const struct capture *c)
{
	return c->pipe >= 0 && c->tee >= 0 && c->source.events == 0;
}

bool capture_is_open(const struct capture *c)
{
	return c->pipe >= 0;
}

int capture_open(struct capture *c, int *ret_child_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	c->enabled = true;
	c->pipe = ends[0];
	*ret_child_end = ends[1];
	return fd_set_nonblock(c->pipe);
}

/* What came cannot be kept: an error, and what is kept is not all. */
static void fail(struct capture *c, int r)
{
	if (!c->error)
		c->error = -r;
	c->truncated = true;
}

/* Move what is in memory to a file, and go on there: 0 or -errno. */
static int spill(struct capture *c)
{
	auto_fd int file = fd_open_temporary();

	if (file < 0)
		return file;

	int r = fd_write_all(file, c->mem.data, c->mem.len);

	if (r < 0)
		return r;
	c->file = take_fd(&file);
	buf_clear(&c->mem);
	/* A wider pipe means fewer turns; where the user's share is used up it stays as
	 * it is. */
	(void)fcntl(c->pipe, F_SETPIPE_SZ, BIG_PIPE_SIZE);
	return 0;
}

/* How much more may be kept. */
static size_t room(const struct capture *c, size_t want)
{
	uint64_t left = c->limit - c->size;

	return left < want ? (size_t)left : want;
}

/* The bytes behind the limit are read, so that the command is not held up, and dropped.
 */
static ssize_t drop(struct capture *c)
{
	char data[READ_SIZE];
	ssize_t n = read(c->pipe, data, sizeof(data));

	if (n < 0)
		return -errno;
	if (n > 0)
		c->truncated = true;
	return n;
}

static size_t memory_limit(const struct capture *c)
{
	return c->memory ? c->memory : CAPTURE_MEMORY;
}

static bool is_watched(const struct capture *c)
{
	return c->tee >= 0 || c->on_live;
}

static void show_live(struct capture *c, const char *data, size_t len)
{
	if (!len)
		return;
	if (c->on_live)
		c->on_live(c, data, len);
	if (c->tee < 0)
		return;
	if (buf_add(&c->tee_pending, data, len) < 0) {
		fail(c, -ENOMEM);
		return;
	}
	c->tee_source.events = POLLOUT;
	if (c->tee_pending.len >= TEE_MAX)
		c->source.events = 0;
}

/* Read into memory: how many bytes, 0 at end of file, -errno. */
static ssize_t read_to_memory(struct capture *c)
{
	char first[FIRST_READ];
	bool is_first = c->size == 0;
	int r = is_first ? 0 : buf_reserve(&c->mem, READ_SIZE);

	if (r < 0)
		return r;

	char *data = is_first ? first : c->mem.data + c->mem.len;
	ssize_t n = read(c->pipe, data, room(c, is_first ? FIRST_READ : READ_SIZE));

	if (n < 0)
		return -errno;
	show_live(c, data, (size_t)n);
	if (n == 0)
		return 0;
	if (!c->passes && is_first && (r = buf_add(&c->mem, data, (size_t)n)) < 0)
		return r;
	c->size += (uint64_t)n;
	if (c->passes)
		return n;
	if (!is_first)
		c->mem.len += (size_t)n;
	if (c->mem.len >= memory_limit(c) && (r = spill(c)) < 0)
		return r;
	return n;
}

/* Where somebody watches, or the file system cannot splice, the bytes pass through us. */
static ssize_t copy_to_file(struct capture *c)
{
	char data[READ_SIZE];
	ssize_t n = read(c->pipe, data, room(c, sizeof(data)));

	if (n < 0)
		return -errno;

	int r = fd_write_all(c->file, data, (size_t)n);

	if (r < 0)
		return r;
	show_live(c, data, (size_t)n);
	c->size += (uint64_t)n;
	return n;
}

static ssize_t read_to_file(struct capture *c)
{
	if (is_watched(c))
		return copy_to_file(c);

	ssize_t n = splice(c->pipe, NULL, c->file, NULL, room(c, BIG_PIPE_SIZE),
			   SPLICE_F_NONBLOCK);

	if (n < 0)
		return errno == EINVAL ? copy_to_file(c) : -errno;
	c->size += (uint64_t)n;
	return n;
}

static ssize_t read_some(struct capture *c)
{
	if (c->error || c->size >= c->limit)
		return drop(c);
	return c->file >= 0 ? read_to_file(c) : read_to_memory(c);
}

static void close_pipe(struct capture *c)
{
	if (c->pipe < 0)
		return;
	if (c->loop)
		loop_remove(c->loop, &c->source);
	c->pipe = fd_close(c->pipe);
}

static bool is_pause(ssize_t n)
{
	return n == -EAGAIN || n == -EINTR;
}

/* Take a piece of what is there: whether there may be more. */
static bool take_piece(struct capture *c)
{
	ssize_t n = read_some(c);

	if (is_pause(n))
		return false;
	if (n < 0) {
		/* What cannot be kept is an error of ours; go on reading, so that the
		 * command is not held up. */
		fail(c, (int)n);
		c->on_data(c, false);
		return true;
	}
	if (n == 0)
		close_pipe(c);
	c->on_data(c, n == 0);
	return n > 0;
}

static void on_readable(struct loop_source *source, short revents)
{
	(void)revents;
	(void)take_piece(source->data);
}

void capture_hold(struct capture *c)
{
	c->source.events = 0;
}

void capture_look(struct capture *c)
{
	if (c->pipe < 0)
		return;
	c->source.events = POLLIN;
	for (int i = 0; i < LOOKS_MAX && take_piece(c); i++)
		;
}

/* Show the watcher what it can take. It is a description we share: so no O_NONBLOCK, but
 * small writes when it is ready. */
static void on_tee_writable(struct loop_source *source, short revents)
{
	struct capture *c = source->data;
	size_t len = c->tee_pending.len < TEE_WRITE ? c->tee_pending.len : TEE_WRITE;
	struct pollfd p = {.fd = c->tee, .events = POLLOUT};

	/* The other stream's watcher is the same, and may have filled it since. */
	(void)revents;
	if (poll(&p, 1, 0) <= 0)
		return;

	ssize_t n = len ? write(c->tee, c->tee_pending.data, len) : 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		/* Nobody watches any more: collecting goes on. */
		c->tee_error = errno == EPIPE ? 0 : errno;
		c->tee = -1;
		n = (ssize_t)c->tee_pending.len;
	}
	memmove(c->tee_pending.data, c->tee_pending.data + n,
		c->tee_pending.len - (size_t)n);
	c->tee_pending.len -= (size_t)n;
	if (c->tee_pending.len == 0)
		c->tee_source.events = 0;
	if (c->tee_pending.len < TEE_MAX)
		c->source.events = POLLIN;
}

int capture_start(struct capture *c, struct loop *loop)
{
	c->loop = loop;
	c->source = (struct loop_source){
		.fd = c->pipe, .events = POLLIN, .ready = on_readable, .data = c};
	if (c->tee >= 0) {
		c->tee_source = (struct loop_source){
			.fd = c->tee, .ready = on_tee_writable, .data = c};

		int r = loop_add(loop, &c->tee_source);

		if (r < 0)
			return r;
	}
	return loop_add(loop, &c->source);
}

void capture_stop(struct capture *c)
{
	/* A pipe holds no more than its capacity, so this ends even if somebody goes on
	 * writing. */
	int capacity = c->pipe >= 0 ? fcntl(c->pipe, F_GETPIPE_SZ) : 0;

	for (ssize_t n, left = capacity; left > 0; left -= n) {
		n = read_some(c);
		if (n < 0 && !is_pause(n))
			fail(c, (int)n);
		if (n <= 0)
			break;
	}
	close_pipe(c);

	struct pollfd p = {.fd = c->tee, .events = POLLOUT};

	while (capture_is_showing(c) && poll(&p, 1, 0) > 0)
		on_tee_writable(&c->tee_source, p.revents);
	if (c->loop)
		loop_remove(c->loop, &c->tee_source);
}

ssize_t capture_read(const struct capture *c, uint64_t offset, void *data, size_t len)
{
	if (offset >= c->size)
		return 0;
	if (c->size - offset < len)
		len = (size_t)(c->size - offset);
	if (c->file < 0) {
		memcpy(data, c->mem.data + offset, len);
		return (ssize_t)len;
	}

	ssize_t n = pread(c->file, data, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

uint64_t capture_text_size(const struct capture *c, bool strip_newline)
{
	char last;

	if (strip_newline && c->size && capture_read(c, c->size - 1, &last, 1) == 1 &&
	    last == '\n')
		return c->size - 1;
	return c->size;
}

/* Let the kernel carry it; -EINVAL where it cannot (an append-only file, some devices).
 */
static int send_file(const struct capture *c, uint64_t len, int fd, uint64_t *ret_done)
{
	off_t offset = 0;

	while ((uint64_t)offset < len) {
		ssize_t n =
			sendfile(fd, c->file, &offset, (size_t)(len - (uint64_t)offset));

		*ret_done = (uint64_t)offset;
		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -EINVAL : -errno;
		if (n == 0)
			return -EIO;
	}
	return 0;
}

int capture_write(const struct capture *c, uint64_t len, int fd)
{
	uint64_t done = 0;

	if (len == 0)
		return 0;
	if (c->file < 0)
		return fd_write_all(fd, c->mem.data, (size_t)len);

	int r = send_file(c, len, fd, &done);

	if (r != -EINVAL)
		return r;
	while (done < len) {
		char data[READ_SIZE];
		size_t want = len - done < sizeof(data) ? (size_t)(len - done)
							: sizeof(data);
		ssize_t n = capture_read(c, done, data, want);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		r = fd_write_all(fd, data, (size_t)n);
		if (r < 0)
			return r;
		done += (uint64_t)n;
	}
	return 0;
}

void capture_clear(struct capture *c)
{
	close_pipe(c);
	if (c->loop)
		loop_remove(c->loop, &c->tee_source);
	buf_clear(&c->mem);
	buf_clear(&c->tee_pending);
	c->file = fd_close(c->file);
	*c = CAPTURE_INIT;
}
