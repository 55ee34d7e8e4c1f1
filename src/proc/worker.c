#include "config.h"

#include "proc/worker.h"

#include "base/cleanup.h"
#include "proc/wire.h"

#include <string.h>
#include <sys/socket.h>

enum {
	INBOX_KEPT = 256 << 10, /* memory that an empty inbox may keep */
	READ_SIZE = 64 << 10,
};

int worker_start(struct worker *w, int *ret_socket)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;

	auto_fd int ours = ends[0];
	auto_fd int theirs = ends[1];
	struct child child = CHILD_INIT;
	/* Its pid is safe until we collect it, and a descriptor a slot matters where
	 * there are hundreds. */
	int r = child_fork(&child, CHILD_NO_PIDFD);

	if (r < 0)
		return r;
	if (r == 1) {
		*ret_socket = take_fd(&theirs);
		return 1;
	}
	*w = WORKER_INIT;
	w->child = child;
	w->socket = take_fd(&ours);
	return 0;
}

int worker_flush(struct worker *w)
{
	return w->socket < 0 ? 0 : wire_flush(w->socket, &w->outbox);
}

int worker_send_task(struct worker *w, struct worker_task *task)
{
	task->number = ++w->n_sent;

	int r = wire_add_task(&w->outbox, task);

	return r < 0 ? r : worker_flush(w);
}

static int send_head(struct worker *w, const struct wire_head *head)
{
	int r = buf_add(&w->outbox, head, sizeof(*head));

	if (r == 0)
		(void)worker_flush(w);
	return r;
}

int worker_send_order(struct worker *w, const struct worker_task *task,
		      enum job_order order)
{
	const struct wire_head head = {
		.kind = WIRE_ORDER, .stream = (uint16_t)order, .task = task->number};

	return send_head(w, &head);
}

int worker_cancel_task(struct worker *w, const struct worker_task *task)
{
	const struct wire_head head = {.kind = WIRE_CANCEL, .task = task->number};

	return send_head(w, &head);
}

static void clear_files(struct worker_files *f)
{
	for (size_t i = 0; i < WORKER_FDS; i++)
		f->fds[i] = fd_close(f->fds[i]);
}

/*
 * The descriptors that came with what was read. They are those of one result: the kernel
 * ends a read behind the bytes that have some, and ours go with a result's first. They
 * count even where they could not be taken, for want of room for them.
 */
static void take_fds(struct worker *w, struct msghdr *message)
{
	struct worker_files files = {{-1, -1}};
	bool has_some = (message->msg_flags & MSG_CTRUNC) != 0;
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		has_some = true;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (n < WORKER_FDS)
				files.fds[n++] = fd;
			else
				(void)fd_close(fd);
		}
	}
	if (has_some && w->n_files < WORKER_RESULTS)
		w->files[w->n_files++] = files;
	else
		clear_files(&files);
}

/* The descriptors of the first result that has some. */
static struct worker_files shift_files(struct worker *w)
{
	struct worker_files first = {{-1, -1}};

	if (w->n_files) {
		first = w->files[0];
		memmove(w->files, w->files + 1, --w->n_files * sizeof(*w->files));
	}
	return first;
}

/* Read what has come: bytes, 0 when there is nothing more for now, -errno when it is
 * gone.
 */
static ssize_t fill_inbox(struct worker *w)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int) * WORKER_FDS)];
	} control;
	int r = buf_reserve(&w->inbox, READ_SIZE);

	if (r < 0)
		return r;

	struct iovec room = {
		.iov_base = w->inbox.data + w->inbox.len,
		.iov_len = w->inbox.cap - w->inbox.len - 1,
	};
	struct msghdr message = {
		.msg_iov = &room,
		.msg_iovlen = 1,
		.msg_control = control.data,
		.msg_controllen = sizeof(control.data),
	};
	ssize_t n = recvmsg(w->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	take_fds(w, &message);
	w->inbox.len += (size_t)n;
	return n;
}

/* The whole message at the beginning of the inbox, less what was taken: its head, or
 * false. */
static bool has_message(const struct worker *w, struct wire_head *ret)
{
	size_t len = w->inbox.len - w->taken;

	if (len < sizeof(*ret))
		return false;
	memcpy(ret, w->inbox.data + w->taken, sizeof(*ret));
	return len - sizeof(*ret) >= ret->len;
}

bool worker_has_message(const struct worker *w)
{
	struct wire_head head;

	return has_message(w, &head);
}

/* Forget the messages that were taken. */
static void shift_inbox(struct worker *w)
{
	if (!w->taken)
		return;
	w->inbox.len -= w->taken;
	memmove(w->inbox.data, w->inbox.data + w->taken, w->inbox.len);
	w->taken = 0;
	if (w->inbox.len == 0 && w->inbox.cap > INBOX_KEPT)
		buf_clear(&w->inbox);
}

enum worker_event worker_receive(struct worker *w, struct worker_piece *ret_piece,
				 struct result *ret_result)
{
	struct wire_head head;

	while (!has_message(w, &head)) {
		shift_inbox(w);

		ssize_t n = w->socket < 0 ? -EPIPE : fill_inbox(w);

		if (n <= 0)
			return n == 0 ? WORKER_NOTHING : WORKER_GONE;
	}

	const char *data = w->inbox.data + w->taken + sizeof(head);

	w->taken += sizeof(head) + head.len;
	if (head.kind == WIRE_LIVE) {
		*ret_piece = (struct worker_piece){
			.stream = head.stream, .data = data, .len = head.len};
		return WORKER_LIVE;
	}
	if (head.kind == WIRE_CANCELLED)
		return WORKER_CANCELLED;

	struct worker_files files = {{-1, -1}};

	if (head.stream)
		files = shift_files(w);

	int r = wire_read_result(data, head.len, files.fds, ret_result);

	clear_files(&files);
	shift_inbox(w);
	return r < 0 ? WORKER_GONE : WORKER_RESULT;
}

void worker_dismiss(struct worker *w)
{
	const struct wire_head head = {.kind = WIRE_QUIT};

	if (w->socket < 0)
		return;
	(void)send(w->socket, &head, sizeof(head), MSG_NOSIGNAL | MSG_DONTWAIT);
	w->socket = fd_close(w->socket);
}

void worker_clear(struct worker *w)
{
	w->socket = fd_close(w->socket);
	while (w->n_files) {
		struct worker_files files = shift_files(w);

		clear_files(&files);
	}
	buf_clear(&w->inbox);
	buf_clear(&w->outbox);
	child_clear(&w->child);
	*w = WORKER_INIT;
}
