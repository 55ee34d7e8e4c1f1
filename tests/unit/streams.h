/*
 * Standard output and error put elsewhere, and read again, for tests of what writes
 * there.
 *
 * streams_init() first: TAP goes to a descriptor of its own. Then for each test
 * streams_open_pipes(), or streams_set() with any two descriptors; streams_settle() turns
 * the loop and reads what comes; streams_close() puts the old ones back.
 */
#ifndef TESTS_UNIT_STREAMS_H
#define TESTS_UNIT_STREAMS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/out.h"
#include "proc/loop.h"
#include "tap.h"

struct streams {
	struct loop loop;
	int saved[2];
	int ends[2]; /* what is written can be read there; -1 */
	struct buf got[2];
	int drained; /* how often drained() was called */
};

static inline void streams_init(void)
{
	sigset_t set;
	FILE *tap = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "w");

	if (!tap)
		exit(99);
	stdout = tap;
	/* A sink that blocks hangs; a full disk is made of a limit. */
	(void)alarm(300);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigaddset(&set, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static inline void streams_drained(void *data)
{
	((struct streams *)data)->drained++;
}

/* Put these (closed here) in the place of descriptors 1 and 2. */
static inline void streams_set(struct streams *t, int out, int err)
{
	*t = (struct streams){.ends = {-1, -1}};
	loop_init(&t->loop);
	for (int i = 0; i < 2; i++)
		t->saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)fd_close(out);
	if (err != out)
		(void)fd_close(err);
}

static inline void streams_open_pipes(struct streams *t)
{
	int out[2];
	int err[2];

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		exit(99);
	streams_set(t, out[1], err[1]);
	t->ends[0] = out[0];
	t->ends[1] = err[0];
	(void)fd_set_nonblock(out[0]);
	(void)fd_set_nonblock(err[0]);
}

/* Read up to so much of what is there: how much it was. */
static inline size_t streams_read(struct streams *t, int i, size_t most)
{
	ssize_t n = -1;

	if (t->ends[i] >= 0 && buf_reserve(&t->got[i], most) == 0)
		n = read(t->ends[i], t->got[i].data + t->got[i].len, most);
	if (n <= 0)
		return 0;
	t->got[i].len += (size_t)n;
	t->got[i].data[t->got[i].len] = '\0';
	return (size_t)n;
}

/* Let the loop go on, and read up to so much a time, until nothing more comes. */
static inline void streams_settle(struct streams *t, size_t most)
{
	bool comes = true;

	while (comes) {
		comes = streams_read(t, 0, most) > 0;
		comes |= streams_read(t, 1, most) > 0;
		for (size_t i = 0; i < t->loop.n_sources; i++) {
			struct loop_source *s = t->loop.sources[i];
			struct pollfd p;

			if (!s || !s->events)
				continue;
			p = (struct pollfd){.fd = s->fd, .events = s->events};
			if (poll(&p, 1, 0) > 0) {
				(void)loop_step(&t->loop);
				comes = true;
				break;
			}
		}
	}
}

static inline void streams_close(struct streams *t)
{
	for (int i = 0; i < 2; i++) {
		(void)dup2(t->saved[i], i + 1);
		(void)fd_close(t->saved[i]);
		t->ends[i] = fd_close(t->ends[i]);
		buf_clear(&t->got[i]);
	}
	loop_clear(&t->loop);
}

/* How many descriptors we have open. */
static inline int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

/* No file may become larger: as good as a full disk. The old limit is returned. */
static inline rlim_t limit_files(rlim_t size)
{
	struct rlimit limit;
	rlim_t old;

	(void)getrlimit(RLIMIT_FSIZE, &limit);
	old = limit.rlim_cur;
	limit.rlim_cur = size;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	return old;
}

/* Bytes of which no two stretches are alike, in lines of very different lengths. */
static inline void fill_pattern(char *data, size_t len, unsigned seed)
{
	unsigned x = seed * 2654435761U + 1;
	size_t line = 0;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245U + 12345U;
		data[i] = (char)('!' + (x >> 16) % 90);
		if (line-- == 0) {
			data[i] = '\n';
			line = (x >> 8) % 7 == 0 ? (x >> 12) % 3000 : (x >> 12) % 40;
		}
	}
}

/* A temporary file with these bytes behind skip others. */
static inline int make_file(const char *data, size_t len, size_t skip)
{
	int fd = fd_open_temporary();

	if (fd < 0 || ftruncate(fd, (off_t)skip) < 0 ||
	    lseek(fd, (off_t)skip, SEEK_SET) < 0 || fd_write_all(fd, data, len) < 0)
		exit(99);
	return fd;
}

#endif
