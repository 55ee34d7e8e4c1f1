/*
 * The command of a map, with places for items.
 *
 * Replacement strings, the letters of GNU parallel: {} {.} {/} {//} {/.} the item, less
 * its last extension, its base name, its folder, its base name less the extension; {#}
 * the job's number, {%} its slot; {N} and {-N} the Nth item from the front or the back,
 * {NAME} the one of that column, and {N.} {N/} {NAME//} and so on. They stand inside
 * larger words too. Where no word has any of them, the items are appended.
 *
 * No shell: a word stays a word, whatever the item is. A whole word {} (or {.} ...)
 * becomes as many words as the row has items; inside a larger word they are joined by
 * blanks. {5} of a row of three items is empty, as in GNU parallel. Whatever is none of
 * these strings is text: {0}, {nosuch}. A column's name goes before all of them.
 */
#ifndef MAP_TEMPLATE_H
#define MAP_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/row.h"

struct template_word; /* template.c's */

struct template
{
	struct template_word *words;
	size_t n;
	bool appends;	     /* no word has a replacement string */
	bool command_varies; /* the first word does: each job may run another program */
};

/*
 * Take the words apart. Those before first stand as they are (sh -c STRING). brace is
 * what -I puts in the place of "{}", or NULL; the other strings keep theirs. names: the
 * header's, or NULL; needed only here. 0 or -ENOMEM. Words are kept as pointers.
 */
int template_parse(struct template *t, char *const *words, size_t first,
		   const char *brace, const struct row *names);

/* The words of one job: one block of memory, argv[n] is NULL. Those without a place for
 * anything point to the template's own, so these must stay. */
struct words {
	char **argv;
	size_t n;
};

/* Put a row in: 0 or -ENOMEM. */
int template_expand(const struct template *t, const struct row *row, uint64_t seq,
		    unsigned slot, struct words *ret_words);

/* The same for a text of its own, such as --tag's: added to the buffer as one word, and
 * nothing is appended. */
int template_expand_text(const struct template *t, const struct row *row, uint64_t seq,
			 unsigned slot, struct buf *ret_text);

/* The first word longer than execve(2) takes (128 KiB with its NUL): its length, or 0. */
size_t words_too_long(const struct words *w);

void words_clear(struct words *w);
void template_clear(struct template *t);

#endif
