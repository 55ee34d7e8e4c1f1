#include "config.h"

#include "external.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "proc/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Find a program in a colon list of folders, as program_find() does along PATH: 0 and its
 * path, -ENOENT, -ENOMEM, or -EACCES for a file that is there and may not be run.
 */
static int find_in(const char *folders, const char *program, struct buf *ret_path)
{
	int found = -ENOENT;

	for (const char *p = folders; *p; p += strspn(p, ":")) {
		auto_buf struct buf path = BUF_INIT;
		size_t len = strcspn(p, ":");

		if (buf_add(&path, p, len) < 0 ||
		    buf_add_format(&path, "/%s", program) < 0)
			return -ENOMEM;
		p += len;

		int r = len > 0 ? program_find(path.data, environ, AT_FDCWD, ret_path)
				: -ENOENT;

		if (r == 0 || r == -ENOMEM)
			return r;
		if (r == -EACCES && access(path.data, F_OK) == 0)
			found = -EACCES;
	}
	return found;
}

/* Where our own executable is: that is where a build tree has the others. */
static bool folder_of_us(char ret_folder[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret_folder, PATH_MAX - 1);

	if (n <= 0)
		return false;
	ret_folder[n] = '\0';

	char *slash = strrchr(ret_folder, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static int find_external(const char *program, struct buf *ret_path)
{
	const char *folders = getenv("PROCKIT_EXEC_PATH");
	char self[PATH_MAX];
	int first = find_in(folders ? folders : PROCKIT_LIBEXECDIR, program, ret_path);

	/* A list cannot spell a folder with a colon. */
	if (first == -ENOENT && folder_of_us(self) && !strchr(self, ':'))
		first = find_in(self, program, ret_path);
	if (first == 0 || first == -ENOMEM)
		return first;

	int r = program_find(program, environ, AT_FDCWD, ret_path);

	return r == 0 || r == -ENOMEM || r == -EACCES ? r : first;
}

/* Have sh run a text without #!, as execvp(3) does. */
static int exec_by_shell(const char *path, char **words)
{
	size_t n = 0;

	while (words[n])
		n++;

	auto_free char **argv = calloc(n + 2, sizeof(*argv));

	if (!argv)
		return -ENOMEM;
	argv[0] = (char *)"sh";
	argv[1] = (char *)path;
	memcpy(argv + 2, words + 1, n * sizeof(*argv));
	(void)execv("/bin/sh", argv);
	return -errno;
}

static int exec_program(const char *path, const char *program, char **words)
{
	char *name = words[0];

	words[0] = (char *)program;
	(void)execv(path, words);

	int r = -errno;

	words[0] = name;
	return r;
}

/* Why the program, which was found, did not become us; an exit status. */
static int report_failure(const char *program, const char *path, int error)
{
	auto_buf struct buf interpreter = BUF_INIT;

	if (error == -ENOENT && program_inspect(path, AT_FDCWD, &interpreter) ==
					PROGRAM_INTERPRETER_MISSING) {
		message("%s: interpreter not found: %s", program, interpreter.data);
		return EXIT_NOT_FOUND;
	}
	message("%s: cannot run: %s", program, error_text(-error));
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int external_run(char **words)
{
	auto_buf struct buf program = BUF_INIT;
	auto_buf struct buf path = BUF_INIT;
	auto_buf struct buf unused = BUF_INIT;

	if (words[0][0] == '\0' || words[0][0] == '-' || strchr(words[0], '/'))
		return 0;
	if (buf_add_format(&program, "prockit-%s", words[0]) < 0) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}

	int r = find_external(program.data, &path);

	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
	if (r < 0)
		return report_failure(program.data, "", r);

	r = exec_program(path.data, program.data, words);
	if (r == -ENOEXEC &&
	    program_inspect(path.data, AT_FDCWD, &unused) == PROGRAM_TEXT)
		r = exec_by_shell(path.data, words);
	return report_failure(program.data, path.data, r);
}

/*
 * Become folder/prockit-NAME. Comes back with -ENOENT where there is none, or another
 * -errno. No look before the leap, and no allocation: this is the way of every sysinfo
 * and ps.
 */
static int try_helper(const char *folder, size_t len, char **words)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s/prockit-%s", (int)len, folder,
			 words[0]);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENOENT;
	return exec_program(path, strrchr(path, '/') + 1, words);
}

int external_run_helper(char **words)
{
	const char *folders = getenv("PROCKIT_EXEC_PATH");
	char self[PATH_MAX];
	int r = -ENOENT;

	if (!folders)
		folders = PROCKIT_LIBEXECDIR;
	for (const char *p = folders; *p && r == -ENOENT; p += strspn(p, ":")) {
		size_t len = strcspn(p, ":");

		if (len > 0)
			r = try_helper(p, len, words);
		p += len;
	}
	if (r == -ENOENT && folder_of_us(self))
		r = try_helper(self, strlen(self), words);
	if (r != -ENOENT) {
		message("%s: cannot run prockit-%s: %s", words[0], words[0],
			error_text(-r));
		return EXIT_CANNOT_RUN;
	}
	message("%s: the program prockit-%s is not in %s", words[0], words[0], folders);
	return EXIT_OWN_FAILURE;
}
