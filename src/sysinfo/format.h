/*
 * Writing tables: the formats, each from the columns' declarations alone.
 *
 * A record is what is written at one moment: the tables of all topics that were asked
 * for. Every format writes into a struct out without a descriptor first; the caller
 * writes a finished record whole (emit.h), so that no signal leaves half of one.
 *
 * A list or an object inside a row is compact JSON in every machine format but JSON
 * itself (raw, CSV, shell, --get), and shortened words in a table.
 */
#ifndef SYSINFO_FORMAT_H
#define SYSINFO_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nsec.h"
#include "base/out.h"
#include "sysinfo/topic.h"
#include "sysinfo/value.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,  /* one object a record, on a line */
	FORMAT_JSONL, /* the same; for ps an object a row */
	FORMAT_RAW,
	FORMAT_CSV,
	FORMAT_SHELL,
	FORMAT_GET,
	FORMAT_OPENMETRICS,
};

/* One topic's part of a record. */
struct part {
	const struct topic *topic;
	const struct table *table;
	bool is_list;  /* rows are an array, even a single one */
	size_t *shown; /* the columns to show, in order */
	size_t n_shown;
};

struct record {
	const struct part *parts;
	size_t n_parts;
	double time;	 /* seconds since the epoch */
	double interval; /* the window, in seconds; 0: nothing was sampled, or not yet */
	bool sampled;	 /* something needs a window */
	bool first;	 /* the first record of this run: headings are due */
	bool repeats;	 /* more may follow: raw, CSV and tables begin with the time */
	bool by_row;	 /* ps: JSON Lines has a line for each row */
};

struct style {
	enum format format;
	bool no_headings;
	bool bytes;	    /* tables: sizes as plain numbers */
	const char *prefix; /* shell: before each name, or "" */
	bool color;	    /* tables: the terminal takes colours */
	unsigned width;	    /* tables: of the terminal; 0: as wide as it takes */
	bool bars;	    /* tables: percentages with a bar (--watch) */
	bool summary;	    /* tables: parts as one screenful */
};

/* Write a record in the style's format: 0, -ENOMEM (or a library's -errno). Further
 * trouble sticks in o. */
int format_record(struct out *o, const struct record *record, const struct style *style);

/* --list-columns: name, type, unit, cost and help of each column of the topics; as a
 * table, or as JSON, raw or CSV. */
int format_list_columns(struct out *o, const struct topic *const *list, size_t n,
			const struct style *style);

/* The formats, for format_record() alone (format-json.c, format-table.c...). */
int format_json(struct out *o, const struct record *record, const struct style *style);
int format_jsonl_rows(struct out *o, const struct record *record);
int format_table(struct out *o, const struct record *record, const struct style *style);
int format_summary(struct out *o, const struct record *record, const struct style *style);
int format_raw(struct out *o, const struct record *record, const struct style *style);
int format_csv(struct out *o, const struct record *record, const struct style *style);
int format_shell(struct out *o, const struct record *record, const struct style *style);
int format_get(struct out *o, const struct record *record, const struct style *style);
int format_openmetrics(struct out *o, const struct record *record);

/*
 * A scalar as every machine format has it: numbers in the C locale with the column's
 * decimals, true and false, texts as they are; null is nothing; lists and objects are
 * compact JSON.
 */
void format_scalar(struct out *o, const struct column *c, const struct value *v);

/* A value as people read it in a table: sizes as 1.5G, times as local RFC 3339, lists
 * joined by commas, control characters and what is not UTF-8 as \xHH; null is "-". */
void format_cell(struct out *o, const struct column *c, const struct value *v,
		 bool plain_bytes);

#endif
