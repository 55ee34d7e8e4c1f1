#include "config.h"

#include "proc/handle.h"

#include "base/cleanup.h"
#include "proc/pidfd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int handle_format(pid_t pid, int pidfd, char ret_text[HANDLE_SIZE])
{
	uint64_t inode;

	if (pidfd >= 0 && pidfd_inode(pidfd, &inode) == 0) {
		(void)snprintf(ret_text, HANDLE_SIZE, "%d:%" PRIu64, (int)pid, inode);
		return 0;
	}

	struct procfs_stat st;
	int r = procfs_stat(pid, &st);

	if (r < 0)
		return r;
	(void)snprintf(ret_text, HANDLE_SIZE, "%d@%llu", (int)pid, st.start);
	return 0;
}

/* A run of decimal digits that begins with none of 0, and not above max: the rest of the
 * text, or NULL. */
static const char *parse_digits(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (value > (max - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if (p == text || *text == '0')
		return NULL;
	*ret = value;
	return p;
}

int handle_parse(const char *text, struct handle *ret)
{
	uint64_t pid;
	uint64_t second = 0;
	const char *rest = parse_digits(text, INT32_MAX, &pid);

	if (!rest)
		return -EINVAL;

	char kind = *rest;

	if (kind == ':' || kind == '@') {
		rest = parse_digits(rest + 1, UINT64_MAX, &second);
		if (!rest)
			return -EINVAL;
	}
	if (*rest)
		return -EINVAL;
	*ret = (struct handle){
		.pid = (pid_t)pid,
		.inode = kind == ':' ? second : 0,
		.start = kind == '@' ? second : 0,
	};
	return 0;
}

int handle_open(const struct handle *h)
{
	auto_fd int fd = pidfd_for(h->pid);

	if (fd < 0)
		return fd;
	/* Compare only now: what the pidfd names cannot change any more. */
	if (h->inode) {
		uint64_t inode;
		int r = pidfd_inode(fd, &inode);

		if (r < 0)
			return r;
		if (inode != h->inode)
			return -ESRCH;
	}
	if (h->start) {
		struct procfs_stat st;
		int r = procfs_stat(h->pid, &st);

		if (r < 0)
			return r;
		if (st.start != h->start)
			return -ESRCH;
	}
	return take_fd(&fd);
}
