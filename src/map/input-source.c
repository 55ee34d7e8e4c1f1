#include "config.h"

#include "map/input-source.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

enum {
	READ_SIZE = 65536,	    /* a pipe's default capacity */
	SPARE_SIZE = 4 * READ_SIZE, /* an empty buffer larger than this is given back */
};

/* Relative to the current item, because the buffer moves. */
struct input_column {
	size_t at;
	size_t len;
};

static bool is_stdin(const struct input_source *s)
{
	return strcmp(s->name, "-") == 0;
}

int input_source_open(struct input_source *s)
{
	struct stat st;

	if (!s->name) {
		s->n_items = s->n_words;
		s->ended = true;
		return 0;
	}
	if (is_stdin(s)) {
		/* What stands in its place (base/fd.h) would pass for a directory. */
		if (fd_std_was_closed(STDIN_FILENO))
			return -EBADF;
		s->fd = STDIN_FILENO;
	} else {
		/* A FIFO without a writer is opened at once; poll() then tells when
		 * there has been one. */
		s->fd = open(s->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	s->regular = S_ISREG(st.st_mode);
	if (s->regular)
		s->begin = lseek(s->fd, 0, SEEK_CUR);
	return 0;
}

int input_source_attach(struct input_source *s, struct loop *loop,
			void (*ready)(struct loop_source *source, short revents))
{
	if (s->ended || s->fd < 0)
		return 0;
	s->loop_source = (struct loop_source){.fd = s->fd, .ready = ready, .data = s};

	int r = loop_add(loop, &s->loop_source);

	if (r == 0)
		s->loop = loop;
	return r;
}

void input_source_stop(struct input_source *s)
{
	s->ended = true;
	if (s->loop)
		loop_remove(s->loop, &s->loop_source);
	s->loop = NULL;
	/* A writer should learn that nobody reads any more. A regular file has none, and
	 * may still be counted. */
	if (s->name && !s->regular && !is_stdin(s))
		s->fd = fd_close(s->fd);
}

/* The end of the file; what stands behind the last separator is an item too. */
static void end(struct input_source *s)
{
	if (s->text.len > s->line) {
		s->n_items++;
		s->line = s->text.len;
	}
	input_source_stop(s);
}

static void fail(struct input_source *s, int error)
{
	s->error = error;
	input_source_stop(s);
}

/* Room for one read, in the place of items that were used up: 0 or -ENOMEM. */
static int make_room(struct input_source *s)
{
	size_t used = s->at;

	/* A long rest is not moved for a small gain. */
	if (used > s->text.len / 2 || used == s->text.len) {
		if (s->text.len > used)
			memmove(s->text.data, s->text.data + used, s->text.len - used);
		s->text.len -= used;
		s->next -= used;
		s->line -= used;
		s->at = 0;
	}
	if (s->text.len == 0 && s->text.cap > SPARE_SIZE)
		buf_clear(&s->text);
	return buf_reserve(&s->text, READ_SIZE);
}

/* Take n bytes for ours that stand behind the text: find where items end. */
static void take_in(struct input_source *s, size_t n)
{
	const char *fresh = s->text.data + s->text.len;
	const char *stop = fresh + n;

	s->text.len += n;
	if (s->separator && !s->has_nul)
		s->has_nul = memchr(fresh, '\0', n) != NULL;
	while ((fresh = memchr(fresh, s->separator, (size_t)(stop - fresh)))) {
		fresh++;
		s->n_items++;
		s->line = (size_t)(fresh - s->text.data);
	}
	/* The byte too many tells that there was more. */
	if (s->text.len - s->line > ITEM_MAX)
		s->text.len = s->line + ITEM_MAX + 1;
}

bool input_source_read(struct input_source *s)
{
	int r = make_room(s);

	if (r < 0) {
		fail(s, -r);
		return true;
	}

	ssize_t n = read(s->fd, s->text.data + s->text.len, READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		fail(s, errno);
	else if (n == 0)
		end(s);
	else
		take_in(s, (size_t)n);
	return true;
}

/* Whether a read would not wait. An error or a hang-up is for read() to explain. */
static bool is_ready(const struct input_source *s)
{
	struct pollfd polled = {.fd = s->fd, .events = POLLIN};

	return s->regular || poll(&polled, 1, 0) > 0;
}

/* Read within the bounds that were given: whether there was something. */
static bool read_bounded(struct input_source *s, unsigned *reads)
{
	if (*reads == 0 || !is_ready(s))
		return false;
	--*reads;
	return input_source_read(s);
}

int input_source_peek(struct input_source *s, unsigned *reads)
{
	s->at = s->next;
	s->len = 0;
	while (s->n_items == 0 && !s->ended)
		if (!read_bounded(s, reads))
			return INPUT_WAIT;
	if (s->n_items > 0)
		return INPUT_ROW;
	return s->error ? -s->error : INPUT_END;
}

int input_source_keep(struct input_source *s, unsigned *reads)
{
	while (!s->ended)
		if (!read_bounded(s, reads))
			return INPUT_WAIT;
	return s->error ? -s->error : INPUT_END;
}

void input_source_mark(struct input_source *s)
{
	s->marked = s->next;
	s->n_marked = s->n_items;
}

void input_source_rewind(struct input_source *s)
{
	s->next = s->marked;
	s->n_items = s->n_marked;
}

static const char *current_text(const struct input_source *s)
{
	return s->name ? s->text.data + s->at : s->words[s->at];
}

static int add_column(struct input_source *s, size_t from, size_t to)
{
	if (s->n_columns == s->cap_columns) {
		size_t cap = s->cap_columns ? s->cap_columns * 2 : 4;
		struct input_column *columns =
			reallocarray(s->columns, cap, sizeof(*columns));

		if (!columns)
			return -ENOMEM;
		s->columns = columns;
		s->cap_columns = cap;
	}
	s->columns[s->n_columns++] = (struct input_column){from, to - from};
	return 0;
}

/* Take the current item apart: 0 or -ENOMEM. An empty match of the expression stands
 * between no two columns, but the next may be a longer one. */
static int split(struct input_source *s)
{
	size_t len = s->len < ITEM_MAX ? s->len : ITEM_MAX;
	size_t column = 0;
	size_t from = 0;

	s->n_columns = 0;
	while (s->column && from < len) {
		regmatch_t found = {.rm_so = (regoff_t)from, .rm_eo = (regoff_t)len};
		int r = regexec(s->column, current_text(s), 1, &found, REG_STARTEND);

		if (r == REG_NOMATCH)
			break;
		if (r != 0)
			return -ENOMEM;
		from = (size_t)found.rm_eo;
		if (found.rm_eo == found.rm_so) {
			from++;
			continue;
		}
		r = add_column(s, column, (size_t)found.rm_so);
		if (r < 0)
			return r;
		column = from;
	}
	return add_column(s, column, len);
}

int input_source_advance(struct input_source *s)
{
	s->at = s->next;
	s->n_items--;
	if (s->name) {
		const char *text = s->text.data + s->at;
		size_t rest = s->text.len - s->at;
		const char *stop = memchr(text, s->separator, rest);

		s->len = stop ? (size_t)(stop - text) : rest;
		s->next = s->at + s->len + (stop != NULL);
	} else {
		s->len = strlen(s->words[s->at]);
		s->next = s->at + 1;
	}
	return split(s);
}

struct item input_source_column(const struct input_source *s, size_t i)
{
	const struct input_column *c = &s->columns[i];
	const char *text = current_text(s) + c->at;

	return (struct item){
		.text = text,
		.len = c->len,
		.cut = s->len > ITEM_MAX && i + 1 == s->n_columns,
		.has_nul = s->has_nul && memchr(text, '\0', c->len) != NULL,
	};
}

bool input_source_count(const struct input_source *s, uint64_t *ret_n)
{
	char data[READ_SIZE];
	char last = s->separator;
	off_t at = s->begin;
	uint64_t n = 0;
	ssize_t got;

	if (!s->name) {
		*ret_n = s->n_words;
		return true;
	}
	if (!s->regular || at < 0)
		return false;
	while ((got = pread(s->fd, data, sizeof(data), at)) > 0) {
		const char *stop = data + got;

		for (const char *c = data;
		     (c = memchr(c, s->separator, (size_t)(stop - c))); c++)
			n++;
		last = stop[-1];
		at += got;
	}
	if (got < 0)
		return false;
	*ret_n = n + (last != s->separator);
	return true;
}

void input_source_clear(struct input_source *s)
{
	input_source_stop(s);
	if (s->regular && !is_stdin(s))
		s->fd = fd_close(s->fd);
	buf_clear(&s->text);
	free(s->columns);
	*s = (struct input_source){.fd = -1, .ended = true};
}
