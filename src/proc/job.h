/*
 * One command or one pipeline, run as a unit: its children, its limits, what is captured
 * from it, and what becomes of its descendants.
 *
 * Fill a struct job (job_init() first), job_run() it, read the result. A command is a
 * pipeline of one stage; there is no other engine. The job owns nothing: spawns,
 * descriptors and words are the caller's. job_run() may be called again with a fresh
 * result (retries).
 *
 * Inside, data flows one way. start: pipes, then all stages. Then the loop turns: a
 * stage's pidfd says that it ended, a pipe that it wrote, a timer that its time is up,
 * the signalfd that somebody wants us to end. A limit ends the whole tree: the first
 * signal to all, KILL to what is left after kill_after, and a few seconds later what
 * could not be killed is named and left. At last captured pipes are read out and closed.
 */
#ifndef PROC_JOB_H
#define PROC_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nsec.h"
#include "proc/result.h"
#include "proc/signals.h"
#include "proc/spawn.h"

/* What happens to descendants that live when the command ends by itself. */
enum tree_policy {
	TREE_LEAVE, /* they go on */
	TREE_WAIT,  /* we wait for them; the limits stand */
	TREE_KILL,  /* they are ended as by a limit */

	TREE_KILL_IF_SIGNALED, /* left, unless the command died of a signal (a guard's
				  other half) */
};

enum job_flags {
	JOB_CAPTURE_STDOUT = 1 << 0, /* of the last stage */
	JOB_CAPTURE_STDERR = 1 << 1, /* of a job of one stage */
	JOB_MERGE_STDERR = 1 << 2,   /* captured stdout gets stderr too */
	JOB_WATCH_TREE = 1 << 3,     /* count descendants, even where no limit needs it */
	JOB_TEE = 1 << 4,	     /* what is captured also goes to our stderr, live */
	JOB_SHARES_TERMINAL = 1 << 5, /* the terminal's signals reach the command too: do
					 not pass them on */
	JOB_WANT_HANDLE = 1 << 6,     /* the stages' handles are wanted in the result */
	JOB_IS_PROCKIT = 1 << 7,      /* the command is the inner half of a guard */
	JOB_LIVE = 1 << 8,	 /* what is captured goes to live() as it comes ... */
	JOB_KEEP = 1 << 9,	 /* ... and is kept all the same */
	JOB_IN_WORKER = 1 << 10, /* we are a pool's worker: signals are its main process's
				    affair */
	JOB_AGAIN = 1 << 11, /* ... which has run a job before, and no child is left */
};

/* What can be asked of a job while it runs, through watch_fd. */
enum job_order {
	JOB_ORDER_NONE,
	JOB_ORDER_END,	    /* end the tree as a limit would; it was interrupted */
	JOB_ORDER_TIME_OUT, /* its time is up */
	JOB_ORDER_KILL,	    /* KILL to all, now */
	JOB_ORDER_LEAVE,    /* forget about it: what runs goes on */
};

struct job_limits {
	nsec_t timeout;	     /* NSEC_FOREVER: none */
	nsec_t idle_timeout; /* on captured output; NSEC_FOREVER: none */
	nsec_t kill_after;   /* NSEC_FOREVER: never KILL */
	nsec_t drain;	     /* NSEC_FOREVER: until end of file */
	uint64_t max_output; /* a stream; UINT64_MAX: none */
	int signal;	     /* the first one; 0: send nothing before KILL */
};

#define JOB_LIMITS_INIT                                                \
	{                                                              \
		.timeout = NSEC_FOREVER, .idle_timeout = NSEC_FOREVER, \
		.kill_after = 5 * NSEC_PER_SEC, .drain = NSEC_FOREVER, \
		.max_output = UINT64_MAX, .signal = SIGTERM,           \
	}

struct job_stage {
	struct spawn spawn;
	bool merge_stderr; /* stderr goes down the pipe too */
};

/* What a user may want to hear while it runs; proc/ does not print. */
enum job_event {
	/* signal goes to the command of stage, or (n_stages) to what all have left behind
	 */
	JOB_EVENT_SIGNAL,
	/* the command has ended, but holder keeps a captured pipe open */
	JOB_EVENT_HOLDING,
};

struct job_notice {
	enum job_event event;
	int signal;
	size_t stage;
	const struct result_process *holder; /* NULL: not known */
};

struct job {
	struct job_stage *stages;
	size_t n_stages;
	enum job_flags flags;
	enum tree_policy tree;
	struct job_limits limits;
	unsigned pipe_size; /* of the pipes between stages; 0: the kernel's default */
	int watch_fd;	    /* becomes readable when something is asked of us; -1: none */
	/* What that is; NULL: KILL (the other half of a guard is gone). An answer goes
	 * the way of live()'s output. */
	enum job_order (*watched)(const struct job *job);
	void *watch_data;      /* watched()'s and live()'s */
	size_t capture_memory; /* of a captured stream held in memory; 0: CAPTURE_MEMORY
				*/
	/* JOB_LIVE: stream is 1 or 2. True: no more until watch_fd takes what is left,
	 * which flush() tries when it is writable, and says the same. */
	bool (*live)(const struct job *job, int stream, const char *data, size_t len);
	bool (*flush)(const struct job *job);
	struct signals *signals; /* as saved at the start of the program */
	void (*notice)(const struct job *job, const struct job_notice *notice); /* NULL:
										   nobody
										   listens
										 */
	void *data; /* notice()'s */
};

void job_init(struct job *job);

/*
 * Run it: find all programs, then start them. Everything there is to know is in *ret:
 * also that it could not be started, or that we ran out of something (error.step says
 * which). ret must be fresh (result_init()) and stays the caller's to clear. When it
 * returns, our signal mask is as before, and no child of the job is unreaped and
 * descendants are as tree says, but for what could not be killed (result.survivors).
 */
void job_run(struct job *job, struct result *ret);

#endif
