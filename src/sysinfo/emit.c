#include "config.h"

#include "sysinfo/emit.h"

#include "base/cleanup.h"
#include "base/nsec.h"
#include "base/out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A record on its way. */
struct emission {
	int fd;
	mode_t type;
	bool in_pieces;	 /* this kernel cannot write to a pipe without waiting */
	bool begun;	 /* some of it is out */
	int signal_fd;	 /* readable once one of ending is pending; -1: not needed yet */
	nsec_t until;	 /* a signal is pending, and waits no longer; or NSEC_FOREVER */
	sigset_t ending; /* signals that would end us */
	sigset_t before; /* the mask as it was */
};

/* Not SIGPIPE: no reader will miss the rest. Those that stop us may do so anywhere. */
static void fill_ending(sigset_t *set)
{
	static const int signals[] = {
		SIGHUP,	 SIGINT,    SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,	  SIGALRM,
		SIGPROF, SIGVTALRM, SIGPOLL, SIGPWR,  SIGXCPU, SIGSTKFLT,
	};

	(void)sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(set, signals[i]);
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		(void)sigaddset(set, signal);
}

/* What fits into a pipe now. Where the kernel cannot say so (before 6.4), a piece that
 * has room for certain, unless somebody else takes it at that very moment. */
static ssize_t write_pipe(struct emission *e, const void *data, size_t len)
{
	struct iovec whole = {.iov_base = (void *)data, .iov_len = len};
	struct pollfd room = {.fd = e->fd, .events = POLLOUT};

	if (!e->in_pieces) {
		ssize_t n = pwritev2(e->fd, &whole, 1, -1, RWF_NOWAIT);

		if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EPERM))
			return n;
		e->in_pieces = true;
	}
	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(e->fd, data, len < PIPE_BUF ? len : PIPE_BUF);
}

static ssize_t write_some(struct emission *e, const void *data, size_t len)
{
	if (S_ISFIFO(e->type))
		return write_pipe(e, data, len);
	if (S_ISSOCK(e->type))
		return send(e->fd, data, len, MSG_DONTWAIT);
	return write(e->fd, data, len);
}

/* Let what is pending have its effect. It comes back where that does not end us: the
 * signal is ignored. */
static void give_way(struct emission *e)
{
	(void)sigprocmask(SIG_SETMASK, &e->before, NULL);
	(void)sigprocmask(SIG_BLOCK, &e->ending, NULL);
	e->until = NSEC_FOREVER;
}

/* Whatever poll() has to say of the descriptor, the next write says it better. Not the
 * loop's wait: while nothing is out, signals are let in for the time of the wait alone,
 * and that takes ppoll() with the mask as it was. */
static void wait_for_room(struct emission *e)
{
	struct pollfd polled[] = {
		{.fd = e->fd, .events = POLLOUT},
		{.fd = e->signal_fd, .events = POLLIN},
	};

	if (e->begun && e->signal_fd < 0)
		polled[1].fd = e->signal_fd = signalfd(-1, &e->ending, SFD_CLOEXEC);
	if (!e->begun || e->signal_fd < 0) {
		(void)ppoll(polled, 1, NULL, &e->before);
	} else if (e->until == NSEC_FOREVER) {
		(void)poll(polled, 2, -1);
		if (polled[1].revents)
			e->until = nsec_now() + EMIT_PATIENCE_MS * NSEC_PER_MS;
	} else {
		nsec_t left = e->until - nsec_now();

		if (left <= 0)
			give_way(e);
		else
			(void)poll(polled, 1, (int)(left / NSEC_PER_MS) + 1);
	}
}

static int emit(struct emission *e, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write_some(e, data, len);

		if (n >= 0) {
			e->begun = true;
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			wait_for_room(e);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int emit_whole(int fd, const void *data, size_t len)
{
	struct emission e = {.fd = fd, .signal_fd = -1, .until = NSEC_FOREVER};
	struct stat st;

	/* A terminal may be halted for any time, and who sits there wants to end us. */
	if (len <= PIPE_BUF || fstat(fd, &st) < 0 || S_ISCHR(st.st_mode))
		return fd_write_all(fd, data, len);
	e.type = st.st_mode;
	fill_ending(&e.ending);
	(void)sigprocmask(SIG_BLOCK, &e.ending, &e.before);

	int r = emit(&e, data, len);

	(void)fd_close(e.signal_fd);
	(void)sigprocmask(SIG_SETMASK, &e.before, NULL);
	return r;
}
