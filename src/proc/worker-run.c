#include "config.h"

#include "proc/worker.h"

#include "base/cleanup.h"
#include "base/message.h"
#include "base/out.h"
#include "proc/procfs.h"
#include "proc/tree.h"
#include "proc/wire.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum {
	CAPTURE_IN_MEMORY = 128 << 10, /* a stream; more goes to a file, and that over the
					  socket */
	MEMORY_KEPT = 1 << 20, /* free memory that a worker keeps for its next job */
};

/* How long what does not die of KILL is waited for when the main process is gone. */
#define GIVE_UP_AFTER_MS 5000

/* A task that was not begun. */
struct ahead {
	char *bytes; /* NULL: none */
	size_t len;
	uint32_t number;
};

/* What the worker knows while a job runs; found through job.watch_data. */
struct work {
	struct job job;
	struct job_stage stage;
	struct signals signals;
	int socket;
	pid_t main_pid;
	bool guards;
	bool lost;	 /* the main process is gone */
	struct buf live; /* output that the socket has not taken yet */
	bool lost_output;
	int token_fd;
	int token;
	uint32_t number;    /* of the task that runs */
	struct ahead ahead; /* the next one, if it came already */
};

static int read_whole(int socket, void *data, size_t len)
{
	char *at = data;

	/* A stop cuts even MSG_WAITALL short. */
	while (len) {
		ssize_t n = recv(socket, at, len, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EPIPE;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Send all of it, with the descriptors on its first byte. */
static int send_whole(int socket, const char *data, size_t len, const int *fds,
		      size_t n_fds)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int) * WORKER_FDS)];
	} control = {0};

	while (len) {
		struct iovec piece = {.iov_base = (void *)data, .iov_len = len};
		struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

		if (n_fds) {
			message.msg_control = control.data;
			message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);

			struct cmsghdr *c = CMSG_FIRSTHDR(&message);

			if (!c)
				return -EINVAL;
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
			memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
		}

		ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		n_fds = 0;
	}
	return 0;
}

/* Send what the socket takes now: whether something is left. That nobody takes it is seen
 * by whoever waits on the socket. */
static bool flush_live(const struct job *job)
{
	struct work *w = job->watch_data;

	(void)wire_flush(w->socket, &w->live);
	return w->live.len > 0;
}

static bool on_live(const struct job *job, int stream, const char *data, size_t len)
{
	struct work *w = job->watch_data;
	const struct wire_head head = {
		.kind = WIRE_LIVE, .stream = (uint16_t)stream, .len = len};

	if (buf_add(&w->live, &head, sizeof(head)) < 0 ||
	    buf_add(&w->live, data, len) < 0)
		w->lost_output = true;
	return flush_live(job);
}

/* Take in a task whose head has come: 0 or -errno. */
static int keep_task(struct work *w, const struct wire_head *head)
{
	auto_free char *bytes = malloc(head->len);

	if (!bytes)
		return -ENOMEM;

	int r = read_whole(w->socket, bytes, head->len);

	if (r < 0)
		return r;
	free(w->ahead.bytes);
	w->ahead = (struct ahead){
		.bytes = take_ptr(bytes), .len = head->len, .number = head->task};
	return 0;
}

/* Drop the next task, if it is still this one, and say so. What the socket does not take
 * goes with the next flush_live(). */
static void cancel_task(struct work *w, uint32_t number)
{
	const struct wire_head answer = {.kind = WIRE_CANCELLED, .task = number};

	if (!w->ahead.bytes || w->ahead.number != number)
		return;
	free(w->ahead.bytes);
	w->ahead = (struct ahead){0};
	if (buf_add(&w->live, &answer, sizeof(answer)) == 0)
		return;
	/* No memory, so it goes at once, even if that takes a while. */
	if (send_whole(w->socket, w->live.data, w->live.len, NULL, 0) == 0)
		(void)send_whole(w->socket, (const char *)&answer, sizeof(answer), NULL,
				 0);
	w->live.len = 0;
}

/* Take one message of the main process's, while a job runs; or it is gone. */
static enum job_order on_watched(const struct job *job)
{
	struct work *w = job->watch_data;
	struct wire_head head;
	int r = read_whole(w->socket, &head, sizeof(head));

	if (r == 0 && head.kind == WIRE_TASK) {
		r = keep_task(w, &head);
	} else if (r == 0 && head.kind == WIRE_CANCEL) {
		cancel_task(w, head.task);
	} else if (r == 0 && head.kind == WIRE_ORDER) {
		if (head.task == w->number)
			return (enum job_order)head.stream;
	} else {
		r = -EPIPE;
	}
	if (r == 0)
		return JOB_ORDER_NONE;
	w->lost = true;
	return w->guards ? JOB_ORDER_KILL : JOB_ORDER_LEAVE;
}

/* The common variables with the task's own behind them. */
static char **merge_environment(char *const *common, const struct wire_task *task)
{
	size_t n = 0;

	while (common[n])
		n++;

	char **env = reallocarray(NULL, n + task->n_env + 1, sizeof(*env));

	if (!env)
		return NULL;
	memcpy(env, common, n * sizeof(*env));
	memcpy(env + n, task->env, task->n_env * sizeof(*env));
	env[n + task->n_env] = NULL;
	return env;
}

/* Signals that came while nothing ran, such as a Ctrl-C, were not for a job. But a job
 * does not begin while all others stand still. */
static void forget_signals(const struct signals *signals)
{
	struct signalfd_siginfo info;
	int stop = 0;

	while (signals_read(signals, &info) > 0)
		switch (info.ssi_signo) {
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			stop = (int)info.ssi_signo;
			break;
		case SIGCONT:
			stop = 0;
			break;
		default:
			break;
		}
	if (stop)
		signals_stop_self(stop);
}

static int send_result(struct work *w, const struct result *result)
{
	auto_buf struct buf message = BUF_INIT;
	int fds[WORKER_FDS];
	size_t n_fds;
	int r = wire_add_result(&message, result, fds, &n_fds);

	if (r == 0)
		r = send_whole(w->socket, w->live.data, w->live.len, NULL, 0);
	w->live.len = 0;
	return r < 0 ? r : send_whole(w->socket, message.data, message.len, fds, n_fds);
}

static void give_token(struct work *w)
{
	char token = (char)w->token;

	if (w->token >= 0)
		(void)fd_write_all(w->token_fd, &token, 1);
	w->token = -1;
}

/* Run one task: 0, or -errno when nothing more can be done here. */
static int run_task(struct work *w, const struct wire_task *task)
{
	const struct spawn *common = &w->stage.spawn;
	auto_free char **env = merge_environment(common->envp, task);
	struct job_stage stage = w->stage;
	struct job job = w->job;
	struct result result;

	if (!env)
		return -ENOMEM;
	stage.spawn.argv = task->argv;
	stage.spawn.file = NULL;
	stage.spawn.envp = env;
	stage.spawn.path = (struct buf){.data = task->path, .len = strlen(task->path)};
	if (task->reads_stdin)
		stage.spawn.stdio[0] = -1;
	job.stages = &stage;
	job.watch_data = w;
	w->token = task->token;
	forget_signals(&w->signals);
	result_init(&result);
	job_run(&job, &result);
	if (w->lost_output && result.error.step == SPAWN_STEP_NONE) {
		result.error.step = SPAWN_STEP_PIPE;
		result.error.error = ENOMEM;
	}
	w->lost_output = false;

	if (result.no_child_left)
		w->job.flags |= JOB_AGAIN;
	else
		w->job.flags &= ~(unsigned)JOB_AGAIN;

	int r = w->lost ? -EPIPE : send_result(w, &result);

	result_clear(&result);
	return r;
}

/* Wait until the main process has something to say; recv(2) alone would wake up too when
 * it takes our last result. */
static int read_head(struct work *w, struct wire_head *ret)
{
	struct pollfd p = {.fd = w->socket, .events = POLLIN};
	ssize_t n = recv(w->socket, ret, sizeof(*ret), MSG_DONTWAIT);

	while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		(void)poll(&p, 1, -1);
		n = recv(w->socket, ret, sizeof(*ret), MSG_DONTWAIT);
	}
	if (n <= 0)
		return -EPIPE;
	return read_whole(w->socket, (char *)ret + n, sizeof(*ret) - (size_t)n);
}

/* Wait for a task, if none has come yet: 0, or -errno to end (-ECANCELED: as we were told
 * to). */
static int await_task(struct work *w)
{
	while (!w->ahead.bytes) {
		struct wire_head head;
		int r = read_head(w, &head);

		if (r < 0)
			return r;
		if (head.kind == WIRE_QUIT)
			return -ECANCELED;
		/* The main process has heard of the last job's end: the token is its
		 * affair. */
		w->token = -1;
		/* An order, or a cancelling, for a job that had already ended. */
		if (head.kind != WIRE_TASK)
			continue;
		r = keep_task(w, &head);
		if (r < 0)
			return r;
	}
	/* It was killed, and wants nothing more. */
	return getppid() == w->main_pid ? 0 : -EPIPE;
}

/* Run one job: 0, or -errno to end. */
static int take_task(struct work *w)
{
	struct wire_task task = {0};
	int r = await_task(w);

	if (r < 0)
		return r;

	auto_free char *bytes = take_ptr(w->ahead.bytes);

	w->number = w->ahead.number;
	r = wire_read_task(bytes, w->ahead.len, &task);
	if (r < 0)
		return r;
	r = run_task(w, &task);
	free(task.argv);
	return r;
}

/* End everything that jobs have left behind: nobody else can any more. */
static void end_descendants(void)
{
	const struct timespec soon = {.tv_nsec = 20 * NSEC_PER_MS};
	nsec_t end = nsec_now() + GIVE_UP_AFTER_MS * NSEC_PER_MS;
	struct tree tree = {.active = true, .own = true, .root = getpid()};
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	while (tree_has_children(&tree) && nsec_now() < end) {
		(void)tree_scan(&tree);
		(void)tree_signal(&tree, SIGKILL, false);
		(void)tree_reap(&tree);
		if (tree_has_children(&tree))
			(void)sigtimedwait(&child, NULL, &soon);
	}
	tree_clear(&tree);
}

/* Whether a worker needs this descriptor. */
static bool is_needed(int fd, int socket, const struct worker_setup *setup)
{
	const struct spawn *s = &setup->job->stages[0].spawn;

	for (int n = 0; n < 3; n++)
		if (fd == s->stdio[n])
			return true;
	return fd == socket || fd == setup->token_fd || fd == s->dirfd;
}

/*
 * Close what is the main process's alone: other workers' sockets, whose end of file tells
 * them that it is gone, and files that nobody could be rid of. What is not close-on-exec
 * was inherited by all of us, and is the jobs'.
 */
static void close_others(int socket, const struct worker_setup *setup)
{
	auto_fd int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf scratch = BUF_INIT;
	struct pid_list fds = {0};

	if (folder < 0 || procfs_list(folder, &fds, &scratch) < 0) {
		free(fds.pids);
		return;
	}
	for (size_t i = 0; i < fds.n; i++) {
		int fd = fds.pids[i];

		if (fd > 2 && fd != folder && !is_needed(fd, socket, setup) &&
		    (fcntl(fd, F_GETFD) & FD_CLOEXEC))
			(void)close(fd);
	}
	free(fds.pids);
}

void worker_run(int socket, const struct worker_setup *setup)
{
	close_others(socket, setup);
	message_set_output(NULL, NULL);

	struct work w = {
		.job = *setup->job,
		.stage = setup->job->stages[0],
		.signals = *setup->job->signals,
		.socket = socket,
		.main_pid = getppid(),
		.guards = setup->guards,
		.token_fd = setup->token_fd,
		.token = -1,
	};

	/* Caught for good: everything stays blocked between two jobs. The descriptor is
	 * the main process's, and so would be what is read from it. */
	w.signals.fd = fd_close(w.signals.fd);
	if (signals_catch(&w.signals) < 0)
		return;
	w.job.signals = &w.signals;
	w.job.flags |= JOB_IN_WORKER;
	w.job.watch_fd = socket;
	w.job.watched = on_watched;
	w.job.live = on_live;
	w.job.flush = flush_live;
	w.job.capture_memory = CAPTURE_IN_MEMORY;

	int r;

#ifdef __GLIBC__
	/* Or its heap would grow and shrink with each job. */
	(void)mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
#endif
	do
		r = take_task(&w);
	while (r == 0);
	free(w.ahead.bytes);
	if (r == -ECANCELED)
		return;
	if (w.guards)
		end_descendants();
	give_token(&w);
}
