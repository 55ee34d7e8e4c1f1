/*
 * linger keep|close FILE [STATUS]: end at once, with STATUS (0), and leave a process
 * behind that waits to be killed, its number in FILE. It keeps our output open, or closes
 * it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	pid_t pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0) {
		if (strcmp(argv[1], "close") == 0) {
			close(STDOUT_FILENO);
			close(STDERR_FILENO);
		}
		for (;;)
			pause();
	}
	FILE *file = fopen(argv[2], "we");
	if (!file || fprintf(file, "%d\n", pid) < 0 || fclose(file) != 0)
		return 2;
	return argc > 3 ? atoi(argv[3]) : 0;
}
