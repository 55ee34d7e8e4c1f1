/*
 * What sysinfo and ps have in common: options of formats, columns and sampling, and the
 * way from topics to records on standard output.
 *
 *	struct view view = VIEW_INIT;
 *	view_set(&view, code, arg) for each option of view_options
 *	view_run(&view, queries, n) returns what main() ends with
 *
 * view_run() opens the source, works out the columns, and then for each record: waits for
 * its moment (absolute deadlines, so no drift), reads all topics, derives and arranges,
 * formats, and writes the record whole (emit.h).
 */
#ifndef SYSINFO_VIEW_H
#define SYSINFO_VIEW_H

#include <popt.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "sysinfo/format.h"
#include "sysinfo/topic.h"

/* The codes of the shared options; a program's own begin at VIEW_CODE_END. */
enum view_code {
	VIEW_CODE_JSON = 1,
	VIEW_CODE_JSONL,
	VIEW_CODE_RAW,
	VIEW_CODE_CSV,
	VIEW_CODE_SHELL,
	VIEW_CODE_PREFIX,
	VIEW_CODE_GET,
	VIEW_CODE_OPENMETRICS,
	VIEW_CODE_NO_HEADINGS,
	VIEW_CODE_BYTES,
	VIEW_CODE_OUTPUT,
	VIEW_CODE_OUTPUT_ALL,
	VIEW_CODE_LIST_COLUMNS,
	VIEW_CODE_INTERVAL,
	VIEW_CODE_COUNT,
	VIEW_CODE_RATE,
	VIEW_CODE_WATCH,
	VIEW_CODE_STATE,
	VIEW_CODE_REQUIRE,
	VIEW_CODE_PROC,
	VIEW_CODE_SYS,
	VIEW_CODE_END,
};

struct view {
	struct style style;
	bool format_given; /* two formats are a usage error */
	const char *get;
	const char *output; /* -o */
	bool output_all;
	bool list_columns;
	nsec_t interval; /* 0: not given */
	int64_t count;	 /* 0: not given */
	bool rate;
	bool watch;
	const char *state;
	bool require;
	const char *proc;
	const char *sys;
};

#define VIEW_INIT                                  \
	{                                          \
		.style = {.format = FORMAT_TABLE } \
	}

/* One topic as it was asked for. */
struct query {
	const struct topic *topic;
	bool per;
	bool all;
	const char *kind;
	char **operands; /* NULL-terminated, never NULL */
	void *data;
	bool by_row;		   /* ps */
	const char *const *needed; /* columns that are needed besides those shown
				      (sorting); NULL-terminated, or NULL */
};

/* Groups for OPTION_GROUP(). */
extern const struct poptOption view_format_options[];
extern const struct poptOption view_column_options[];
extern const struct poptOption view_sampling_options[];
extern const struct poptOption view_source_options[];

/* As struct subcommand's set(). */
const char *view_set(struct view *v, int code, const char *arg);

/* What does not go together: a line to show, or NULL. view_run() asks it. */
const char *view_contradiction(const struct view *v);

/* Returns what main() ends with, after messages. */
int view_run(const struct view *v, struct query *queries, size_t n);

#endif
