/*
 * Values, rows and tables: what a topic's reader fills and every format writes.
 *
 * A table belongs to one topic and one moment. Its rows have one value for each column of
 * the topic, and a fresh row is null throughout ("unsupported"), so a reader only sets
 * what it knows, and says why with row_null() where it knows that too. A 0 is always a
 * measured zero.
 *
 *	struct table t;
 *	table_init(&t, &topic_load);
 *	struct row *row = table_add(&t);
 *	row_real(row, LOAD_ONE, 0.25);
 *	... table_reset(&t) for the next sample, table_clear(&t) at the end
 *
 * Everything that a table holds (texts, lists) lies in its arena: setters copy, nothing
 * is freed one by one, and a reset table uses the same memory again, so memory does not
 * grow over samples. Lack of memory sticks in t->error; readers check it once, at their
 * end (only table_add() returns NULL and has to be looked at).
 */
#ifndef SYSINFO_VALUE_H
#define SYSINFO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topic;

/* Memory that is given back all at once; all zero to begin. */
struct arena {
	struct arena_chunk *chunks; /* the one in use first */
	struct arena_chunk *spare;  /* from before the last reset */
};

/* Zeroed memory for any type, or NULL. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy with a NUL behind it, or NULL. */
char *arena_copy(struct arena *a, const char *text, size_t len);
void arena_reset(struct arena *a); /* forget everything, keep the memory */
void arena_clear(struct arena *a);

/* Why a value is null; the words that JSON shows. */
enum why {
	WHY_UNSUPPORTED,    /* this kernel or device does not tell */
	WHY_PERMISSION,	    /* denied */
	WHY_GONE,	    /* it ended, or was taken away, while being read */
	WHY_NOT_APPLICABLE, /* has no meaning here: no battery, no ticks elapsed */
};

const char *why_name(enum why why);
/* Of a process, or of something else that was there a moment ago. EACCES and EPERM:
 * permission; ENOENT, ESRCH, ENODEV, ENXIO: gone; else unsupported. error is positive or
 * negative. */
enum why why_from_error(int error);
/* Of a file that not every system has: ENOENT is unsupported. */
enum why why_of_file(int error);

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_UINT,
	VALUE_REAL,
	VALUE_TEXT,    /* NUL-terminated bytes; need not be UTF-8 */
	VALUE_LIST,    /* values, usually of one kind */
	VALUE_OBJECT,  /* named values, in order */
	VALUE_WORDS,   /* texts: argv */
	VALUE_ENVIRON, /* NAME=VALUE texts as a process has them: in JSON an object */
};

struct value {
	enum value_kind kind;
	union {
		enum why why;
		bool boolean;
		int64_t integer;
		uint64_t natural;
		double real;
		const char *text;
		struct {
			struct value *items; /* of a list, or the values of an object */
			const char *const *names; /* of an object; literals */
			size_t n;
		} list;
		struct {
			char **texts; /* NULL at the end */
			size_t n;
		} words;
	};
};

struct row {
	struct table *table;
	struct value *values; /* one for each column of the topic */
	bool is_new;	      /* --rate: it was not there before */
};

struct table {
	const struct topic *topic;
	struct row **rows;
	size_t n;
	size_t cap;
	int error;	  /* 0 or -ENOMEM */
	unsigned *depths; /* for each row how deep it stands in a tree, or NULL; in the
			     arena */
	struct arena arena;
};

void table_init(struct table *t, const struct topic *topic);
void table_reset(struct table *t);
void table_clear(struct table *t);

#define auto_table __attribute__((cleanup(table_clear)))

/* A new last row, all null; or NULL. */
struct row *table_add(struct table *t);

/*
 * A new row of t that has the sums of the numbers of from, a table with the same columns;
 * or NULL. counts says which rows there are to a sum (NULL: all). Where one of them lacks
 * the number there is no sum, unless lenient, for then it is left out; but always where a
 * number does not apply (a counter that was reset), or where the sum is too large. A new
 * row counts from its appearance on, so that the rates that it lacks are missed nowhere.
 */
struct row *table_sum(struct table *t, const struct table *from,
		      bool (*counts)(const struct row *row), bool lenient);

/* Setters. column counts in the topic's columns. */
void row_null(struct row *row, size_t column, enum why why);
void row_bool(struct row *row, size_t column, bool value);
void row_int(struct row *row, size_t column, int64_t value);
void row_uint(struct row *row, size_t column, uint64_t value);
/* NaN and infinities are null. */
void row_real(struct row *row, size_t column, double value);
void row_text(struct row *row, size_t column, const char *text); /* copied */
void row_text_n(struct row *row, size_t column, const char *text, size_t len);
void row_format(struct row *row, size_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Compound values, for a row's value (&row->values[column]) or an element of another:
 * these return the n elements, null to begin, to be filled by the value_ setters, or NULL
 * (and then the value stays null and t->error is set).
 */
struct value *value_list(struct table *t, struct value *v, size_t n);
struct value *value_object(struct table *t, struct value *v, size_t n,
			   const char *const *names); /* names are kept, not copied */
void value_null(struct value *v, enum why why);
void value_bool(struct value *v, bool value);
void value_int(struct value *v, int64_t value);
void value_uint(struct value *v, uint64_t value);
void value_real(struct value *v, double value);
void value_text(struct table *t, struct value *v, const char *text);
void value_text_n(struct table *t, struct value *v, const char *text, size_t len);

/*
 * Texts that end with a NUL each (the last may lack it), as /proc/PID/cmdline and environ
 * have them: split at NUL and nowhere else, empty ones kept.
 */
void value_words(struct table *t, struct value *v, const char *data, size_t len);
void value_environ(struct table *t, struct value *v, const char *data, size_t len);

/* A deep copy, into another table's arena. */
void value_copy(struct table *t, struct value *to, const struct value *from);

static inline bool value_is_null(const struct value *v)
{
	return v->kind == VALUE_NULL;
}

/* A number as a double; 0 for what is none. */
double value_number(const struct value *v);

/* -1, 0, 1: for sorting. Numbers by size, texts by bytes, null behind everything. */
int value_compare(const struct value *a, const struct value *b);

#endif
