/*
 * What `prockit map` was asked for, and how its options are read; their table is in
 * cmd/map.c. Words are kept as pointers; they live as long as the command line.
 */
#ifndef MAP_OPTIONS_H
#define MAP_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"
#include "cli/run-options.h"
#include "map/halt.h"
#include "map/slots.h"
#include "proc/throttle.h"

/* The codes of its options. */
enum map_code {
	MAP_CODE_NULL = RUN_CODE_END,
	MAP_CODE_DELIMITER,
	MAP_CODE_ARG_FILE,
	MAP_CODE_COLSEP,
	MAP_CODE_HEADER,
	MAP_CODE_MAX_ARGS,
	MAP_CODE_REPLACE,
	MAP_CODE_BUFFER,
	MAP_CODE_JOBS,
	MAP_CODE_JOBSERVER,
	MAP_CODE_STDIN,
	MAP_CODE_TIMEOUT,
	MAP_CODE_TOTAL_TIMEOUT,
	MAP_CODE_RETRY_ON,
	MAP_CODE_DELAY,
	MAP_CODE_RATE,
	MAP_CODE_LOAD,
	MAP_CODE_MEM_FREE,
	MAP_CODE_PRESSURE,
	MAP_CODE_HALT,
	MAP_CODE_FAIL_FAST,
	MAP_CODE_KEEP_ORDER,
	MAP_CODE_LINE_BUFFER,
	MAP_CODE_UNGROUP,
	MAP_CODE_TAG,
	MAP_CODE_JSON,
	MAP_CODE_LOG,
	MAP_CODE_JOBLOG,
	MAP_CODE_RESULTS,
	MAP_CODE_RESUME,
	MAP_CODE_RETRY_FAILED,
	MAP_CODE_PROGRESS,
	MAP_CODE_NO_GUARD,
};

enum map_output {
	MAP_OUTPUT_GROUP,
	MAP_OUTPUT_LINES,
	MAP_OUTPUT_UNGROUPED,
	MAP_OUTPUT_JSON,
};

enum map_stdin {
	MAP_STDIN_NULL,
	MAP_STDIN_FIRST,
	MAP_STDIN_INHERIT,
};

struct map_options {
	/* Items. */
	char separator;
	const char **files; /* -a, in their order */
	size_t n_files;
	bool has_column;
	regex_t column;
	bool header;
	uint64_t per_job;
	const char *brace; /* -I */
	uint64_t ahead;	   /* --buffer; 0: twice the slots */

	/* Running. */
	struct slots slots;
	bool jobserver;
	enum map_stdin in;
	double timeout_percent; /* of the median; 0: none */
	nsec_t total_timeout;
	struct code_set retry_on;
	bool has_retry_on;
	struct throttle_limits throttle;
	struct halt halt;
	bool no_guard;

	/* Output. */
	enum map_output output;
	unsigned outputs; /* which of them were asked for, a bit each */
	bool keep_order;
	const char *tag; /* a template; NULL: none */
	bool progress;
	const char *log;
	const char *joblog;
	const char *results;
	const char *resume;
	const char *retry_failed;
};

#define MAP_OPTIONS_INIT                                                        \
	{                                                                       \
		.separator = '\n', .per_job = 1, .total_timeout = NSEC_FOREVER, \
	}

/* Take one option, or hand it to run_options_set(); as struct subcommand's set(). */
const char *map_options_set(struct map_options *m, struct run_options *run, int code,
			    const char *arg);

#endif
