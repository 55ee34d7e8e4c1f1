/*
 * A topic: what sysinfo can tell, as a declaration and one reader.
 *
 * The columns are the truth about a topic: tables, JSON, CSV, shell variables,
 * OpenMetrics, --list-columns, -o, completions and the check of the man page all come
 * from them. A new topic is a file in topics/ (its columns, its reader, its declaration
 * topic_NAME), a line in topics.def and one in src/local.mk, a section in the manual page
 * and tests (HACKING.md).
 *
 * Names are psutil's, in snake_case: the JSON key, the raw header, the shell variable.
 */
#ifndef SYSINFO_TOPIC_H
#define SYSINFO_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sysinfo/source.h"
#include "sysinfo/value.h"

/* What a column holds: the JSON type, the unit, how a table shows it. */
enum column_type {
	COLUMN_TEXT,	/* string */
	COLUMN_BOOL,	/* boolean */
	COLUMN_NUMBER,	/* integer; right-aligned; an id, a count, a nice value */
	COLUMN_REAL,	/* number, no unit */
	COLUMN_BYTES,	/* integer, bytes; a table shows 1.5G unless --bytes */
	COLUMN_SECONDS, /* number, seconds; a duration */
	COLUMN_MS,	/* integer or number, milliseconds */
	COLUMN_US,	/* integer, microseconds */
	COLUMN_PERCENT, /* number, 0-100 */
	COLUMN_MHZ,	/* number */
	COLUMN_CELSIUS, /* number */
	COLUMN_TIME,   /* number, seconds since the epoch; a table shows local RFC 3339 */
	COLUMN_LIST,   /* array */
	COLUMN_OBJECT, /* object */
	COLUMN_SOCKET, /* an address: an object with ip and port, or the path as a string
			*/
};

enum column_flags {
	COLUMN_ID = 1 << 0,	  /* names the row: first, and a label in OpenMetrics */
	COLUMN_COUNTER = 1 << 1,  /* only grows: --rate, and a counter in OpenMetrics */
	COLUMN_HIDDEN = 1 << 2,	  /* shown when named, or by --output-all */
	COLUMN_INTERNAL = 1 << 3, /* for derive(); never shown, listed or named */
	COLUMN_NAMING = 1 << 4,	  /* a number that only names: no sample in OpenMetrics */
	COLUMN_DRAWN = 1 << 5,	  /* a picture: never cut, and no place for a tree */
};

/* What reading it costs, for each row. */
enum column_cost {
	COST_FREE,  /* comes with the row */
	COST_CHEAP, /* one more small file or system call */
	COST_DEAR,  /* many files, or work in the kernel; read only when named */
};

struct column {
	const char *name;
	enum column_type type;
	enum column_flags flags;
	enum column_cost cost;
	const char *unit;    /* NULL: that of the type */
	int decimals;	     /* of a number, in every format; 0: as the type has it */
	const char *aliases; /* ps(1)'s names, by spaces, or NULL */
	/*
	 * OpenMetrics: "node_cpu_seconds_total{mode=\"user\"}": node_exporter's name and
	 * constant labels; NULL: prockit_<topic>_<name>[_total]. The id columns are the
	 * labels, named by .label or by themselves.
	 */
	const char *metric;
	double metric_scale; /* from our unit to the metric's; 0: as it is */
	/* In the place of .metric, where the name says what the id columns would say: no
	 * labels then. It returns a literal, or NULL for a row without a sample. */
	const char *(*metric_of)(const struct row *row);
	const char *label; /* of an id column: node_exporter's name of the label */
	const char *help;  /* one line, for --list-columns and the man page */
};

enum topic_flags {
	TOPIC_LIST = 1 << 0, /* always an array of rows */
	TOPIC_PER = 1 << 1,  /* an array with per_option (reading.per), else one object */
	TOPIC_SAMPLES = 1 << 2, /* needs two samples */
	TOPIC_TALL = 1 << 3,	/* one row, shown as a line for each field */
	TOPIC_PATHS = 1 << 4,	/* takes paths as operands (reading.operands) */
	TOPIC_KINDS = 1 << 5,	/* takes --kind (reading.kind) */
	TOPIC_ALL = 1 << 6,	/* takes --all (reading.all) */
};

struct reading;

struct topic {
	const char *name;    /* "cpu-times"; the JSON key is the same with underscores */
	const char *aliases; /* other names, by spaces and with underscores, or NULL */
	const char *summary; /* one line */
	const char *per_option; /* "percpu", "perdisk", "pernic", or NULL */
	const struct column *columns;
	size_t n_columns;
	enum topic_flags flags;

	/*
	 * Add the rows of this moment to t: 0, or -errno when nothing at all can be told
	 * (reading_fail() names the file). What a machine does not have is no error, but
	 * null, or no rows. NULL where raw is given.
	 */
	int (*read)(struct reading *r, struct table *t);

	/* A topic that is made from two tables of another one, read at two moments. */
	const struct topic *raw; /* NULL: of this topic itself */
	/*
	 * Fill t from two raw tables seconds apart; before is NULL when there is no
	 * earlier one (--state for the first time): then every figure that needs a window
	 * is null, not_applicable. Match rows by id, never by position. For a topic
	 * without TOPIC_SAMPLES it is only called when there are two tables.
	 */
	int (*derive)(struct reading *r, const struct table *before,
		      const struct table *after, double seconds, struct table *t);

	/*
	 * With TOPIC_PER: add the one row that is the total of devices, whose columns are
	 * those of t, mostly by table_sum(). Such a topic's reader always adds the rows
	 * of all devices; with --rate these are rates already, so that a device that
	 * comes, goes or begins anew does not pass for traffic. 0 or -errno. NULL: the
	 * reader makes the total, by reading.per.
	 */
	int (*total)(const struct table *devices, struct table *t);

	/*
	 * Last of all: drop, sort and complete the rows of the table that will be shown,
	 * or NULL. 0 or -errno.
	 */
	int (*arrange)(struct reading *r, struct table *t);
};

/* What a reader may ask: where to read, what is wanted, and who hears of trouble. */
struct reading {
	struct source *source;
	bool per;	  /* one row for each CPU, disk, interface, instead of a total */
	bool all;	  /* --all: pseudo file systems too */
	const char *kind; /* --kind of net-connections, or NULL */
	char **operands;  /* paths of disk-usage; NULL-terminated, never NULL */
	void *data;	  /* of a program with a topic of its own: ps's selection */
	const bool *wanted; /* by column: shown, sorted by, or needed otherwise */
	struct buf buf;	    /* scratch for files, free for use by every reader */

	struct buf failed_path; /* what could not be read */
	/* Named on the command line and not there; the exit status becomes 1. */
	struct missing {
		char *name;
		int error; /* positive errno */
	} * missing;
	size_t n_missing;
};

/* Remember which file made a reader fail; returns error (-errno). */
int reading_fail(struct reading *r, const char *path, int error);
/* Something named on the command line is not there; error is -errno. 0 or -ENOMEM. */
int reading_add_missing(struct reading *r, const char *name, int error);
void reading_clear(struct reading *r);

/* All topics, in the order of the manual, NULL at the end (topics.def). */
extern const struct topic *const topics[];

/* By name or alias, with hyphens or underscores, in any case; or NULL. */
const struct topic *topic_find(const char *name);
/* The topic whose name is nearest, for an error message; or NULL. */
const char *topic_suggest(const char *name);
/* Write the JSON key of a topic: its name with underscores. */
void topic_key(const struct topic *topic, char ret_key[64]);

/* By name or alias, in any case, hyphens as underscores: its place, or -1. */
int topic_column(const struct topic *topic, const char *name);

/* "integer", "number", "string"...: the type in JSON. */
const char *column_type_name(const struct column *c);
/* "bytes", "seconds", "percent"..., or "" where there is none. */
const char *column_unit(const struct column *c);
/* Digits behind the point, or -1 for as many as it takes. */
int column_decimals(const struct column *c);
/* Whether people expect it at the right edge: numbers. */
bool column_is_number(const struct column *c);

#endif
