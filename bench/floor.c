/*
 * floor COMMAND [ARG...] - what running a command costs at least: spawn it, wait, pass
 * its status on.
 *
 * Nothing that supervises a child from another process can be faster than this, so the
 * start-up tables show how far prockit and timeout(1) are above it.
 */
#include "config.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: floor COMMAND [ARG...]\n");
		return 125;
	}

	pid_t pid;
	int r = posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ);

	if (r != 0) {
		fprintf(stderr, "floor: %s: %s\n", argv[1], strerror(r));
		return 127;
	}

	int status;

	if (waitpid(pid, &status, 0) != pid) {
		perror("floor: waitpid");
		return 125;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
