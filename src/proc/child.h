/*
 * A child we own.
 *
 * Exactly one struct child exists per running child, and only child_reap() collects it.
 * Signals go through its pidfd, so a reaped child can never be mistaken for whoever has
 * its pid now. Life: child_start(), then wait until the pidfd is readable (or, where
 * there is none, SIGCHLD comes), child_reap(), child_clear().
 */
#ifndef PROC_CHILD_H
#define PROC_CHILD_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/nsec.h"
#include "proc/handle.h"
#include "proc/spawn.h"

/* How a process ended; all zero while it runs. */
struct wait_status {
	int code;   /* exit status, 0-255; -1 when it died of a signal */
	int signal; /* 0, or the signal it died of */
	bool core_dumped;
};

struct child {
	pid_t pid;  /* 0: never started */
	int pidfd;  /* readable once it has ended; -1: none (see proc/pidfd.h) */
	bool ended; /* reaped; the fields below are set */
	struct wait_status status;
	struct rusage usage; /* its own and that of the descendants it waited for */
	nsec_t started;
	nsec_t ended_at;
	struct timespec started_at; /* CLOCK_REALTIME, for people */
	char handle[HANDLE_SIZE];   /* "" until started */
};

#define CHILD_INIT          \
	(struct child)      \
	{                   \
		.pidfd = -1 \
	}

enum child_flags {
	CHILD_HANDLE = 1 << 0,	 /* its handle is wanted: two system calls */
	CHILD_NO_PIDFD = 1 << 1, /* whoever waits for it goes by SIGCHLD: two fewer */
};

/* Start it: 0, or -errno with *ret_error as spawn_start() has it. */
int child_start(struct child *c, const struct spawn *s, enum child_flags flags,
		struct spawn_error *ret_error);

/*
 * Start a copy of ourselves, for a system call that may never come back: 1 in the child,
 * which has to end by _exit(2); 0 in us; or -errno. Commands are never started so. Only
 * while we have one thread.
 */
int child_fork(struct child *c, enum child_flags flags);

/* Collect it when it has ended: 1, 0 while it still runs (or was collected before),
 * -errno. */
int child_reap(struct child *c);

/* Send a signal: 0, -ESRCH when it has ended, -errno. */
int child_signal(const struct child *c, int signal);

/* Whether it runs. */
bool child_is_running(const struct child *c);

/* Close the pidfd. A child that still runs goes on. */
void child_clear(struct child *c);

#endif
