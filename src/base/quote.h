/*
 * Shell quoting: words that eval in any POSIX shell reads back byte for byte.
 *
 * A word of harmless characters only stays as it is; everything else goes into single
 * quotes, and a quote in it becomes '\''. A NUL has no place in a shell word; callers
 * keep it out.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/out.h"

/*
 * One word, wherever it will stand: an empty one is '', and keywords, assignments and
 * what eval would take for an option of its own are quoted.
 */
void quote_word(struct out *o, const char *word);

/* A word that another stands before: it may begin with a dash as it is. */
void quote_argument(struct out *o, const char *word);

/* Part of a single-quoted string, for data in pieces: the caller writes the quotes. */
void quote_inside(struct out *o, const char *data, size_t len);

#endif
