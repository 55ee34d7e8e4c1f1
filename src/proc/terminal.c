#include "config.h"

#include "proc/terminal.h"

#include <signal.h>
#include <unistd.h>

bool terminal_is_foreground(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return true;
	return false;
}

void terminal_save(struct terminal *t)
{
	t->fd = -1;
	for (int fd = 0; fd < 3; fd++)
		if (tcgetattr(fd, &t->modes) == 0) {
			if (tcgetpgrp(fd) == getpgrp())
				t->fd = fd;
			return;
		}
}

void terminal_restore(const struct terminal *t)
{
	if (t->fd < 0)
		return;

	/* From the background both calls would stop us: the terminal's owner of the
	 * moment was killed. */
	sigset_t stops;
	sigset_t before;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &stops, &before);
	if (tcgetpgrp(t->fd) != getpgrp())
		(void)tcsetpgrp(t->fd, getpgrp());
	(void)tcsetattr(t->fd, TCSADRAIN, &t->modes);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
