/*
 * The exit statuses that prockit adds to a command's own (those of GNU timeout, env and
 * POSIX).
 *
 * A subcommand returns what main() shall end with: a status 0-255, or EXIT_BY_SIGNAL(n)
 * to die of signal n as the command did (128+n to the caller's shell).
 */
#ifndef BASE_EXIT_H
#define BASE_EXIT_H

enum exit_status {
	EXIT_LIMIT = 124,	/* a limit ended the command */
	EXIT_OWN_FAILURE = 125, /* prockit itself failed: usage, memory, a write error */
	EXIT_CANNOT_RUN = 126,	/* the command was found but could not be run */
	EXIT_NOT_FOUND = 127,	/* the command was not found */
	EXIT_SIGNAL_BASE = 128, /* 128+n: died of signal n */
};

#define EXIT_SIGNAL_FLAG	  0x100
#define EXIT_BY_SIGNAL(n)	  (EXIT_SIGNAL_FLAG | (n))
#define EXIT_IS_BY_SIGNAL(status) (((status)&EXIT_SIGNAL_FLAG) != 0)
#define EXIT_SIGNAL_OF(status)	  ((status)&0xff)

#endif
