#include "config.h"

#include "proc/pidfd.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* From linux/magic.h of Linux 6.9; Debian 12's headers are older. */
#define PIDFS_MAGIC 0x50494446

int pidfd_for(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return fd;
	/* The number of a thread is no process: EINVAL, or ENOENT since Linux 6.15. */
	return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
}

int pidfd_signal(int pidfd, pid_t pid, int signal)
{
	if (pidfd >= 0) {
		if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
			return 0;
		if (errno != ENOSYS)
			return -errno;
	}
	/* 0 and -1 are not processes: kill() would take them for a group, or for
	 * everyone. */
	if (pid <= 1)
		return -ESRCH;
	return kill(pid, signal) < 0 ? -errno : 0;
}

int pidfd_reap(int pidfd, pid_t pid, int options, siginfo_t *ret_info,
	       struct rusage *ret_usage)
{
	siginfo_t info = {0};
	struct rusage usage = {0};
	long r = -1;

	errno = EINVAL;
	if (pidfd >= 0)
		r = syscall(SYS_waitid, P_PIDFD, pidfd, &info,
			    options | WEXITED | WNOHANG, &usage);
	/* Linux 5.3 has pidfds that cannot be waited for: P_PIDFD came with 5.4. */
	if (r < 0 && errno == EINVAL)
		r = syscall(SYS_waitid, P_PID, pid, &info, options | WEXITED | WNOHANG,
			    &usage);
	if (r < 0)
		return -errno;
	if (info.si_pid == 0)
		return 0;
	*ret_info = info;
	*ret_usage = usage;
	return 1;
}

int pidfd_inode(int pidfd, uint64_t *ret_inode)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return -errno;
	if (fs.f_type != PIDFS_MAGIC)
		return -ENOTSUP;
	*ret_inode = st.st_ino;
	return 0;
}
