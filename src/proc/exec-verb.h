/*
 * The exec-only verb: "prockit __exec ATTRIBUTE=VALUE... -- FILE ARGV0 [ARG...]".
 *
 * Applies attributes to itself and executes FILE: the half of a spawn that posix_spawn(3)
 * cannot do. For prockit itself only; its words are made by exec_verb_words() and read by
 * exec_verb_run(), both in exec-verb.c, and nobody else may rely on them. Signals,
 * descriptors, directory, group and session are set by posix_spawn before; the verb sets
 * what is left, and the signal mask last.
 */
#ifndef PROC_EXEC_VERB_H
#define PROC_EXEC_VERB_H

#include "proc/spawn.h"

/* Whether posix_spawn alone is not enough for this. */
bool exec_verb_is_needed(const struct spawn *s);

/* The words that make "prockit __exec" finish the spawn. error_fd is where it reports
 * failure. NULL-terminated words in one malloc'ed block; NULL: no memory. */
char **exec_verb_words(const struct spawn *s, int error_fd, char *const *argv,
		       const char *file);

/* What the verb reports through error_fd when it fails. */
struct exec_verb_failure {
	int error;
	char what[32]; /* the attribute, or empty for the exec itself */
};

/* Apply nice, umask, resource limits and ignored signals to ourselves: 0, or -errno and
 * what failed. */
int exec_verb_apply(const struct spawn *s, const char **ret_what);

/* The verb itself: does not return when all is well. */
int exec_verb_run(char **words);

#endif
