#include "config.h"

#include "sysinfo/mount-guard.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/out.h"
#include "proc/child.h"
#include "proc/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
	struct asking *asking;
	struct child child;
	struct loop_source source; /* its answers, later its end */
	int fd;			   /* where its answers come from; -1: no more of them */
	size_t current;		   /* the question it is at; n: it has come to the end */
	bool alone; /* it stalled: another has the questions behind this one */
	bool done;  /* it has answered what it was to */
	struct buf in;
};

/* The askers: at most the last one is not alone. */
struct asking {
	struct mount_question *questions;
	size_t n;
	size_t next; /* the first question that no asker has ever been at */
	struct asker **askers;
	size_t n_askers;
	struct loop loop;
	struct loop_timer timer;
	pid_t parent;
	nsec_t deadline;
	nsec_t progress; /* when the last asker last got on */
};

/* Children that had not ended when their call was over. */
static struct stuck {
	struct stuck *next;
	struct child child;
	char path[]; /* that it hangs on, or "" */
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

	bool ok = fd_write_all(fd, &answer, sizeof(answer)) == 0 &&
		  fd_write_all(fd, resolved, answer.resolved_len) == 0;

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
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != a->parent)
		_exit(0);
	for (size_t i = next_open(a, from); i < a->n; i = next_open(a, i + 1))
		if (!answer_one(&a->questions[i], i, fd))
			break;
	_exit(0);
}

static void on_answer(struct loop_source *source, short revents);

/* Start the child, which begins at its current question: 0 or -errno. */
static int start_child(struct asker *asker)
{
	int ends[2];

	/* Now, because when an answer comes it is too late to have no memory. */
	if (buf_reserve(&asker->in, sizeof(struct answer) + PATH_MAX) < 0)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	asker->source = (struct loop_source){
		.fd = ends[0], .events = POLLIN, .ready = on_answer, .data = asker};

	int r = loop_add(&asker->asking->loop, &asker->source);

	if (r == 0)
		r = child_fork(&asker->child, 0);
	if (r > 0)
		be_asker(asker->asking, asker->current, ends[1]);
	(void)close(ends[1]);
	if (r < 0) {
		loop_remove(&asker->asking->loop, &asker->source);
		(void)close(ends[0]);
		return r;
	}
	asker->fd = ends[0];
	return 0;
}

/* Have the questions from index on asked: 0 or -errno. */
static int start_asker(struct asking *a, size_t from)
{
	struct asker **askers =
		reallocarray(a->askers, a->n_askers + 1, sizeof(struct asker *));

	if (!askers)
		return -ENOMEM;
	a->askers = askers;

	struct asker *asker = malloc(sizeof(*asker));

	if (!asker)
		return -ENOMEM;
	*asker = (struct asker){
		.asking = a, .child = CHILD_INIT, .fd = -1, .current = from};

	int r = start_child(asker);

	if (r < 0) {
		buf_clear(&asker->in);
		free(asker);
		return r;
	}
	askers[a->n_askers++] = asker;
	a->next = from + 1;
	a->progress = nsec_now();
	return 0;
}

/* Another call finds out whether it is gone by then. Without memory it is forgotten. */
static void remember_stuck(struct child *child, const char *path)
{
	size_t size = strlen(path) + 1;
	struct stuck *s = malloc(sizeof(*s) + size);

	if (!s) {
		child_clear(child);
		return;
	}
	s->child = *child;
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

		if (child_reap(&s->child) == 0) {
			place = &s->next;
			continue;
		}
		*place = s->next;
		free(s);
	}
}

static void on_end(struct loop_source *source, short revents)
{
	struct asker *asker = source->data;

	(void)revents;
	loop_remove(&asker->asking->loop, source);
	(void)child_reap(&asker->child);
}

/* There are no more answers to come: what is left to wait for is its end. */
static void stop_listening(struct asker *asker)
{
	struct loop *loop = &asker->asking->loop;

	loop_remove(loop, &asker->source);
	asker->fd = fd_close(asker->fd);
	if (child_reap(&asker->child) != 0 || asker->child.pidfd < 0)
		return;
	asker->source = (struct loop_source){.fd = asker->child.pidfd,
					     .events = POLLIN,
					     .ready = on_end,
					     .data = asker};
	(void)loop_add(loop, &asker->source);
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
static void on_answer(struct loop_source *source, short revents)
{
	struct asker *asker = source->data;
	struct asking *a = asker->asking;
	struct buf *in = &asker->in;
	ssize_t n = read(asker->fd, in->data + in->len, in->cap - in->len - 1);

	(void)revents;
	if (n < 0)
		return;
	if (n == 0) {
		/* Somebody else killed it. */
		if (!asker->done && a->questions[asker->current].error == UNANSWERED)
			a->questions[asker->current].error = -EIO;
		stop_listening(asker);
		return;
	}
	in->len += (size_t)n;
	while (take_answer(a, asker))
		;
	if (asker->done && !asker->alone)
		stop_listening(asker);
	else if (asker->done)
		/* It has gone on, and may hang again: its pipe ends with it. */
		(void)child_signal(&asker->child, SIGKILL);
}

static void on_time(struct loop_timer *timer)
{
	(void)timer;
}

/* Wait until the moment for anything to come. */
static void listen_until(struct asking *a, nsec_t moment)
{
	a->timer.at = moment;
	(void)loop_step(&a->loop);
}

/* The child that goes from question to question, or NULL. */
static struct asker *working(const struct asking *a)
{
	struct asker *last = a->n_askers > 0 ? a->askers[a->n_askers - 1] : NULL;

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
		a->askers[place - 1]->alone = true;
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
		if (a->askers[i]->source.added)
			return true;
	return false;
}

/* End the children that are left; those that do not end at once are left alone. */
static void end_askers(struct asking *a)
{
	nsec_t end = nsec_now() + grace;

	for (size_t i = 0; i < a->n_askers; i++)
		(void)child_signal(&a->askers[i]->child, SIGKILL);
	while (is_anyone_there(a) && nsec_now() < end)
		listen_until(a, end);
	for (size_t i = 0; i < a->n_askers; i++) {
		struct asker *asker = a->askers[i];
		bool hangs = asker->fd >= 0 && asker->current < a->n;

		if (child_reap(&asker->child) == 0 && child_is_running(&asker->child))
			remember_stuck(&asker->child,
				       hangs ? a->questions[asker->current].path : "");
		(void)fd_close(asker->fd);
		buf_clear(&asker->in);
		free(asker);
	}
}

void mount_guard_ask(struct mount_question *questions, size_t n)
{
	nsec_t now = nsec_now();
	struct asking a = {
		.questions = questions,
		.n = n,
		.timer = {.at = NSEC_FOREVER, .expired = on_time},
		.parent = getpid(),
		.deadline = now + MOUNT_GUARD_LIMIT,
		.progress = now,
	};
	int r;

	loop_init(&a.loop);
	r = loop_add_timer(&a.loop, &a.timer);
	/* While it is ignored, the number of a child that ended may be another's. */
	(void)signal(SIGCHLD, SIG_DFL);
	reap_stuck();
	for (size_t i = 0; i < n; i++) {
		questions[i].resolved = NULL;
		questions[i].error = r < 0			   ? r
				     : is_stuck(questions[i].path) ? -ETIMEDOUT
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
	loop_clear(&a.loop);
}

void mount_guard_clear(struct mount_question *questions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(questions[i].resolved);
}
