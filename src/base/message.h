/*
 * Messages for people: one line each on stderr, in one write, "prockit call: text".
 *
 * The only module below cmd/ that prints. A message is never translated. Control
 * characters in it (a newline in a word, an escape sequence) are shown as \n, \033, so
 * that it stays one line.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stddef.h>

/* Name the subcommand that speaks from now on, NULL for none. Keeps the pointer. */
void message_set_subcommand(const char *name);

/* Say something. Text longer than about 8 KiB is cut. errno is kept. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Hand the lines to somebody who writes them to stderr in his time, for a program that
 * must not wait for a slow reader; NULL: back to write(2).
 */
void message_set_output(void (*output)(const char *line, size_t len, void *data),
			void *data);

/* Name of an errno value ("ENOENT"); "E?" when unknown. error is positive. */
const char *error_name(int error);

/* Its untranslated text ("No such file or directory"). error is positive. */
const char *error_text(int error);

#endif
