/*
 * The options that sysinfo and ps share.
 */
#include "config.h"

#include "base/parse.h"
#include "sysinfo/view.h"

#include <stddef.h>

const struct poptOption view_format_options[] = {
	{"json", 'J', POPT_ARG_NONE, NULL, VIEW_CODE_JSON, "print one JSON object", NULL},
	{"jsonl", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_JSONL,
	 "print JSON Lines, an object a record", NULL},
	{"raw", 'r', POPT_ARG_NONE, NULL, VIEW_CODE_RAW,
	 "print fields with a tab between them", NULL},
	{"csv", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_CSV, "print CSV", NULL},
	{"shell", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_SHELL,
	 "print NAME='value' words that a shell can eval", NULL},
	{"prefix", '\0', POPT_ARG_STRING, NULL, VIEW_CODE_PREFIX,
	 "begin the names of the shell variables with this", "PREFIX"},
	{"get", '\0', POPT_ARG_STRING, NULL, VIEW_CODE_GET,
	 "print the bare value of this column alone", "COLUMN"},
	{"openmetrics", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_OPENMETRICS,
	 "print OpenMetrics, with node_exporter's names", NULL},
	{"noheadings", 'n', POPT_ARG_NONE, NULL, VIEW_CODE_NO_HEADINGS,
	 "print no heading line", NULL},
	{"bytes", 'b', POPT_ARG_NONE, NULL, VIEW_CODE_BYTES,
	 "show sizes in bytes in tables too", NULL},
	POPT_TABLEEND,
};

const struct poptOption view_column_options[] = {
	{"output", 'o', POPT_ARG_STRING, NULL, VIEW_CODE_OUTPUT,
	 "show these columns, separated by commas; +COLUMN,... adds to the default",
	 "COLUMN"},
	{"output-all", 'O', POPT_ARG_NONE, NULL, VIEW_CODE_OUTPUT_ALL, "show all columns",
	 NULL},
	{"list-columns", 'H', POPT_ARG_NONE, NULL, VIEW_CODE_LIST_COLUMNS,
	 "list the columns: name, type, unit, cost", NULL},
	{"require", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_REQUIRE,
	 "fail with 1 when something that is shown is unavailable", NULL},
	POPT_TABLEEND,
};

const struct poptOption view_sampling_options[] = {
	{"interval", 'i', POPT_ARG_STRING, NULL, VIEW_CODE_INTERVAL,
	 "print a record each time this has passed (0.5s)", "DURATION"},
	{"count", 'c', POPT_ARG_STRING, NULL, VIEW_CODE_COUNT,
	 "end after so many records", "NUMBER"},
	{"rate", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_RATE,
	 "show counters as their growth per second", NULL},
	{"watch", '\0', POPT_ARG_NONE, NULL, VIEW_CODE_WATCH,
	 "redraw a table on the terminal, with bars and a history", NULL},
	{"state", '\0', POPT_ARG_STRING, NULL, VIEW_CODE_STATE,
	 "keep the last sample here, and compare with it instead of waiting", "FILE"},
	POPT_TABLEEND,
};

const struct poptOption view_source_options[] = {
	{"proc", '\0', POPT_ARG_STRING, NULL, VIEW_CODE_PROC,
	 "read this folder instead of /proc", "DIR"},
	{"sys", '\0', POPT_ARG_STRING, NULL, VIEW_CODE_SYS,
	 "read this folder instead of /sys", "DIR"},
	POPT_TABLEEND,
};

/* Whether PREFIXname is a name that a shell takes for a variable. */
static bool is_prefix(const char *text)
{
	if (*text >= '0' && *text <= '9')
		return false;
	for (; *text; text++)
		if (*text != '_' && !(*text >= '0' && *text <= '9') &&
		    !(*text >= 'a' && *text <= 'z') && !(*text >= 'A' && *text <= 'Z'))
			return false;
	return true;
}

static const char *set_format(struct view *v, enum format format)
{
	if (v->format_given && v->style.format != format)
		return "cannot be joined with another format";
	v->format_given = true;
	v->style.format = format;
	return NULL;
}

static const char *set_interval(struct view *v, const char *arg)
{
	nsec_t interval;

	if (parse_duration(arg, &interval) < 0 || interval <= 0 ||
	    interval == NSEC_FOREVER)
		return "is not a finite duration above 0 (such as 5, 500ms, 1.5m)";
	v->interval = interval;
	return NULL;
}

static const char *set_count(struct view *v, const char *arg)
{
	return parse_number(arg, 1, INT64_MAX, &v->count) < 0
		       ? "is not a number from 1 on"
		       : NULL;
}

/* A name must have a letter. */
static const char *set_word(const char **place, const char *arg, const char *wrong)
{
	*place = arg;
	return *arg ? NULL : wrong;
}

static const char *set_format_code(struct view *v, int code, const char *arg)
{
	switch (code) {
	case VIEW_CODE_JSON:
		return set_format(v, FORMAT_JSON);
	case VIEW_CODE_JSONL:
		return set_format(v, FORMAT_JSONL);
	case VIEW_CODE_RAW:
		return set_format(v, FORMAT_RAW);
	case VIEW_CODE_CSV:
		return set_format(v, FORMAT_CSV);
	case VIEW_CODE_SHELL:
		return set_format(v, FORMAT_SHELL);
	case VIEW_CODE_PREFIX:
		v->style.prefix = arg;
		return is_prefix(arg) ? NULL : "cannot begin the name of a variable";
	case VIEW_CODE_GET:
		v->get = arg;
		return set_format(v, FORMAT_GET);
	case VIEW_CODE_OPENMETRICS:
		return set_format(v, FORMAT_OPENMETRICS);
	case VIEW_CODE_NO_HEADINGS:
		v->style.no_headings = true;
		return NULL;
	default:
		v->style.bytes = true;
		return NULL;
	}
}

const char *view_set(struct view *v, int code, const char *arg)
{
	if (code <= VIEW_CODE_BYTES)
		return set_format_code(v, code, arg);
	switch (code) {
	case VIEW_CODE_OUTPUT:
		v->output = arg;
		return NULL;
	case VIEW_CODE_OUTPUT_ALL:
		v->output_all = true;
		return NULL;
	case VIEW_CODE_LIST_COLUMNS:
		v->list_columns = true;
		return NULL;
	case VIEW_CODE_INTERVAL:
		return set_interval(v, arg);
	case VIEW_CODE_COUNT:
		return set_count(v, arg);
	case VIEW_CODE_RATE:
		v->rate = true;
		return NULL;
	case VIEW_CODE_WATCH:
		v->watch = true;
		return NULL;
	case VIEW_CODE_STATE:
		return set_word(&v->state, arg, "is not the name of a file");
	case VIEW_CODE_REQUIRE:
		v->require = true;
		return NULL;
	case VIEW_CODE_PROC:
		return set_word(&v->proc, arg, "is not the name of a folder");
	case VIEW_CODE_SYS:
		return set_word(&v->sys, arg, "is not the name of a folder");
	default:
		return "is not understood";
	}
}

const char *view_contradiction(const struct view *v)
{
	bool repeats = v->count > 1 || (v->interval && v->count != 1);

	if (v->style.prefix && v->style.format != FORMAT_SHELL)
		return "--prefix: only with --shell";
	if (v->output && v->output_all)
		return "--output: not together with --output-all";
	if (v->get && v->output)
		return "--output: not together with --get";
	if (v->get && v->output_all)
		return "--output-all: not together with --get";
	if (v->state && (v->interval || v->count))
		return "--state: not together with --interval and --count";
	if (v->state && v->watch)
		return "--state: not together with --watch";
	if (v->watch && v->format_given)
		return "--watch: shows a table, and takes no other format";
	if (v->style.format == FORMAT_OPENMETRICS && repeats)
		return "--openmetrics: is one record (try --count=1)";
	if (v->list_columns && v->style.format > FORMAT_CSV)
		return "--list-columns: as a table, JSON, raw or CSV";
	return NULL;
}
