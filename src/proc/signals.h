/*
 * The signals sent to prockit while it runs something, and the state it was started with.
 *
 * signals_save() early: what was ignored and what was blocked when we began; a child must
 * get exactly that. signals_catch() blocks every signal that would end or stop us and
 * lets the loop read them from a signalfd; signals_release() puts everything back.
 * Ignored ones stay ignored (nohup, background jobs of a script). No handler is ever
 * installed.
 */
#ifndef PROC_SIGNALS_H
#define PROC_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

struct signals {
	int fd;		   /* the signalfd; -1: not catching */
	sigset_t mask;	   /* as we were started */
	sigset_t ignored;  /* as we were started */
	sigset_t defaults; /* all others, among them the two that the C library keeps for
			      threads and its functions on sets do not know */
};

/* Remember the mask and the ignored signals: before anything changes them. Also sets
 * SIGCHLD to its default, because while it is ignored the kernel throws the children's
 * statuses away. */
void signals_save(struct signals *s);

/* Block and read from s->fd: 0 or -errno. Caught already: nothing. */
int signals_catch(struct signals *s);

/*
 * Back to the mask we were started with; what is pending now takes its effect. Only
 * SIGXFSZ stays blocked, so that a write beyond RLIMIT_FSIZE is EFBIG.
 */
void signals_release(struct signals *s);

/* Take one: 1 and *ret, 0 when none is left, -errno. */
int signals_read(const struct signals *s, struct signalfd_siginfo *ret);

/* Whether the terminal, or another part of the kernel that speaks to the whole process
 * group, sent it. */
bool signals_from_terminal(const struct signalfd_siginfo *info);

/* Stop ourselves by this stop signal, as if we had never caught it; returns once we are
 * continued. */
void signals_stop_self(int signal);

#endif
