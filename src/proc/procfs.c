#include "config.h"

#include "proc/procfs.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void closedir_p(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

int pid_list_add(struct pid_list *list, pid_t pid)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		pid_t *pids = reallocarray(list->pids, cap, sizeof(*pids));

		if (!pids)
			return -ENOMEM;
		list->pids = pids;
		list->cap = cap;
	}
	list->pids[list->n++] = pid;
	return 0;
}

/* Read a small file of /proc whole: its length, or -errno. */
static ssize_t read_small(const char *path, char *text, size_t size)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;

	ssize_t n = read(fd, text, size - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

/* A whole number behind a blank, one that was not cut: moves behind it. */
static bool take_number(const char **cursor, uint64_t *ret)
{
	const char *p = *cursor;
	uint64_t value = 0;

	if (*p++ != ' ')
		return false;

	bool negative = *p == '-';

	p += negative;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (*p != ' ' && *p != '\n')
		return false;
	*ret = negative ? -value : value;
	*cursor = p;
	return true;
}

int procfs_parse_stat(const char *text, struct procfs_fields *ret)
{
	/* The name may hold blanks and parentheses: it ends at the last one. */
	const char *open = strchr(text, '(');
	const char *close = strrchr(text, ')');

	if (!open || !close || close < open)
		return -EINVAL;

	size_t len = (size_t)(close - open - 1);

	if (len >= sizeof(ret->comm))
		len = sizeof(ret->comm) - 1;
	memcpy(ret->comm, open + 1, len);
	ret->comm[len] = '\0';
	ret->state = 0;
	ret->n = 2;

	const char *p = close + 1;

	if (p[0] != ' ' || p[1] <= ' ')
		return 0;
	ret->state = p[1];
	p += 2;
	for (ret->n = 3; ret->n + 1 < PROCFS_FIELDS; ret->n++)
		if (!take_number(&p, &ret->value[ret->n + 1]))
			break;
	return 0;
}

int procfs_stat(pid_t pid, struct procfs_stat *ret)
{
	char path[32];
	char text[1024];
	struct procfs_fields fields;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);

	ssize_t n = read_small(path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (procfs_parse_stat(text, &fields) < 0 || !procfs_has(&fields, PROCFS_START))
		return -ESRCH;
	*ret = (struct procfs_stat){
		.pid = pid,
		.ppid = (pid_t)fields.value[PROCFS_PPID],
		.state = fields.state,
		.threads = (long)fields.value[PROCFS_THREADS],
		.start = fields.value[PROCFS_START],
	};
	(void)memcpy(ret->comm, fields.comm, sizeof(ret->comm));
	return 0;
}

bool procfs_is_alive(const struct procfs_stat *st)
{
	return st->state != 'X' && (st->state != 'Z' || st->threads > 1);
}

/* Add the pids that one thread's children file names. */
static int add_children_of_thread(const char *path, struct pid_list *list)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;

	char text[4096];
	pid_t pid = 0;

	for (;;) {
		ssize_t n = read(fd, text, sizeof(text));

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		/* Every number is followed by a blank, so one cut by the buffer's end
		 * goes on. */
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
			} else if (pid) {
				int r = pid_list_add(list, pid);

				if (r < 0)
					return r;
				pid = 0;
			}
		}
	}
}

/* Whether this kernel has /proc/PID/task/TID/children at all; asked of ourselves, once.
 */
static bool has_children_files(void)
{
	static int known;

	if (!known) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children",
			       (int)getpid());
		known = access(path, R_OK) == 0 ? 1 : -1;
	}
	return known > 0;
}

int procfs_children(pid_t pid, long threads, struct pid_list *list)
{
	char path[64];

	if (!has_children_files())
		return -ENOTSUP;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		       (int)pid);
	if (threads == 1)
		return add_children_of_thread(path, list);

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);

	__attribute__((cleanup(closedir_p))) DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;

		char file[sizeof("/proc//task//children") + 24];

		(void)snprintf(file, sizeof(file), "/proc/%d/task/%.11s/children",
			       (int)pid, e->d_name);

		int r = add_children_of_thread(file, list);

		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

pid_t procfs_number(const char *name)
{
	pid_t value = 0;

	if (*name == '\0' || (*name == '0' && name[1]))
		return -1;
	for (const char *p = name; *p; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return -1;
	return value;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a;
	pid_t y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int procfs_list(int fd, struct pid_list *list, struct buf *scratch)
{
	enum { ROOM = 65536 };
	size_t first = list->n;
	bool in_order = true;

	scratch->len = 0;
	if (buf_reserve(scratch, ROOM) < 0)
		return -ENOMEM;
	for (;;) {
		ssize_t n = getdents64(fd, scratch->data, ROOM);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(scratch->data + at);
			pid_t number = procfs_number(e->d_name);

			at += e->d_reclen;
			if (number < 0)
				continue;
			if (list->n > first && list->pids[list->n - 1] > number)
				in_order = false;
			if (pid_list_add(list, number) < 0)
				return -ENOMEM;
		}
	}
	if (!in_order)
		qsort(list->pids + first, list->n - first, sizeof(pid_t), compare_pids);
	return 0;
}

int procfs_all(struct pid_list *list)
{
	auto_fd int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf scratch = BUF_INIT;

	return fd < 0 ? -errno : procfs_list(fd, list, &scratch);
}

/* Whether /proc/PID/fdinfo/FD says that the descriptor may be written, or read. */
static bool may_use(pid_t pid, const char *fd, bool for_writing)
{
	char path[64];
	char text[256];

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.11s", (int)pid, fd);
	if (read_small(path, text, sizeof(text)) < 0)
		return false;

	const char *flags = strstr(text, "flags:");

	if (!flags)
		return false;

	long mode = strtol(flags + strlen("flags:"), NULL, 8) & O_ACCMODE;

	return mode == O_RDWR || mode == (for_writing ? O_WRONLY : O_RDONLY);
}

bool procfs_holds_pipe(pid_t pid, unsigned long inode, bool for_writing)
{
	char path[32];
	char wanted[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	(void)snprintf(wanted, sizeof(wanted), "pipe:[%lu]", inode);

	__attribute__((cleanup(closedir_p))) DIR *dir = opendir(path);

	if (!dir)
		return false;
	for (struct dirent *e; (e = readdir(dir));) {
		char target[64];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		if (strcmp(target, wanted) == 0 && may_use(pid, e->d_name, for_writing))
			return true;
	}
	return false;
}
