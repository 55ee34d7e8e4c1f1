/*
 * What the subcommands that run commands share: from options and operands to a job, from
 * its result to messages, a report and an exit status.
 *
 *	auto_drive struct drive d = DRIVE_INIT(&opt.run);
 *	int status = drive_open(&d, operands);
 *
 *	if (status >= 0)
 *		return status;
 *	drive_run(&d);
 *	(void)drive_say_failure(&d);
 *	... what the subcommand does with d.result ...
 *	return drive_finish(&d, drive_status(&d));
 *
 * drive_open() finds fault and opens files, and may do it all (--dry-run, --guard, exec).
 * drive_run() runs it, with retries. drive_finish() writes the report.
 *
 * What a subcommand wants captured it says in d.job.flags, before drive_open(). A
 * pipeline goes through drive_open_stages().
 */
#ifndef DRIVE_DRIVE_H
#define DRIVE_DRIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/out.h"
#include "cli/run-options.h"
#include "proc/job.h"

/* Which stage's failure is the pipeline's. */
enum pipe_policy {
	PIPE_PIPEFAIL, /* the rightmost that failed; death of SIGPIPE after the reader
			  ended is no failure */
	PIPE_LAST,
	PIPE_FIRST,
	PIPE_STRICT, /* the rightmost that failed, SIGPIPE or not */
};

enum drive_flags {
	DRIVE_SHELL = 1 << 0, /* the first operand is always a string for the shell */
	DRIVE_NEEDS_STDOUT = 1 << 1, /* we write to it ourselves: refuse to run where it
					is closed */
	DRIVE_MAY_EXEC = 1 << 2, /* become the command where nothing has to be supervised
				  */
	DRIVE_PIPELINE = 1 << 3, /* the record is a pipeline's, even with one stage */
	DRIVE_POOL = 1 << 4, /* many jobs are made of this one, and a pool runs them: its
				workers are their guards */
};

struct drive {
	const struct run_options *options;
	enum drive_flags flags;
	struct job job;
	struct result result;
	struct signals signals;

	enum pipe_policy policy;
	const struct code_set *stage_codes; /* a pipeline's, one a stage; NULL: the
					       options' ok_codes */

	unsigned tries;
	int attempts; /* a file of earlier tries' records, where somebody wants them; -1
		       */

	/* Why it was not started, beside result.error. */
	const char *error_path;
	struct buf error_message;

	/* Owned. */
	struct job_stage *stages;
	char **words; /* of all stages, where they are not those given */
	char **envp;
	char *cwd;
	int dirfd;
	int fds[3];
	int report;
};

#define DRIVE_INIT(run_options)                                               \
	(struct drive)                                                        \
	{                                                                     \
		.options = (run_options), .dirfd = -1, .result = RESULT_INIT, \
		.fds = {-1, -1, -1}, .report = -1, .attempts = -1,            \
		.error_message = BUF_INIT                                     \
	}

/*
 * Open for one command; words: the operands. Returns -1 to go on, else the exit status,
 * and what was wrong has been said. A folder or file that cannot be opened is a result as
 * any other (not started): drive_run() then does nothing.
 */
int drive_open(struct drive *d, char **words);

/* The same for a pipeline: n_stages word lists, each NULL-terminated; merge may be NULL.
 */
int drive_open_stages(struct drive *d, char ***stages, size_t n_stages,
		      const bool *merge);

/* Run it, again while it fails and retries are left; d->result is the last try's. */
void drive_run(struct drive *d);

/* The exit status that the result asks for (base/exit.h). */
int drive_status(const struct drive *d);

/*
 * The same for a subcommand that prints a record: 0 when the command ran and was
 * collected, unless a limit ended it or we were interrupted. check: drive_status() after
 * all.
 */
int drive_record_status(const struct drive *d, bool check);

/* As drive_status(), but a status that --ok-codes forgives is what it was. */
int drive_real_status(const struct drive *d);

/* The pipeline's stage that decides; -1: all succeeded. */
int drive_deciding_stage(const struct drive *d);

/* Why it was not started, or that we failed ourselves: a text that d keeps; NULL where
 * there is nothing to say. */
const char *drive_describe_failure(struct drive *d);

/* Say that, with the stage it is about. Returns whether there was something to say. */
bool drive_say_failure(struct drive *d);

/* Say that the command failed, in Python's words, unless --quiet. */
void drive_say_end(const struct drive *d);

/* How it ended and how long it took, for people: 0 or -ENOMEM. */
int drive_describe_end(const struct drive *d, struct buf *ret_text);

/* Whether captured output can be a shell variable's; if not, that has been said. */
bool drive_fits_shell(const struct capture *c, const char *name);

/* Write the record of the result, followed by a newline. */
void drive_write_record(const struct drive *d, struct out *o);

/* Write the report, if one was asked for. Returns status, or 125 when that fails. */
int drive_finish(struct drive *d, int status);

void drive_clear(struct drive *d);

#define auto_drive __attribute__((cleanup(drive_clear)))

#endif
