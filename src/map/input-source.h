/*
 * One source of items: words of the command line, or a file.
 *
 *	*s = (struct input_source){.fd = -1, .name or .words, ...};
 *	r = input_source_open(s);
 *	while (input_source_peek(s, &reads) == INPUT_ROW) {
 *		r = input_source_advance(s);	the next item becomes the current one
 *		... input_source_column(s, i) for i in 0..s->n_columns
 *	}
 *	input_source_clear(s);
 *
 * What was read stands in one buffer, behind the current item; items are found in it as
 * they are wanted. While an item longer than ITEM_MAX goes on, one byte more than that is
 * kept of it, which tells that it is to be cut. A source
 * that is wanted again and again is read to its end first (input_source_keep()), then
 * the buffer holds all of it, and input_source_rewind() goes back.
 */
#ifndef MAP_INPUT_SOURCE_H
#define MAP_INPUT_SOURCE_H

#include <sys/types.h>

#include "base/buf.h"
#include "map/input.h"

struct input_column; /* input-source.c's */

struct input_source {
	/* What it is. */
	enum input_combine combine;
	struct input *input; /* whose source it is */
	const char *name;    /* of a file; NULL: words */
	char *const *words;  /* not NULL-terminated */
	size_t n_words;
	const regex_t *column;
	char separator;

	/* A file: one read at a time. */
	int fd;
	bool regular; /* it can be read at any time */
	off_t begin;  /* of a regular file: where we began to read */
	bool ended;   /* nothing is read any more */
	int error;    /* errno of why it ended; 0 */
	struct loop *loop;
	struct loop_source loop_source;

	/* What was read. */
	struct buf text;
	size_t line;  /* in text: the item that has not ended yet */
	bool has_nul; /* somewhere */

	/* Where we are: in text, or a number of words. */
	size_t at;	/* the current item */
	size_t len;	/* of the current item */
	size_t next;	/* the item after it */
	size_t n_items; /* complete ones from there on */
	size_t marked;	/* where input_source_rewind() goes */
	size_t n_marked;

	/* The current item, taken apart. */
	struct input_column *columns;
	size_t n_columns;
	size_t cap_columns;
};

/* Open the file: 0 or -errno. */
int input_source_open(struct input_source *s);

/* Have the loop watch a file that has not ended: 0 or -ENOMEM. */
int input_source_attach(struct input_source *s, struct loop *loop,
			void (*ready)(struct loop_source *source, short revents));

/* Take no more from the file, and leave the loop. */
void input_source_stop(struct input_source *s);

/* Read once, which blocks unless the file is ready or regular: whether there was
 * something, be it the end or an error. */
bool input_source_read(struct input_source *s);

/* Whether there is a next item: an input_outcome or -errno. The current item is
 * forgotten. Reads what is there, but not more often than *reads says, which it counts
 * down. */
int input_source_peek(struct input_source *s, unsigned *reads);

/* Read all of it, in the same way: INPUT_END once this is done, INPUT_WAIT or -errno. */
int input_source_keep(struct input_source *s, unsigned *reads);

/* Make the next item, which is there, the current one: 0 or -ENOMEM. */
int input_source_advance(struct input_source *s);

/* A column of the current item. Its text stays until the source is read again. */
struct item input_source_column(const struct input_source *s, size_t i);

/* Remember this place of a kept source, and go back to it. */
void input_source_mark(struct input_source *s);
void input_source_rewind(struct input_source *s);

/* Count all items, without any trace: false where that cannot be told without waiting. */
bool input_source_count(const struct input_source *s, uint64_t *ret_n);

void input_source_clear(struct input_source *s);

#endif
