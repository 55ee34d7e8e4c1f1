#include "config.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "input-tap.h"
#include "map/input-source.h"
#include "proc/loop.h"

static struct loop loop;
static int n_ready;

static void on_ready(void *data)
{
	(void)data;
	n_ready++;
}

static void on_tick(struct loop_timer *timer)
{
	(void)timer;
}

/* A pipe on our stdin; its other end. */
static int pipe_to_stdin(void)
{
	int ends[2] = {-1, -1};

	if (!ok(pipe2(ends, O_CLOEXEC) == 0 && dup2(ends[0], 0) == 0, "a pipe"))
		return -1;
	(void)fd_close(ends[0]);
	return ends[1];
}

static void begin(const struct input_options *options)
{
	loop_init(&loop);
	n_ready = 0;
	input_init(&in, options);
}

static void attach(void)
{
	if (open_all())
		is_int(input_attach(&in, &loop, on_ready, NULL), 0, "and is attached");
}

/* Turn the loop until the input is ready; the alarm is the limit. */
static void await_ready(const char *what)
{
	int before = n_ready;
	int r = 0;

	while (r == 0 && n_ready == before)
		r = loop_step(&loop);
	is_int(n_ready, before + 1, "%s: ready", what);
}

/* Turn the loop as often as there is something at once, and a little more. */
static void turn(struct loop_timer *tick)
{
	for (int i = 0; i < 100; i++) {
		tick->at = nsec_now();
		(void)loop_step(&loop);
	}
}

static size_t n_sources_watched(void)
{
	size_t n = 0;

	for (size_t i = 0; i < loop.n_sources; i++)
		n += loop.sources[i] != NULL;
	return n;
}

static void put(int fd, const char *data)
{
	ssize_t len = (ssize_t)strlen(data);

	if (write(fd, data, (size_t)len) != len)
		ok(false, "\"%s\" is written", data);
}

static void test_wait(void)
{
	int end = pipe_to_stdin();
	auto_buf struct buf b = BUF_INIT;
	uint64_t total;

	begin(&lines);
	attach();
	ok(input_uses_stdin(&in), "no source at all is stdin");
	ok(!input_total(&in, &total), "a pipe's total is not known");
	is_int(take(&b), INPUT_WAIT, "nothing yet");
	put(end, "a\nb");
	await_ready("a line");
	is_int(take(&b), INPUT_WAIT, "half a line is not enough");
	is_str(b.data, "a|", "the whole line came");
	put(end, "c\nd");
	await_ready("the other half");
	is_int(take(&b), INPUT_WAIT, "the next half");
	is_str(b.data, "a|bc|", "the halves are one");
	(void)fd_close(end);
	await_ready("the end");
	is_int(n_sources_watched(), 0, "the loop is left at the end");
	is_int(take(&b), INPUT_END, "it ends");
	is_str(b.data, "a|bc|d|", "the last line may lack its end");
	input_clear(&in);
	loop_clear(&loop);
	ok(fcntl(0, F_GETFD) >= 0, "stdin stays open");
}

static void test_clear_leaves(void)
{
	int end = pipe_to_stdin();
	auto_buf struct buf b = BUF_INIT;

	begin(&lines);
	(void)input_add_file(&in, INPUT_PRODUCT, "-");
	is_int(input_add_file(&in, INPUT_PRODUCT, "-"), -EEXIST, "stdin only once");
	attach();
	is_int(take(&b), INPUT_WAIT, "nothing yet");
	is_int(n_sources_watched(), 1, "stdin is watched");
	input_clear(&in);
	is_int(n_sources_watched(), 0, "and is not when the input is cleared");
	(void)fd_close(end);
	loop_clear(&loop);
}

static void test_bounded(void)
{
	struct input_options options = lines;
	struct loop_timer tick = {.at = NSEC_FOREVER, .expired = on_tick};
	int end = pipe_to_stdin();
	auto_buf struct buf data = BUF_INIT;
	struct row *row = NULL;
	const char *name = NULL;
	int left = 0;

	if (!ok(fcntl(end, F_SETPIPE_SZ, 1 << 20) >= 8 * CHUNK, "a wide pipe"))
		return;
	while (data.len < 6 * CHUNK)
		(void)buf_add_format(&data, "%01023d\n", 7);
	put(end, data.data);
	options.ahead = 8;
	begin(&options);
	(void)loop_add_timer(&loop, &tick);
	attach();
	turn(&tick);
	(void)ioctl(0, FIONREAD, &left);
	is_int((long long)data.len - left, CHUNK, "one read is ahead, and no more");
	is_int(n_ready, 0, "nobody waits, so nobody is called");
	for (int i = 0; i < 56; i++)
		if (input_next(&in, &row, &name) == INPUT_ROW)
			row_free(row);
	turn(&tick);
	(void)ioctl(0, FIONREAD, &left);
	is_int((long long)data.len - left, CHUNK, "as long as enough rows are waiting");
	if (input_next(&in, &row, &name) == INPUT_ROW)
		row_free(row);
	turn(&tick);
	(void)ioctl(0, FIONREAD, &left);
	is_int((long long)data.len - left, 2 * CHUNK, "then it is read on");
	input_clear(&in);
	(void)fd_close(end);
	loop_clear(&loop);
}

/* A FIFO that has no writer yet, in the place that is read first, or as what is kept. */
static void test_fifo(bool kept)
{
	char dir[] = "/tmp/test-input-XXXXXX";
	auto_free char *name = NULL;
	char *words[] = {(char *)"a", (char *)"b"};
	auto_buf struct buf b = BUF_INIT;
	int end;

	if (!mkdtemp(dir) || asprintf(&name, "%s/fifo", dir) < 0 ||
	    mkfifo(name, 0600) < 0) {
		ok(false, "a FIFO");
		return;
	}
	begin(&lines);
	if (kept)
		(void)input_add_words(&in, INPUT_PRODUCT, words, 2);
	(void)input_add_file(&in, INPUT_PRODUCT, name);
	if (!kept)
		(void)input_add_words(&in, INPUT_PRODUCT, words, 2);
	attach();
	is_int(take(&b), INPUT_WAIT, "a FIFO without a writer");
	end = open(name, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	ok(end >= 0, "finds its reader");
	put(end, "1\n");
	if (kept) {
		is_int(take(&b), INPUT_WAIT, "what is kept must have ended");
		is_str(b.data, "", "before there is a row");
	} else {
		await_ready("an item");
		is_int(take(&b), INPUT_WAIT, "its item was used up");
		is_str(b.data, "1 a|1 b|", "with each of the others");
	}
	put(end, "2");
	(void)fd_close(end);
	await_ready("the end");
	is_int(take(&b), INPUT_END, "all of it");
	is_str(b.data, kept ? "a 1|a 2|b 1|b 2|" : "1 a|1 b|2 a|2 b|", "in its order");
	is_int(n_sources_watched(), 0, "nothing is watched then");
	input_clear(&in);
	loop_clear(&loop);
	(void)unlink(name);
	(void)rmdir(dir);
}

/* While the others take their turns, more is read behind the item that is in use. */
static void test_read_behind(void)
{
	struct input_options options = lines;
	struct loop_timer tick = {.at = NSEC_FOREVER, .expired = on_tick};
	int end = pipe_to_stdin();
	auto_buf struct buf b = BUF_INIT;
	auto_buf struct buf data = BUF_INIT;
	struct row *row = NULL;
	const char *name = NULL;

	options.ahead = 1000;
	begin(&options);
	(void)loop_add_timer(&loop, &tick);
	(void)input_add_file(&in, INPUT_PRODUCT, "-");
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2"));
	attach();
	while (data.len < CHUNK / 2)
		(void)buf_add_string(&data, "x");
	(void)buf_add_string(&data, "\nfirst\n");
	put(end, data.data);
	for (int i = 0; i < 3; i++) {
		if (input_next(&in, &row, &name) != INPUT_ROW)
			continue;
		if (i == 2)
			show_row(&b, row);
		row_free(row);
	}
	put(end, "second\n");
	turn(&tick);
	put(end, "third");
	(void)fd_close(end);
	turn(&tick);
	is_int(take(&b), INPUT_END, "it ends");
	is_str(b.data, "first 1|first 2|second 1|second 2|third 1|third 2|",
	       "an item in use stays while more is read");
	input_clear(&in);
	loop_clear(&loop);
}

/* A linked source ends with the words, though its writer goes on. */
static void test_linked_pipe(void)
{
	int end = pipe_to_stdin();
	auto_buf struct buf b = BUF_INIT;

	begin(&lines);
	(void)input_add_file(&in, INPUT_PRODUCT, "-");
	(void)input_add_words(&in, INPUT_LINKED, WORDS("a"));
	attach();
	put(end, "1\n");
	is_int(take(&b), INPUT_END, "no need to wait for what has no partner");
	is_str(b.data, "1 a|", "the pair came");
	is_int(n_sources_watched(), 0, "and the loop is left");
	input_clear(&in);
	(void)fd_close(end);
	loop_clear(&loop);
}

/* One call reads no more than so much; the loop goes on with the rest. */
static void test_long_turns(void)
{
	auto_buf struct buf b = BUF_INIT;
	struct text t = text("");
	struct row *row = NULL;
	const char *name = NULL;
	int turns = 0;
	int r;

	if (!ok(ftruncate(t.fd, 16 << 20) == 0, "a long line"))
		return;
	begin(&lines);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	attach();
	while ((r = input_next(&in, &row, &name)) == INPUT_WAIT) {
		turns++;
		await_ready("the line");
	}
	ok(in.sources[0].text.cap < 3 * ITEM_MAX, "a long line costs no more memory");
	ok(r == INPUT_ROW && turns > 0, "it takes more than one call");
	if (r == INPUT_ROW) {
		is_int((long long)row->items[0].len, ITEM_MAX, "and is cut");
		row_free(row);
	}
	is_int(take(&b), INPUT_END, "it ends");
	input_clear(&in);
	loop_clear(&loop);
	(void)fd_close(t.fd);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	/* Whatever waits in vain ends here. */
	(void)alarm(DEADLINE);
	test_wait();
	test_clear_leaves();
	test_bounded();
	test_fifo(false);
	test_fifo(true);
	test_read_behind();
	test_linked_pipe();
	test_long_turns();
	return tap_done();
}
