/*
 * spawner COUNT AT_ONCE COMMAND [ARG...] - run a command COUNT times, so many at once:
 * spawn, wait, spawn the next.
 *
 * Nothing is captured, read or handed on. No pool of processes can do much better, so the
 * table of jobs per second shows how far each is below it.
 */
#include "config.h"

#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Collect one; whether it ended well. */
static bool collect(void)
{
	int status;

	if (wait(&status) < 0) {
		perror("spawner: wait");
		exit(125);
	}
	return status == 0;
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? atol(argv[1]) : 0;
	long at_once = argc > 3 ? atol(argv[2]) : 0;
	long running = 0;
	bool all_well = true;

	if (count < 1 || at_once < 1) {
		fprintf(stderr, "usage: spawner COUNT AT_ONCE COMMAND [ARG...]\n");
		return 125;
	}
	for (long i = 0; i < count; i++) {
		if (running == at_once) {
			all_well = collect() && all_well;
			running--;
		}

		pid_t pid;
		int r = posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ);

		if (r != 0) {
			fprintf(stderr, "spawner: %s: %s\n", argv[3], strerror(r));
			return 127;
		}
		running++;
	}
	for (; running > 0; running--)
		all_well = collect() && all_well;
	return all_well ? 0 : 1;
}
