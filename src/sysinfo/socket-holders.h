/*
 * Who has which socket open.
 *
 * A descriptor of a socket is a link "socket:[INODE]" in /proc/PID/fd, and its line in
 * /proc/PID/net has that inode (sockets.h).
 *
 *	struct socket_holders h = {0};
 *	socket_holders_add(&h, proc, "123/fd", 123, &scratch);   for each process
 *	socket_holders_sort(&h);
 *	holder = socket_holders_find(&h, entry->inode, &n);
 *	socket_holders_clear(&h);
 */
#ifndef SYSINFO_SOCKET_HOLDERS_H
#define SYSINFO_SOCKET_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "proc/procfs.h"

struct socket_holder {
	uint64_t inode;
	pid_t pid;
	int fd;
};

struct socket_holders {
	struct socket_holder *list;
	size_t n;
	size_t cap;
	bool denied;	     /* some link could not be read */
	struct pid_list fds; /* scratch */
};

/*
 * Add the sockets among the descriptors that a folder lists; path is relative to dirfd. 0
 * or -errno of the folder: ENOENT and ESRCH are a process that has ended.
 */
int socket_holders_add(struct socket_holders *h, int dirfd, const char *path, pid_t pid,
		       struct buf *scratch);
void socket_holders_sort(struct socket_holders *h);
/* Those of an inode, by pid and descriptor; *ret_n is 0 where there are none. */
const struct socket_holder *socket_holders_find(const struct socket_holders *h,
						uint64_t inode, size_t *ret_n);
void socket_holders_clear(struct socket_holders *h);

#define auto_socket_holders __attribute__((cleanup(socket_holders_clear)))

#endif
