/*
 * Scope clean-up: what is declared auto_* is given back when its scope ends.
 *
 * Declare with an initialiser (auto_fd int fd = -1; auto_free char *s = NULL;), and hand
 * over with take_fd() or take_ptr(), which leave the "nothing here" value behind.
 * Clean-up keeps errno, but rely on return values (-errno), never on errno after a scope
 * has ended.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Close a file descriptor unless it is negative; errno is kept. Always returns -1. */
static inline int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return -1;
}

static inline void cleanup_fd(int *fd)
{
	*fd = fd_close(*fd);
}

#define auto_free __attribute__((cleanup(cleanup_free)))
#define auto_fd	  __attribute__((cleanup(cleanup_fd)))

/* Hand a descriptor over: its value, and -1 is left behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Hand a pointer over: its value, and NULL is left behind. */
#define take_ptr(p)                  \
	({                           \
		typeof(p) taken = p; \
		p = NULL;            \
		taken;               \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
