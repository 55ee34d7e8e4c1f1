#include "config.h"

#include "proc/program.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What confstr(_CS_PATH) says on Linux, and execvp(3) uses where PATH is unset. */
#define DEFAULT_PATH "/bin:/usr/bin"

static const char *path_of(char *const *envp)
{
	for (; *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return DEFAULT_PATH;
}

/* Whether the file could be executed: 0 or -errno. A folder is EACCES, as execve(2) has
 * it. */
static int check_file(const char *path, int dirfd)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, 0) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (faccessat(dirfd, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	return 0;
}

/* One candidate along PATH; an empty entry is the current directory. */
static int try_entry(const char *dir, size_t dir_len, const char *name, int dirfd,
		     struct buf *candidate)
{
	int r = 0;

	candidate->len = 0;
	if (dir_len > 0) {
		r = buf_add(candidate, dir, dir_len);
		if (r == 0)
			r = buf_add_char(candidate, '/');
	}
	if (r == 0)
		r = buf_add_string(candidate, name);
	return r < 0 ? r : check_file(candidate->data, dirfd);
}

int program_find(const char *name, char *const *envp, int dirfd, struct buf *ret_path)
{
	if (!*name)
		return -ENOENT;

	auto_buf struct buf candidate = BUF_INIT;
	int found = -ENOENT;

	if (strchr(name, '/')) {
		int r = buf_add_string(&candidate, name);

		found = r < 0 ? r : check_file(name, dirfd);
		/* Only execve(2) knows all of its own reasons: let it speak, save for
		 * what it hides. */
		if (found < 0)
			return found;
	} else {
		const char *dir = path_of(envp);

		for (;;) {
			size_t len = strcspn(dir, ":");
			int r = try_entry(dir, len, name, dirfd, &candidate);

			if (r == 0 || r == -ENOMEM) {
				found = r;
				break;
			}
			if (r != -ENOENT && r != -ENOTDIR && found == -ENOENT)
				found = r;
			if (!dir[len])
				break;
			dir += len + 1;
		}
	}
	if (found < 0)
		return found;
	buf_clear(ret_path);
	*ret_path = candidate;
	candidate = BUF_INIT;
	return 0;
}

enum program_kind program_inspect(const char *path, int dirfd,
				  struct buf *ret_interpreter)
{
	auto_fd int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char head[256]; /* the kernel itself looks at no more of it (BINPRM_BUF_SIZE) */

	if (fd < 0)
		return PROGRAM_OTHER;

	ssize_t n = read(fd, head, sizeof(head) - 1);

	if (n < 0)
		return PROGRAM_OTHER;
	head[n] = '\0';
	if (n < 2 || head[0] != '#' || head[1] != '!') {
		/* The test of bash and dash: a NUL in the first line means binary. */
		char *end = memchr(head, '\n', (size_t)n);
		size_t line = end ? (size_t)(end - head) : (size_t)n;

		return memchr(head, '\0', line) ? PROGRAM_BINARY : PROGRAM_TEXT;
	}

	char *interpreter = head + 2 + strspn(head + 2, " \t");

	interpreter[strcspn(interpreter, " \t\n")] = '\0';

	struct stat st;

	if (!*interpreter || fstatat(dirfd, interpreter, &st, 0) == 0)
		return PROGRAM_OTHER;
	return buf_add_string(ret_interpreter, interpreter) < 0
		       ? PROGRAM_OTHER
		       : PROGRAM_INTERPRETER_MISSING;
}
