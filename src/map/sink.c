#include "config.h"

#include "map/sink.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	STAGE_SIZE = 65536, /* a pipe's default capacity */
	PIECE_MAX = 1 << 20,
	TURN_MAX = 8 << 20, /* then others on the loop have their turn */
	FILES_MAX = 16,
};

struct sink_entry {
	struct sink_entry *next;
	unsigned stream;
	struct block block; /* what is left of it; of memory too: len bytes from at on */
	const char *tag;
	size_t tag_len;
	size_t tag_done; /* of the one that is being written */
	bool in_line;
};

/* So much of a block is done with. */
static void consume(struct block *b, uint64_t n)
{
	if (b->spool)
		spool_release(b->spool, b->at, n);
	b->at += n;
	b->len -= n;
}

void block_clear(struct block *b)
{
	buf_clear(&b->mem);
	if (b->spool)
		consume(b, b->len);
	else
		b->file = fd_close(b->file);
	*b = BLOCK_INIT;
}

/* -------- the descriptors -------- */

/* Whether a new description is the same terminal: to open the master of a pseudo terminal
 * makes another one. */
static bool is_same_terminal(int fd, int other)
{
	unsigned number;
	unsigned other_number;

	return ioctl(fd, TIOCGDEV, &number) == 0 &&
	       ioctl(other, TIOCGDEV, &other_number) == 0 && number == other_number;
}

/* A description of our own of a pipe or a terminal, or -1. */
static int open_own(int fd, bool is_terminal)
{
	char name[sizeof("/proc/self/fd/") + 12];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);

	auto_fd int own = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (own >= 0 && is_terminal && !is_same_terminal(fd, own))
		return -1;
	return take_fd(&own);
}

static void on_writable(struct loop_source *source, short revents);

static int open_stream(struct sink *s, struct sink_stream *st, int fd)
{
	struct stat stat;
	int flags = fcntl(fd, F_GETFL);
	/* One that cannot be written to shall say so: opened anew it might, and in
	 * poll(2) it would never be ready. */
	bool known = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
		     fstat(fd, &stat) == 0;
	bool is_pipe = known && S_ISFIFO(stat.st_mode);
	bool is_terminal = known && S_ISCHR(stat.st_mode) && isatty(fd);

	*st = (struct sink_stream){.fd = fd, .own = -1, .way = SINK_DIRECT};
	if (is_pipe || is_terminal) {
		st->own = open_own(fd, is_terminal);
		st->way = st->own >= 0 ? SINK_OWN : SINK_POLLED;
	} else if (known && S_ISSOCK(stat.st_mode)) {
		st->way = SINK_SOCKET;
	}
	st->carries = st->way == SINK_DIRECT || (st->way == SINK_OWN && is_pipe);
	st->source = (struct loop_source){
		.fd = st->own >= 0 ? st->own : fd, .ready = on_writable, .data = s};
	return loop_add(s->loop, &st->source);
}

int sink_init(struct sink *s, struct loop *loop, struct spool *spool,
	      void (*drained)(void *data), void *data)
{
	*s = (struct sink){.memory = SINK_MEMORY,
			   .spool = spool,
			   .drained = drained,
			   .data = data,
			   .loop = loop,
			   .streams = {{.own = -1}, {.own = -1}}};
	s->end = &s->first;

	int r = open_stream(s, &s->streams[0], STDOUT_FILENO);

	if (r == 0)
		r = open_stream(s, &s->streams[1], STDERR_FILENO);
	if (r < 0)
		sink_clear(s);
	return r;
}

/* Write what it takes now: how many bytes, or -errno; -EAGAIN: nothing. */
static ssize_t put(const struct sink_stream *st, const char *data, size_t len)
{
	struct pollfd p = {.fd = st->fd, .events = POLLOUT};
	ssize_t n;

	if (len > PIECE_MAX)
		len = PIECE_MAX;
	if (st->way == SINK_POLLED) {
		if (poll(&p, 1, 0) <= 0)
			return -EAGAIN;
		if (len > PIPE_BUF)
			len = PIPE_BUF;
	}
	do {
		if (st->way == SINK_SOCKET)
			n = send(st->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(st->own >= 0 ? st->own : st->fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n || !len ? n : -EIO;
}

/* Let the kernel carry bytes of a file there: how many, or -errno; -EINVAL where it
 * cannot (files opened for appending, some devices). */
static ssize_t carry(const struct sink_stream *st, const struct block *b)
{
	off_t at = (off_t)b->at;
	size_t len = b->len < PIECE_MAX ? (size_t)b->len : PIECE_MAX;
	ssize_t n;

	do {
		if (st->own >= 0)
			n = splice(b->file, &at, st->own, NULL, len, SPLICE_F_NONBLOCK);
		else
			n = sendfile(st->fd, b->file, &at, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ENOSYS ? -EINVAL : -errno;
	return n ? n : -EIO;
}

/* -------- one block -------- */

/* Add lines with tags before them, as many as there is room for: how many bytes of data
 * were used. */
static size_t add_tagged(struct sink_entry *e, struct buf *stage, const char *data,
			 size_t len)
{
	size_t used = 0;

	while (used < len && stage->len < STAGE_SIZE) {
		size_t room = STAGE_SIZE - stage->len;
		const char *from = e->tag + e->tag_done;
		size_t n = e->tag_len - e->tag_done;

		if (e->in_line) {
			const char *newline = memchr(data + used, '\n', len - used);

			from = data + used;
			n = newline ? (size_t)(newline + 1 - from) : len - used;
		}
		if (n > room)
			n = room;
		memcpy(stage->data + stage->len, from, n);
		stage->len += n;
		if (!e->in_line) {
			e->tag_done += n;
			e->in_line = e->tag_done == e->tag_len;
			continue;
		}
		used += n;
		if (data[used - 1] == '\n') {
			e->in_line = false;
			e->tag_done = 0;
		}
	}
	return used;
}

/* Make the next bytes of a block ready: 0 or -errno. */
static int fill_stage(struct sink *s, struct sink_entry *e)
{
	struct block *b = &e->block;
	size_t len = b->len < STAGE_SIZE ? (size_t)b->len : STAGE_SIZE;
	char data[STAGE_SIZE];
	const char *from = b->file < 0 ? b->mem.data + b->at : data;
	char *to = data;
	int r;

	s->stage.len = 0;
	s->stage_at = 0;
	r = buf_reserve(&s->stage, STAGE_SIZE);
	if (r < 0)
		return r;
	if (!e->tag_len)
		to = s->stage.data;
	if (b->file >= 0) {
		ssize_t n;

		do
			n = pread(b->file, to, len, (off_t)b->at);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		len = (size_t)n;
	}
	if (e->tag_len)
		len = add_tagged(e, &s->stage, from, len);
	else
		s->stage.len = len;
	consume(b, len);
	return 0;
}

static bool is_staged(const struct sink *s)
{
	return s->stage_at < s->stage.len;
}

/* Write a piece of the first block: how many bytes, or -errno; -EAGAIN: wait. */
static ssize_t write_piece(struct sink *s, struct sink_entry *e)
{
	struct sink_stream *st = &s->streams[e->stream];
	struct block *b = &e->block;
	ssize_t n;

	if (!is_staged(s) && !e->tag_len && b->file < 0) {
		n = put(st, b->mem.data + b->at, (size_t)b->len);
		if (n > 0)
			consume(b, (uint64_t)n);
		return n;
	}
	/* A pipe would hold the pages of the spool: see there. */
	if (!is_staged(s) && !e->tag_len && st->carries && !(b->spool && st->own >= 0)) {
		n = carry(st, b);
		if (n > 0)
			consume(b, (uint64_t)n);
		if (n != -EINVAL)
			return n;
		st->carries = false;
	}
	if (!is_staged(s)) {
		int r = fill_stage(s, e);

		if (r < 0)
			return r;
	}
	n = put(st, s->stage.data + s->stage_at, s->stage.len - s->stage_at);
	if (n > 0)
		s->stage_at += (size_t)n;
	return n;
}

/*
 * Write what can be written of the first block: true when it is done with. Otherwise its
 * stream is waited for. *budget is what may be written in this turn of the loop: a
 * descriptor that always takes more must not keep us from everything else.
 */
static bool advance(struct sink *s, struct sink_entry *e, size_t *budget)
{
	struct sink_stream *st = &s->streams[e->stream];

	while (!st->error && (e->block.len || is_staged(s))) {
		ssize_t n = *budget ? write_piece(s, e) : -EAGAIN;

		if (n == -EAGAIN) {
			st->source.events = POLLOUT;
			return false;
		}
		if (n < 0) {
			/* The loop tells drained(), not we: our caller may be just there.
			 */
			st->error = (int)-n;
			s->failed = true;
			st->source.events = POLLOUT;
			break;
		}
		*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	}
	s->stage.len = 0;
	s->stage_at = 0;
	return true;
}

/* -------- the queue -------- */

/* A block was queued, or is no more. */
static void count(struct sink *s, const struct block *b, bool came)
{
	uint64_t n = b->file < 0 ? b->mem.cap : 1;
	uint64_t *counter = b->file < 0 ? &s->waiting : &s->files;

	if (b->spool)
		return;
	*counter = came ? *counter + n : *counter - n;
}

static void drop_first(struct sink *s)
{
	struct sink_entry *e = s->first;

	s->first = e->next;
	if (!s->first)
		s->end = &s->first;
	count(s, &e->block, false);
	block_clear(&e->block);
	free(e);
}

static void on_writable(struct loop_source *source, short revents)
{
	struct sink *s = source->data;
	size_t budget = TURN_MAX;

	(void)revents;
	s->streams[0].source.events = 0;
	s->streams[1].source.events = 0;
	while (s->first && advance(s, s->first, &budget))
		drop_first(s);
	if (!s->first || s->failed) {
		s->failed = false;
		s->drained(s->data);
	}
}

/* Put a block that has to wait where it needs neither memory nor a descriptor. Where the
 * spool cannot take it, it stays as it is. */
static void move_to_spool(struct sink *s, struct block *b)
{
	struct block moved = {.spool = s->spool, .len = b->len};
	int r;

	if (b->file < 0) {
		struct iovec part = {b->mem.data + b->at, (size_t)b->len};

		r = spool_add(s->spool, &part, 1, &moved.at);
	} else {
		r = spool_add_file(s->spool, NULL, 0, b->file, b->at, b->len, &moved.at);
	}
	if (r < 0)
		return;
	moved.file = s->spool->fd;
	block_clear(b);
	*b = moved;
}

static bool is_too_much(const struct sink *s, const struct block *b)
{
	if (b->file < 0)
		return s->waiting && s->waiting + b->len > s->memory;
	return !b->spool && s->files >= FILES_MAX;
}

/* There is no memory to queue a block that was perhaps begun: what was made ready of it
 * must not get into the next one. */
static int give_up(struct sink *s)
{
	if (!s->first)
		s->stage.len = s->stage_at = 0;
	return -ENOMEM;
}

/* Takes what is left of the entry over: 0 or -ENOMEM. */
static int enqueue(struct sink *s, struct sink_entry *e)
{
	struct sink_entry *queued = malloc(sizeof(*queued) + e->tag_len);

	if (!queued) {
		block_clear(&e->block);
		return give_up(s);
	}
	if (is_too_much(s, &e->block))
		move_to_spool(s, &e->block);
	count(s, &e->block, true);
	*queued = *e;
	if (e->tag_len)
		queued->tag = memcpy(queued + 1, e->tag, e->tag_len);
	*s->end = queued;
	s->end = &queued->next;
	return 0;
}

/* Whether an entry that is new need not be queued, because it could be written. */
static bool is_done_at_once(struct sink *s, struct sink_entry *e)
{
	size_t budget = TURN_MAX;

	return s->streams[e->stream].error || !e->block.len ||
	       (!s->first && advance(s, e, &budget));
}

int sink_add(struct sink *s, unsigned stream, struct block *block, const char *tag,
	     size_t tag_len)
{
	struct sink_entry e = {
		.stream = stream,
		.block = *block,
		.tag = tag,
		.tag_len = tag ? tag_len : 0,
	};

	*block = BLOCK_INIT;
	if (e.block.file < 0) {
		e.block.at = 0;
		e.block.len = e.block.mem.len;
	}
	if (!is_done_at_once(s, &e))
		return enqueue(s, &e);
	block_clear(&e.block);
	return 0;
}

int sink_write(struct sink *s, unsigned stream, const char *data, size_t len,
	       const char *tag, size_t tag_len)
{
	struct sink_entry e = {
		.stream = stream,
		.block = {.mem = {.data = (char *)data}, .file = -1, .len = len},
		.tag = tag,
		.tag_len = tag ? tag_len : 0,
	};
	struct buf copy = BUF_INIT;

	if (is_done_at_once(s, &e))
		return 0;
	if (buf_add(&copy, data + e.block.at, (size_t)e.block.len) < 0)
		return give_up(s);
	e.block.mem = copy;
	e.block.at = 0;
	return enqueue(s, &e);
}

bool sink_is_busy(const struct sink *s)
{
	return s->first != NULL;
}

int sink_error(const struct sink *s, unsigned stream)
{
	return s->streams[stream].error;
}

void sink_clear(struct sink *s)
{
	while (s->first)
		drop_first(s);
	for (int i = 0; i < 2; i++) {
		loop_remove(s->loop, &s->streams[i].source);
		s->streams[i].own = fd_close(s->streams[i].own);
	}
	buf_clear(&s->stage);
}
