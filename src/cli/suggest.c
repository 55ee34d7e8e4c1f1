#include "config.h"

#include "cli/suggest.h"

#include <string.h>

enum { LONGEST = 40 }; /* nobody mistypes more than that into a name of ours */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits between a and b, neither longer than LONGEST, with three rows of the usual
 * matrix. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t wrong = a[i - 1] != b[j - 1];

			row[j] = min(above[j - 1] + wrong, min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}

		size_t *spare = before;

		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

void suggestion_consider(struct suggestion *s, const char *candidate)
{
	size_t word_len = strlen(s->word), len = strlen(candidate);

	if (word_len > LONGEST || len > LONGEST)
		return;

	size_t d = distance(s->word, word_len, candidate, len);
	size_t longer = word_len > len ? word_len : len;

	if (word_len >= 2 && strncmp(s->word, candidate, word_len) == 0)
		d = min(d, 1);
	if (d > longer / 3)
		return;
	if (!s->nearest || d < s->distance) {
		s->nearest = candidate;
		s->distance = d;
	}
}
