/*
 * sleepers COUNT - stand there as COUNT sleeping processes, so that a process list has
 * something to list.
 *
 * Their names are sleeper-1, sleeper-2 and so on. When all of them sleep, "ready" is
 * written to stdout. At the end of the file on stdin, or when this program dies whatever
 * the cause, all are gone.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child does: nothing, until it is killed, and it is when its parent dies. */
static _Noreturn void rest(pid_t parent, int number)
{
	char name[32];

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	snprintf(name, sizeof(name), "sleeper-%d", number);
	(void)prctl(PR_SET_NAME, name);
	for (;;)
		(void)pause();
}

/* Start them: how many there are then, fewer than count where a fork has failed. */
static int put_to_sleep(pid_t *pids, int count)
{
	const pid_t self = getpid();

	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			perror("sleepers: fork");
			return i;
		}
		if (pids[i] == 0)
			rest(self, i + 1);
	}
	return count;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	pid_t *pids = count > 0 ? calloc((size_t)count, sizeof(*pids)) : NULL;

	if (!pids) {
		fprintf(stderr, "usage: sleepers COUNT\n");
		return 125;
	}

	int started = put_to_sleep(pids, count);
	char byte;

	if (started == count && write(STDOUT_FILENO, "ready\n", 6) == 6) {
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
	}
	/* First all signals, then all waits: they die beside each other. */
	for (int i = 0; i < started; i++)
		(void)kill(pids[i], SIGKILL);
	for (int i = 0; i < started; i++)
		(void)waitpid(pids[i], NULL, 0);
	free(pids);
	return started == count ? 0 : 1;
}
