/*
 * A worker: a forked process of ours that runs one job after another.
 *
 * Why a process in between, and not all jobs below one: an orphan goes to its nearest
 * subreaper, and nothing tells whose descendant it was. A worker is the subreaper of one
 * job at a time, so a limit ends that job's whole tree and can touch no other's; workers
 * start their jobs side by side on many CPUs; and when the main process is killed, each
 * worker sees its socket end and ends what it started. It costs one fork a slot and two
 * messages a job; with captured output a job of /bin/true needs a tenth more processor
 * time than in a bare loop of posix_spawn(3) and wait (make bench measures it).
 *
 * What a worker waits for from us between two jobs is dear where these take next to no
 * time. So one more task may be sent while one runs: it begins when that one has ended,
 * and can be asked back as long as it has not.
 *
 * The main process forks it (worker_start(): 1 is the child, which calls worker_run()
 * and then ends itself), sends tasks, gives orders while one runs, and takes what comes
 * back. A worker knows the job that all have in common from the fork; a task is what
 * differs. Nothing here blocks the main process. SIGINT and the like are not for the
 * worker: what is to happen, the main process decides and orders.
 */
#ifndef PROC_WORKER_H
#define PROC_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "proc/child.h"
#include "proc/job.h"
#include "proc/loop.h"

/* What one job has for itself. */
struct worker_task {
	char *const *argv;
	char *const *env; /* NAME=VALUE words that the common environment has not */
	const char *path; /* the program (spawn_prepare() found it) */
	bool reads_stdin; /* ours, and not what the common job says */
	uint32_t number;  /* worker_send_task()'s, for orders about it */
	int token; /* a byte that the worker writes to token_fd when the main process is
		      gone before it has said that it gives it back; -1: none */
};

/* How all tasks are run. */
struct worker_setup {
	const struct job *job; /* one stage; its flags get JOB_IN_WORKER */
	int token_fd;	       /* see above; -1 */
	bool guards;	       /* end everything when the main process is gone */
	void (*leave)(void);   /* end the process, by _exit(2): proc/ ends none itself */
};

/* Captured output that is too much for a message comes as descriptors, one a stream. */
enum { WORKER_FDS = 2 };

/* Those that came with one result; -1: no (more of them). */
struct worker_files {
	int fds[WORKER_FDS];
};

/* Results that may have come before the first is taken: of the job, and the one behind.
 */
enum { WORKER_RESULTS = 2 };

struct worker {
	struct child child;
	int socket; /* our end; -1: closed */
	struct buf inbox;
	size_t taken;	   /* bytes at its beginning that are done with */
	struct buf outbox; /* what the socket did not take at once */
	uint32_t n_sent;   /* tasks */
	struct worker_files files[WORKER_RESULTS]; /* in the order of their results */
	size_t n_files;
};

#define WORKER_INIT                               \
	(struct worker)                           \
	{                                         \
		.child = CHILD_INIT, .socket = -1 \
	}

enum worker_event {
	WORKER_NOTHING,	  /* no more for now */
	WORKER_LIVE,	  /* a piece of output, as it came */
	WORKER_RESULT,	  /* the job has ended */
	WORKER_CANCELLED, /* the task that was to follow was not begun, as we asked */
	WORKER_GONE,	  /* it has closed its socket */
};

/* A piece of output, good until the next call. */
struct worker_piece {
	int stream; /* 1 or 2 */
	const char *data;
	size_t len;
};

/* Fork it: 1 in the child with *ret_socket, its end; 0 in us; or -errno. */
int worker_start(struct worker *w, int *ret_socket);

/* The child's whole life (worker-run.c). Returns when there is nothing more to do. */
void worker_run(int socket, const struct worker_setup *setup);

/*
 * Give it a task: 0 or -errno. No more than one behind the one that runs.
 *
 * An order is about one of them: where that does not run (yet, or any more) it does
 * nothing. So is asking a task back: WORKER_CANCELLED comes if it had not begun, and else
 * the result of the one before.
 */
int worker_send_task(struct worker *w, struct worker_task *task);
int worker_send_order(struct worker *w, const struct worker_task *task,
		      enum job_order order);
int worker_cancel_task(struct worker *w, const struct worker_task *task);

/* Send more of what is waiting to be sent: 0, also where something still is; -errno when
 * the worker is gone. */
int worker_flush(struct worker *w);

/* Whether a whole message was read and not yet taken: no poll(2) will tell of it. */
bool worker_has_message(const struct worker *w);

/*
 * Take the next message, if there is a whole one: *ret_piece with WORKER_LIVE;
 * *ret_result with WORKER_RESULT, which is the caller's to clear. What cannot be
 * understood, for want of memory too, is WORKER_GONE.
 */
enum worker_event worker_receive(struct worker *w, struct worker_piece *ret_piece,
				 struct result *ret_result);

/* Tell it to end, and close the socket. It ends at once; child_reap() collects it. */
void worker_dismiss(struct worker *w);

/* Free all; a worker that still runs goes on. */
void worker_clear(struct worker *w);

#endif
