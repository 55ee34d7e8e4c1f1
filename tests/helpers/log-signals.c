/*
 * log-signals FILE SIGNAL...: write "ready" to FILE, then a line for each of these
 * signals that comes, its name and "kernel" or "user" for who sent it. Ends with 0 at the
 * signal that was named last.
 */
#include "config.h"

#include "base/parse.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	sigset_t set;
	int last = 0;
	sigemptyset(&set);
	for (int i = 2; i < argc; i++) {
		if (parse_signal(argv[i], &last) < 0) {
			fprintf(stderr, "log-signals: bad signal: %s\n", argv[i]);
			return 2;
		}
		/* One that is ignored is dropped, and never waits to be taken. */
		signal(last, SIG_DFL);
		sigaddset(&set, last);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	dprintf(fd, "ready\n");
	for (;;) {
		siginfo_t info;
		char name[16];
		int got = sigwaitinfo(&set, &info);
		if (got < 0)
			continue;
		dprintf(fd, "%s %s\n", signal_name(got, name),
			info.si_code == SI_KERNEL ? "kernel" : "user");
		/* Not return: a sanitizer's leak check would stop us then, to look,
		 * and would wait for ever where a SIGCONT undoes the stop. prockit
		 * sends one behind each TERM. */
		if (got == last)
			_exit(0);
	}
}
