#include "config.h"

#include "sysinfo/source.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_FIRST = 32768,  /* nearly every file of /proc fits into it */
	READ_MOST = 1 << 30, /* a fixture may be anything: stop before memory does */
};

static int open_root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int source_open(struct source *s, const char *proc, const char *sys,
		const char **ret_failed)
{
	*s = (struct source){
		.proc_path = proc ? proc : "/proc",
		.sys_path = sys ? sys : "/sys",
		.other_proc = proc != NULL,
		.other_sys = sys != NULL,
		.sys = -1,
	};
	s->proc = open_root(s->proc_path);
	if (s->proc < 0) {
		*ret_failed = s->proc_path;
		return s->proc;
	}
	if (sys)
		s->sys = open_root(sys);
	if (sys && s->sys < 0) {
		int r = s->sys;

		*ret_failed = sys;
		s->proc = fd_close(s->proc);
		return r;
	}
	return 0;
}

int source_sys(struct source *s)
{
	if (s->sys < 0)
		s->sys = open_root(s->sys_path);
	return s->sys;
}

/* whole: what comes short of the room asked for was all. */
static int read_file(int dirfd, const char *path, bool whole, struct buf *b)
{
	b->len = 0;
	if (buf_reserve(b, READ_FIRST) < 0)
		return -ENOMEM;
	b->data[0] = '\0';

	/* A FIFO in a fixture must not stop us. */
	auto_fd int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	for (;;) {
		size_t room = b->cap - b->len - 1;
		ssize_t n = read(fd, b->data + b->len, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || b->len + (size_t)n > READ_MOST) {
			int r = n < 0 ? -errno : -EFBIG;

			b->len = 0;
			b->data[0] = '\0';
			return r;
		}
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (n == 0 || (whole && (size_t)n < room))
			return 0;
		if (buf_reserve(b, READ_FIRST) < 0)
			return -ENOMEM;
	}
}

int source_read_at(int dirfd, const char *path, struct buf *b)
{
	return read_file(dirfd, path, false, b);
}

int source_read_whole_at(int dirfd, const char *path, struct buf *b)
{
	return read_file(dirfd, path, true, b);
}

int source_read_proc(struct source *s, const char *path, struct buf *b)
{
	return source_read_at(s->proc, path, b);
}

int source_read_proc_whole(struct source *s, const char *path, struct buf *b)
{
	return source_read_whole_at(s->proc, path, b);
}

int source_read_sys(struct source *s, const char *path, struct buf *b)
{
	int fd = source_sys(s);

	if (fd < 0) {
		b->len = 0;
		return buf_add(b, "", 0) < 0 ? -ENOMEM : fd;
	}
	return source_read_whole_at(fd, path, b);
}

int source_sys_line(struct source *s, const char *path, struct buf *b)
{
	int r = source_read_sys(s, path, b);

	if (r < 0)
		return r;
	b->len = strcspn(b->data, "\n");
	while (b->len > 0 && strchr(" \t\r", b->data[b->len - 1]))
		b->len--;
	b->data[b->len] = '\0';
	return 0;
}

int source_sys_int(struct source *s, const char *path, int64_t *ret)
{
	auto_buf struct buf b = BUF_INIT;
	int r = source_sys_line(s, path, &b);

	if (r < 0)
		return r;

	const char *p = b.data;

	return text_int(&p, ret) ? 0 : -EINVAL;
}

int source_device_name(struct source *s, const char *kind, unsigned major, unsigned minor,
		       struct buf *b)
{
	static const char key[] = "DEVNAME=";
	char path[64];

	(void)snprintf(path, sizeof(path), "dev/%s/%u:%u/uevent", kind, major, minor);

	int r = source_read_sys(s, path, b);

	if (r < 0)
		return r;

	char *cursor = b->data;

	for (char *line; (line = text_line(&cursor));)
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)]) {
			b->len = strlen(line + strlen(key));
			memmove(b->data, line + strlen(key), b->len + 1);
			return 0;
		}
	return -ENODATA;
}

/* In a user namespace of our own we may mount. Who we are stays the same in it. */
static int enter_user_namespace(void)
{
	auto_buf struct buf map = BUF_INIT;
	unsigned uid = geteuid();
	unsigned gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;

	static const char *const files[] = {"/proc/self/setgroups", "/proc/self/uid_map",
					    "/proc/self/gid_map"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		map.len = 0;
		if ((i == 0   ? buf_add_string(&map, "deny")
		     : i == 1 ? buf_add_format(&map, "%u %u 1\n", uid, uid)
			      : buf_add_format(&map, "%u %u 1\n", gid, gid)) < 0)
			return -ENOMEM;

		auto_fd int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, map.data, map.len) < 0)
			return -errno;
	}
	return 0;
}

int source_mount_proc(struct source *s)
{
	if (!s->other_proc || s->mounted)
		return 0;
	if (unshare(CLONE_NEWNS) < 0) {
		int r = errno == EPERM ? enter_user_namespace() : -errno;

		if (r < 0)
			return r;
	}
	/* Nothing of this may reach the namespace we came from. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(s->proc_path, "/proc", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	s->mounted = true;
	return 0;
}

char *text_line(char **cursor)
{
	char *line = *cursor;

	if (*line == '\0')
		return NULL;

	char *end = strchrnul(line, '\n');

	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

char *text_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t");

	if (*word == '\0')
		return NULL;

	char *end = word + strcspn(word, " \t");

	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool text_uint(const char **cursor, uint64_t *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	uint64_t value = 0;

	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	*ret = value;
	*cursor = p;
	return true;
}

bool text_int(const char **cursor, int64_t *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	bool negative = *p == '-';
	uint64_t size;

	if (negative)
		p++;
	if (!is_digit(*p) || !text_uint(&p, &size) ||
	    size > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)-size : (int64_t)size;
	*cursor = p;
	return true;
}

bool text_real(const char **cursor, double *ret)
{
	const char *p = *cursor + strspn(*cursor, " \t");
	bool negative = *p == '-';
	double value = 0;
	double scale = 1;

	if (negative)
		p++;
	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; is_digit(*p); p++) {
			value = value * 10 + (*p - '0');
			scale *= 10;
		}
	*ret = (negative ? -value : value) / scale;
	*cursor = p;
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

void text_unescape_octal(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && is_octal(p[2]) &&
		    is_octal(p[3])) {
			int byte = (p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0');

			/* A NUL is never escaped, it cannot be in a path. */
			*to = byte ? (char)byte : '?';
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

int text_cpu_list(const char *text, void (*visit)(unsigned cpu, void *data), void *data)
{
	enum { MOST = 65536 };
	const char *p = text;
	uint64_t next = 0;
	uint64_t first;

	while (text_uint(&p, &first)) {
		uint64_t last = first;

		if (*p == '-') {
			p++;
			if (!text_uint(&p, &last))
				return -EINVAL;
		}
		if (first < next || last < first || last >= MOST)
			return -EINVAL;
		next = last + 1;
		for (uint64_t cpu = first; cpu <= last; cpu++)
			visit((unsigned)cpu, data);
		if (*p != ',')
			break;
		p++;
	}
	return *p == '\0' || *p == '\n' ? 0 : -EINVAL;
}

static void count_cpu(unsigned cpu, void *data)
{
	uint64_t *n = data;

	(void)cpu;
	(*n)++;
}

int text_cpu_count(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (text_cpu_list(text, count_cpu, &n) < 0 || n == 0)
		return -EINVAL;
	*ret = n;
	return 0;
}

double source_ticks(void)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return ticks > 0 ? (double)ticks : 100;
}
