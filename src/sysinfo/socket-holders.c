#include "config.h"

#include "sysinfo/socket-holders.h"

#include "base/cleanup.h"
#include "sysinfo/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_holder(struct socket_holders *h, const struct socket_holder *holder)
{
	if (h->n == h->cap) {
		size_t cap = h->cap > 0 ? h->cap * 2 : 64;
		struct socket_holder *list = reallocarray(h->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		h->list = list;
		h->cap = cap;
	}
	h->list[h->n++] = *holder;
	return 0;
}

/* Whether the link of a descriptor is "socket:[12345]". */
static bool read_link(struct socket_holders *h, int dirfd, struct socket_holder *holder)
{
	static const char prefix[] = "socket:[";
	char name[16];
	char link[64];

	(void)snprintf(name, sizeof(name), "%d", holder->fd);

	ssize_t n = readlinkat(dirfd, name, link, sizeof(link) - 1);

	if (n < 0) {
		h->denied |= errno == EACCES || errno == EPERM;
		return false;
	}
	link[n] = '\0';

	const char *number = link + strlen(prefix);

	return strncmp(link, prefix, strlen(prefix)) == 0 &&
	       text_uint(&number, &holder->inode) && *number == ']';
}

int socket_holders_add(struct socket_holders *h, int dirfd, const char *path, pid_t pid,
		       struct buf *scratch)
{
	struct socket_holder holder = {.pid = pid};
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	h->fds.n = 0;

	int r = procfs_list(fd, &h->fds, scratch);

	for (size_t i = 0; r == 0 && i < h->fds.n; i++) {
		holder.fd = h->fds.pids[i];
		if (read_link(h, fd, &holder))
			r = add_holder(h, &holder);
	}
	return r;
}

static int compare_holders(const void *a, const void *b)
{
	const struct socket_holder *x = a;
	const struct socket_holder *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

void socket_holders_sort(struct socket_holders *h)
{
	if (h->n > 0)
		qsort(h->list, h->n, sizeof(*h->list), compare_holders);
}

const struct socket_holder *socket_holders_find(const struct socket_holders *h,
						uint64_t inode, size_t *ret_n)
{
	size_t low = 0;
	size_t high = h->n;
	size_t n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (h->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < h->n && h->list[low + n].inode == inode)
		n++;
	*ret_n = n;
	return n > 0 ? &h->list[low] : NULL;
}

void socket_holders_clear(struct socket_holders *h)
{
	free(h->list);
	free(h->fds.pids);
	*h = (struct socket_holders){0};
}
