/*
 * peak-memory FILE COMMAND [ARG...]: run the command, and write the most memory that it
 * (or a child that it waited for) had in RAM at any time, in KiB, to FILE. Ends as the
 * command did.
 *
 * A small program of our own, because a process starts its count with what its parent
 * had, and because busybox multiplies the number by the size of a page.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 125;
	pid_t pid = fork();
	if (pid < 0)
		return 125;
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}

	int status;
	struct rusage usage;
	if (wait4(pid, &status, 0, &usage) != pid)
		return 125;
	FILE *file = fopen(argv[1], "we");
	if (!file)
		return 125;
	fprintf(file, "%ld\n", usage.ru_maxrss);
	if (fclose(file) != 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
