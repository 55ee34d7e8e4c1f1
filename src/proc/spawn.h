/*
 * The description of one child to start, and starting it.
 *
 * Fill a struct spawn (SPAWN_INIT first), spawn_prepare() it once (finds the program),
 * then spawn_start() it as often as wanted, or spawn_exec() to become the command
 * oneself. It owns nothing but what prepare found; spawn_clear() frees that. argv, envp,
 * and the descriptors in stdio and dirfd are the caller's, and stay open.
 *
 * spawn_start() uses posix_spawn(3), which reports a failing exec at once. What
 * posix_spawn cannot express (nice, umask, limits, signals to be ignored, a terminal's
 * stop signals, see below) is done by prockit's own exec-only verb put in front of the
 * command: it applies the attributes to itself and executes the command, and tells
 * through a close-on-exec pipe when it cannot.
 *
 * What a newcomer gets wrong: a signal that was ignored when prockit was started must
 * stay ignored in the command (nohup), and one that prockit itself changed must come back
 * as it was. So there is no "reset everything": only what def, ignore and mask name is
 * changed.
 */
#ifndef PROC_SPAWN_H
#define PROC_SPAWN_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"

enum spawn_flags {
	SPAWN_NEW_GROUP = 1 << 0,   /* lead a process group of its own */
	SPAWN_NEW_SESSION = 1 << 1, /* lead a session of its own, without a terminal */
	SPAWN_NICE = 1 << 2,	    /* nice is set */
	SPAWN_UMASK = 1 << 3,	    /* umask is set */

	/*
	 * Block SIGTSTP, SIGTTIN and SIGTTOU until the command runs. A Ctrl-Z in the few
	 * microseconds of a vfork would stop the child before its exec, and its parent,
	 * which waits for that exec, could not stop: the terminal hangs.
	 */
	SPAWN_GUARD_STOP = 1 << 4,
};

struct spawn_rlimit {
	int resource;
	bool has_soft;
	bool has_hard;
	struct rlimit limit;
};

enum spawn_step {
	SPAWN_STEP_NONE,
	SPAWN_STEP_EXEC,  /* the program could not be found or executed */
	SPAWN_STEP_CHDIR, /* the directory could not be entered */
	SPAWN_STEP_OPEN,  /* a file for stdin, stdout or stderr */
	SPAWN_STEP_PIPE,  /* a pipe, or another thing prockit needs around the command */
	SPAWN_STEP_SPAWN, /* no process could be made, or an attribute could not be set */
};

struct spawn_error {
	enum spawn_step step;
	int error;	   /* positive errno */
	struct buf detail; /* the interpreter that is missing, the attribute that failed;
			      else empty */
};

#define SPAWN_ERROR_INIT           \
	(struct spawn_error)       \
	{                          \
		.detail = BUF_INIT \
	}

struct spawn {
	char *const *argv; /* argv[0] is looked up unless file is given */
	const char *file;  /* the program, when it is not argv[0]; NULL */
	char *const *envp;
	int dirfd;    /* the directory it starts in; AT_FDCWD: ours */
	int stdio[3]; /* descriptors above 2 to become its 0, 1, 2; -1: ours */
	enum spawn_flags flags;
	sigset_t mask; /* its signal mask */
	sigset_t def;  /* signals to reset to their default */
	/*
	 * Signals that are not ignored here (struct signals), so that they have their
	 * default in the command anyway. glibc's child asks twice about each that it is
	 * not told to reset, some twenty microseconds in all, and ignores the two that
	 * are its own.
	 */
	sigset_t defaults;
	sigset_t ignore; /* signals to ignore */
	int nice;	 /* increment */
	mode_t umask;
	const struct spawn_rlimit *rlimits;
	size_t n_rlimits;

	struct buf path; /* the program, once found (spawn_prepare) */
};

/* An fd value for stdio[2]: the same as the child's own stdout. */
#define SPAWN_SAME_AS_STDOUT (-2)

void spawn_init(struct spawn *s);

/* Find the program, unless it was found before: 0, or -errno with *ret_error (step exec).
 */
int spawn_prepare(struct spawn *s, struct spawn_error *ret_error);

/* Start it: 0 and *ret_pid, or -errno with *ret_error. No child is left behind on
 * failure. */
int spawn_start(const struct spawn *s, pid_t *ret_pid, struct spawn_error *ret_error);

/* Become it. Returns only on failure, -errno with *ret_error; our stdin, stdout and
 * stderr are then as before. */
int spawn_exec(const struct spawn *s, struct spawn_error *ret_error);

void spawn_clear(struct spawn *s);
void spawn_error_clear(struct spawn_error *e);

#endif
