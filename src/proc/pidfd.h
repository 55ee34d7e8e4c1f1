/*
 * Pidfds, and the only place that knows what to do where the kernel or a sandbox has
 * none.
 *
 * pidfd_open() may be missing (Linux < 5.3), forbidden by a seccomp filter (EPERM,
 * ENOSYS) or out of descriptors (EMFILE). Every function here takes pidfd -1 together
 * with a pid that the caller knows cannot be recycled, because it is an unreaped child of
 * ours: then kill(2) and waitid(P_PID) are as safe. For any other process a pidfd is a
 * must.
 */
#ifndef PROC_PIDFD_H
#define PROC_PIDFD_H

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* A pidfd (close-on-exec), or -errno: -ESRCH when there is no such process. */
int pidfd_for(pid_t pid);

/* Send a signal: 0 or -errno (-ESRCH: it is gone, -EPERM). With pidfd -1, pid must be an
 * unreaped child. */
int pidfd_signal(int pidfd, pid_t pid, int signal);

/*
 * Collect an ended child: 1 with *ret_info and *ret_usage, 0 while it runs, -errno.
 * options as waitid(2) (WNOWAIT leaves it there). The raw system call, because glibc's
 * waitid() does not hand out the rusage that the kernel gives with it.
 */
int pidfd_reap(int pidfd, pid_t pid, int options, siginfo_t *ret_info,
	       struct rusage *ret_usage);

/* The inode that names the process for good (Linux 6.9, pidfs): 0, or -ENOTSUP on older
 * kernels, or -errno. */
int pidfd_inode(int pidfd, uint64_t *ret_inode);

#endif
