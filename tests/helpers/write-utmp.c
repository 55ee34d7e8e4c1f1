/*
 * write-utmp FILE TYPE USER LINE HOST PID SECONDS: add a record to a file like /run/utmp,
 * whose form differs between machines. TYPE is a number: 7 is a login.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmpx.h>

/* These texts end with a NUL only where there is room for it. */
static void copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	memcpy(to, from, len < size ? len : size);
}

int main(int argc, char **argv)
{
	struct utmpx u = {0};
	FILE *file;

	if (argc != 8)
		return 2;
	u.ut_type = (short)atoi(argv[2]);
	copy(u.ut_user, sizeof(u.ut_user), argv[3]);
	copy(u.ut_line, sizeof(u.ut_line), argv[4]);
	copy(u.ut_host, sizeof(u.ut_host), argv[5]);
	u.ut_pid = (pid_t)atol(argv[6]);
	/* Where it has 32 bits only, those of an unsigned number. */
	u.ut_tv.tv_sec = (typeof(u.ut_tv.tv_sec))strtoll(argv[7], NULL, 10);
	file = fopen(argv[1], "ae");
	if (!file || fwrite(&u, sizeof(u), 1, file) != 1 || fclose(file) != 0) {
		perror(argv[1]);
		return 2;
	}
	return 0;
}
