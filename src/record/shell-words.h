/*
 * Captured output as words that eval reads in any POSIX shell: returncode=3 stdout='...'
 * stderr='...'.
 *
 * A shell variable cannot hold a NUL: shell_words_check() looks for one, before anything
 * is written.
 */
#ifndef RECORD_SHELL_WORDS_H
#define RECORD_SHELL_WORDS_H

#include <stdbool.h>

#include "base/out.h"
#include "proc/capture.h"

/* Whether the captured bytes can be a shell variable's: 0, -EILSEQ (there is a NUL), or
 * -errno. */
int shell_words_check(const struct capture *c);

/* Whether PREFIXname is a name a shell takes for a variable. */
bool shell_words_is_prefix(const char *prefix);

/* Write PREFIXNAME='...', its last newline left out when strip_newline. */
void shell_words_capture(struct out *o, const char *prefix, const char *name,
			 const struct capture *c, bool strip_newline);

#endif
