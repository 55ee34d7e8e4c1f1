#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/program.h"
#include "tap.h"

static char top[] = "/tmp/test-program-XXXXXX";
static int top_fd = -1;

/* The files, all below top; a mode without S_IFMT is a regular file's. */
static const struct {
	const char *path;
	mode_t mode;
	const char *text;
	size_t len;
} files[] = {
	{"one", S_IFDIR | 0755, NULL, 0},
	{"two", S_IFDIR | 0755, NULL, 0},
	{"one/both", 0755, "#!/bin/sh\n", 10},
	{"two/both", 0755, "#!/bin/sh\n", 10},
	{"two/only", 0755, "#!/bin/sh\n", 10},
	{"one/locked", 0644, "#!/bin/sh\n", 10},
	{"two/locked", 0755, "#!/bin/sh\n", 10},
	{"one/shut", 0644, "#!/bin/sh\n", 10},
	{"one/folder", S_IFDIR | 0755, NULL, 0},
	{"here", 0755, "#!/bin/sh\n", 10},
	{"empty", 0755, "", 0},
	{"text", 0755, "echo hello\n", 11},
	{"text-then-nul", 0755, "echo hello\n\0\0", 13},
	{"short", 0755, "#", 1},
	{"binary", 0755, "\177ELF\0\0\0\n", 8},
	{"nul-in-line", 0755, "echo\0\n", 6},
	{"no-newline", 0755, "true", 4},
	{"good", 0755, "#!/bin/sh\n", 10},
	{"good-arg", 0755, "#! \t/bin/sh -e\n", 15},
	{"missing", 0755, "#!/no/such/sh\n", 14},
	{"missing-arg", 0755, "#!  /no/such/sh  -x y\n", 22},
	{"missing-return", 0755, "#!/bin/sh\r\n", 11},
	{"missing-end", 0755, "#!/no/such/sh", 13},
	{"relative", 0755, "#!one/both\n", 11},
	{"relative-missing", 0755, "#!one/none\n", 11},
	{"none", 0755, "#!\n", 3},
};

static bool make_files(void)
{
	if (!mkdtemp(top))
		return false;
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (S_ISDIR(files[i].mode)) {
			if (mkdirat(top_fd, files[i].path, 0755) < 0)
				return false;
			continue;
		}

		auto_fd int fd = openat(top_fd, files[i].path,
					O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || fchmod(fd, files[i].mode) < 0 ||
		    write(fd, files[i].text, files[i].len) != (ssize_t)files[i].len)
			return false;
	}
	return true;
}

static void remove_files(void)
{
	for (size_t i = ARRAY_SIZE(files); i-- > 0;)
		(void)unlinkat(top_fd, files[i].path,
			       S_ISDIR(files[i].mode) ? AT_REMOVEDIR : 0);
	top_fd = fd_close(top_fd);
	is_int(rmdir(top), 0, "nothing is left of our files");
}

/* '%' in a PATH stands for top. */
static const struct {
	const char *path;
	const char *name;
	int r;
	const char *found;
} searches[] = {
	{"PATH=%/one:%/two", "both", 0, "%/one/both"},
	{"PATH=%/two:%/one", "both", 0, "%/two/both"},
	{"PATH=%/one:%/two", "only", 0, "%/two/only"},
	{"PATH=%/one:%/two", "nothing", -ENOENT, NULL},
	{"PATH=%/none:%/here:%/two", "only", 0, "%/two/only"},
	{"PATH=%/here", "only", -ENOENT, NULL},
	/* What may not be executed is passed over, but not forgotten. */
	{"PATH=%/one:%/two", "locked", 0, "%/two/locked"},
	{"PATH=%/one:%/two", "shut", -EACCES, NULL},
	{"PATH=%/two:%/one", "shut", -EACCES, NULL},
	{"PATH=%/one:%/two", "folder", -EACCES, NULL},
	/* Relative entries are taken from the directory it starts in. */
	{"PATH=one:two", "only", 0, "two/only"},
	{"PATH=none:./one/:two", "both", 0, "./one//both"},
	{"PATH=one/../two", "only", 0, "one/../two/only"},
	/* An empty entry is that directory, wherever it stands. */
	{"PATH=", "here", 0, "here"},
	{"PATH=:%/one", "here", 0, "here"},
	{"PATH=%/one:", "here", 0, "here"},
	{"PATH=%/one::%/two", "here", 0, "here"},
	{"PATH=%/one::%/two", "both", 0, "%/one/both"},
	{"PATH=%/one", "here", -ENOENT, NULL},
	{"PATH=.", "here", 0, "./here"},
	/* Without a PATH, and with names that only look like it. */
	{"NOPATH=%/one", "sh", 0, "/bin/sh"},
	{"PATHS=%/one", "only", -ENOENT, NULL},
	{"PATH=%/one", "sh", -ENOENT, NULL},
	/* A slash: there is no search. */
	{"PATH=%/one", "two/only", 0, "two/only"},
	{"PATH=%/one", "./here", 0, "./here"},
	{"PATH=%/one", "./both", -ENOENT, NULL},
	{"PATH=%", "one/shut", -EACCES, NULL},
	{"PATH=%", "one/folder", -EACCES, NULL},
	{"PATH=%", "./one", -EACCES, NULL},
	{"PATH=%", "here/x", -ENOTDIR, NULL},
	{"PATH=%/one", "", -ENOENT, NULL},
	{"PATH=", "", -ENOENT, NULL},
};

static char *with_top(const char *text)
{
	struct buf b = BUF_INIT;

	for (; *text; text++)
		if (*text == '%')
			(void)buf_add_string(&b, top);
		else
			(void)buf_add_char(&b, *text);
	return b.data;
}

static void check_searches(int dirfd, const char *where)
{
	for (size_t i = 0; i < ARRAY_SIZE(searches); i++) {
		auto_free char *path = with_top(searches[i].path);
		auto_free char *found = searches[i].found ? with_top(searches[i].found)
							  : NULL;
		char *const envp[] = {(char *)"HOME=/", path, NULL};
		auto_buf struct buf is = BUF_INIT;

		(void)buf_add_string(&is, "as before");

		int r = program_find(searches[i].name, envp, dirfd, &is);

		is_int(r, searches[i].r, "%s: '%s' with %s", where, searches[i].name,
		       searches[i].path);
		is_str(is.data, found ? found : "as before", "%s: its path", where);
	}
}

static void test_find(void)
{
	auto_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *const no_path[] = {NULL};
	auto_buf struct buf path = BUF_INIT;

	check_searches(top_fd, "below a directory");
	/* The same from the directory itself; and what dirfd does is not by chance. */
	ok(before >= 0 && program_find("./here", no_path, AT_FDCWD, &path) == -ENOENT,
	   "our own directory has no such file");
	if (ok(fchdir(top_fd) == 0, "in the directory"))
		check_searches(AT_FDCWD, "in the directory");
	ok(fchdir(before) == 0, "back again");
	ok(program_find("sh", no_path, AT_FDCWD, &path) == 0 &&
		   strcmp(path.data, "/bin/sh") == 0,
	   "no environment at all");
}

static const struct {
	const char *path;
	enum program_kind kind;
	const char *interpreter;
} kinds[] = {
	{"empty", PROGRAM_TEXT, NULL},
	{"text", PROGRAM_TEXT, NULL},
	{"text-then-nul", PROGRAM_TEXT, NULL},
	{"short", PROGRAM_TEXT, NULL},
	{"no-newline", PROGRAM_TEXT, NULL},
	{"binary", PROGRAM_BINARY, NULL},
	{"nul-in-line", PROGRAM_BINARY, NULL},
	{"good", PROGRAM_OTHER, NULL},
	{"good-arg", PROGRAM_OTHER, NULL},
	{"missing", PROGRAM_INTERPRETER_MISSING, "/no/such/sh"},
	{"missing-arg", PROGRAM_INTERPRETER_MISSING, "/no/such/sh"},
	{"missing-return", PROGRAM_INTERPRETER_MISSING, "/bin/sh\r"},
	{"missing-end", PROGRAM_INTERPRETER_MISSING, "/no/such/sh"},
	{"relative", PROGRAM_OTHER, NULL},
	{"relative-missing", PROGRAM_INTERPRETER_MISSING, "one/none"},
	{"none", PROGRAM_OTHER, NULL},
	{"one", PROGRAM_OTHER, NULL},
	{"not-there", PROGRAM_OTHER, NULL},
};

static void test_inspect(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		auto_buf struct buf interpreter = BUF_INIT;

		is_int(program_inspect(kinds[i].path, top_fd, &interpreter),
		       kinds[i].kind, "what '%s' is", kinds[i].path);
		is_str(interpreter.data, kinds[i].interpreter,
		       "'%s': its missing interpreter", kinds[i].path);
	}
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (ok(make_files(), "files to look at")) {
		test_find();
		test_inspect();
	}
	remove_files();
	return tap_done();
}
