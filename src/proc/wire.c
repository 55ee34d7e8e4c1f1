#include "config.h"

#include "proc/wire.h"

#include "base/cleanup.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The fixed part of a task; its texts follow, each with its NUL: the path, the words, the
 * variables. */
struct task_head {
	size_t n_words;
	size_t n_env;
	bool reads_stdin;
	int token;
};

/* The fixed part of a result; what its pointers lead to follows, in the order of
 * add_lists(). */
struct result_head {
	struct result result;
	struct result_stage stage;
	size_t detail_len;
};

int wire_flush(int socket, struct buf *b)
{
	size_t sent = 0;
	int r = 0;

	while (sent < b->len) {
		ssize_t n = send(socket, b->data + sent, b->len - sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			r = -errno;
		sent = n < 0 ? b->len : sent + (size_t)n;
	}
	if (sent) {
		memmove(b->data, b->data + sent, b->len - sent);
		b->len -= sent;
	}
	return r;
}

static int add_texts(struct buf *b, char *const *texts, size_t *ret_n)
{
	int r = 0;

	for (*ret_n = 0; r == 0 && texts && texts[*ret_n]; (*ret_n)++)
		r = buf_add(b, texts[*ret_n], strlen(texts[*ret_n]) + 1);
	return r;
}

/* Complete the head of the message that begins at offset. */
static void close_message(struct buf *b, size_t offset, size_t n_fds)
{
	struct wire_head head;

	memcpy(&head, b->data + offset, sizeof(head));
	head.stream = (uint16_t)n_fds;
	head.len = b->len - offset - sizeof(head);
	memcpy(b->data + offset, &head, sizeof(head));
}

int wire_add_task(struct buf *b, const struct worker_task *task)
{
	const struct wire_head head = {.kind = WIRE_TASK, .task = task->number};
	struct task_head fixed = {.reads_stdin = task->reads_stdin, .token = task->token};
	size_t offset = b->len;
	int r = buf_add(b, &head, sizeof(head));

	if (r == 0)
		r = buf_add(b, &fixed, sizeof(fixed));
	if (r == 0)
		r = buf_add(b, task->path, strlen(task->path) + 1);
	if (r == 0)
		r = add_texts(b, task->argv, &fixed.n_words);
	if (r == 0)
		r = add_texts(b, task->env, &fixed.n_env);
	if (r < 0) {
		b->len = offset;
		return r;
	}
	memcpy(b->data + offset + sizeof(head), &fixed, sizeof(fixed));
	close_message(b, offset, 0);
	return 0;
}

/* The next text, or NULL when there is none that ends. */
static char *take_text(char **at, const char *end)
{
	char *text = *at;
	char *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

int wire_read_task(char *bytes, size_t len, struct wire_task *ret)
{
	char *at = bytes + sizeof(struct task_head);
	const char *end = bytes + len;
	struct task_head fixed;

	if (len < sizeof(fixed))
		return -EBADMSG;
	memcpy(&fixed, bytes, sizeof(fixed));
	if (fixed.n_words > len || fixed.n_env > len)
		return -EBADMSG;

	auto_free char **texts = calloc(fixed.n_words + fixed.n_env + 2, sizeof(*texts));

	if (!texts)
		return -ENOMEM;

	char *path = take_text(&at, end);
	char **env = texts + fixed.n_words + 1;
	bool whole = path != NULL;

	for (size_t i = 0; i < fixed.n_words; i++)
		whole = (texts[i] = take_text(&at, end)) && whole;
	for (size_t i = 0; i < fixed.n_env; i++)
		whole = (env[i] = take_text(&at, end)) && whole;
	if (!whole || at != end)
		return -EBADMSG;
	*ret = (struct wire_task){
		.argv = take_ptr(texts),
		.env = env,
		.n_env = fixed.n_env,
		.path = path,
		.reads_stdin = fixed.reads_stdin,
		.token = fixed.token,
	};
	return 0;
}

/* What a captured stream brings along: its file, or its bytes. */
static int add_capture(struct buf *b, const struct capture *c, int fds[WORKER_FDS],
		       size_t *n_fds)
{
	if (c->file >= 0) {
		fds[(*n_fds)++] = c->file;
		return 0;
	}
	return c->mem.len ? buf_add(b, c->mem.data, c->mem.len) : 0;
}

static int add_bytes(struct buf *b, const void *data, size_t len)
{
	return len ? buf_add(b, data, len) : 0;
}

static int add_lists(struct buf *b, const struct result *r)
{
	int e = add_bytes(b, r->error.detail.data, r->error.detail.len);

	if (e == 0)
		e = add_bytes(b, r->signals, r->n_signals * sizeof(*r->signals));
	if (e == 0)
		e = add_bytes(b, r->holders.items,
			      r->holders.n * sizeof(*r->holders.items));
	if (e == 0)
		e = add_bytes(b, r->survivors.items,
			      r->survivors.n * sizeof(*r->survivors.items));
	return e;
}

int wire_add_result(struct buf *b, const struct result *result, int ret_fds[WORKER_FDS],
		    size_t *ret_n)
{
	const struct wire_head head = {.kind = WIRE_RESULT};
	const struct result_head fixed = {
		.result = *result,
		.stage = result->n_stages ? result->stages[0]
					  : (struct result_stage){.child = CHILD_INIT},
		.detail_len = result->error.detail.len,
	};
	size_t offset = b->len;
	int r = buf_add(b, &head, sizeof(head));

	*ret_n = 0;
	if (r == 0)
		r = buf_add(b, &fixed, sizeof(fixed));
	if (r == 0)
		r = add_lists(b, result);
	if (r == 0)
		r = add_capture(b, &result->out, ret_fds, ret_n);
	if (r == 0)
		r = add_capture(b, &result->err, ret_fds, ret_n);
	if (r < 0) {
		b->len = offset;
		return r;
	}
	close_message(b, offset, *ret_n);
	return 0;
}

/* A reader of the bytes behind the fixed part. */
struct cursor {
	const char *at;
	size_t left;
	int error;
};

/* A copy of the next bytes, with a NUL behind; NULL where there are none, or on error. */
static void *take_copy(struct cursor *c, size_t len)
{
	if (len == 0 || c->error)
		return NULL;
	if (len > c->left) {
		c->error = -EBADMSG;
		return NULL;
	}

	char *copy = malloc(len + 1);

	if (!copy) {
		c->error = -ENOMEM;
		return NULL;
	}
	memcpy(copy, c->at, len);
	copy[len] = '\0';
	c->at += len;
	c->left -= len;
	return copy;
}

static void take_buf(struct cursor *c, size_t len, struct buf *ret)
{
	*ret = BUF_INIT;
	ret->data = take_copy(c, len);
	if (ret->data) {
		ret->len = len;
		ret->cap = len + 1;
	}
}

/* A captured stream, as far as it means something to another process. */
static void take_capture(struct cursor *c, const struct capture *from,
			 int fds[WORKER_FDS], struct capture *ret)
{
	bool in_file = from->file >= 0;

	*ret = CAPTURE_INIT;
	ret->size = from->size;
	ret->limit = from->limit;
	ret->enabled = from->enabled;
	ret->truncated = from->truncated;
	ret->error = from->error;
	ret->passes = from->passes;
	if (!in_file)
		take_buf(c, from->mem.len, &ret->mem);
	else if (fds[0] >= 0)
		ret->file = take_fd(&fds[0]);
	else
		ret->file = take_fd(&fds[1]);
	/* We were out of descriptors when it came, and it is lost. */
	if (in_file && ret->file < 0) {
		ret->size = 0;
		ret->truncated = true;
		ret->error = EMFILE;
	}
}

int wire_read_result(const char *bytes, size_t len, int fds[WORKER_FDS],
		     struct result *ret)
{
	struct result_head fixed;
	struct result result;

	if (len < sizeof(fixed))
		return -EBADMSG;
	memcpy(&fixed, bytes, sizeof(fixed));
	result = fixed.result;

	struct cursor c = {.at = bytes + sizeof(fixed), .left = len - sizeof(fixed)};

	take_buf(&c, fixed.detail_len, &result.error.detail);
	result.signals = take_copy(&c, result.n_signals * sizeof(*result.signals));
	result.holders.items =
		take_copy(&c, result.holders.n * sizeof(*result.holders.items));
	result.survivors.items =
		take_copy(&c, result.survivors.n * sizeof(*result.survivors.items));
	take_capture(&c, &fixed.result.out, fds, &result.out);
	take_capture(&c, &fixed.result.err, fds, &result.err);
	result.stages = NULL;
	result.n_stages = 0;

	struct result_stage *stage = c.error ? NULL : calloc(1, sizeof(*stage));

	if (!stage) {
		result_clear(&result);
		return c.error ? c.error : -ENOMEM;
	}
	*stage = fixed.stage;
	stage->child.pidfd = -1;
	if ((result.out.error == EMFILE || result.err.error == EMFILE) &&
	    result.error.step == SPAWN_STEP_NONE) {
		result.error.step = SPAWN_STEP_PIPE;
		result.error.error = EMFILE;
	}
	*ret = result;
	ret->stages = stage;
	ret->n_stages = 1;
	return 0;
}
