/*
 * forest COUNT FIFO - grow COUNT descendants, half of them in sessions of their own, and
 * linger.
 *
 * The shape: limbs are children of the forest and every limb has TWIGS children. All
 * processes of every second limb call setsid(), so that signalling a process group
 * reaches only one half.
 *
 * Each process writes one byte to FIFO once it stands, and holds FIFO open as long as it
 * lives: the reader counts who is there, and sees the end of the file the moment the last
 * one is gone. It works the other way too: a process that finds no reader any more
 * leaves, so a forest never outlives whoever measures it.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TWIGS = 9 };

/* Report in, and stay until the reader has gone. */
static _Noreturn void stand(int fifo)
{
	struct pollfd reader = {.fd = fifo};

	if (write(fifo, ".", 1) != 1)
		_exit(1);
	while (!(reader.revents & POLLERR))
		(void)poll(&reader, 1, -1);
	_exit(0);
}

/* A child that starts with fork() and not exec, for a thousand of them are wanted
 * quickly. */
static bool is_child(bool own_session)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("forest: fork");
		exit(1);
	}
	if (pid == 0 && own_session)
		(void)setsid();
	return pid == 0;
}

/* Grow one limb of SIZE processes, itself included. */
static void grow_limb(int size, bool own_session, int fifo)
{
	if (!is_child(own_session))
		return;
	for (int i = 1; i < size; i++) {
		if (is_child(own_session))
			stand(fifo);
	}
	stand(fifo);
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;

	if (count < 1) {
		fprintf(stderr, "usage: forest COUNT FIFO\n");
		return 125;
	}

	int fifo = open(argv[2], O_WRONLY | O_CLOEXEC);

	if (fifo < 0) {
		perror(argv[2]);
		return 125;
	}

	bool own_session = false;

	for (int left = count; left > 0; left -= 1 + TWIGS) {
		grow_limb(left < 1 + TWIGS ? left : 1 + TWIGS, own_session, fifo);
		own_session = !own_session;
	}
	stand(fifo);
}
