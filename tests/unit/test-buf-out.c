#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/out.h"
#include "tap.h"

enum { LARGE = 4 << 20 };

/* A width at which no text can have anything behind it; the compiler need not know. */
static volatile int widest = INT_MAX;

static void test_buf(void)
{
	struct buf b = BUF_INIT;

	ok(buf_add(&b, NULL, 0) == 0 && b.data && !b.data[0],
	   "buf: nothing added is an empty string");
	is_int(buf_add_string(&b, "ab"), 0, "buf: a string");
	is_int(buf_add_char(&b, 'c'), 0, "buf: a character");
	is_int(buf_add(&b, "d\0e", 3), 0, "buf: bytes with a NUL");
	ok(b.len == 6 && memcmp(b.data, "abcd\0e", 7) == 0,
	   "buf: all of it, and a NUL behind");

	is_int(buf_reserve(&b, SIZE_MAX - 3), -ENOMEM, "buf: a sum that overflows");
	is_int(buf_reserve(&b, PTRDIFF_MAX), -ENOMEM,
	       "buf: more than an object may have");
	ok(b.len == 6 && memcmp(b.data, "abcd\0e", 7) == 0,
	   "buf: a failure changes nothing");

	ok(buf_reserve(&b, 1000) == 0 && b.cap >= 1007 && b.len == 6,
	   "buf: room is made");

	const char *before = b.data;

	for (int i = 0; i < 1000; i++)
		(void)buf_add_char(&b, 'x');
	ok(b.data == before && b.len == 1006,
	   "buf: reserved room is used without moving");

	buf_clear(&b);
	ok(!b.data && !b.len && !b.cap, "buf: cleared");
	buf_clear(&b);
	is_int(buf_add_string(&b, "again"), 0, "buf: used again after it was cleared");
	is_str(b.data, "again", "buf: its new contents");
	buf_clear(&b);
}

static void test_buf_format(void)
{
	auto_buf struct buf b = BUF_INIT;
	int wrong = 0;

	/* Lengths around every size of the room there is. */
	for (int len = 0; len < 300; len++) {
		b.len = 1;
		if (len == 0)
			buf_clear(&b);
		if (buf_add_format(&b, "%*s%d", len, "", 7) < 0 ||
		    strlen(b.data + b.len - len - 1) != (size_t)len + 1)
			wrong++;
		if (b.data[b.len - 1] != '7')
			wrong++;
	}
	is_int(wrong, 0, "buf: formatted texts of any length are whole");

	buf_clear(&b);
	(void)buf_add_string(&b, "kept");
	is_int(buf_add_format(&b, "%*d%d", widest, 1, 2), -ENOMEM,
	       "buf: a format that cannot be");
	is_str(b.data, "kept", "buf: leaves the contents alone");
}

static void fill(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 2654435761U >> 24);
}

static void test_out_memory(void)
{
	auto_free char *large = malloc(LARGE);
	struct out o;

	fill(large, LARGE);
	out_init(&o, -1);
	out_string(&o, "a");
	out_char(&o, 'b');
	out_format(&o, "%d", 42);
	out_write(&o, large, LARGE);
	is_int(out_flush(&o), 0, "out: to memory");
	ok(o.buf.len == 4 + LARGE && memcmp(o.buf.data, "ab42", 4) == 0 &&
		   memcmp(o.buf.data + 4, large, LARGE) == 0,
	   "out: to memory: all of it is there, also after a flush");
	is_int(out_close(&o), 0, "out: to memory: closed");
	ok(!o.buf.data, "out: to memory: given back");
}

/* On a seqpacket socket each write(2) can be told from the next. */
static void test_out_one_write(void)
{
	int pair[2];
	char text[OUT_FLUSH_SIZE * 2];
	struct out o;

	if (!ok(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0,
		"a socket"))
		return;
	out_init(&o, pair[0]);
	out_string(&o, "{");
	out_format(&o, "%s", "x");
	out_char(&o, '}');
	is_int(recv(pair[1], text, sizeof(text), 0), -1,
	       "out: nothing is written before a flush");
	is_int(out_flush(&o), 0, "out: flush");
	is_int(recv(pair[1], text, sizeof(text), 0), 3, "out: a short text is one write");
	ok(memcmp(text, "{x}", 3) == 0, "out: and it is whole");
	is_int(out_flush(&o), 0, "out: nothing to flush");
	is_int(recv(pair[1], text, sizeof(text), 0), -1,
	       "out: nothing is written by that");

	for (int i = 0; i < OUT_FLUSH_SIZE - 1; i++)
		out_char(&o, 'y');
	is_int(recv(pair[1], text, sizeof(text), 0), -1,
	       "out: one byte less than the limit waits");
	out_char(&o, 'z');
	is_int(recv(pair[1], text, sizeof(text), 0), OUT_FLUSH_SIZE - 1,
	       "out: the last one starts it");
	is_int(out_close(&o), 0, "out: close");
	ok(recv(pair[1], text, sizeof(text), 0) == 1 && text[0] == 'z',
	   "out: close writes the rest");

	out_init(&o, pair[0]);
	out_format(&o, "%*d", OUT_FLUSH_SIZE, 1);
	is_int(recv(pair[1], text, sizeof(text), 0), OUT_FLUSH_SIZE,
	       "out: a long formatted text");
	is_int(out_close(&o), 0, "out: close after it");
	close(pair[0]);
	close(pair[1]);
}

static void test_out_errors(void)
{
	auto_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	auto_free char *large = calloc(1, LARGE);
	struct out o;

	out_init(&o, full);
	out_string(&o, "x");
	is_int(out_flush(&o), -ENOSPC, "out: a full disk");
	is_int(out_flush(&o), -ENOSPC, "out: the error sticks");
	out_string(&o, "y");
	out_format(&o, "%d", 1);
	out_write(&o, large, LARGE);
	is_int(o.buf.len, 0, "out: later writes do nothing");
	is_int(out_close(&o), -ENOSPC, "out: close returns it");

	out_init(&o, full);
	out_string(&o, "x");
	out_write(&o, large, LARGE);
	is_int(o.error, -ENOSPC, "out: a full disk and a large piece");
	is_int(out_close(&o), -ENOSPC, "out: close returns that");

	out_init(&o, 1000000);
	out_string(&o, "x");
	is_int(out_close(&o), -EBADF, "out: no such descriptor");

	out_init(&o, -1);
	out_format(&o, "%*d%d", widest, 1, 2);
	is_int(out_close(&o), -ENOMEM, "out: no memory");

	int pipe_fds[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(pipe_fds) == 0) {
		close(pipe_fds[0]);
		is_int(fd_write_all(pipe_fds[1], "x", 1), -EPIPE,
		       "a reader that went away");
		close(pipe_fds[1]);
	}
	is_int(fd_write_all(full, "", 0), 0, "nothing to write cannot fail");
}

/* In a child: read fd slowly; is it all of the data and nothing else? */
static void read_back(int fd, const char *wanted)
{
	char part[997];
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0) {
		if (at + (size_t)n > LARGE || memcmp(part, wanted + at, (size_t)n) != 0)
			_exit(2);
		at += (size_t)n;
	}
	_exit(n == 0 && at == LARGE ? 0 : 3);
}

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks = ticks + 1;
}

/* Through a pipe that is slower than the writer, whom a timer may interrupt. */
static void test_write_all(const char *what, int flags, bool interrupted)
{
	auto_free char *large = malloc(LARGE);
	struct itimerval every = {.it_interval.tv_usec = 200, .it_value.tv_usec = 200};
	struct itimerval never = {0};
	struct sigaction action = {.sa_handler = tick};
	int fds[2];
	int status = -1;

	fill(large, LARGE);
	if (!ok(pipe2(fds, O_CLOEXEC) == 0, "%s: a pipe", what))
		return;
	(void)fcntl(fds[1], F_SETFL, O_WRONLY | flags);

	/* What waits in the buffer of stdout is the parent's to write. */
	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		close(fds[1]);
		read_back(fds[0], large);
	}
	close(fds[0]);
	sigaction(SIGALRM, &action, NULL);
	if (interrupted)
		setitimer(ITIMER_REAL, &every, NULL);

	struct out o;

	out_init(&o, fds[1]);
	/* Pieces of all kinds: below and above the limit, and what is left. */
	size_t at = 0;

	for (size_t len = 1; at + len < LARGE; len = len * 3 + 1) {
		out_write(&o, large + at, len);
		at += len;
	}
	out_write(&o, large + at, LARGE - at);

	int r = out_close(&o);

	setitimer(ITIMER_REAL, &never, NULL);
	close(fds[1]);
	is_int(r, 0, "%s: written", what);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	is_int(status, 0, "%s: all of it arrived", what);
	ok(!interrupted || ticks > 0, "%s: signals came in between", what);
}

int main(void)
{
	test_buf();
	test_buf_format();
	test_out_memory();
	test_out_one_write();
	test_out_errors();
	test_write_all("a blocking pipe", 0, false);
	test_write_all("a non-blocking pipe", O_NONBLOCK, false);
	test_write_all("a blocking pipe with signals", 0, true);
	test_write_all("a non-blocking pipe with signals", O_NONBLOCK, true);
	return tap_done();
}
