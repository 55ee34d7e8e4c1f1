/*
 * What is written about each job that has ended: --log, --joblog, --results.
 *
 * All files are opened before the first job starts. --log gets one JSON record a line,
 * each in one write(2) at the end of the file, so that several maps may share one, and a
 * kill cuts none but the last; a line that an earlier run was cut off in is ended first.
 * --joblog is GNU parallel's table of tabs (joblog.h). --results=DIR gets a folder SEQ
 * for each job, with stdout, stderr and record.json, which comes last: where it stands,
 * the others are whole. DIR is made, its parents too; older files are replaced.
 *
 *	struct records r = RECORDS_INIT;
 *	r.log = ...; records_open(&r, &name);
 *	records_add_results(&r, &j, &name);	it ended for good
 *	records_add(&r, &j, &name);
 *	records_close(&r);
 */
#ifndef MAP_RECORDS_H
#define MAP_RECORDS_H

#include "base/out.h"
#include "map/job.h"

struct records {
	const char *log; /* names, or NULL */
	const char *joblog;
	const char *results;
	const char *cwd; /* where the jobs run; NULL: unknown */
	bool shell;	 /* -c */

	/* records.c's. */
	int log_fd;
	int joblog_fd;
	int results_fd;
	bool log_is_cut; /* it ends within a line */
	bool joblog_is_cut;
	struct buf name; /* of a file below results, for a message */
};

#define RECORDS_INIT                                            \
	(struct records)                                        \
	{                                                       \
		.log_fd = -1, .joblog_fd = -1, .results_fd = -1 \
	}

/* Open or make what is named: 0, or -errno and the name. */
int records_open(struct records *r, const char **ret_name);

/*
 * The record of a job as one line of JSON; with_output: what was captured stands in it.
 * "failed" in it is j->failed: by it, not by its status, a job succeeded or failed (a
 * full disk may have cut the output of one whose status is 0).
 */
void records_write_json(const struct records *r, struct out *o, const struct map_job *j,
			bool with_output);

/* The record of a try that is to be repeated, for the "attempts" of those after it; what
 * it wrote is not in it. Without a newline. */
void records_write_attempt(const struct records *r, struct out *o,
			   const struct map_job *j);

/* What a job came to, as its records say: j->status, but never 0 where it failed. */
int records_status(const struct map_job *j);

/*
 * Write the files of a job: 0, or -errno and the name of the file, which lives until the
 * next call. First, because a job whose files cannot be written has failed.
 */
int records_add_results(struct records *r, const struct map_job *j,
			const char **ret_name);

/* Write the lines about a job: 0, or -errno and the name of the file. What can be written
 * is, also where something fails. */
int records_add(struct records *r, const struct map_job *j, const char **ret_name);

void records_close(struct records *r);

#endif
