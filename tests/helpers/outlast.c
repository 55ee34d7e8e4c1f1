/*
 * outlast FILE: installed set-user-ID root and started by somebody else, become root
 * altogether, so that they may not signal us; write our number to FILE and wait.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || setresuid(0, 0, 0) != 0)
		return 2;
	FILE *file = fopen(argv[1], "we");
	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file) != 0)
		return 2;
	for (;;)
		pause();
}
