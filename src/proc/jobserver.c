#include "config.h"

#include "proc/jobserver.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * The next word of MAKEFLAGS as it stands there, its length or 0: blanks end it unless a
 * backslash stands before them.
 */
static size_t next_word(const char **cursor)
{
	const char *word = *cursor + strspn(*cursor, " \t");
	size_t len = 0;

	while (word[len] && word[len] != ' ' && word[len] != '\t')
		len += word[len] == '\\' && word[len + 1] ? 2 : 1;
	*cursor = word;
	return len;
}

static bool word_is(const char *word, size_t len, const char *other)
{
	return len == strlen(other) && strncmp(word, other, len) == 0;
}

static bool word_begins(const char *word, size_t len, const char *begin)
{
	return len >= strlen(begin) && strncmp(word, begin, strlen(begin)) == 0;
}

/* Where the value of a jobserver's word begins, or 0. */
static size_t value_of(const char *word, size_t len)
{
	static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (word_begins(word, len, names[i]))
			return strlen(names[i]);
	return 0;
}

/*
 * The value of the last jobserver's word, without make's quoting (backslashes, and a
 * dollar sign twice): 0, -ENOENT, -ENOMEM. The word -j says nothing here: old versions of
 * make leave one without a number behind --jobserver-fds. Behind a lone "--" there are
 * variables.
 */
static int find_value(const char *flags, struct buf *ret)
{
	const char *value = NULL;
	size_t value_len = 0;
	size_t len;

	for (const char *word = flags; (len = next_word(&word)) > 0; word += len) {
		size_t at = value_of(word, len);

		if (word_is(word, len, "--"))
			break;
		if (at > 0) {
			value = word + at;
			value_len = len - at;
		}
	}
	if (!value)
		return -ENOENT;
	for (size_t i = 0; i < value_len; i++) {
		if (i + 1 < value_len &&
		    (value[i] == '\\' || (value[i] == '$' && value[i + 1] == '$')))
			i++;
		if (buf_add_char(ret, value[i]) < 0)
			return -ENOMEM;
	}
	return buf_reserve(ret, 0);
}

/* "3,4"; make writes -2,-2 for a recipe that must not use it. */
static bool parse_pair(const char *text, int ret[2])
{
	int64_t pair[2];

	if (!text_int(&text, &pair[0]) || *text++ != ',' || !text_int(&text, &pair[1]) ||
	    *text != '\0')
		return false;
	for (int i = 0; i < 2; i++)
		ret[i] = pair[i] < 0 || pair[i] > INT_MAX ? -1 : (int)pair[i];
	return true;
}

/* Whether a descriptor is a pipe's, and open for reading or writing. */
static bool is_pipe(int fd, int mode, struct stat *ret)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & O_PATH) &&
	       ((flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR) &&
	       fstat(fd, ret) == 0 && S_ISFIFO(ret->st_mode);
}

/* Open a pipe anew, for a description of our own: the descriptor or -errno. */
static int open_anew(int fd, int mode)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	int ours = open(path, mode | O_NONBLOCK | O_CLOEXEC);

	if (ours >= 0)
		return ours;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ENOTSUP;
}

static int open_pair(struct jobserver *js, const int fds[2])
{
	struct stat in;
	struct stat out;

	/* What else has these numbers by chance is hardly both ends of one pipe. */
	if (!is_pipe(fds[0], O_RDONLY, &in) || !is_pipe(fds[1], O_WRONLY, &out) ||
	    in.st_dev != out.st_dev || in.st_ino != out.st_ino)
		return -EBADF;
	js->in = open_anew(fds[0], O_RDONLY);
	if (js->in < 0)
		return js->in;
	js->out = open_anew(fds[1], O_WRONLY);
	return js->out < 0 ? js->out : 0;
}

/* A reader is there first, or a FIFO without one could not be opened for writing. */
static int open_fifo(struct jobserver *js, const char *path)
{
	struct stat in;
	struct stat out;

	js->in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (js->in < 0)
		return errno == ENOENT ? -ENXIO : -errno;
	if (!is_pipe(js->in, O_RDONLY, &in))
		return -EBADF;
	js->out = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (js->out < 0)
		return errno == ENOENT ? -ENXIO : -errno;
	/* Another may have come into its place. */
	if (!is_pipe(js->out, O_WRONLY, &out) || in.st_dev != out.st_dev ||
	    in.st_ino != out.st_ino)
		return -EBADF;
	return 0;
}

bool jobserver_is_one(const char *flags)
{
	bool is_one = false;
	size_t len;

	for (const char *word = flags; (len = next_word(&word)) > 0; word += len) {
		if (word_is(word, len, "--"))
			break;
		if (word_begins(word, len, "-j") || word_begins(word, len, "--jobs"))
			is_one = word_is(word, len, "-j1") ||
				 word_is(word, len, "--jobs=1");
	}
	return is_one;
}

int jobserver_join(struct jobserver *js, const char *flags)
{
	static const char fifo[] = "fifo:";
	struct jobserver joined = JOBSERVER_INIT;
	auto_buf struct buf value = BUF_INIT;
	int fds[2];
	int r = flags ? find_value(flags, &value) : -ENOENT;

	if (r < 0)
		return r;
	if (strncmp(value.data, fifo, strlen(fifo)) == 0)
		r = open_fifo(&joined, value.data + strlen(fifo));
	else
		r = parse_pair(value.data, fds) ? open_pair(&joined, fds) : -EINVAL;
	if (r < 0) {
		jobserver_clear(&joined);
		return r;
	}
	*js = joined;
	return 0;
}

/* A copy above 2 that the jobs inherit, or -errno. */
static int inheritable(int fd)
{
	int copy = fcntl(fd, F_DUPFD, 3);

	return copy < 0 ? -errno : copy;
}

static int fill(int fd, unsigned tokens)
{
	int room = fcntl(fd, F_GETPIPE_SZ);

	if (room < 0 || tokens > INT_MAX)
		return room < 0 ? -errno : -EINVAL;
	if (tokens > (unsigned)room && fcntl(fd, F_SETPIPE_SZ, (int)tokens) < 0)
		return -errno;
	while (tokens > 0) {
		/* The byte that make itself uses. */
		char bytes[4096];
		size_t n = tokens < sizeof(bytes) ? tokens : sizeof(bytes);

		memset(bytes, '+', n);

		ssize_t written = write(fd, bytes, n);

		if (written < 0)
			return -errno;
		tokens -= (unsigned)written;
	}
	return 0;
}

static int serve(struct jobserver *js, unsigned tokens)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	auto_fd int in = ends[0];
	auto_fd int out = ends[1];

	js->fds[0] = inheritable(in);
	js->fds[1] = inheritable(out);
	for (int i = 0; i < 2; i++)
		if (js->fds[i] < 0)
			return js->fds[i];

	int r = open_pair(js, js->fds);

	return r < 0 ? r : fill(js->out, tokens);
}

int jobserver_serve(struct jobserver *js, unsigned tokens)
{
	struct jobserver ours = JOBSERVER_INIT;

	if (tokens == 0)
		return -EINVAL;

	int r = serve(&ours, tokens);

	if (r < 0) {
		jobserver_clear(&ours);
		return r;
	}
	ours.serves = true;
	ours.tokens = tokens;
	*js = ours;
	return 0;
}

static bool is_number(const char *word, size_t len)
{
	return len > 0 && strspn(word, "0123456789") >= len;
}

/* How many characters at word speak of jobs: "-j4", "-j 4", "--jobserver-auth=3,4"; or 0.
 */
static size_t jobs_words(const char *word, size_t len)
{
	if (value_of(word, len) > 0 || word_begins(word, len, "--jobs=") ||
	    (word_begins(word, len, "-j") && is_number(word + 2, len - 2)))
		return len;
	if (!word_is(word, len, "-j") && !word_is(word, len, "--jobs"))
		return 0;

	const char *next = word + len;
	size_t next_len = next_word(&next);

	return is_number(next, next_len) ? (size_t)(next + next_len - word) : len;
}

static int add_own(const struct jobserver *js, struct buf *ret)
{
	return buf_add_format(ret, " -j%u --jobserver-auth=%d,%d", js->tokens, js->fds[0],
			      js->fds[1]);
}

static int add_flags(const struct jobserver *js, const char *flags, struct buf *ret)
{
	size_t begin = ret->len;
	const char *word = flags;
	size_t len;

	for (; (len = next_word(&word)) > 0; word += len) {
		size_t jobs = jobs_words(word, len);

		if (word_is(word, len, "--"))
			break;
		if (jobs > 0) {
			len = jobs;
			continue;
		}
		/* Letters without a dash come first, with no blank before them. */
		if ((ret->len > begin || *word == '-') && buf_add_char(ret, ' ') < 0)
			return -ENOMEM;
		if (buf_add(ret, word, len) < 0)
			return -ENOMEM;
	}
	if (add_own(js, ret) < 0)
		return -ENOMEM;
	if (len > 0 && (buf_add_char(ret, ' ') < 0 || buf_add_string(ret, word) < 0))
		return -ENOMEM;
	return 0;
}

int jobserver_flags(const struct jobserver *js, const char *flags, struct buf *ret)
{
	size_t begin = ret->len;
	int r = add_flags(js, flags ? flags : "", ret);

	if (r < 0 && ret->data) {
		ret->len = begin;
		ret->data[begin] = '\0';
	}
	return r;
}

int jobserver_take(struct jobserver *js, char *ret_token)
{
	for (;;) {
		char token;
		ssize_t n = read(js->in, &token, 1);

		if (n == 1) {
			js->held++;
			*ret_token = token;
			return 1;
		}
		if (n == 0)
			return -EPIPE;
		if (errno == EAGAIN)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

int jobserver_give(struct jobserver *js, char token)
{
	while (write(js->out, &token, 1) < 0)
		if (errno != EINTR)
			return -errno;
	if (js->held > 0)
		js->held--;
	return 0;
}

void jobserver_clear(struct jobserver *js)
{
	(void)fd_close(js->in);
	(void)fd_close(js->out);
	(void)fd_close(js->fds[0]);
	(void)fd_close(js->fds[1]);
	*js = JOBSERVER_INIT;
}
