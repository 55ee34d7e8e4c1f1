/*
 * The record: the result of a job as one line of JSON.
 *
 * Its keys are a contract with users (prockit(1)): never absent, null where unknown or
 * not applicable, numbers unrounded; keys are only ever added within one schema.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "proc/job.h"

enum { RECORD_SCHEMA = 1 };

/* Which of many jobs it is (map). */
struct record_item {
	uint64_t seq;	  /* its place among the items, from 1 */
	unsigned slot;	  /* from 1 */
	unsigned attempt; /* from 1 */
	const char *item; /* NULL: unknown */
	const char *key;  /* what finds the same job in another run */
	bool failed;	  /* it counts as a failure there, whatever its status is */
};

/* What the record says besides the job and its result. Owns nothing. */
struct record {
	const struct job *job;
	const struct result *result;
	const char *cwd; /* where the command ran; NULL: unknown */
	bool shell;	 /* it was a string for a shell */
	bool is_pipeline;
	int exit_status;     /* as main() gets it (base/exit.h) */
	int deciding_stage;  /* pipelines: index, -1: all succeeded */
	const int *statuses; /* pipelines: one a stage, as a shell shows it; -1: none */
	unsigned tries;
	int attempts; /* a file with the earlier tries' records; -1: none */

	const struct record_item *item; /* NULL: it is not one of many */
	bool leave_out_output;		/* captured streams are null, their sizes stand */

	/* Where it was not started: what could not be opened, entered or executed, and
	 * why in words. */
	const char *error_path;
	const char *error_message;
};

/* Write it, without a newline behind it. */
void record_write(struct out *o, const struct record *r);

/* A captured stream as a JSON string value; its last newline is left out when
 * strip_newline. Also writes "<key>_encoding". */
void record_write_capture(struct json *j, const char *key, const struct capture *c,
			  bool strip_newline);

/* Python's returncode of a stage: 0-255 or -signal; false: it did not end, so there is
 * none. */
bool record_returncode(const struct result_stage *stage, int *ret_returncode);

#endif
