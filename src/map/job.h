/*
 * One job of a map: a row of items, what became of it, and what is written about it.
 */
#ifndef MAP_JOB_H
#define MAP_JOB_H

#include "map/key.h"
#include "map/output.h"
#include "map/row.h"
#include "map/template.h"
#include "proc/job.h"
#include "proc/pool.h"
#include "proc/result.h"

/* PROCKIT_SEQ, _SLOT, _ATTEMPT, _ITEM and MAKEFLAGS. */
enum { MAP_ENV_MAX = 5 };

struct map_job {
	struct pool_job pool; /* first: a pool_job of a map's pool is a map_job */
	uint64_t seq;	      /* from 1: its place among the items */
	unsigned slot;	      /* from 1; of its last try */
	unsigned attempt;     /* from 1 */
	struct row *row;
	struct buf item; /* the row's items, joined by blanks */
	char key[KEY_SIZE];
	struct words words; /* of its last try */
	struct buf path;    /* its program, where each job may have another */
	struct buf env_text;
	char *env[MAP_ENV_MAX + 1]; /* PROCKIT_SEQ=... */
	int attempts; /* a file with the records of the tries before, or -1 */
	bool has_token;
	bool has_begun; /* its output knows it */
	bool is_again;	/* its last try failed, and another one is to come */
	int keep_error; /* errno of a failure to keep its output as it came */
	struct output_job output;

	/* Once it has ended. */
	struct job job;		/* what was run: one stage */
	struct job_stage stage; /* its words and program; owns nothing */
	struct result result;
	bool failed;
	int status; /* as a shell shows it */
	struct buf error_text;
	const char *error_message; /* why it could not be run, or what it printed could
				      not be kept; NULL */
};

#endif
