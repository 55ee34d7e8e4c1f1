/*
 * --guard: nothing is left even if prockit itself is killed with SIGKILL.
 *
 * Two processes of prockit then run the command. The outer one, which the caller knows,
 * does no more than start the inner one with the same words ("prockit __guarded PIDFD
 * STATUSFD call --guard ..."), pass signals on, and end as the inner one tells it to. The
 * inner one does the work, and kills everything when it sees the outer one gone. Should
 * the inner one be killed, the outer one, a subreaper too, kills what it left.
 */
#ifndef DRIVE_GUARD_H
#define DRIVE_GUARD_H

#include <stdbool.h>

#include "proc/job.h"

/* Remember the words prockit was started with (main's argv). */
void guard_set_words(char **argv);

/* In the inner process: a descriptor that becomes readable when the outer one is gone.
 * Else -1. */
int guard_watch_fd(void);

/* Whether this system has what it takes. */
bool guard_is_possible(void);

/* The outer half: run the inner one and return its status. */
int guard_run(struct signals *signals);

/* The verb __guarded: words are PIDFD STATUSFD and then a command line, for dispatch. */
int guard_verb_run(char **words, int (*dispatch)(char **words));

#endif
