#include "config.h"

#include "proc/signals.h"

#include "base/cleanup.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What ends a process by default and is not a fault of its own, and what stops it. */
static const int caught[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM,   SIGUSR1, SIGUSR2, SIGALRM,
	SIGPIPE, SIGABRT, SIGPROF, SIGVTALRM, SIGXCPU, SIGPOLL, SIGPWR,
	SIGTSTP, SIGTTIN, SIGTTOU, SIGSTKFLT, SIGCONT, SIGCHLD, SIGXFSZ,
};

/* Take the C library's own signals out of a set if we were started with them ignored. */
static void remove_ignored_internals(sigset_t *set)
{
#ifdef __GLIBC__
	for (int sig = 32; sig <= 33; sig++) {
		unsigned long action[8] = {0}; /* the kernel's: the handler comes first */

		if (syscall(SYS_rt_sigaction, sig, NULL, action, (size_t)8) == 0 &&
		    action[0] == (unsigned long)SIG_IGN)
			set->__val[0] &= ~(1UL << (sig - 1));
	}
#else
	(void)set;
#endif
}

void signals_save(struct signals *s)
{
	*s = (struct signals){.fd = -1};
	(void)sigprocmask(SIG_SETMASK, NULL, &s->mask);
	(void)sigemptyset(&s->ignored);
	/* sigfillset() would leave the C library's own out. */
	memset(&s->defaults, 0xff, sizeof(s->defaults));
	remove_ignored_internals(&s->defaults);
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
			(void)sigaddset(&s->ignored, sig);
			(void)sigdelset(&s->defaults, sig);
		}
	}
	if (sigismember(&s->ignored, SIGCHLD) == 1)
		(void)signal(SIGCHLD, SIG_DFL);
}

int signals_catch(struct signals *s)
{
	sigset_t set;

	if (s->fd >= 0)
		return 0;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		if (caught[i] == SIGCHLD || sigismember(&s->ignored, caught[i]) != 1)
			(void)sigaddset(&set, caught[i]);
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		if (sigismember(&s->ignored, sig) != 1)
			(void)sigaddset(&set, sig);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -errno;
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		int r = -errno;

		(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
		return r;
	}
	return 0;
}

void signals_release(struct signals *s)
{
	if (s->fd < 0)
		return;
	s->fd = fd_close(s->fd);

	/* What our own failed writes have left pending: their results have said it. */
	const struct timespec at_once = {0};
	sigset_t ours;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGPIPE);
	(void)sigaddset(&ours, SIGXFSZ);
	while (sigtimedwait(&ours, NULL, &at_once) > 0)
		;

	/* From here on a file that may grow no further is an error, and not our death. */
	sigset_t mask = s->mask;

	(void)sigaddset(&mask, SIGXFSZ);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

int signals_read(const struct signals *s, struct signalfd_siginfo *ret)
{
	ssize_t n;

	do
		n = read(s->fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n == sizeof(*ret);
}

bool signals_from_terminal(const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		return false;
	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGHUP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCONT:
		return true;
	default:
		return false;
	}
}

void signals_stop_self(int signal)
{
	sigset_t only;
	sigset_t before;

	(void)sigemptyset(&only);
	(void)sigaddset(&only, signal);
	/* Its disposition is the default: sent to ourselves and unblocked, it stops us
	 * right here, unless our process group is an orphaned one, where the kernel drops
	 * it. */
	(void)raise(signal);
	(void)sigprocmask(SIG_UNBLOCK, &only, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
