/*
 * One command over many items: what brings the parts of src/map/ together.
 *
 * An item's way: input reads it into a row; next() makes a job of it; prepare() puts the
 * row into the template's words and finds the program; the pool's worker runs it; ended()
 * judges the result, writes records (log, joblog, results), and hands what was captured
 * to output, which prints it in its turn through the sink. Nothing on this way blocks:
 * input and sink wait on the same loop as the pool, and a slow reader of our output stops
 * next() and the workers, so that a pipeline of maps has its back pressure from the
 * pipes.
 *
 * map.c is that way; map-end.c is what ends it (signals, --halt, limits on all) and the
 * exit status; map-start.c opens everything before the first job.
 */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include "drive/drive.h"
#include "map/input.h"
#include "map/job.h"
#include "map/key.h"
#include "map/median.h"
#include "map/options.h"
#include "map/output.h"
#include "map/progress.h"
#include "map/records.h"
#include "map/resume.h"
#include "map/template.h"
#include "proc/jobserver.h"
#include "proc/pool.h"

/* How the whole comes to its end, if not by itself. */
enum map_ending {
	MAP_GOES_ON,
	MAP_DRAINS, /* starts nothing new */
	MAP_ENDS,   /* what runs was told to end */
	MAP_KILLS,
};

struct map {
	struct map_options *options;
	struct run_options *run;
	struct drive *drive;
	char **command; /* the words of COMMAND */

	struct loop loop;
	struct loop_source signal_source;
	struct loop_source token_source;
	struct loop_source stdout_source;
	struct loop_timer total_timer;
	struct loop_timer throttle_timer;
	struct loop_timer slots_timer;
	struct loop_timer again_timer;
	struct loop_timer flush_timer;
	struct loop_timer continue_timer;

	struct input input;
	struct template template;
	bool has_template; /* with a header it waits for the names */
	struct template tag;
	struct pool pool;
	struct output output;
	struct records records;
	struct resume resume;
	struct resume retry_failed;
	struct throttle throttle;
	struct jobserver jobserver;
	struct median median;
	struct progress progress;
	struct key_base key_base;
	struct buf program;   /* where every job runs the same one: found */
	struct buf makeflags; /* --jobserver's */

	struct row *pending; /* read, and not a job yet */
	int pending_outcome; /* of input_next(), where that was its end; else INPUT_ROW */
	char spare_token;
	bool has_spare_token;
	bool implicit_taken; /* the jobserver's slot that costs no token */
	uint64_t seq;	     /* of the last job made */
	uint64_t order;	     /* of the last one that will be shown */

	uint64_t succeeded;
	uint64_t failed;
	uint64_t skipped;
	uint64_t total; /* 0: not known */

	void (*leave)(void); /* see struct worker_setup */
	bool ignores_pipe;   /* SIGPIPE was ignored when we were started */

	enum map_ending ending;
	int ended_by;	    /* the signal that asked for the end; 0 */
	bool is_finished;   /* no job runs or will; what they printed goes out */
	bool flush_is_over; /* ... no longer */
	bool was_short;	    /* it was said that no more jobs can run at a time */
	bool timed_out;	    /* --total-timeout */
	bool halted;	    /* --halt was reached */
	int halt_status;    /* of the job that did it */
	int status; /* 0, or what it will be whatever the jobs do (125, 126, 127...) */
};

/* Run it all; operands as the user gave them. leave() ends a worker process. Returns what
 * main() ends with. */
int map_run(struct map_options *options, struct run_options *run, char **operands,
	    void (*leave)(void));

/* --- between map.c, map-job.c, map-start.c and map-end.c --- */

static inline struct map *map_of(const struct pool *p)
{
	return p->data;
}

static inline struct map_job *map_job_of(struct pool_job *job)
{
	return (struct map_job *)job;
}

/* Open what is needed: -1 to go on, else the exit status, and what was wrong was said. */
int map_start(struct map *m, const struct pool_handlers *handlers, char **operands);

/* The next row that is to be run: an input_outcome, or -errno, which has been said. */
int map_next_row(struct map *m, struct row **ret_row);

/* Take the command's words apart, once the header is known; find its program, where it is
 * one for all: 0, or -1 when it failed, which has been said. */
int map_get_template(struct map *m);

/* Make a job of a row, which it owns: NULL where there is no memory. */
struct map_job *map_job_new(struct map *m, struct row *row);
void map_job_free(struct map_job *j);

/* Fill in a job's words: 0 or -errno. */
int map_job_expand(struct map *m, struct map_job *j);

/* The pool's handlers on the way to a try (proc/pool.h). */
bool map_may_start(struct pool *p);
enum pool_next map_next(struct pool *p, struct pool_job **ret_job);
int map_prepare(struct pool *p, struct pool_job *job);
void map_on_live(struct pool *p, struct pool_job *job, int stream, const char *data,
		 size_t len);

/* Give a job's token back to the jobserver; and one that no job has taken. */
void map_give_token(struct map *m, struct map_job *j);
void map_return_spare(struct map *m);

/* Say something about a job. */
void map_say(struct map *m, const struct map_job *j, const char *text);

/* Signals, limits and --halt. */
int map_catch(struct map *m);
void map_end(struct map *m, enum map_ending how);

/* Who told us to end, or a limit, does not want to wait long for a reader. */
void map_limit_flush(struct map *m);
void map_check_halt(struct map *m, const struct map_job *j);

/* Something of ours failed: everything ends, with this status. */
void map_fail(struct map *m, int status);

/* End when nobody reads what the jobs write. */
int map_watch_stdout(struct map *m);

/* Look at the output's errors. */
void map_check_output(struct map *m);

int map_status(const struct map *m);

#endif
