/*
 * The terminal, put back as it was after a command that could not do it itself.
 *
 * A limit may end an editor or a password prompt in raw mode, or an interactive shell
 * that had made its own process group the terminal's foreground one. terminal_save()
 * before the command starts, terminal_restore() only after a forced end: what a command
 * that ends by itself leaves behind is its own affair.
 */
#ifndef PROC_TERMINAL_H
#define PROC_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

struct terminal {
	int fd; /* 0, 1 or 2; -1: we have no terminal, or are not in its foreground */
	struct termios modes;
};

/* Whether we are in the foreground of a terminal, where a Ctrl-Z may come at any moment.
 */
bool terminal_is_foreground(void);

void terminal_save(struct terminal *t);
void terminal_restore(const struct terminal *t);

#endif
