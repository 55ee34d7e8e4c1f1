/*
 * pipe-hold gone|hold|N COMMAND [ARG...]: run the command with its stdout on a pipe whose
 * reader is gone before it starts, or reads N bytes and is then gone; "hold" reads
 * nothing and stays until the command has ended. Ends as the command did.
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

int main(int argc, char **argv)
{
	int fds[2];
	if (argc < 3 || pipe2(fds, O_CLOEXEC) < 0)
		return 2;
	bool hold = strcmp(argv[1], "hold") == 0;
	if (strcmp(argv[1], "gone") == 0)
		fds[0] = close(fds[0]) - 1;
	pid_t pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		dup2(fds[1], STDOUT_FILENO);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	close(fds[1]);
	if (fds[0] >= 0 && !hold) {
		char byte;
		for (long left = atol(argv[1]); left > 0; left--)
			if (read(fds[0], &byte, 1) != 1)
				break;
		close(fds[0]);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
