/*
 * What somebody who mistyped a name probably meant.
 *
 *	struct suggestion s = {.word = "chekc"};
 *	suggestion_consider(&s, "call");
 *	suggestion_consider(&s, "check");
 *	s.nearest is "check", or NULL where nothing was near.
 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *word;    /* what was typed */
	const char *nearest; /* the best candidate so far, or NULL */
	size_t distance;     /* between the two */
};

/*
 * Consider a candidate. It is near when at most a third of the longer of the two has to
 * be typed differently (Damerau-Levenshtein: a letter more, less or wrong, or two
 * neighbours swapped), or when the word, of two letters or more, is its beginning.
 * Between equals the first one considered stays.
 */
void suggestion_consider(struct suggestion *s, const char *candidate);

#endif
