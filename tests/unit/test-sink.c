#include "config.h"

#include <malloc.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "map/sink.h"
#include "streams.h"

enum { LARGE = 3 << 20, ALL = 1 << 20 };

static char *pattern; /* LARGE bytes */

struct test {
	struct streams streams;
	struct spool spool;
	struct sink sink;
	int descriptors; /* before */
};

static void begin_with(struct test *t)
{
	t->spool = SPOOL_INIT;
	if (sink_init(&t->sink, &t->streams.loop, &t->spool, streams_drained,
		      &t->streams) < 0)
		exit(99);
}

static void begin(struct test *t)
{
	t->descriptors = count_descriptors();
	streams_open_pipes(&t->streams);
	begin_with(t);
}

/* Whether nothing is left behind, too. */
static void end(struct test *t, const char *name)
{
	uint64_t held;

	sink_clear(&t->sink);
	held = t->spool.held;
	spool_clear(&t->spool);
	streams_close(&t->streams);
	ok(held == 0, "%s: nothing stays in the spool", name);
	is_int(count_descriptors(), t->descriptors, "%s: no descriptor is left open",
	       name);
}

static struct block memory(const char *data, size_t len)
{
	struct block b = BLOCK_INIT;

	if (buf_add(&b.mem, data, len) < 0)
		exit(99);
	return b;
}

static void add(struct test *t, unsigned stream, struct block b, const char *tag)
{
	if (sink_add(&t->sink, stream, &b, tag, tag ? strlen(tag) : 0) < 0)
		exit(99);
}

static bool is_data(const struct buf *b, const char *data, size_t len)
{
	return b->len == len && (!len || memcmp(b->data, data, len) == 0);
}

static void test_at_once(void)
{
	struct test t;

	begin(&t);
	add(&t, 0, memory("hello\n", 6), NULL);
	ok(!sink_is_busy(&t.sink), "a small block is written at once");
	(void)sink_write(&t.sink, 1, "a\nb", 3, "T:", 2);
	ok(!sink_is_busy(&t.sink), "so is one with a tag");
	add(&t, 0, memory("", 0), NULL);
	add(&t, 0, memory("", 0), "T:");
	ok(!sink_is_busy(&t.sink), "and an empty one");
	streams_settle(&t.streams, ALL);
	is_str(t.streams.got[0].data, "hello\n", "it arrives");
	is_str(t.streams.got[1].data, "T:a\nT:b", "and the other one on its own stream");
	is_int(t.streams.drained, 0, "nobody is told, because nothing waited");
	end(&t, "at once");
}

static void test_full_pipe(const char *name, size_t most, bool from_file, bool polled)
{
	struct test t;
	struct rlimit files;

	t.descriptors = count_descriptors();
	streams_open_pipes(&t.streams);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	if (polled) {
		/* Nothing can be opened. */
		struct rlimit few = {.rlim_cur = 3, .rlim_max = files.rlim_max};

		(void)setrlimit(RLIMIT_NOFILE, &few);
	}
	begin_with(&t);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	is_int(t.sink.streams[0].way, polled ? SINK_POLLED : SINK_OWN, "%s: the way",
	       name);
	if (from_file)
		add(&t, 0,
		    (struct block){.file = make_file(pattern, LARGE, 777),
				   .at = 777,
				   .len = LARGE},
		    NULL);
	else
		add(&t, 0, memory(pattern, LARGE), NULL);
	ok(sink_is_busy(&t.sink), "%s: we do not block", name);
	add(&t, 1, memory("behind", 6), NULL);
	is_int((long long)streams_read(&t.streams, 1, ALL), 0,
	       "%s: the other stream waits for its turn", name);
	ok(!(fcntl(1, F_GETFL) & O_NONBLOCK), "%s: what others have stays as it is",
	   name);
	streams_settle(&t.streams, most);
	ok(is_data(&t.streams.got[0], pattern, LARGE), "%s: all of it arrives", name);
	is_str(t.streams.got[1].data, "behind", "%s: and the next one", name);
	ok(!sink_is_busy(&t.sink), "%s: then nothing waits", name);
	is_int(t.streams.drained, 1, "%s: which is said once", name);
	end(&t, name);
}

static void test_closed_reader(void)
{
	struct test t;

	begin(&t);
	add(&t, 0, memory(pattern, LARGE), NULL);
	add(&t, 0, (struct block){.file = make_file("x", 1, 0), .len = 1}, NULL);
	add(&t, 1, memory("err\n", 4), NULL);
	t.streams.ends[0] = fd_close(t.streams.ends[0]);
	streams_settle(&t.streams, ALL);
	is_int(sink_error(&t.sink, 0), EPIPE, "a reader that went away is an error");
	is_int(sink_error(&t.sink, 1), 0, "of its stream only");
	is_str(t.streams.got[1].data, "err\n", "the other stream goes on");
	ok(t.streams.drained >= 1 && !sink_is_busy(&t.sink),
	   "what was queued is dropped");
	add(&t, 0, memory(pattern, LARGE), "tag");
	ok(!sink_is_busy(&t.sink), "and so is what comes later");
	end(&t, "closed reader");

	begin(&t);
	t.streams.ends[0] = fd_close(t.streams.ends[0]);
	add(&t, 0, memory("x", 1), NULL);
	is_int(sink_error(&t.sink, 0), EPIPE, "also where it is seen at once");
	is_int(t.streams.drained, 0, "but drained() is not called from within");
	streams_settle(&t.streams, ALL);
	is_int(t.streams.drained, 1, "only from the loop");
	end(&t, "closed at once");

	begin(&t);
	add(&t, 1, memory("first", 5), NULL);
	add(&t, 0, memory(pattern, LARGE), NULL);
	add(&t, 1, memory(pattern, LARGE), NULL);
	t.streams.ends[0] = fd_close(t.streams.ends[0]);
	(void)loop_step(&t.streams.loop);
	is_int(sink_error(&t.sink, 0), EPIPE, "while the other one waits");
	ok(sink_is_busy(&t.sink) && t.streams.drained == 1, "it is said at once");
	end(&t, "closed while the other waits");
}

/* Both streams are one pipe. */
static void test_same_file(void)
{
	struct test t = {.descriptors = count_descriptors()};
	auto_buf struct buf want = BUF_INIT;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	streams_set(&t.streams, ends[1], ends[1]);
	t.streams.ends[0] = ends[0];
	(void)fd_set_nonblock(ends[0]);
	begin_with(&t);
	for (unsigned i = 0; i < 200; i++) {
		size_t len = i % 7 * 5000 + i;
		size_t at = i * 1000;

		(void)buf_add(&want, pattern + at, len);
		if (i % 3 == 0)
			add(&t, i % 2,
			    (struct block){.file = make_file(pattern + at, len, 0),
					   .len = len},
			    NULL);
		else if (i % 3 == 1)
			add(&t, i % 2, memory(pattern + at, len), NULL);
		else
			(void)sink_write(&t.sink, i % 2, pattern + at, len, NULL, 0);
		if (i % 10 == 0)
			(void)streams_read(&t.streams, 0, 3000);
	}
	ok(count_descriptors() < t.descriptors + 35, "few files are held open");
	streams_settle(&t.streams, 10007);
	ok(is_data(&t.streams.got[0], want.data, want.len),
	   "two streams to one pipe: in order");
	end(&t, "same file");
}

/* Standard output is a file that somebody else writes, too. */
static void test_file(int flags, const char *name)
{
	struct test t = {.descriptors = count_descriptors()};
	int file = make_file("", 0, 0);
	int other;
	char path[64];
	auto_buf struct buf want = BUF_INIT;
	auto_buf struct buf got = BUF_INIT;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	other = open(path, O_RDWR | O_CLOEXEC | flags);
	(void)fd_close(file);
	file = fcntl(other, F_DUPFD_CLOEXEC, 3);
	streams_set(&t.streams, other, other);
	begin_with(&t);
	(void)fd_write_all(file, "one\n", 4);
	add(&t, 0, memory("two\n", 4), NULL);
	add(&t, 1,
	    (struct block){.file = make_file(pattern, LARGE, 5), .at = 5, .len = LARGE},
	    NULL);
	ok(!sink_is_busy(&t.sink), "%s: nothing waits", name);
	(void)fd_write_all(file, "three\n", 6);
	add(&t, 0, memory("four\n", 5), "T:");
	(void)buf_add_string(&want, "one\ntwo\n");
	(void)buf_add(&want, pattern, LARGE);
	(void)buf_add_string(&want, "three\nT:four\n");
	if (buf_reserve(&got, 2 * LARGE) == 0)
		got.len = (size_t)pread(file, got.data, 2 * LARGE, 0);
	ok(is_data(&got, want.data, want.len), "%s: the offset is shared", name);
	(void)fd_close(file);
	end(&t, name);
}

/* What tags make of a text, done simply. */
static void tag_simply(struct buf *to, const char *data, size_t len, const char *tag)
{
	for (size_t i = 0; i < len; i++) {
		if (i == 0 || data[i - 1] == '\n')
			(void)buf_add_string(to, tag);
		(void)buf_add_char(to, data[i]);
	}
}

static void test_tags(const char *name, const char *tag, size_t most, size_t len)
{
	struct test t;
	auto_buf struct buf want = BUF_INIT;

	begin(&t);
	tag_simply(&want, pattern, len, tag);
	tag_simply(&want, "\n\nx\n", 4, tag);
	tag_simply(&want, pattern, len, tag);
	add(&t, 0, memory(pattern, len), tag);
	(void)sink_write(&t.sink, 0, "\n\nx\n", 4, tag, strlen(tag));
	add(&t, 0,
	    (struct block){.file = make_file(pattern, len, 3), .at = 3, .len = len}, tag);
	streams_settle(&t.streams, most);
	ok(is_data(&t.streams.got[0], want.data, want.len), "tags: %s", name);
	end(&t, name);
}

static void test_socket(void)
{
	struct test t = {.descriptors = count_descriptors()};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		exit(99);
	streams_set(&t.streams, ends[1], ends[1]);
	t.streams.ends[0] = ends[0];
	(void)fd_set_nonblock(ends[0]);
	begin_with(&t);
	add(&t, 0, memory(pattern, LARGE), NULL);
	add(&t, 1, (struct block){.file = make_file(pattern, 500000, 0), .len = 500000},
	    NULL);
	ok(sink_is_busy(&t.sink), "a full socket does not block us");
	streams_settle(&t.streams, 100000);
	ok(t.streams.got[0].len == LARGE + 500000 &&
		   memcmp(t.streams.got[0].data, pattern, LARGE) == 0 &&
		   memcmp(t.streams.got[0].data + LARGE, pattern, 500000) == 0,
	   "and gets it all");
	end(&t, "socket");
}

static void test_terminal(void)
{
	struct test t = {.descriptors = count_descriptors()};
	struct termios raw;
	int master;
	int slave;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0) {
		ok(true, "terminals # SKIP there are none");
		return;
	}
	(void)fcntl(master, F_SETFD, FD_CLOEXEC);
	(void)fcntl(slave, F_SETFD, FD_CLOEXEC);
	(void)tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	(void)tcsetattr(slave, TCSANOW, &raw);
	streams_set(&t.streams, slave, slave);
	t.streams.ends[0] = master;
	(void)fd_set_nonblock(master);
	begin_with(&t);
	is_int(t.sink.streams[0].way, SINK_OWN, "a terminal is opened anew");
	add(&t, 0, memory(pattern, 300000), NULL);
	add(&t, 0, (struct block){.file = make_file(pattern, 300000, 0), .len = 300000},
	    NULL);
	ok(sink_is_busy(&t.sink), "and does not block us");
	streams_settle(&t.streams, 5000);
	ok(t.streams.got[0].len == 600000 &&
		   memcmp(t.streams.got[0].data, pattern, 300000) == 0 &&
		   memcmp(t.streams.got[0].data + 300000, pattern, 300000) == 0,
	   "and gets it all");
	end(&t, "terminal");

	t.descriptors = count_descriptors();
	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return;
	(void)tcsetattr(slave, TCSANOW, &raw);
	streams_set(&t.streams, master, master);
	t.streams.ends[0] = slave;
	(void)fcntl(slave, F_SETFL, O_NONBLOCK);
	begin_with(&t);
	add(&t, 0, memory("hello", 5), NULL);
	streams_settle(&t.streams, ALL);
	is_str(t.streams.got[0].data, "hello", "a terminal's master is not opened anew");
	end(&t, "master");
}

static void test_errors(void)
{
	struct test t = {.descriptors = count_descriptors()};
	int ends[2];
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	streams_set(&t.streams, full, open("/dev/null", O_WRONLY | O_CLOEXEC));
	begin_with(&t);
	add(&t, 1, (struct block){.file = make_file(pattern, LARGE, 0), .len = LARGE},
	    NULL);
	add(&t, 1, memory("x", 1), "T");
	is_int(sink_error(&t.sink, 1), 0, "/dev/null takes everything");
	add(&t, 0, (struct block){.file = make_file(pattern, LARGE, 0), .len = LARGE},
	    NULL);
	is_int(sink_error(&t.sink, 0), ENOSPC, "a full disk");
	ok(!sink_is_busy(&t.sink), "drops the rest");
	streams_settle(&t.streams, ALL);
	is_int(t.streams.drained, 1, "and is said");
	end(&t, "full disk");

	t.descriptors = count_descriptors();
	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	streams_set(&t.streams, fcntl(ends[0], F_DUPFD_CLOEXEC, 3), ends[0]);
	begin_with(&t);
	add(&t, 0, memory("x", 1), NULL);
	is_int(sink_error(&t.sink, 0), EBADF,
	       "the reading end of a pipe is not written to");
	(void)fd_close(ends[1]);
	end(&t, "read-only");

	t.descriptors = count_descriptors();
	streams_open_pipes(&t.streams);
	(void)close(1);
	(void)fd_reserve_std();
	begin_with(&t);
	add(&t, 0, memory("x", 1), NULL);
	is_int(sink_error(&t.sink, 0), EBADF, "a closed descriptor");
	streams_settle(&t.streams, ALL);
	is_int(t.streams.drained, 1, "is said, too");
	end(&t, "closed");

	begin(&t);
	struct block cut = {.file = make_file("short", 5, 0), .len = 100000};

	(void)sink_add(&t.sink, 0, &cut, NULL, 0);
	streams_settle(&t.streams, ALL);
	is_int(sink_error(&t.sink, 0), EIO, "a file that is shorter than was said");
	end(&t, "short file");
}

static long long size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (long long)st.st_size : -1;
}

/* Its room on the disk, in MB. */
static long blocks_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? (long)(st.st_blocks / 2048) : 0;
}

/* A caller that does not care whether we are busy. */
static void test_memory(void)
{
	enum { COUNT = 64 };
	struct test t;
	size_t most = 0;
	size_t before;
	size_t read_len = 0;
	bool same = true;
	long full;
	long half = 0;

	begin(&t);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < COUNT; i++) {
		add(&t, 0, memory(pattern + i * 1000, 1 << 20), NULL);

		size_t now = mallinfo2().uordblks + mallinfo2().hblkhd - before;

		most = now > most ? now : most;
	}
	ok(most < (3 << 20), "64 MB that wait take no memory (%zu KB)", most >> 10);
	full = blocks_of(t.spool.fd);
	ok(full >= COUNT - 2, "but room on the disk (%ld MB)", full);
	while (read_len < (size_t)COUNT << 20) {
		size_t in_block = (1 << 20) - (read_len & ((1 << 20) - 1));

		while (!streams_read(&t.streams, 0, in_block < 65536 ? in_block : 65536))
			(void)loop_step(&t.streams.loop);

		struct buf *got = &t.streams.got[0];

		same &= memcmp(got->data,
			       pattern + (read_len >> 20) * 1000 +
				       (read_len & ((1 << 20) - 1)),
			       got->len) == 0;
		read_len += got->len;
		got->len = 0;
		if (read_len >= (size_t)COUNT << 19 && !half)
			half = blocks_of(t.spool.fd);
	}
	ok(same, "they arrive as they were");
	ok(half <= full / 2 + 3, "the room is given back on the way (%ld MB)", half);
	streams_settle(&t.streams, ALL);
	is_int(size_of(t.spool.fd), 0, "and all of it in the end");
	end(&t, "memory");
}

static void test_full_spool(void)
{
	struct test t;
	rlim_t old;

	begin(&t);
	old = limit_files(1 << 20);
	for (int i = 0; i < 3; i++)
		add(&t, 0, memory(pattern + (i << 20), 1 << 20), NULL);
	(void)limit_files(old);
	is_int(size_of(t.spool.fd), (long long)t.spool.end,
	       "what did not fit takes no room");
	streams_settle(&t.streams, ALL);
	ok(is_data(&t.streams.got[0], pattern, LARGE),
	   "where the spool is full nothing is lost");
	end(&t, "full spool");
}

int main(void)
{
	static char long_tag[100001];

	streams_init();
	pattern = malloc(LARGE);
	if (!pattern)
		return 99;
	fill_pattern(pattern, LARGE, 1);
	test_at_once();
	test_full_pipe("memory", ALL, false, false);
	test_full_pipe("memory, slow reader", 1000, false, false);
	test_full_pipe("file", ALL, true, false);
	test_full_pipe("file, slow reader", 999, true, false);
	test_full_pipe("not opened anew", ALL, false, true);
	test_full_pipe("not opened anew, file, slow reader", 5001, true, true);
	test_closed_reader();
	test_same_file();
	test_file(0, "file");
	test_file(O_APPEND, "file, appended to");
	test_tags("short, all at once", "T\t", ALL, 1 << 20);
	test_tags("short, slow reader", "tag\t", 777, 300000);
	test_tags("one line", "tag\t", ALL, 1);
	memset(long_tag, 't', sizeof(long_tag) - 1);
	test_tags("longer than what is written at once", long_tag, ALL, 5000);
	test_socket();
	test_terminal();
	test_errors();
	test_memory();
	test_full_spool();
	free(pattern);
	return tap_done();
}
