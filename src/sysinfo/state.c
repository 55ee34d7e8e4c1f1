/*
 * The file, in lines:
 *
 *	prockit-state 1 BOOT
 *	section MOMENT ROWS LENGTH KEY
 *	COLUMN COLUMN...
 *	VALUE VALUE...
 *	...
 *	end CHECKSUM
 *
 * LENGTH is that of the section's lines behind its first. A value is a letter and its
 * text: "u12", "i-3", "b1", "r0x1.8p+1", "n0" for a null and its reason, and a text with
 * its length in front, "t5:bytes", as it may hold anything. Lists and objects are not
 * kept: nothing is derived from them.
 */
#include "config.h"

#include "sysinfo/state.h"

#include "base/cleanup.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC "prockit-state 1 "

/* More than any state is; what a file of this name may be instead. */
enum { FILE_MOST = 256 << 20 };

/* FNV-1a: it is there to find accidents. */
static uint64_t checksum(const char *data, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)data[i]) * 0x100000001b3;
	return sum;
}

/* Reading. Everything is looked at twice: a file may hold anything. */

/* The text behind prefix at *p, up to the newline; moves *p behind it. NULL: it is
 * something else. The newline stays. */
static const char *take_line(const char **p, const char *end, const char *prefix,
			     size_t *ret_len)
{
	size_t len = strlen(prefix);

	if ((size_t)(end - *p) < len || memcmp(*p, prefix, len) != 0)
		return NULL;

	const char *text = *p + len;
	const char *newline = memchr(text, '\n', (size_t)(end - text));

	if (!newline)
		return NULL;
	*ret_len = (size_t)(newline - text);
	*p = newline + 1;
	return text;
}

/* Whether the file is whole and of this boot. */
static bool is_good(const struct state *state)
{
	enum { END_LENGTH = sizeof("end 0123456789abcdef\n") - 1 };
	const struct buf *b = &state->old;
	const char *p = b->data;
	char end[END_LENGTH + 1];
	size_t len;

	if (b->len < END_LENGTH || memchr(state->boot.data, '\n', state->boot.len))
		return false;
	(void)snprintf(end, sizeof(end), "end %016" PRIx64 "\n",
		       checksum(b->data, b->len - END_LENGTH));
	if (memcmp(b->data + b->len - END_LENGTH, end, END_LENGTH) != 0)
		return false;

	const char *boot = take_line(&p, b->data + b->len, MAGIC, &len);

	return boot && len == state->boot.len && memcmp(boot, state->boot.data, len) == 0;
}

static int read_boot(struct state *state, struct source *source)
{
	int r = source_read_proc_whole(source, "sys/kernel/random/boot_id", &state->boot);

	if (r == -ENOMEM)
		return r;
	state->boot.len = strcspn(state->boot.data, "\n");
	state->boot.data[state->boot.len] = '\0';
	/* A tree that does not tell, such as a saved one, is of one boot. */
	return state->boot.len ? 0 : buf_add_string(&state->boot, "none");
}

/*
 * Where a symbolic link leads to, even to nothing: the link stays, and its target is
 * replaced. A link that the system does not let us follow
 * (/proc/sys/fs/protected_symlinks) is not followed here.
 */
static int follow_links(struct buf *path)
{
	/* As many as the kernel. */
	for (int links = 0; links < 40; links++) {
		auto_buf struct buf next = BUF_INIT;
		char target[PATH_MAX];
		struct stat st;
		ssize_t n = readlink(path->data, target, sizeof(target));
		const char *slash = strrchr(path->data, '/');
		int r = 0;

		if (n < 0)
			return 0;
		if (stat(path->data, &st) < 0 && errno != ENOENT)
			return -errno;
		if (target[0] != '/' && slash)
			r = buf_add(&next, path->data, (size_t)(slash + 1 - path->data));
		if (r == 0)
			r = buf_add(&next, target, (size_t)n);
		if (r < 0)
			return r;
		buf_clear(path);
		*path = next;
		next = BUF_INIT;
	}
	return -ELOOP;
}

int state_open(struct state *state, const char *path, struct source *source)
{
	struct stat st = {0};
	int r;

	*state = (struct state){0};
	r = buf_add_string(&state->path, path);
	if (r == 0)
		r = follow_links(&state->path);
	if (r < 0)
		return r;
	path = state->path.data;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return -EINVAL;
	r = read_boot(state, source);
	if (r < 0)
		return r;
	r = st.st_size > FILE_MOST ? -EFBIG : file_read_at(AT_FDCWD, path, &state->old);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || !is_good(state))
		state->old.len = 0;
	return 0;
}

void state_close(struct state *state)
{
	buf_clear(&state->path);
	buf_clear(&state->old);
	buf_clear(&state->boot);
	buf_clear(&state->new);
}

struct section {
	nsec_t moment;
	uint64_t rows;
	const char *key; /* not terminated */
	size_t key_len;
	const char *whole; /* from its first line on */
	const char *body;
	const char *end;
};

/* The next section of the old file; false at its end. */
static bool next_section(const struct state *state, const char **p, struct section *ret)
{
	const char *end = state->old.data + state->old.len;
	uint64_t length;
	size_t len;

	ret->whole = *p;

	const char *line = take_line(p, end, "section ", &len);
	const char *line_end = line ? line + len : NULL;

	if (!line || !text_int(&line, &ret->moment) || !text_uint(&line, &ret->rows) ||
	    !text_uint(&line, &length) || *line != ' ' || length > (size_t)(end - *p))
		return false;
	ret->key = line + 1;
	ret->key_len = (size_t)(line_end - ret->key);
	ret->body = *p;
	*p += length;
	ret->end = *p;
	return true;
}

/* Behind the first line, where the sections begin; NULL: there is no old file. */
static const char *first_section(const struct state *state)
{
	const char *newline =
		state->old.len ? memchr(state->old.data, '\n', state->old.len) : NULL;

	return newline ? newline + 1 : NULL;
}

/* What tells the tables of one raw topic from those that are read otherwise. */
static int add_key(struct buf *b, const struct sample *s)
{
	const struct query *q = s->query;

	return buf_add_format(b, "%s%s%s%s%s", s->raw->name, q->per ? " per" : "",
			      q->all ? " all" : "", q->kind ? " " : "",
			      q->kind ? q->kind : "");
}

static int add_column_names(struct buf *b, const struct topic *topic)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < topic->n_columns; i++)
		r = buf_add_format(b, "%s%c", topic->columns[i].name,
				   i + 1 < topic->n_columns ? ' ' : '\n');
	return r;
}

static bool take_text(const char **p, const char *end, struct table *t, struct value *v)
{
	uint64_t len;

	if (!text_uint(p, &len) || **p != ':' || len > (size_t)(end - *p - 1))
		return false;
	value_text_n(t, v, *p + 1, len);
	*p += 1 + len;
	return true;
}

static bool take_real(const char **p, struct value *v)
{
	char *end;
	double value = strtod(*p, &end);

	if (end == *p)
		return false;
	value_real(v, value);
	*p = end;
	return true;
}

static bool take_why(const char **p, struct value *v)
{
	uint64_t why;

	if (!text_uint(p, &why) || why > WHY_NOT_APPLICABLE)
		return false;
	value_null(v, (enum why)why);
	return true;
}

/* A value and the blank or newline behind it. The file ends with a NUL behind end. */
static bool take_value(const char **p, const char *end, struct table *t, struct value *v)
{
	uint64_t natural;
	int64_t integer;
	bool good = false;

	if (*p >= end)
		return false;
	switch (*(*p)++) {
	case 'n':
		good = take_why(p, v);
		break;
	case 'b':
		good = text_uint(p, &natural);
		if (good)
			value_bool(v, natural != 0);
		break;
	case 'u':
		good = text_uint(p, &natural);
		if (good)
			value_uint(v, natural);
		break;
	case 'i':
		good = text_int(p, &integer);
		if (good)
			value_int(v, integer);
		break;
	case 'r':
		good = take_real(p, v);
		break;
	case 't':
		good = take_text(p, end, t, v);
		break;
	}
	return good && *p < end && (*(*p) == ' ' || *(*p) == '\n') && (*p)++;
}

/* Fill a table from a section: false, and it is useless, when something does not fit. */
static bool load_rows(const struct section *section, struct table *t)
{
	auto_buf struct buf names = BUF_INIT;
	const char *p = section->body;

	if (add_column_names(&names, t->topic) < 0 ||
	    (size_t)(section->end - p) < names.len ||
	    memcmp(p, names.data, names.len) != 0)
		return false;
	p += names.len;
	for (uint64_t i = 0; i < section->rows; i++) {
		struct row *row = table_add(t);

		for (size_t k = 0; row && k < t->topic->n_columns; k++)
			if (!take_value(&p, section->end, t, &row->values[k]))
				return false;
		if (!row)
			return false;
	}
	return p == section->end;
}

int state_load(struct state *state, struct sample *s)
{
	auto_buf struct buf key = BUF_INIT;
	const char *p = first_section(state);
	struct section section;
	struct table *t = &s->tables[s->now];

	if (!s->windowed || !p)
		return 0;
	if (add_key(&key, s) < 0)
		return -ENOMEM;
	while (next_section(state, &p, &section)) {
		if (section.key_len != key.len ||
		    memcmp(section.key, key.data, key.len) != 0)
			continue;
		/* A moment that is still to come, or is now, tells nothing. */
		if (section.moment > 0 && section.moment < nsec_clock(CLOCK_BOOTTIME) &&
		    load_rows(&section, t))
			s->at[s->now] = section.moment;
		return t->error;
	}
	return 0;
}

/* Writing. */

static int add_value(struct buf *b, const struct value *v)
{
	switch (v->kind) {
	case VALUE_BOOL:
		return buf_add_format(b, "b%d", v->boolean);
	case VALUE_INT:
		return buf_add_format(b, "i%" PRId64, v->integer);
	case VALUE_UINT:
		return buf_add_format(b, "u%" PRIu64, v->natural);
	case VALUE_REAL:
		return buf_add_format(b, "r%a", v->real);
	case VALUE_TEXT:
		return buf_add_format(b, "t%zu:%s", strlen(v->text), v->text);
	case VALUE_NULL:
		return buf_add_format(b, "n%d", (int)v->why);
	default:
		return buf_add_format(b, "n%d", (int)WHY_UNSUPPORTED);
	}
}

static int add_section(struct buf *b, const struct sample *s)
{
	auto_buf struct buf body = BUF_INIT;
	const struct table *t = &s->tables[s->now];
	size_t n = s->raw->n_columns;
	int r = add_column_names(&body, s->raw);

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; r == 0 && k < n; k++) {
			r = add_value(&body, &t->rows[i]->values[k]);
			if (r == 0)
				r = buf_add_char(&body, k + 1 < n ? ' ' : '\n');
		}
	if (r == 0)
		r = buf_add_format(b, "section %" PRId64 " %zu %zu ", s->at[s->now], t->n,
				   body.len);
	if (r == 0)
		r = add_key(b, s);
	if (r == 0)
		r = buf_add_char(b, '\n');
	return r < 0 ? r : buf_add(b, body.data, body.len);
}

/* Whether one of the first n samples has this key. */
static bool has_key(const struct sample *samples, size_t n, const char *key, size_t len)
{
	auto_buf struct buf other = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		other.len = 0;
		if (samples[i].windowed && samples[i].n_shown &&
		    add_key(&other, &samples[i]) == 0 && other.len == len &&
		    memcmp(other.data, key, len) == 0)
			return true;
	}
	return false;
}

int state_note(struct state *state, const struct sample *samples, size_t n)
{
	struct buf *b = &state->new;
	const char *p = first_section(state);
	struct section section;
	int r = buf_add_format(b, "%s%s\n", MAGIC, state->boot.data);

	while (r == 0 && p && next_section(state, &p, &section))
		if (!has_key(samples, n, section.key, section.key_len))
			r = buf_add(b, section.whole,
				    (size_t)(section.end - section.whole));
	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_buf struct buf key = BUF_INIT;

		if (!samples[i].windowed || !samples[i].n_shown)
			continue;
		r = add_key(&key, &samples[i]);
		/* Two topics may be made from the same table. */
		if (r == 0 && !has_key(samples, i, key.data, key.len))
			r = add_section(b, &samples[i]);
	}
	return r < 0 ? r
		     : buf_add_format(b, "end %016" PRIx64 "\n",
				      checksum(b->data, b->len));
}

/* A file beside the old one takes its place. */
static int replace(const struct state *state, char *temporary)
{
	auto_fd int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int r = fd_write_all(fd, state->new.data, state->new.len);

	if (r == 0 && rename(temporary, state->path.data) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

int state_write(struct state *state)
{
	auto_buf struct buf temporary = BUF_INIT;
	sigset_t all;
	sigset_t before;

	if (buf_add_format(&temporary, "%s.XXXXXX", state->path.data) < 0)
		return -ENOMEM;
	/* Ctrl-C must not leave the file beside. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);

	int r = replace(state, temporary.data);

	/* A file that may grow no further: the write has said so. */
	const struct timespec at_once = {0};
	sigset_t limit;

	(void)sigemptyset(&limit);
	(void)sigaddset(&limit, SIGXFSZ);
	if (r < 0)
		(void)sigtimedwait(&limit, NULL, &at_once);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
