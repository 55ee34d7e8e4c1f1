#include "config.h"

#include "map/template.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What execve(2) takes for one word, with its NUL: MAX_ARG_STRLEN of 4 KiB pages. */
enum { WORD_MAX = 128 << 10 };

/* What a string takes of an item. Each is one stretch of it. */
enum part {
	PART_ALL,	/* a/b.c */
	PART_STEM,	/* a/b */
	PART_BASE,	/* b.c */
	PART_FOLDER,	/* a */
	PART_BASE_STEM, /* b */
};

/* What stands behind the number or the name, or else behind the brace. */
static const struct {
	const char *text;
	enum part part;
} endings[] = {
	{"}", PART_ALL},      {".}", PART_STEM},       {"/}", PART_BASE},
	{"//}", PART_FOLDER}, {"/.}", PART_BASE_STEM},
};

enum piece_kind { PIECE_TEXT, PIECE_ITEM, PIECE_SEQ, PIECE_SLOT };

/* A word is a row of pieces: literal text, and places for something else. */
struct piece {
	enum piece_kind kind;
	enum part part;	  /* of PIECE_ITEM */
	long index;	  /* the item's: from 1, or from -1 backwards; 0: all of them */
	const char *text; /* of PIECE_TEXT */
	size_t len;
};

struct template_word {
	char *word; /* as it was given */
	struct piece *pieces;
	size_t n;
	bool varies;  /* it has more than text */
	bool spreads; /* it is one string for all items, so each becomes a word */
};

/* Any stretch of bytes. */
struct slice {
	const char *data;
	size_t len;
};

static struct slice slice_stem(struct slice s)
{
	const char *dot = memrchr(s.data, '.', s.len);

	/* A dot in the name of a folder begins no extension. */
	if (dot && !memchr(dot, '/', s.len - (size_t)(dot - s.data)))
		s.len = (size_t)(dot - s.data);
	return s;
}

static struct slice slice_base(struct slice s)
{
	const char *slash = memrchr(s.data, '/', s.len);

	if (slash) {
		s.len -= (size_t)(slash + 1 - s.data);
		s.data = slash + 1;
	}
	return s;
}

/* As dirname(1): "a/b/" is in "a", "dir/" in "." and "/" in "/". */
static struct slice slice_folder(struct slice s)
{
	while (s.len > 1 && s.data[s.len - 1] == '/')
		s.len--;

	const char *slash = memrchr(s.data, '/', s.len);

	if (!slash)
		return (struct slice){".", 1};
	s.len = (size_t)(slash - s.data);
	while (s.len > 0 && s.data[s.len - 1] == '/')
		s.len--;
	if (s.len == 0)
		s.len = 1;
	return s;
}

static struct slice item_part(const struct item *item, enum part part)
{
	struct slice s = {item->text, item->len};

	switch (part) {
	case PART_STEM:
		return slice_stem(s);
	case PART_BASE:
		return slice_base(s);
	case PART_FOLDER:
		return slice_folder(s);
	case PART_BASE_STEM:
		return slice_stem(slice_base(s));
	case PART_ALL:
		break;
	}
	return s;
}

/* The length of the ending at s and its part, or 0. */
static size_t parse_ending(const char *s, enum part *ret_part)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t len = strlen(endings[i].text);

		if (strncmp(s, endings[i].text, len) == 0) {
			*ret_part = endings[i].part;
			return len;
		}
	}
	return 0;
}

/* "{NAME.}": the length of it at s, or 0. The first column that fits, as in GNU parallel.
 */
static size_t parse_name(const char *s, const struct row *names, struct piece *piece)
{
	for (size_t i = 0; names && i < names->n; i++) {
		const char *name = names->items[i].text;
		size_t name_len = strlen(name);

		/* A column without a name must not take {} away. */
		if (name_len == 0 || strncmp(s + 1, name, name_len) != 0)
			continue;

		size_t len = parse_ending(s + 1 + name_len, &piece->part);

		if (len > 0) {
			piece->index = (long)i + 1;
			return 1 + name_len + len;
		}
	}
	return 0;
}

/* "{N.}", "{-N //}": the length of it at s, or 0. There is no item 0. */
static size_t parse_index(const char *s, struct piece *piece)
{
	const char *digits = s + 1 + (s[1] == '-');
	size_t len = strspn(digits, "0123456789");
	const char *end = digits + len;

	if (len == 0 || strspn(digits, "0") == len)
		return 0;
	end += strspn(end, " \t\n\v\f\r");
	len = parse_ending(end, &piece->part);
	if (len == 0)
		return 0;

	/* What is too large is LONG_MAX or LONG_MIN, and no row reaches that far. */
	piece->index = strtol(s + 1, NULL, 10);
	return (size_t)(end - s) + len;
}

/* The replacement string at s: its length and what it stands for; or 0, and it is text.
 */
static size_t parse_piece(const char *s, const char *brace, const struct row *names,
			  struct piece *piece)
{
	size_t brace_len = strlen(brace);
	size_t len = 0;

	if (*s == '{') {
		piece->kind = PIECE_ITEM;
		piece->index = 0;
		len = parse_name(s, names, piece);
		if (len == 0)
			len = parse_index(s, piece);
		if (len == 0 && s[1] != '}') {
			size_t end = parse_ending(s + 1, &piece->part);

			len = end > 0 ? 1 + end : 0;
		}
		if (len == 0 && (s[1] == '#' || s[1] == '%') && s[2] == '}') {
			piece->kind = s[1] == '#' ? PIECE_SEQ : PIECE_SLOT;
			len = 3;
		}
	}
	/* -I's may be a part of another, which then is meant: -I { and {.} */
	if (brace_len > 0 && len <= brace_len && strncmp(s, brace, brace_len) == 0) {
		*piece = (struct piece){.kind = PIECE_ITEM, .part = PART_ALL};
		len = brace_len;
	}
	return len;
}

static int word_add_piece(struct template_word *w, const struct piece *piece)
{
	/* Room for 1, 2, 4, 8... */
	if ((w->n & (w->n - 1)) == 0) {
		size_t room = w->n ? 2 * w->n : 1;
		struct piece *pieces = reallocarray(w->pieces, room, sizeof(*pieces));

		if (!pieces)
			return -ENOMEM;
		w->pieces = pieces;
	}
	w->pieces[w->n++] = *piece;
	return 0;
}

static int word_parse(struct template_word *w, const char *brace, const struct row *names)
{
	struct piece text = {.kind = PIECE_TEXT, .text = w->word};
	int r = 0;

	for (const char *s = w->word; *s && r == 0;) {
		struct piece piece = {0};
		size_t len = parse_piece(s, brace, names, &piece);

		if (len == 0) {
			text.len++;
			s++;
			continue;
		}
		w->varies = true;
		s += len;
		if (text.len > 0)
			r = word_add_piece(w, &text);
		if (r == 0)
			r = word_add_piece(w, &piece);
		text = (struct piece){.kind = PIECE_TEXT, .text = s};
	}
	if (r == 0 && text.len > 0)
		r = word_add_piece(w, &text);
	w->spreads = w->n == 1 && w->pieces[0].kind == PIECE_ITEM &&
		     w->pieces[0].index == 0;
	return r;
}

int template_parse(struct template *t, char *const *words, size_t first,
		   const char *brace, const struct row *names)
{
	struct template parsed = {.appends = true};
	size_t n = 0;

	while (words[n])
		n++;
	parsed.words = calloc(n ? n : 1, sizeof(*parsed.words));
	if (!parsed.words)
		return -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		struct template_word *w = &parsed.words[parsed.n++];

		w->word = words[i];
		if (i < first)
			continue;
		if (word_parse(w, brace ? brace : "{}", names) < 0) {
			template_clear(&parsed);
			return -ENOMEM;
		}
		if (w->varies)
			parsed.appends = false;
	}
	parsed.command_varies = n > 0 ? parsed.words[0].varies : parsed.appends;
	*t = parsed;
	return 0;
}

/* What is put in. */
struct filling {
	const struct row *row;
	uint64_t seq;
	unsigned slot;
};

/* Write at to[at], where there is a to; without one it is only counted. */
static size_t put(char *to, size_t at, const char *data, size_t len)
{
	if (to && len > 0)
		memcpy(to + at, data, len);
	return at + len;
}

static size_t put_items(char *to, size_t at, const struct piece *p, const struct row *row)
{
	size_t from = 0;
	size_t end = row->n;

	if (p->index != 0) {
		/* Unsigned, so that LONG_MIN has an absolute value as well. */
		size_t distance = p->index > 0 ? (size_t)p->index : -(size_t)p->index;

		if (distance > row->n)
			return at;
		from = p->index > 0 ? distance - 1 : row->n - distance;
		end = from + 1;
	}
	for (size_t i = from; i < end; i++) {
		struct slice s = item_part(&row->items[i], p->part);

		if (i > from)
			at = put(to, at, " ", 1);
		at = put(to, at, s.data, s.len);
	}
	return at;
}

/* Write the whole word at to[at], without a NUL; returns where it ends. */
static size_t put_word(char *to, size_t at, const struct template_word *w,
		       const struct filling *f)
{
	char number[24];
	int len;

	if (!w->varies)
		return put(to, at, w->word, strlen(w->word));
	for (size_t i = 0; i < w->n; i++) {
		const struct piece *p = &w->pieces[i];

		switch (p->kind) {
		case PIECE_TEXT:
			at = put(to, at, p->text, p->len);
			break;
		case PIECE_ITEM:
			at = put_items(to, at, p, f->row);
			break;
		case PIECE_SEQ:
			len = snprintf(number, sizeof(number), "%" PRIu64, f->seq);
			at = put(to, at, number, (size_t)len);
			break;
		case PIECE_SLOT:
			len = snprintf(number, sizeof(number), "%u", f->slot);
			at = put(to, at, number, (size_t)len);
			break;
		}
	}
	return at;
}

/* The words of a job, counted first (argv is NULL) and then written. */
struct writer {
	char **argv;
	size_t n;
	char *text;
	size_t at;
};

static void writer_end_word(struct writer *out, size_t begin)
{
	out->at = put(out->text, out->at, "", 1);
	if (out->argv)
		out->argv[out->n] = out->text + begin;
	out->n++;
}

static void write_spread(struct writer *out, enum part part, const struct row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		struct slice s = item_part(&row->items[i], part);
		size_t begin = out->at;

		out->at = put(out->text, begin, s.data, s.len);
		writer_end_word(out, begin);
	}
}

static void write_words(struct writer *out, const struct template *t,
			const struct filling *f)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct template_word *w = &t->words[i];

		if (w->spreads) {
			write_spread(out, w->pieces[0].part, f->row);
		} else if (w->varies) {
			size_t begin = out->at;

			out->at = put_word(out->text, begin, w, f);
			writer_end_word(out, begin);
		} else {
			if (out->argv)
				out->argv[out->n] = w->word;
			out->n++;
		}
	}
	if (t->appends)
		write_spread(out, PART_ALL, f->row);
}

int template_expand(const struct template *t, const struct row *row, uint64_t seq,
		    unsigned slot, struct words *ret_words)
{
	struct filling f = {row, seq, slot};
	struct writer size = {0};

	write_words(&size, t, &f);

	/* The pointers first, because they must be aligned; the text behind them. */
	size_t pointers = (size.n + 1) * sizeof(char *);
	char **argv = malloc(pointers + size.at);

	if (!argv)
		return -ENOMEM;

	struct writer out = {.argv = argv, .text = (char *)argv + pointers};

	write_words(&out, t, &f);
	argv[out.n] = NULL;
	*ret_words = (struct words){.argv = argv, .n = out.n};
	return 0;
}

int template_expand_text(const struct template *t, const struct row *row, uint64_t seq,
			 unsigned slot, struct buf *ret_text)
{
	struct filling f = {row, seq, slot};
	size_t len = 0;

	for (size_t i = 0; i < t->n; i++)
		len = put_word(NULL, len + (i > 0), &t->words[i], &f);
	if (buf_reserve(ret_text, len) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0)
			ret_text->len = put(ret_text->data, ret_text->len, " ", 1);
		ret_text->len = put_word(ret_text->data, ret_text->len, &t->words[i], &f);
	}
	ret_text->data[ret_text->len] = '\0';
	return 0;
}

size_t words_too_long(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t len = strlen(w->argv[i]);

		if (len >= WORD_MAX)
			return len;
	}
	return 0;
}

void words_clear(struct words *w)
{
	free(w->argv);
	*w = (struct words){0};
}

void template_clear(struct template *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->words[i].pieces);
	free(t->words);
	*t = (struct template){0};
}
