#include "config.h"

#include "base/fd.h"

#include "base/cleanup.h"
#include "base/out.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool std_was_closed[3];

/* One call tells of all three, unless RLIMIT_NOFILE is below that. */
static void find_closed(void)
{
	struct pollfd fds[3] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
	bool asked = poll(fds, 3, 0) >= 0;

	for (int fd = 0; fd < 3; fd++)
		std_was_closed[fd] = asked ? (fds[fd].revents & POLLNVAL) != 0
					   : fcntl(fd, F_GETFD) < 0;
}

int fd_reserve_std(void)
{
	find_closed();
	for (int fd = 0; fd < 3; fd++) {
		if (!std_was_closed[fd])
			continue;
		/* The lowest free number is fd, because those below it are open by now.
		 */
		if (open("/", O_PATH | O_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

bool fd_std_was_closed(int fd)
{
	return fd >= 0 && fd < 3 && std_was_closed[fd];
}

int fd_set_nonblock(int fd)
{
	int on = 1;

	/* One call, where fcntl(2) needs two. */
	return ioctl(fd, FIONBIO, &on) < 0 ? -errno : 0;
}

/* Not every file system knows O_TMPFILE: then a name, unlinked at once. */
static int open_temporary_in(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : -errno;

	auto_free char *name = NULL;

	if (asprintf(&name, "%s/prockit-XXXXXX", dir) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(name);
	return fd;
}

int fd_open_temporary(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = -ENOENT;

	if (dir && *dir)
		fd = open_temporary_in(dir);
	if (fd < 0)
		fd = open_temporary_in("/tmp");
	if (fd < 0) {
		fd = memfd_create("prockit", MFD_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	return fd;
}

int fd_open_memory(const char *data, unsigned long len)
{
	auto_fd int fd = memfd_create("prockit-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		fd = fd_open_temporary();
		if (fd < 0) {
			int r = fd;

			fd = -1;
			return r;
		}
	}

	int r = fd_write_all(fd, data, len);

	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	/* A file on disk cannot be sealed; nobody else has a name for it anyway. */
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	return take_fd(&fd);
}
