#include "config.h"

#include "map/options.h"

#include "base/cleanup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One character, or an escape of printf(1)'s for one: \t, \0, \\, \x1f, \033. */
static const char *set_delimiter(struct map_options *m, const char *arg)
{
	static const char bad[] = "is not one character (or \\t, \\n, \\0, \\x1f, \\033)";
	static const char letters[] = "abfnrtv\\";
	static const char values[] = "\a\b\f\n\r\t\v\\";
	const char *found;
	char *end;
	long value;

	if (arg[0] != '\\' || !arg[1]) {
		if (!arg[0] || arg[1])
			return bad;
		m->separator = arg[0];
		return NULL;
	}
	found = arg[2] ? NULL : strchr(letters, arg[1]);
	if (found) {
		m->separator = values[found - letters];
		return NULL;
	}
	if (arg[1] == 'x' && strspn(arg + 2, "0123456789abcdefABCDEF") == strlen(arg + 2))
		value = strtol(arg + 2, &end, 16);
	else if (strspn(arg + 1, "01234567") == strlen(arg + 1))
		value = strtol(arg + 1, &end, 8);
	else
		return bad;
	if ((arg[1] == 'x' && !arg[2]) || *end || value > 255)
		return bad;
	m->separator = (char)value;
	return NULL;
}

static const char *add_file(struct map_options *m, const char *arg)
{
	if (!*arg)
		return "is not the name of a file";

	const char **files = reallocarray(m->files, m->n_files + 1, sizeof(*files));

	if (!files)
		return "needs more memory than there is";
	m->files = files;
	files[m->n_files++] = arg;
	return NULL;
}

/* A regular expression of POSIX; \t and \n, which it does not know, are what people
 * expect. */
static const char *set_colsep(struct map_options *m, const char *arg)
{
	auto_free char *text = strdup(arg);
	char *to = text;
	int r;

	if (!text)
		return "needs more memory than there is";
	for (const char *from = text; *from; from++) {
		if (*from == '\\' && (from[1] == 't' || from[1] == 'n'))
			*to++ = *++from == 't' ? '\t' : '\n';
		else if (*from == '\\' && from[1])
			*to++ = *from++, *to++ = *from;
		else
			*to++ = *from;
	}
	*to = '\0';
	if (m->has_column)
		regfree(&m->column);
	m->has_column = false;
	if (!*arg)
		return "is empty";
	r = regcomp(&m->column, text, REG_EXTENDED);
	if (r == 0) {
		m->has_column = true;
		return NULL;
	}
	return "is not a regular expression";
}

static const char *set_number(const char *arg, uint64_t *ret)
{
	int64_t value;

	if (parse_number(arg, 1, INT32_MAX, &value) < 0)
		return "is not a whole number above 0";
	*ret = (uint64_t)value;
	return NULL;
}

/* A number above 0 in the C locale, and where it ends. */
static bool read_positive(const char *arg, double *ret, const char **ret_end)
{
	char *end;
	double value = strtod(arg, &end);

	if (end == arg || !isfinite(value) || value <= 0 || *arg == ' ' || *arg == '+')
		return false;
	*ret = value;
	*ret_end = end;
	return true;
}

static const char *set_positive(const char *arg, const char *unit, const char *problem,
				double *ret)
{
	const char *end;
	double value;

	if (!read_positive(arg, &value, &end) || (*end && strcmp(end, unit) != 0))
		return problem;
	*ret = value;
	return NULL;
}

static const char *set_timeout(struct map_options *m, struct run_options *run,
			       const char *arg)
{
	const char *end;
	double percent;
	nsec_t limit;

	if (strchr(arg, '%')) {
		if (!read_positive(arg, &percent, &end) || strcmp(end, "%") != 0)
			return "is not a percentage above 0 (such as 300%)";
		m->timeout_percent = percent;
		run->limits.timeout = NSEC_FOREVER;
		return NULL;
	}
	if (parse_duration(arg, &limit) < 0)
		return "is neither a duration (such as 5, 1.5m) nor a percentage (300%)";
	m->timeout_percent = 0;
	run->limits.timeout = limit == 0 ? NSEC_FOREVER : limit;
	return NULL;
}

static const char *set_jobs(struct map_options *m, const char *arg)
{
	int r = slots_set(&m->slots, arg);

	if (r == 0)
		return NULL;
	return r == -EINVAL ? "is neither a number of jobs (4, 50%, +1, -1) nor a file "
			      "with one"
			    : "is a file that cannot be read";
}

static const char *set_stdin(struct map_options *m, const char *arg)
{
	static const char *const names[] = {[MAP_STDIN_NULL] = "null",
					    [MAP_STDIN_FIRST] = "first",
					    [MAP_STDIN_INHERIT] = "inherit"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(arg, names[i]) == 0) {
			m->in = (enum map_stdin)i;
			return NULL;
		}
	return "is neither null, first nor inherit";
}

static const char *set_duration(const char *arg, bool is_limit, nsec_t *ret)
{
	nsec_t value;

	if (parse_duration(arg, &value) < 0)
		return "is not a duration (such as 5, 1.5m, 500ms)";
	*ret = is_limit && value == 0 ? NSEC_FOREVER : value;
	return NULL;
}

static const char *set_item_option(struct map_options *m, struct run_options *run,
				   int code, const char *arg)
{
	switch (code) {
	case MAP_CODE_NULL:
		m->separator = '\0';
		return NULL;
	case MAP_CODE_DELIMITER:
		return set_delimiter(m, arg);
	case MAP_CODE_ARG_FILE:
		return add_file(m, arg);
	case MAP_CODE_COLSEP:
		return set_colsep(m, arg);
	case MAP_CODE_HEADER:
		m->header = true;
		return NULL;
	case MAP_CODE_MAX_ARGS:
		return set_number(arg, &m->per_job);
	case MAP_CODE_REPLACE:
		m->brace = arg;
		return *arg ? NULL : "is empty";
	case MAP_CODE_BUFFER:
		return set_number(arg, &m->ahead);
	default:
		return run_options_set(run, code, arg);
	}
}

static const char *set_throttle(struct map_options *m, struct run_options *run, int code,
				const char *arg)
{
	struct throttle_limits *t = &m->throttle;

	switch (code) {
	case MAP_CODE_DELAY:
		return set_duration(arg, false, &t->delay);
	case MAP_CODE_RATE:
		return set_positive(arg, "/s", "is not a number a second (such as 10/s)",
				    &t->rate);
	case MAP_CODE_LOAD:
		return set_positive(arg, "", "is not a number above 0", &t->load);
	case MAP_CODE_MEM_FREE:
		return parse_size(arg, &t->mem_free) < 0
			       ? "is not a size (such as 4096, 64K, 2G)"
			       : NULL;
	case MAP_CODE_PRESSURE:
		return set_positive(arg, "%", "is not a percentage above 0",
				    &t->pressure);
	default:
		return set_item_option(m, run, code, arg);
	}
}

static const char *set_output_option(struct map_options *m, struct run_options *run,
				     int code, const char *arg)
{
	switch (code) {
	case MAP_CODE_KEEP_ORDER:
		m->keep_order = true;
		return NULL;
	case MAP_CODE_LINE_BUFFER:
		m->outputs |= 1U << MAP_OUTPUT_LINES;
		m->output = MAP_OUTPUT_LINES;
		return NULL;
	case MAP_CODE_UNGROUP:
		m->outputs |= 1U << MAP_OUTPUT_UNGROUPED;
		m->output = MAP_OUTPUT_UNGROUPED;
		return NULL;
	case MAP_CODE_JSON:
		m->outputs |= 1U << MAP_OUTPUT_JSON;
		m->output = MAP_OUTPUT_JSON;
		return NULL;
	case MAP_CODE_TAG:
		m->tag = arg ? arg : "{}";
		return NULL;
	case MAP_CODE_PROGRESS:
		m->progress = true;
		return NULL;
	default:
		return set_throttle(m, run, code, arg);
	}
}

/* Options that name a file or a folder. */
static const char *set_file_option(const char **name, const char *arg)
{
	*name = arg;
	return *arg ? NULL : "is not the name of a file";
}

const char *map_options_set(struct map_options *m, struct run_options *run, int code,
			    const char *arg)
{
	switch (code) {
	case MAP_CODE_JOBS:
		return set_jobs(m, arg);
	case MAP_CODE_JOBSERVER:
		m->jobserver = true;
		return NULL;
	case MAP_CODE_STDIN:
		return set_stdin(m, arg);
	case MAP_CODE_TIMEOUT:
		return set_timeout(m, run, arg);
	case MAP_CODE_TOTAL_TIMEOUT:
		return set_duration(arg, true, &m->total_timeout);
	case MAP_CODE_RETRY_ON:
		m->has_retry_on = true;
		return parse_codes(arg, &m->retry_on) < 0
			       ? "is not a list of statuses (such as 75,100-110)"
			       : NULL;
	case MAP_CODE_HALT:
		return halt_parse(arg, &m->halt) < 0
			       ? "is not such as now,fail=1 or soon,done=50%"
			       : NULL;
	case MAP_CODE_FAIL_FAST:
		return halt_parse("now,fail=1", &m->halt) < 0 ? "cannot be" : NULL;
	case MAP_CODE_NO_GUARD:
		m->no_guard = true;
		return NULL;
	case MAP_CODE_LOG:
		return set_file_option(&m->log, arg);
	case MAP_CODE_JOBLOG:
		return set_file_option(&m->joblog, arg);
	case MAP_CODE_RESULTS:
		return set_file_option(&m->results, arg);
	case MAP_CODE_RESUME:
		return set_file_option(&m->resume, arg);
	case MAP_CODE_RETRY_FAILED:
		return set_file_option(&m->retry_failed, arg);
	default:
		return set_output_option(m, run, code, arg);
	}
}
