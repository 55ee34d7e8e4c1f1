#include "config.h"

#include "proc/child.h"

#include "base/cleanup.h"
#include "proc/pidfd.h"

#include <sys/wait.h>
#include <unistd.h>

/* The moment before a start. */
static void begin(struct child *c)
{
	*c = CHILD_INIT;
	c->started = nsec_now();
	(void)clock_gettime(CLOCK_REALTIME, &c->started_at);
}

static void adopt(struct child *c, pid_t pid, enum child_flags flags)
{
	int pidfd = -1;

	if ((flags & CHILD_HANDLE) || (flags & CHILD_NO_PIDFD) == 0)
		pidfd = pidfd_for(pid);
	c->pid = pid;
	c->pidfd = pidfd < 0 ? -1 : pidfd;
	if (flags & CHILD_HANDLE)
		(void)handle_format(pid, c->pidfd, c->handle);
	if (flags & CHILD_NO_PIDFD)
		c->pidfd = fd_close(c->pidfd);
}

int child_start(struct child *c, const struct spawn *s, enum child_flags flags,
		struct spawn_error *ret_error)
{
	struct child started;
	pid_t pid;

	begin(&started);

	int r = spawn_start(s, &pid, ret_error);

	if (r < 0)
		return r;
	*c = started;
	adopt(c, pid, flags);
	return 0;
}

int child_fork(struct child *c, enum child_flags flags)
{
	struct child started;

	begin(&started);

	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		return 1;
	*c = started;
	adopt(c, pid, flags);
	return 0;
}

bool child_is_running(const struct child *c)
{
	return c->pid > 0 && !c->ended;
}

int child_reap(struct child *c)
{
	siginfo_t info;

	if (!child_is_running(c))
		return 0;

	int r = pidfd_reap(c->pidfd, c->pid, 0, &info, &c->usage);

	if (r == 0)
		return 0;
	c->ended = true;
	c->ended_at = nsec_now();
	c->pidfd = fd_close(c->pidfd);
	if (r < 0) {
		/* Collected by nobody knows whom: gone all the same. */
		c->status = (struct wait_status){.code = -1};
		return r;
	}
	if (info.si_code == CLD_EXITED)
		c->status = (struct wait_status){.code = info.si_status & 0xff};
	else
		c->status = (struct wait_status){
			.code = -1,
			.signal = info.si_status,
			.core_dumped = info.si_code == CLD_DUMPED,
		};
	return 1;
}

int child_signal(const struct child *c, int signal)
{
	return child_is_running(c) ? pidfd_signal(c->pidfd, c->pid, signal) : -ESRCH;
}

void child_clear(struct child *c)
{
	c->pidfd = fd_close(c->pidfd);
}
