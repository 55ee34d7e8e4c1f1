/*
 * What the main process and a worker say to each other: messages over a stream socket.
 *
 * Both are the same program, forked: so structures go over as they stand in memory, with
 * what they point to behind them, and files as descriptors (SCM_RIGHTS, unix(7)). A
 * message is a struct wire_head and len bytes.
 */
#ifndef PROC_WIRE_H
#define PROC_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "proc/result.h"
#include "proc/worker.h"

enum wire_kind {
	WIRE_TASK,
	WIRE_ORDER,  /* no bytes */
	WIRE_CANCEL, /* do not begin that task */
	WIRE_QUIT,
	WIRE_LIVE, /* data */
	WIRE_RESULT,
	WIRE_CANCELLED, /* it was not begun, and will not be */
};

struct wire_head {
	uint16_t kind;
	uint16_t stream; /* LIVE: 1 or 2; ORDER: an enum job_order; RESULT: how many
			    descriptors come with it */
	uint32_t task;	 /* the number of the task that it is about */
	uint64_t len;
};

/* A task as the worker has it: pointers into the message. */
struct wire_task {
	char **argv; /* one block, the caller's to free; env is in it */
	char **env;
	size_t n_env;
	char *path;
	bool reads_stdin;
	int token;
};

/* Send what the socket takes now, and keep the rest: 0; -errno when nobody takes it any
 * more, and then nothing is kept. */
int wire_flush(int socket, struct buf *b);

/* Add the whole message: 0 or -ENOMEM. */
int wire_add_task(struct buf *b, const struct worker_task *task);

/* Take a task's bytes apart, which have to live on: 0 or -ENOMEM, -EBADMSG. */
int wire_read_task(char *bytes, size_t len, struct wire_task *ret);

/*
 * Add a result's message: 0 or -ENOMEM. Files that hold captured output go as
 * descriptors: ret_fds, how many of them in *ret_n; they stay the result's.
 */
int wire_add_result(struct buf *b, const struct result *result, int ret_fds[WORKER_FDS],
		    size_t *ret_n);

/* Take a result's bytes apart, and the descriptors over (-1 is left in their places): 0,
 * -ENOMEM or -EBADMSG. A descriptor that did not come is an error of the result's. */
int wire_read_result(const char *bytes, size_t len, int fds[WORKER_FDS],
		     struct result *ret);

#endif
