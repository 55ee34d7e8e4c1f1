#include "config.h"

#include "map/output.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/out.h"

#include <string.h>

enum {
	LINE_MEMORY = 65536, /* of a line that has not ended */
	READ_SIZE = 65536,
};

static void on_drained(void *data)
{
	struct output *o = data;

	if (o->keep_order)
		waiting_show(&o->waiting, &o->sink);
	if (!output_is_busy(o) || output_error(o, 0) || output_error(o, 1))
		o->drained(o->data);
}

int output_init(struct output *o, enum output_mode mode, bool keep_order,
		struct loop *loop, void (*drained)(void *data), void *data)
{
	*o = (struct output){
		.mode = mode,
		.keep_order = keep_order,
		.spool = SPOOL_INIT,
		.drained = drained,
		.data = data,
	};
	waiting_init(&o->waiting, &o->spool);
	return sink_init(&o->sink, loop, &o->spool, on_drained, o);
}

int output_begin(struct output *o, struct output_job *j, const char *tag, size_t tag_len)
{
	struct buf copy = BUF_INIT;
	int r = tag_len ? buf_add(&copy, tag, tag_len) : 0;

	if (r == 0 && o->keep_order)
		r = waiting_reserve(&o->waiting, j->order);
	if (r < 0) {
		buf_clear(&copy);
		return r;
	}
	*j = (struct output_job){
		.order = j->order,
		.tag = copy,
		.streams = {{.file = -1}, {.file = -1}},
	};
	return 0;
}

static void clear_job(struct output_job *j)
{
	buf_clear(&j->tag);
	for (int i = 0; i < 2; i++) {
		buf_clear(&j->streams[i].line);
		j->streams[i].file = fd_close(j->streams[i].file);
		j->streams[i].len = 0;
	}
	j->error = 0;
}

void output_forget(struct output *o, struct output_job *j)
{
	if (o->keep_order)
		waiting_forget(&o->waiting, j->order);
	clear_job(j);
}

/* -------- to the sink, or to those that wait -------- */

static bool is_live(const struct output *o, const struct output_job *j)
{
	return !o->keep_order || waiting_is_live(&o->waiting, j->order);
}

static int show(struct output *o, struct output_job *j, unsigned stream, const char *data,
		size_t len)
{
	if (is_live(o, j))
		return sink_write(&o->sink, stream, data, len, j->tag.data, j->tag.len);
	return waiting_add(&o->waiting, j->order, stream, data, len, j->tag.data,
			   j->tag.len);
}

static int show_block(struct output *o, struct output_job *j, unsigned stream,
		      struct block *block)
{
	if (is_live(o, j))
		return sink_add(&o->sink, stream, block, j->tag.data, j->tag.len);
	return waiting_add_block(&o->waiting, j->order, stream, block, j->tag.data,
				 j->tag.len);
}

/* -------- lines -------- */

/* Keep a piece of a line that has not ended: 0 or -errno. */
static int add_to_line(struct output_job *j, unsigned stream, const char *data,
		       size_t len)
{
	struct buf *line = &j->streams[stream].line;
	int *file = &j->streams[stream].file;
	int r;

	if (*file < 0 && line->len + len <= LINE_MEMORY)
		return buf_add(line, data, len);
	if (*file < 0) {
		auto_fd int fd = fd_open_temporary();

		if (fd < 0)
			return fd;
		r = fd_write_all(fd, line->data, line->len);
		if (r < 0)
			return r;
		*file = take_fd(&fd);
		j->streams[stream].len = line->len;
		buf_clear(line);
	}
	r = fd_write_all(*file, data, len);
	if (r == 0)
		j->streams[stream].len += len;
	return r;
}

/* The line in the file has ended: show it. */
static int show_line_file(struct output *o, struct output_job *j, unsigned stream)
{
	struct block block = {
		.file = take_fd(&j->streams[stream].file),
		.len = j->streams[stream].len,
	};

	j->streams[stream].len = 0;
	return show_block(o, j, stream, &block);
}

/* Show whole lines, the first of which may have begun before. */
static int show_lines(struct output *o, struct output_job *j, unsigned stream,
		      const char *data, size_t len)
{
	struct buf *line = &j->streams[stream].line;
	int r;

	if (j->streams[stream].file >= 0) {
		const char *newline = memchr(data, '\n', len);
		size_t rest = (size_t)(newline + 1 - data);

		r = add_to_line(j, stream, data, rest);
		if (r == 0)
			r = show_line_file(o, j, stream);
		if (r < 0 || rest == len)
			return r;
		data += rest;
		len -= rest;
	} else if (line->len) {
		r = buf_add(line, data, len);
		if (r == 0)
			r = show(o, j, stream, line->data, line->len);
		buf_clear(line);
		return r;
	}
	return show(o, j, stream, data, len);
}

int output_live(struct output *o, struct output_job *j, unsigned stream, const char *data,
		size_t len)
{
	const char *newline = len ? memrchr(data, '\n', len) : NULL;
	size_t whole = newline ? (size_t)(newline + 1 - data) : 0;

	if (j->error)
		return j->error;
	if (whole)
		j->error = show_lines(o, j, stream, data, whole);
	if (!j->error && whole < len)
		j->error = add_to_line(j, stream, data + whole, len - whole);
	return j->error;
}

/* A block of whatever is left of a stream. */
static int add_block_live(struct output *o, struct output_job *j, unsigned stream,
			  const struct block *block)
{
	char data[READ_SIZE];
	uint64_t done = 0;
	int r = 0;

	if (block->file < 0)
		return output_live(o, j, stream, block->mem.data, block->mem.len);
	while (r == 0 && done < block->len) {
		uint64_t left = block->len - done;
		ssize_t n = pread(block->file, data,
				  left < sizeof(data) ? (size_t)left : sizeof(data),
				  (off_t)(block->at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = output_live(o, j, stream, data, (size_t)n);
		done += (uint64_t)n;
	}
	return r;
}

/* The last line has no newline, but another job's line may follow. */
static int end_line(struct output *o, struct output_job *j, unsigned stream)
{
	struct buf *line = &j->streams[stream].line;
	int file = j->streams[stream].file;
	int r;

	if (file >= 0) {
		/* On a full disk the newline takes the place of the last byte. */
		if (pwrite(file, "\n", 1, (off_t)j->streams[stream].len) == 1) {
			j->streams[stream].len++;
		} else if (pwrite(file, "\n", 1, (off_t)j->streams[stream].len - 1) !=
			   1) {
			return -errno;
		} else if (!j->error) {
			j->error = -ENOSPC;
		}
		return show_line_file(o, j, stream);
	}
	if (!line->len)
		return 0;
	r = buf_add_char(line, '\n');
	return r < 0 ? r : show(o, j, stream, line->data, line->len);
}

/* -------- the end of a job -------- */

int output_end(struct output *o, struct output_job *j, struct block blocks[2])
{
	for (unsigned i = 0; i < 2; i++) {
		int r;

		if (o->mode == OUTPUT_LINES) {
			r = add_block_live(o, j, i, &blocks[i]);
			block_clear(&blocks[i]);
			if (!j->error)
				j->error = r;
			r = end_line(o, j, i);
		} else {
			r = show_block(o, j, i, &blocks[i]);
		}
		if (!j->error)
			j->error = r;
	}

	int r = j->error;

	clear_job(j);
	if (o->keep_order) {
		waiting_end(&o->waiting, j->order);
		waiting_show(&o->waiting, &o->sink);
	}
	return r;
}

void output_finish(struct output *o)
{
	if (!o->keep_order)
		return;
	waiting_finish(&o->waiting);
	waiting_show(&o->waiting, &o->sink);
}

bool output_is_busy(const struct output *o)
{
	return sink_is_busy(&o->sink);
}

int output_error(const struct output *o, unsigned stream)
{
	int error = sink_error(&o->sink, stream);

	if (!error && stream == 0)
		error = -o->waiting.error;
	return error;
}

void output_clear(struct output *o)
{
	sink_clear(&o->sink);
	waiting_clear(&o->waiting);
	spool_clear(&o->spool);
}
