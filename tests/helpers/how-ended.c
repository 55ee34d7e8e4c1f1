/*
 * how-ended COMMAND [ARG...]: run the command and say on stdout what a shell cannot tell
 * apart: "exited 143", "signaled 15", "signaled 11 core".
 */
#include "config.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	pid_t pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	if (WIFEXITED(status))
		printf("exited %d\n", WEXITSTATUS(status));
	else
		printf("signaled %d%s\n", WTERMSIG(status),
		       WCOREDUMP(status) ? " core" : "");
	return 0;
}
