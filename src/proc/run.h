/*
 * A job while it runs: what job.c (start, stages, the end) and ending.c (limits, signals,
 * the tree) share. Nobody else's business.
 */
#ifndef PROC_RUN_H
#define PROC_RUN_H

#include "proc/job.h"
#include "proc/loop.h"
#include "proc/terminal.h"
#include "proc/tree.h"

/* How far the ending of a job has come. */
enum ending {
	ENDING_NOT,	/* it runs */
	ENDING_ASKED,	/* the first signal was sent to all */
	ENDING_KILLED,	/* KILL was */
	ENDING_GIVEN_UP /* what is left cannot be killed */
};

struct run {
	const struct job *job;
	struct result *result;
	struct loop loop;
	struct tree tree;
	struct terminal terminal;
	struct loop_source *stage_sources; /* pidfds */
	size_t stages_left;		   /* running */
	enum ending ending;
	bool start_failed; /* a stage could not be started; the others are being ended */
	bool abandoned;	   /* told to end after the command had ended: stop waiting */
	bool draining;	   /* waiting for captured pipes, once all else is done */
	bool drained;	   /* the wait for captured pipes is over */
	bool interrupting; /* a signal that asks for an end was passed on */
	int passed_on;	   /* the last signal passed on, or sent by the terminal to all */
	bool stopped_together; /* the next SIGCONT is the end of a stop that all shared */
	bool upstream_asked;   /* stages upstream of one that ended have had their TERM */

	struct loop_source signal_source;
	struct loop_source watch_source;
	struct loop_timer timeout;
	struct loop_timer idle;
	struct loop_timer kill_after;
	struct loop_timer give_up;
	struct loop_timer drain;
	struct loop_timer notice;
	struct loop_timer upstream;
	struct loop_timer look;
};

/* Set up limits, tree and signals, before the first stage starts: 0 or -errno. */
int ending_prepare(struct run *run);

/* Count the limits from here: all stages have started. */
void ending_started(struct run *run);

/* End the whole tree, for this reason; OUTCOME_EXITED: no limit, only the tree policy. */
void ending_begin(struct run *run, enum outcome why);

/* End it at once: KILL to all. Once a limit has struck, or when we are told a second
 * time. */
void ending_kill(struct run *run);

/* A stage has been collected, or SIGCHLD came: collect orphans, and go on with the
 * killing. */
void ending_children_changed(struct run *run);

/* Some captured output came. */
void ending_output_came(struct run *run);

/* Whether nothing is left to be waited for in the tree. */
bool ending_tree_is_done(struct run *run);

/* Send a signal to one stage, and note it: 0 or -errno. */
int ending_signal_stage(struct run *run, size_t stage, int signal);

/* Fill in the result's fields about the tree. */
void ending_finish(struct run *run);

/* Collect every stage that has ended (job.c). */
void run_reap_stages(struct run *run);

#endif
