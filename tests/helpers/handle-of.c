/*
 * handle-of [PID]: print the handle that names the process (itself) for good, found in
 * another way than prockit's own: PID:INODE where the kernel gives pidfds inodes of their
 * own (Linux 6.9), else PID@STARTTIME.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PIDFS_MAGIC = 0x50494446 };

static int print_start_time(int pid)
{
	char path[32];
	char stat_line[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 1;
	char *line = fgets(stat_line, sizeof(stat_line), file);
	fclose(file);
	if (!line)
		return 1;

	/* Field 2, the name, may hold blanks and parentheses; the last ')' ends it. */
	char *rest = strrchr(stat_line, ')');
	unsigned long long start;
	if (!rest || sscanf(rest + 1,
			    " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			    " %*s %*s %*s %*s %*s %*s %llu",
			    &start) != 1)
		return 1;
	printf("%d@%llu\n", pid, start);
	return 0;
}

int main(int argc, char **argv)
{
	int pid = argc == 2 ? atoi(argv[1]) : getpid();
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct statfs fs;
	struct stat st;
	if (fd < 0 || fstatfs(fd, &fs) != 0 || fs.f_type != PIDFS_MAGIC ||
	    fstat(fd, &st) != 0)
		return print_start_time(pid);
	printf("%d:%llu\n", pid, (unsigned long long)st.st_ino);
	return 0;
}
