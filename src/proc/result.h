/*
 * How a job ended.
 *
 * Plain data, filled by job_run(); the record printed as JSON is its written form
 * (record/). result_clear() frees it, captured output included.
 */
#ifndef PROC_RESULT_H
#define PROC_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/capture.h"
#include "proc/child.h"

enum outcome {
	OUTCOME_NOT_STARTED,
	OUTCOME_EXITED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMED_OUT,
	OUTCOME_IDLE_TIMED_OUT,
	OUTCOME_OUTPUT_LIMIT,
	OUTCOME_INTERRUPTED,
};

struct result_signal {
	int signal;
	nsec_t at; /* since the start */
};

struct result_process {
	pid_t pid;
	char comm[64];
	int error; /* survivors: the errno of the signal that could not be sent; 0: it was
		      sent, to no effect */
};

struct result_process_list {
	struct result_process *items;
	size_t n;
};

/* How one stage ended: its child, and whether its death of SIGPIPE is as it should be. */
struct result_stage {
	struct child child;
	enum outcome outcome;
	unsigned long pipe;  /* inode of the pipe to the next stage */
	bool ended_by_limit; /* it ran when a limit struck */
	bool benign_sigpipe; /* its reader had ended before, so it lost nothing */
};

struct result {
	enum outcome outcome;
	struct result_stage *stages; /* as many as the job has */
	size_t n_stages;
	size_t failed_stage;	  /* where error is set: the stage it speaks of */
	struct spawn_error error; /* why it was not started */

	nsec_t started;		    /* monotonic; 0: not started */
	struct timespec started_at; /* CLOCK_REALTIME */
	nsec_t duration;	    /* until all was collected */
	bool limit_struck;	    /* timed out, silent too long, or too much output */
	bool killed;		    /* KILL was sent after a limit */
	bool interrupted;	    /* a signal to us ended it, or asked it to end */
	int interrupted_by; /* the signal that ended our own waiting after the command had
			       ended; 0 */

	struct result_signal *signals; /* sent to the command by a limit, a policy, or
					  passed on */
	size_t n_signals;

	struct capture out;
	struct capture err;
	bool leaked; /* somebody still held a captured pipe when we stopped waiting */
	struct result_process_list holders;

	bool tree_watched; /* the four below are known */
	size_t descendants_killed;
	size_t descendants_left;
	struct result_process_list survivors;
	bool no_child_left; /* of whatever origin */
};

#define RESULT_INIT                                                                 \
	(struct result)                                                             \
	{                                                                           \
		.error = SPAWN_ERROR_INIT, .out = CAPTURE_INIT, .err = CAPTURE_INIT \
	}

void result_init(struct result *r);
void result_clear(struct result *r);

int result_add_signal(struct result *r, int signal, nsec_t at);
int result_add_process(struct result_process_list *list, pid_t pid, const char *comm,
		       int error);

/* How a wait status reads as an outcome. */
enum outcome outcome_of(const struct wait_status *status);

#endif
