#include "config.h"

#include "proc/wire.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/out.h"

#include <errno.h>
#include <string.h>

#include "tap.h"

/* The bytes behind the head of the only message. */
static char *body(const struct buf *b, size_t *ret_len)
{
	struct wire_head head;

	memcpy(&head, b->data, sizeof(head));
	*ret_len = head.len;
	return b->data + sizeof(head);
}

static void test_task(void)
{
	char *argv[] = {(char *)"echo", (char *)"", (char *)"a b\n", NULL};
	char *env[] = {(char *)"A=1", (char *)"B=", NULL};
	const struct worker_task task = {
		.argv = argv,
		.env = env,
		.path = "/bin/echo",
		.reads_stdin = true,
		.token = '+',
	};
	auto_buf struct buf b = BUF_INIT;
	struct wire_task got;
	size_t len;

	is_int(wire_add_task(&b, &task), 0, "task: written");

	char *bytes = body(&b, &len);

	is_int((long long)len, (long long)(b.len - sizeof(struct wire_head)),
	       "task: its head knows its length");
	is_int(wire_read_task(bytes, len, &got), 0, "task: read");
	is_str(got.path, "/bin/echo", "task: path");
	is_str(got.argv[0], "echo", "task: first word");
	is_str(got.argv[1], "", "task: an empty word");
	is_str(got.argv[2], "a b\n", "task: last word");
	ok(!got.argv[3], "task: words end");
	is_int((long long)got.n_env, 2, "task: variables");
	is_str(got.env[1], "B=", "task: last variable");
	is_int(got.token, '+', "task: token");
	ok(got.reads_stdin, "task: stdin");
	free(got.argv);
	/* Each of these lacks something. */
	for (size_t cut = 0; cut < len; cut++)
		if (wire_read_task(bytes, cut, &got) != -EBADMSG) {
			ok(false, "task: cut at %zu is refused", cut);
			return;
		}
	ok(true, "task: cut at any byte it is refused");
}

static bool fill_result(struct result *r)
{
	result_init(r);
	r->outcome = OUTCOME_TIMED_OUT;
	r->stages = calloc(1, sizeof(*r->stages));
	if (!r->stages)
		return false;
	r->n_stages = 1;
	r->stages[0].child = CHILD_INIT;
	r->stages[0].child.pid = 42;
	r->stages[0].child.status.signal = 9;
	(void)buf_add_string(&r->error.detail, "rlimit");
	(void)result_add_signal(r, 15, 5);
	(void)result_add_signal(r, 9, 6);
	(void)result_add_process(&r->survivors, 7, "immortal", 1);
	r->out.enabled = r->err.enabled = true;
	(void)buf_add(&r->out.mem, "a\0b", 3);
	r->out.size = 3;
	r->err.file = fd_open_temporary();
	(void)fd_write_all(r->err.file, "in a file", 9);
	r->err.size = 9;
	return true;
}

static void test_result(void)
{
	struct result sent;
	struct result got;
	auto_buf struct buf b = BUF_INIT;
	int fds[WORKER_FDS] = {-1, -1};
	size_t n_fds = 0;
	size_t len;
	char data[16] = "";

	if (!fill_result(&sent))
		return;
	is_int(wire_add_result(&b, &sent, fds, &n_fds), 0, "result: written");
	is_int((long long)n_fds, 1, "result: a file goes as a descriptor");

	const char *bytes = body(&b, &len);
	int passed[WORKER_FDS] = {dup(fds[0]), -1};

	is_int(wire_read_result(bytes, len, passed, &got), 0, "result: read");
	is_int(passed[0], -1, "result: the descriptor is its own now");
	is_int(got.outcome, OUTCOME_TIMED_OUT, "result: outcome");
	is_int(got.stages[0].child.pid, 42, "result: child");
	is_int(got.stages[0].child.status.signal, 9, "result: how it died");
	is_str(got.error.detail.data, "rlimit", "result: detail");
	is_int((long long)got.n_signals, 2, "result: signals");
	is_int(got.signals[1].signal, 9, "result: last signal");
	is_str(got.survivors.items[0].comm, "immortal", "result: survivor");
	is_int(capture_read(&got.out, 0, data, sizeof(data)), 3, "result: stdout");
	ok(memcmp(data, "a\0b", 3) == 0, "result: stdout, byte for byte");
	is_int(capture_read(&got.err, 0, data, sizeof(data)), 9, "result: stderr");
	ok(memcmp(data, "in a file", 9) == 0, "result: stderr, byte for byte");
	result_clear(&got);

	bool refused = true;

	for (size_t cut = 0; cut < len; cut++) {
		int none[WORKER_FDS] = {dup(fds[0]), -1};

		refused = refused && wire_read_result(bytes, cut, none, &got) == -EBADMSG;
		(void)fd_close(none[0]);
	}
	ok(refused, "result: cut at any byte it is refused");

	int none[WORKER_FDS] = {-1, -1};

	is_int(wire_read_result(bytes, len, none, &got), 0,
	       "result: read without its descriptor");
	is_int(got.error.error, EMFILE, "result: which is its error");
	is_int((long long)got.err.size, 0, "result: nothing is left of that stream");
	result_clear(&got);
	result_clear(&sent);
}

int main(void)
{
	test_task();
	test_result();
	return tap_done();
}
