/*
 * The items of a map, from wherever they come, as rows.
 *
 *	input_init(&in, &options);
 *	input_add_words(&in, INPUT_PRODUCT, words, n);	    ::: a b c
 *	input_add_file(&in, INPUT_LINKED, "list");	    :::: and -a; - is stdin
 *	r = input_open(&in, &ret_failed);		    no source at all: stdin
 *	input_attach(&in, loop, ready, data);
 *	while ((r = input_next(&in, &row)) == INPUT_ROW) ...
 *	input_clear(&in);
 *
 * Several sources give their product in row order (the last one changes fastest); a
 * linked one goes in step with the source before it and ends with the shorter. A source
 * that must be read again and again is kept in memory, the first (with those linked to
 * it) is not: it is read only as far ahead as rows are wanted, so that an endless
 * producer costs no memory. Descriptors that can wait are waited for on the loop, and
 * never read before poll(2) says that there is something: stdin's description is shared,
 * so it is not made non-blocking.
 *
 * A file's items are separated by one character and its last one may lack it; an empty
 * line is an item; an empty file has none. A carriage return is part of an item. Where
 * columns are wanted, an item is taken apart at every match that is not empty, so there
 * is at least one column.
 *
 * A regular file is read as its items are wanted, and is waited for only where one call
 * would read too much at once. A FIFO has not ended before it has had a writer.
 */
#ifndef MAP_INPUT_H
#define MAP_INPUT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/row.h"
#include "proc/loop.h"

enum input_combine {
	INPUT_PRODUCT, /* ::: and :::: */
	INPUT_LINKED,  /* :::+ */
};

struct input_options {
	char separator;	       /* '\n', '\0' or -d's */
	const regex_t *column; /* -C: what stands between columns, compiled without
				  REG_NOSUB; NULL: no columns */
	bool header;	       /* the first row of each source names its items */
	size_t per_job; /* -n: this many items (rows of them) a job; the last may have
			   fewer */
	size_t ahead;	/* --buffer: rows that may be read before they are wanted */
};

enum input_outcome {
	INPUT_ROW,  /* *ret_row is the caller's to free */
	INPUT_WAIT, /* nothing yet: ready() will be called */
	INPUT_END,
};

struct input_source; /* input-source.h's */

struct input {
	struct input_options options;
	struct input_source *sources;
	size_t n_sources;
	size_t n_kept_from; /* sources from this one on are kept in memory */
	struct row *header;

	bool begun;    /* all that comes before the first row is done */
	bool advanced; /* the sources have current items */
	bool ended;
	bool waiting; /* the last outcome was INPUT_WAIT */
	struct loop *loop;
	void (*ready)(void *data);
	void *data;
	size_t wanted; /* items that a source may have waiting */

	/* The row that is being made. */
	struct item *items;
	size_t n_items;
	size_t cap_items;
	size_t n_joined; /* of per_job */
	struct buf text; /* theirs, where the row is made of several */
};

void input_init(struct input *in, const struct input_options *options);

/* Sources in their order. Words and names are kept as pointers. 0 or -ENOMEM; -EINVAL:
 * linked to nothing; -EEXIST: standard input a second time. */
int input_add_words(struct input *in, enum input_combine combine, char *const *words,
		    size_t n);
int input_add_file(struct input *in, enum input_combine combine, const char *name);

/* Open all files: 0, or -errno and the name of the file ("-" for standard input; NULL:
 * there is no memory). A folder is -EISDIR. */
int input_open(struct input *in, const char **ret_name);

/* Whether one of the sources is our standard input. */
bool input_uses_stdin(const struct input *in);

/* Wait for input on this loop, and read ahead: 0 or -ENOMEM. ready() says that
 * input_next() may have more to say than INPUT_WAIT, which it said last. The input must
 * stay in place from now on. */
int input_attach(struct input *in, struct loop *loop, void (*ready)(void *data),
		 void *data);

/* An input_outcome, or -errno with the name of the file in *ret_name (NULL: there is no
 * memory). INPUT_END and a failure are final: the loop is left, and pipes that we opened
 * are closed, so that their writers learn of it. */
int input_next(struct input *in, struct row **ret_row, const char **ret_name);

/* With a header, once the first row has been asked for: the names, as many as a row has
 * items; NULL without. */
const struct row *input_header(const struct input *in);

/* How many rows there are in all, and true, where that can be told without waiting:
 * words, and regular files (which are scanned for it). */
bool input_total(struct input *in, uint64_t *ret_total);

void input_clear(struct input *in);

#endif
