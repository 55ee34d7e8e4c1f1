/*
 * family PIDS READY N [WORD...]: start N processes that wait to be killed. All of them
 * and the family's head write their number to the file PIDS; when all have, "ready" goes
 * to READY, a file or a FIFO. The words say what sort of family it is:
 *
 *	setsid		each in a session of its own
 *	half		every second one in a session of its own
 *	daemon		each started by a process that is gone, as daemons are
 *	deep		each the child of the one before it
 *	stubborn	all ignore TERM, the head too
 *	leave		the head ends with 0 once all are there; else it waits with them
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool all_setsid, half_setsid, daemons, deep, stubborn, leave;
static int pids_fd, pipe_fds[2];

static void start_member(int number, int n);

static void write_pid(void)
{
	char line[16];
	int len = snprintf(line, sizeof(line), "%d\n", getpid());
	if (write(pids_fd, line, (size_t)len) != len)
		_exit(2);
}

static void be_member(int number, int n)
{
	if (all_setsid || (half_setsid && number % 2 == 1))
		setsid();
	write_pid();
	if (deep && number + 1 < n)
		start_member(number + 1, n);
	if (write(pipe_fds[1], "", 1) != 1)
		_exit(2);
	close(pipe_fds[1]);
	for (;;)
		pause();
}

static void start_member(int number, int n)
{
	pid_t pid = fork();
	if (pid < 0) {
		perror("family: fork");
		exit(2);
	}
	if (pid > 0) {
		if (daemons)
			waitpid(pid, NULL, 0);
		return;
	}
	if (daemons && (pid = fork()) != 0)
		_exit(pid < 0 ? 2 : 0);
	be_member(number, n);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	for (int i = 4; i < argc; i++) {
		all_setsid |= strcmp(argv[i], "setsid") == 0;
		half_setsid |= strcmp(argv[i], "half") == 0;
		daemons |= strcmp(argv[i], "daemon") == 0;
		deep |= strcmp(argv[i], "deep") == 0;
		stubborn |= strcmp(argv[i], "stubborn") == 0;
		leave |= strcmp(argv[i], "leave") == 0;
	}
	if (stubborn)
		signal(SIGTERM, SIG_IGN);
	pids_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (pids_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return 2;
	write_pid();
	int n = atoi(argv[3]);
	for (int i = 0; i < (deep ? 1 : n); i++)
		start_member(i, n);

	char byte;
	for (int i = 0; i < n; i++)
		if (read(pipe_fds[0], &byte, 1) != 1)
			return 2;
	int ready = open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (ready < 0 || dprintf(ready, "ready\n") < 0)
		return 2;
	close(ready);
	while (!leave)
		pause();
	return 0;
}
