/*
 * Text, as the kernel's files have it: lines, words, numbers, lists of CPUs.
 *
 * A cursor walks over a text; those that end what they found with a NUL need a text of
 * their own (file_read_at()). base/parse.h is for what people type.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* The next line of *cursor, ended with a NUL in place of its newline, or NULL; moves
 * *cursor behind it. */
char *text_line(char **cursor);
/* The next word between blanks and tabs, ended likewise, or NULL. */
char *text_word(char **cursor);
/* A decimal number at *cursor behind blanks: moves behind it. false, and nothing moves,
 * where there is none or it does not fit. */
bool text_uint(const char **cursor, uint64_t *ret);
bool text_int(const char **cursor, int64_t *ret);
/* A decimal fraction ("12.34"), whatever the locale. */
bool text_real(const char **cursor, double *ret);
/* Undo mountinfo's \040 \011 \012 \134, in place. */
void text_unescape_octal(char *text);

/*
 * Lists of CPUs: "0-3,8". Calls visit for each number; 0 or -EINVAL. The kernel writes
 * them in order and below 65536: what is not like that is refused, so that no file makes
 * more than 65536 calls. What was visited before means nothing then.
 */
int text_cpu_list(const char *text, void (*visit)(unsigned cpu, void *data), void *data);
/* How many such a list has: 0, or -EINVAL where it is none, or empty. */
int text_cpu_count(const char *text, uint64_t *ret);

#endif
