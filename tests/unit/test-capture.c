#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/out.h"
#include "proc/capture.h"
#include "tap.h"

enum { M = CAPTURE_MEMORY, LARGEST = 3 * M + 100000, PIPE_FULL = 65536 };

/* What every writer writes: no two stretches of it are alike. */
static char *pattern;

static void fill_pattern(void)
{
	unsigned x = 12345;

	for (int i = 0; i < LARGEST; i++) {
		x = x * 1103515245U + 12345U;
		pattern[i] = (char)(x >> 23);
	}
}

/* What on_data() was told. */
struct heard {
	int calls;
	int ends;
	bool after_end;
};

static void on_data(struct capture *c, bool ended)
{
	struct heard *h = c->data;

	h->after_end |= h->ends > 0;
	h->calls++;
	h->ends += ended;
}

/* A process that writes the first len bytes of the pattern, in pieces, and ends. */
static pid_t start_writer(int fd, size_t len, size_t piece)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (size_t done = 0; done < len; done += piece) {
		size_t n = len - done < piece ? len - done : piece;

		if (fd_write_all(fd, pattern + done, n) < 0)
			_exit(2);
	}
	_exit(0);
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* Capture len bytes to the end, under the limit; the caller clears c. */
static bool run_capture(struct capture *c, struct heard *h, uint64_t limit, size_t len,
			size_t piece)
{
	struct loop loop;
	int end = -1;
	int r;

	*h = (struct heard){0};
	loop_init(&loop);
	c->limit = limit;
	c->on_data = on_data;
	c->data = h;
	r = capture_open(c, &end);
	if (r < 0)
		return false;

	pid_t pid = start_writer(end, len, piece);

	end = fd_close(end);
	r = capture_start(c, &loop);
	while (r == 0 && capture_is_open(c))
		r = loop_step(&loop);
	loop_clear(&loop);
	c->loop = NULL;
	return ended_well(pid) && r == 0;
}

/* Whether capture_read() gives exactly the first len bytes, in steps of this size. */
static bool holds_pattern(const struct capture *c, size_t len, size_t step)
{
	auto_free char *data = malloc(step);

	for (size_t at = 0; data && at < len;) {
		size_t want = len - at < step ? len - at : step;
		ssize_t n = capture_read(c, at, data, step);

		if (n <= 0 || (size_t)n > want || memcmp(data, pattern + at, n) != 0)
			return false;
		at += (size_t)n;
	}
	return data && capture_read(c, len, data, step) == 0;
}

static const struct {
	size_t len;
	uint64_t limit;
	size_t piece;
} cases[] = {
	{0, UINT64_MAX, 1},
	{1, UINT64_MAX, 1},
	{5000, UINT64_MAX, 1},
	{PIPE_FULL, UINT64_MAX, 4096},
	{PIPE_FULL + 1, UINT64_MAX, 70000},
	{M - 1, UINT64_MAX, 65536},
	{M, UINT64_MAX, 65536},
	{M + 1, UINT64_MAX, 65536},
	{M + 65536, UINT64_MAX, 4096},
	{LARGEST, UINT64_MAX, 1 << 20},
	{LARGEST, UINT64_MAX, 10007},
	/* The limit: exactly, one less, one more; in memory, at its edge, in the file. */
	{0, 0, 1},
	{1, 0, 1},
	{5000, 5000, 1000},
	{5001, 5000, 1000},
	{4999, 5000, 1000},
	{5000, 1, 1},
	{M - 1, M - 1, 65536},
	{M, M - 1, 65536},
	{M, M, 65536},
	{M + 1, M, 65536},
	{M, M + 1, 65536},
	{M + 1, M + 1, 65536},
	{M + 2, M + 1, 65536},
	{2 * M, 2 * M, 65536},
	{2 * M + 1, 2 * M, 65536},
	{LARGEST, LARGEST - 1, 65536},
	{LARGEST, LARGEST, 65536},
	{LARGEST, 100, 65536},
	{LARGEST, 0, 65536},
};

static void test_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = cases[i].len;
		size_t kept = len < cases[i].limit ? len : (size_t)cases[i].limit;
		struct capture c = CAPTURE_INIT;
		struct heard h;

		ok(run_capture(&c, &h, cases[i].limit, len, cases[i].piece),
		   "case %zu: %zu bytes, limit %llu", i, len,
		   (unsigned long long)cases[i].limit);
		is_int((long long)c.size, (long long)kept, "case %zu: what is kept", i);
		is_int(c.truncated, kept < len, "case %zu: whether there was more", i);
		is_int(c.error, 0, "case %zu: no error", i);
		ok(h.ends == 1 && !h.after_end, "case %zu: the end is told once, last",
		   i);
		ok(kept == M || (c.file >= 0) == (kept > M),
		   "case %zu: only much of it is in a file", i);
		ok(c.file < 0 || c.mem.len == 0, "case %zu: and then not in memory", i);
		ok(holds_pattern(&c, kept, 100003), "case %zu: every byte is right", i);
		capture_clear(&c);
	}
}

/* The descriptor's contents, from its beginning, are the pattern's first len bytes. */
static bool file_is_pattern(int fd, size_t len)
{
	auto_free char *data = malloc(len + 1);

	return data && lseek(fd, 0, SEEK_END) == (off_t)len &&
	       pread(fd, data, len + 1, 0) == (ssize_t)len &&
	       memcmp(data, pattern, len) == 0;
}

static int open_scratch(int flags)
{
	char name[] = "/tmp/test-capture-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC | flags);

	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

static void check_reading(size_t len)
{
	struct capture c = CAPTURE_INIT;
	struct heard h;
	char data[10];

	ok(run_capture(&c, &h, UINT64_MAX, len, 65536), "%zu bytes to be read", len);
	memset(data, 'x', sizeof(data));
	is_int(capture_read(&c, len - 3, data, sizeof(data)), 3, "the last three");
	ok(memcmp(data, pattern + len - 3, 3) == 0 && data[3] == 'x',
	   "the last three, and nothing behind them");
	is_int(capture_read(&c, len, data, sizeof(data)), 0, "nothing at the end");
	is_int(capture_read(&c, len + 1, data, sizeof(data)), 0, "nothing behind it");
	is_int(capture_read(&c, UINT64_MAX, data, sizeof(data)), 0, "nor far behind it");
	is_int(capture_read(&c, 0, data, 0), 0, "no bytes at all");
	ok(capture_read(&c, 1, data, 5) == 5 && memcmp(data, pattern + 1, 5) == 0,
	   "from the second");
	ok(capture_read(&c, 0, data, 5) == 5 && memcmp(data, pattern, 5) == 0,
	   "and from the first after it: any number of times");

	/* A file takes it by sendfile(2); one that only appends cannot. */
	for (int flags = 0; flags <= O_APPEND; flags += O_APPEND) {
		auto_fd int fd = open_scratch(flags);

		ok(fd >= 0 && capture_write(&c, len, fd) == 0 && file_is_pattern(fd, len),
		   "%zu bytes written to a file%s", len, flags ? " that appends" : "");
		ok(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
			   capture_write(&c, 7, fd) == 0 && file_is_pattern(fd, 7),
		   "and only the first seven of them");
	}
	is_int(capture_write(&c, 0, -1), 0, "nothing written needs no file");
	is_int(capture_write(&c, 1, -1), -EBADF, "something does");
	capture_clear(&c);
	ok(c.file < 0 && c.pipe < 0 && !c.mem.data && c.size == 0, "cleared");
	capture_clear(&c);
}

static void check_text(const char *text, size_t len, size_t stripped)
{
	struct capture c = CAPTURE_INIT;
	struct heard h;

	(void)memcpy(pattern, text, len);
	(void)run_capture(&c, &h, UINT64_MAX, len, len + 1);
	is_int((long long)capture_text_size(&c, true), (long long)stripped,
	       "text of %zu: without its newline", len);
	is_int((long long)capture_text_size(&c, false), (long long)len,
	       "text of %zu: as it is", len);
	capture_clear(&c);
}

static void test_text_size(void)
{
	static const struct {
		const char *text;
		size_t len, stripped;
	} texts[] = {
		{"", 0, 0},	 {"\n", 1, 0},	   {"a", 1, 1},	    {"a\n", 2, 1},
		{"a\n\n", 3, 2}, {"\na", 2, 2},	   {"a\r\n", 3, 2}, {"a\n\0", 3, 3},
		{"\0\n", 2, 1},	 {"\n\n\n", 3, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_text(texts[i].text, texts[i].len, texts[i].stripped);

	char first = pattern[0];
	char last = pattern[2 * M - 1];

	pattern[2 * M - 1] = '\n';
	check_text(&first, 1, first == '\n' ? 0 : 1);

	struct capture c = CAPTURE_INIT;
	struct heard h;

	(void)run_capture(&c, &h, UINT64_MAX, 2 * M, 65536);
	is_int((long long)capture_text_size(&c, true), 2 * M - 1,
	       "a newline in the file");
	capture_clear(&c);
	pattern[2 * M - 1] = last;
}

/* Stopped while the writer holds on: what is there is kept, and our end is closed. */
static void check_stop(size_t before, size_t left, uint64_t limit)
{
	struct capture c = CAPTURE_INIT;
	struct heard h = {0};
	struct loop loop;
	auto_fd int end = -1;
	size_t kept = before + left < limit ? before + left : (size_t)limit;
	int r;

	loop_init(&loop);
	c.limit = limit;
	c.on_data = on_data;
	c.data = &h;
	r = capture_open(&c, &end);
	if (r == 0)
		r = capture_start(&c, &loop);
	for (size_t done = 0; r == 0 && done < before; done += 4096) {
		size_t n = before - done < 4096 ? before - done : 4096;

		r = fd_write_all(end, pattern + done, n);
		if (r == 0)
			r = loop_step(&loop);
	}
	if (r == 0)
		r = fd_write_all(end, pattern + before, left);
	ok(r == 0 && capture_is_open(&c), "stop: %zu bytes read, %zu not", before, left);
	capture_stop(&c);
	ok(!capture_is_open(&c), "stop: closed");
	is_int((long long)c.size, (long long)kept, "stop: what was there is kept");
	is_int(c.truncated, kept < before + left, "stop: whether there was more");
	ok(c.error == 0 && holds_pattern(&c, kept, 5003), "stop: every byte is right");
	is_int(h.ends, 0, "stop: nobody has told of an end");
	ok(write(end, "x", 1) < 0 && errno == EPIPE, "stop: the writer is told");
	capture_stop(&c);
	is_int((long long)c.size, (long long)kept, "stop: twice does no harm");
	capture_clear(&c);
	loop_clear(&loop);
}

/* The watcher: a pipe that we read in the same loop. */
struct watcher {
	struct loop_source source;
	struct buf seen;
};

static void on_seen(struct loop_source *source, short revents)
{
	struct watcher *w = source->data;
	char data[3000];
	ssize_t n = read(source->fd, data, sizeof(data));

	(void)revents;
	if (n > 0)
		(void)buf_add(&w->seen, data, (size_t)n);
}

static void check_tee(size_t len)
{
	struct capture c = CAPTURE_INIT;
	struct heard h = {0};
	struct watcher w = {.seen = BUF_INIT};
	struct loop loop;
	int tee[2];
	int end = -1;
	int r;

	loop_init(&loop);
	if (!ok(pipe2(tee, O_CLOEXEC) == 0, "tee: a pipe"))
		return;
	c.limit = UINT64_MAX;
	c.on_data = on_data;
	c.data = &h;
	c.tee = tee[1];
	r = capture_open(&c, &end);

	pid_t pid = start_writer(end, len, 65536);

	end = fd_close(end);
	w.source = (struct loop_source){
		.fd = tee[0], .events = POLLIN, .ready = on_seen, .data = &w};
	if (r == 0)
		r = capture_start(&c, &loop);
	if (r == 0)
		r = loop_add(&loop, &w.source);
	while (r == 0 &&
	       (capture_is_open(&c) || capture_is_showing(&c) || w.seen.len < len))
		r = loop_step(&loop);
	ok(ended_well(pid) && r == 0, "tee: %zu bytes", len);
	ok(c.size == len && holds_pattern(&c, len, 65536), "tee: they are kept");
	ok(w.seen.len == len && (!len || memcmp(w.seen.data, pattern, len) == 0),
	   "tee: and seen");
	is_int(h.ends, 1, "tee: the end is told once");
	capture_clear(&c);
	loop_clear(&loop);
	buf_clear(&w.seen);
	close(tee[0]);
	close(tee[1]);
}

/* A watcher that goes away does not keep the bytes from being kept. */
static void test_tee_gone(void)
{
	struct capture c = CAPTURE_INIT;
	struct heard h;
	int tee[2];

	if (!ok(pipe2(tee, O_CLOEXEC) == 0, "gone: a pipe"))
		return;
	close(tee[0]);
	c.tee = tee[1];
	ok(run_capture(&c, &h, UINT64_MAX, 2 * M, 65536), "gone: nobody watches");
	ok(c.size == 2 * M && c.error == 0 && holds_pattern(&c, 2 * M, 65536),
	   "gone: all is kept");
	ok(!capture_is_showing(&c), "gone: nothing is held back");
	capture_clear(&c);
	close(tee[1]);
}

/* No room for the file: an error of ours, and the writer is not held up. */
static void test_no_room(void)
{
	struct capture c = CAPTURE_INIT;
	struct heard h;
	struct rlimit old;
	struct rlimit small;

	(void)getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 4096;
	/* Nothing may be printed meanwhile. */
	(void)fflush(stdout);
	(void)setrlimit(RLIMIT_FSIZE, &small);

	bool ended = run_capture(&c, &h, UINT64_MAX, LARGEST, 65536);

	(void)setrlimit(RLIMIT_FSIZE, &old);
	ok(ended, "no room: the writer comes to its end");
	is_int(c.error, EFBIG, "no room: what the failure was");
	is_int(h.ends, 1, "no room: the end is told");
	capture_clear(&c);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	pattern = malloc(LARGEST);
	if (!pattern)
		return 2;
	fill_pattern();
	test_sizes();
	check_reading(5000);
	check_reading(2 * M);
	check_stop(0, 100, UINT64_MAX);
	check_stop(100, 0, UINT64_MAX);
	check_stop(100, PIPE_FULL, UINT64_MAX);
	check_stop(M - 1000, 2000, UINT64_MAX);
	check_stop(M - 1000, PIPE_FULL, UINT64_MAX);
	check_stop(M + 1000, 2000, UINT64_MAX);
	check_stop(1000, 1000, 2000);
	check_stop(1000, 1000, 1999);
	check_stop(1000, 1000, 1000);
	check_stop(M - 1000, 2000, M);
	check_tee(0);
	check_tee(5000);
	check_tee(300000);
	check_tee(M + 100000);
	test_tee_gone();
	test_no_room();
	test_text_size();
	free(pattern);
	return tap_done();
}
