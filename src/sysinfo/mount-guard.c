#include "config.h"

#include "sysinfo/mount-guard.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A question's error until there is an answer. */
#define UNANSWERED INT_MIN

/* A local disk answers in microseconds, even a sleeping one seldom has to be woken. */
static const nsec_t stall_longest = 100 * NSEC_PER_MS;
static const nsec_t stall_shortest = 1 * NSEC_PER_MS;
/* What killed children get to be gone; all but those in uninterruptible sleep are. */
static const nsec_t grace = 50 * NSEC_PER_MS;

/* What a child writes: this, and behind it the resolved path. */
struct answer {
	size_t index;
	int error;
	struct statvfs fs;
	size_t resolved_len; /* 0: none */
};

struct asker {
	pid_t pid;
	int fd;		/* the reading end; -1: gone and reaped */
	size_t current; /* the question it is at; n: it has come to the end */
	bool alone;	/* it stalled: another has the questions behind this one */
	bool done;	/* it has answered what it was to */
	struct buf in;
};

/* The askers: at most the last one is not alone. */
struct asking {
	struct mount_question *questions;
	size_t n;
	size_t next; /* the first question that no asker has ever been at */
	struct asker *askers;
	struct pollfd *polled;
	size_t n_askers;
	nsec_t deadline;
	nsec_t progress; /* when the last asker last got on */
};

/* Children that could not be ended, from earlier calls too. */
static struct stuck {
	struct stuck *next;
	pid_t pid;
	char path[];
} * all_stuck;

/* The first question from index on that has no answer yet, or n. */
static size_t next_open(const struct asking *a, size_t index)
{
	while (index < a->n && a->questions[index].error != UNANSWERED)
		index++;
	return index;
}

static void close_from(unsigned from, unsigned to)
{
	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return;

	/* Before Linux 5.9. */
	long max = sysconf(_SC_OPEN_MAX);

	for (unsigned fd = from; fd <= to && (long)fd < max; fd++)
		(void)close((int)fd);
}

static bool write_all(int fd, const void *data, size_t len)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool answer_one(const struct mount_question *q, size_t index, int fd)
{
	struct answer answer;
	char *resolved = NULL;

	/* The padding is written as well. */
	memset(&answer, 0, sizeof(answer));
	answer.index = index;
	if (statvfs(q->path, &answer.fs) < 0)
		answer.error = -errno;
	else if (q->resolve)
		resolved = realpath(q->path, NULL);
	/* The other end has room for a path, not for one that no call would take. */
	if (resolved && strlen(resolved) < PATH_MAX)
		answer.resolved_len = strlen(resolved);

	bool ok = write_all(fd, &answer, sizeof(answer)) &&
		  write_all(fd, resolved, answer.resolved_len);

	free(resolved);
	return ok;
}

/* The life of a child: it ends here, and nothing of ours is cleaned up or flushed. */
static void __attribute__((noreturn))
be_asker(const struct asking *a, size_t from, int fd)
{
	/* Whoever waits for the end of a pipe that we inherited must not wait for us. */
	close_from(0, (unsigned)fd - 1);
	close_from((unsigned)fd + 1, ~0U);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = next_open(a, from); i < a->n; i = next_open(a, i + 1))
		if (!answer_one(&a->questions[i], i, fd))
			break;
	_exit(0);
}

/* Start a child for the questions from index on: where its answers come from, or -errno.
 */
static int start_child(const struct asking *a, size_t from, pid_t *ret_pid)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	pid_t pid = fork();

	if (pid == 0)
		be_asker(a, from, ends[1]);

	int r = pid < 0 ? -errno : ends[0];

	(void)close(ends[1]);
	if (r < 0)
		(void)close(ends[0]);
	*ret_pid = pid;
	return r;
}

/* Have the questions from index on asked: 0 or -errno. */
static int start_asker(struct asking *a, size_t from)
{
	struct asker *askers = reallocarray(a->askers, a->n_askers + 1, sizeof(*askers));

	if (!askers)
		return -ENOMEM;
	a->askers = askers;

	struct pollfd *polled = reallocarray(a->polled, a->n_askers + 1, sizeof(*polled));

	if (!polled)
		return -ENOMEM;
	a->polled = polled;

	struct asker *asker = &askers[a->n_askers];

	*asker = (struct asker){.current = from};
	/* Now, because when an answer comes it is too late to have no memory. */
	asker->fd = buf_reserve(&asker->in, sizeof(struct answer) + PATH_MAX) < 0
			    ? -ENOMEM
			    : start_child(a, from, &asker->pid);
	if (asker->fd < 0) {
		buf_clear(&asker->in);
		return asker->fd;
	}
	a->n_askers++;
	a->next = from + 1;
	a->progress = nsec_now();
	return 0;
}

/* Another call finds out whether it is gone by then. Without memory it is forgotten. */
static void remember_stuck(pid_t pid, const char *path)
{
	size_t size = strlen(path) + 1;
	struct stuck *s = malloc(sizeof(*s) + size);

	if (!s)
		return;
	s->pid = pid;
	s->next = all_stuck;
	memcpy(s->path, path, size);
	all_stuck = s;
}

static bool is_stuck(const char *path)
{
	for (const struct stuck *s = all_stuck; s; s = s->next)
		if (strcmp(s->path, path) == 0)
			return true;
	return false;
}

static void reap_stuck(void)
{
	for (struct stuck **place = &all_stuck; *place;) {
		struct stuck *s = *place;

		if (waitpid(s->pid, NULL, WNOHANG) == 0) {
			place = &s->next;
			continue;
		}
		*place = s->next;
		free(s);
	}
}

/* A child that has closed its pipe, or is about to, has nothing left to hang on. */
static void reap(struct asker *asker)
{
	while (waitpid(asker->pid, NULL, 0) < 0 && errno == EINTR)
		;
	asker->fd = fd_close(asker->fd);
	buf_clear(&asker->in);
}

/* Take one whole answer out of what has come, if there is one. */
static bool take_answer(struct asking *a, struct asker *asker)
{
	struct answer answer;
	struct buf *in = &asker->in;

	if (in->len < sizeof(answer))
		return false;
	memcpy(&answer, in->data, sizeof(answer));

	size_t size = sizeof(answer) + answer.resolved_len;

	if (in->len < size)
		return false;

	struct mount_question *q = &a->questions[answer.index];

	if (q->error == UNANSWERED) {
		q->error = answer.error;
		q->fs = answer.fs;
		if (answer.resolved_len > 0)
			q->resolved =
				strndup(in->data + sizeof(answer), answer.resolved_len);
	}
	in->len -= size;
	memmove(in->data, in->data + size, in->len);

	asker->current = next_open(a, answer.index + 1);
	asker->done = asker->alone || asker->current == a->n;
	if (!asker->alone) {
		a->progress = nsec_now();
		a->next = asker->done ? a->n : asker->current + 1;
	}
	return true;
}

/* Something has come from a child, or it has ended. */
static void hear(struct asking *a, struct asker *asker)
{
	struct buf *in = &asker->in;
	ssize_t n = read(asker->fd, in->data + in->len, in->cap - in->len - 1);

	if (n < 0)
		return;
	if (n == 0) {
		/* Somebody else killed it. */
		if (!asker->done && a->questions[asker->current].error == UNANSWERED)
			a->questions[asker->current].error = -EIO;
		reap(asker);
		return;
	}
	in->len += (size_t)n;
	while (take_answer(a, asker))
		;
	if (asker->done && !asker->alone)
		reap(asker);
	else if (asker->done)
		/* It has gone on, and may hang again: not reaped before its pipe ends. */
		(void)kill(asker->pid, SIGKILL);
}

/* Wait until the moment for anything to come. */
static void listen_until(struct asking *a, nsec_t moment)
{
	nsec_t wait = moment - nsec_now();
	struct timespec timeout = {0};

	if (wait > 0)
		timeout = (struct timespec){wait / NSEC_PER_SEC, wait % NSEC_PER_SEC};
	for (size_t i = 0; i < a->n_askers; i++)
		a->polled[i] = (struct pollfd){a->askers[i].fd, POLLIN, 0};
	if (ppoll(a->polled, a->n_askers, &timeout, NULL) <= 0)
		return;
	for (size_t i = 0; i < a->n_askers; i++)
		if (a->polled[i].revents)
			hear(a, &a->askers[i]);
}

/* The child that goes from question to question, or NULL. */
static struct asker *working(const struct asking *a)
{
	struct asker *last = a->n_askers > 0 ? &a->askers[a->n_askers - 1] : NULL;

	return last && last->fd >= 0 && !last->alone ? last : NULL;
}

/*
 * The moment until which the working child may take for its question. The more questions
 * are left, the shorter: each of them has to be asked before the deadline.
 */
static nsec_t patience(const struct asking *a, nsec_t now)
{
	nsec_t stall = (a->deadline - now) / (nsec_t)(a->n - a->next + 1);

	if (stall > stall_longest)
		stall = stall_longest;
	if (stall < stall_shortest)
		stall = stall_shortest;
	return a->progress + stall;
}

/* See to it that some child is at work on the questions that nobody has begun with, and
 * return the moment to look again. */
static nsec_t keep_going(struct asking *a, nsec_t now)
{
	size_t next = next_open(a, a->next);
	struct asker *asker = working(a);

	if (next == a->n)
		return a->deadline;
	if (asker && now < patience(a, now))
		return patience(a, now) < a->deadline ? patience(a, now) : a->deadline;

	size_t place = a->n_askers;
	int r = start_asker(a, next);

	if (r == 0 && asker)
		a->askers[place - 1].alone = true;
	/* With no child at all there is nobody to wait for. */
	if (r < 0 && !asker)
		for (size_t i = next; i < a->n; i = next_open(a, i + 1))
			a->questions[i].error = r;
	if (r < 0)
		a->progress = now;
	return now;
}

static bool is_anyone_there(const struct asking *a)
{
	for (size_t i = 0; i < a->n_askers; i++)
		if (a->askers[i].fd >= 0)
			return true;
	return false;
}

/* End the children that are left; those that do not end at once are left alone. */
static void end_askers(struct asking *a)
{
	nsec_t end = nsec_now() + grace;

	for (size_t i = 0; i < a->n_askers; i++)
		if (a->askers[i].fd >= 0)
			(void)kill(a->askers[i].pid, SIGKILL);
	while (is_anyone_there(a) && nsec_now() < end)
		listen_until(a, end);
	for (size_t i = 0; i < a->n_askers; i++) {
		struct asker *asker = &a->askers[i];

		if (asker->fd < 0)
			continue;
		if (asker->current < a->n)
			remember_stuck(asker->pid, a->questions[asker->current].path);
		asker->fd = fd_close(asker->fd);
		buf_clear(&asker->in);
	}
}

void mount_guard_ask(struct mount_question *questions, size_t n)
{
	nsec_t now = nsec_now();
	struct asking a = {.questions = questions, .n = n, .progress = now};

	a.deadline = now + MOUNT_GUARD_LIMIT;
	/* While it is ignored, the number of a child that ended may be another's. */
	(void)signal(SIGCHLD, SIG_DFL);
	reap_stuck();
	for (size_t i = 0; i < n; i++) {
		questions[i].resolved = NULL;
		questions[i].error = is_stuck(questions[i].path) ? -ETIMEDOUT
								 : UNANSWERED;
	}
	while (next_open(&a, 0) < n && now < a.deadline) {
		nsec_t moment = keep_going(&a, now);

		if (moment > now)
			listen_until(&a, moment);
		now = nsec_now();
	}
	for (size_t i = next_open(&a, 0); i < n; i = next_open(&a, i + 1))
		questions[i].error = -ETIMEDOUT;
	end_askers(&a);
	free(a.askers);
	free(a.polled);
}

void mount_guard_clear(struct mount_question *questions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(questions[i].resolved);
}
