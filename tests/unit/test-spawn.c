#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "proc/spawn.h"
#include "tap.h"

/* What this program says of itself when it is the command: "test-spawn --report FD". */
struct report {
	bool is_open[3];
	ino_t inode[3];
	int others; /* descriptors above 2, save the one it reports through */
	ino_t directory;
	bool leads_group;
	bool leads_session;
	bool usr1_is_blocked;
	bool usr1_is_ignored;
	bool usr2_is_ignored;
	mode_t umask;
	int argc;
};

enum { REPORTED = 7, REPORT_FD = 50 };

static int be_command(int argc)
{
	struct report r = {.argc = argc};
	struct sigaction action;
	struct stat st;
	sigset_t mask;

	for (int fd = 0; fd < 64; fd++) {
		bool is_open = fstat(fd, &st) == 0;

		if (fd < 3) {
			r.is_open[fd] = is_open;
			r.inode[fd] = is_open ? st.st_ino : 0;
		} else if (fd != REPORT_FD) {
			r.others += is_open;
		}
	}
	if (stat(".", &st) == 0)
		r.directory = st.st_ino;
	r.leads_group = getpgrp() == getpid();
	r.leads_session = getsid(0) == getpid();
	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	r.usr1_is_blocked = sigismember(&mask, SIGUSR1) == 1;
	(void)sigaction(SIGUSR1, NULL, &action);
	r.usr1_is_ignored = action.sa_handler == SIG_IGN;
	(void)sigaction(SIGUSR2, NULL, &action);
	r.usr2_is_ignored = action.sa_handler == SIG_IGN;
	r.umask = umask(0);
	return write(REPORT_FD, &r, sizeof(r)) == sizeof(r) ? REPORTED : 8;
}

static char top[] = "/tmp/test-spawn-XXXXXX";
static int top_fd = -1;

static char *const report_argv[] = {(char *)"command", (char *)"--report", NULL};
static char *const envp[] = {(char *)"PATH=/bin:/usr/bin", (char *)"LC_ALL=C", NULL};

/* A spawn of ourselves as the command. */
static struct spawn spawn_of_report(void)
{
	struct spawn s;

	spawn_init(&s);
	s.argv = report_argv;
	s.file = "/proc/self/exe";
	s.envp = envp;
	return s;
}

/* The pipe for the report: its writing end is REPORT_FD, and not close-on-exec. */
static int open_report(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[1], REPORT_FD) < 0)
		exit(2);
	close(ends[1]);
	return ends[0];
}

/* Take the report of the process that has it, and its exit status. */
static bool take_report(int in, pid_t pid, struct report *ret)
{
	int status;

	close(REPORT_FD);
	*ret = (struct report){0};

	bool whole = read(in, ret, sizeof(*ret)) == sizeof(*ret);

	close(in);
	return waitpid(pid, &status, 0) == pid && whole && WIFEXITED(status) &&
	       WEXITSTATUS(status) == REPORTED;
}

static bool run_report(struct spawn *s, struct report *ret)
{
	auto_fd int in = open_report();
	struct spawn_error e = SPAWN_ERROR_INIT;
	pid_t pid = -1;
	int r = spawn_prepare(s, &e);

	if (r == 0)
		r = spawn_start(s, &pid, &e);
	if (r < 0) {
		printf("# step %d, error %d\n", e.step, e.error);
		spawn_error_clear(&e);
		close(REPORT_FD);
		return false;
	}
	return take_report(take_fd(&in), pid, ret);
}

static ino_t inode_of(int fd)
{
	struct stat st = {0};

	(void)fstat(fd, &st);
	return st.st_ino;
}

static bool no_child_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void test_plain(void)
{
	struct spawn s = spawn_of_report();
	struct report r;

	ok(run_report(&s, &r), "plain: it runs");
	ok(r.inode[0] == inode_of(0) && r.inode[1] == inode_of(1) &&
		   r.inode[2] == inode_of(2),
	   "plain: it has our descriptors");
	is_int(r.argc, 2, "plain: its words");
	ok(!r.leads_group && !r.leads_session, "plain: it is in our group");
	ok(!r.usr1_is_blocked && !r.usr1_is_ignored, "plain: its signals");
	ok(no_child_is_left(), "plain: no child is left");
	spawn_clear(&s);
}

static void test_stdio(void)
{
	auto_fd int in = memfd_create("in", MFD_CLOEXEC);
	auto_fd int out = memfd_create("out", MFD_CLOEXEC);
	auto_fd int err = memfd_create("err", MFD_CLOEXEC);
	struct spawn s = spawn_of_report();
	struct report plain;
	struct report r;

	ok(run_report(&s, &plain), "stdio: without any");
	s.stdio[0] = in;
	s.stdio[1] = out;
	s.stdio[2] = err;
	ok(run_report(&s, &r), "stdio: three files");
	ok(r.inode[0] == inode_of(in) && r.inode[1] == inode_of(out) &&
		   r.inode[2] == inode_of(err),
	   "stdio: each is where it belongs");
	is_int(r.others, plain.others, "stdio: and nowhere else");

	s.stdio[2] = SPAWN_SAME_AS_STDOUT;
	ok(run_report(&s, &r) && r.inode[2] == inode_of(out),
	   "stdio: stderr to the new stdout");
	s.stdio[2] = 1;
	ok(run_report(&s, &r) && r.inode[2] == inode_of(out),
	   "stdio: the same, said with a number");
	s.stdio[0] = s.stdio[1] = s.stdio[2] = err;
	ok(run_report(&s, &r) && r.inode[0] == inode_of(err) &&
		   r.inode[1] == inode_of(err) && r.inode[2] == inode_of(err),
	   "stdio: one file three times");

	s.stdio[0] = -1;
	s.stdio[1] = -1;
	s.stdio[2] = SPAWN_SAME_AS_STDOUT;
	ok(run_report(&s, &r) && r.inode[0] == inode_of(0) && r.inode[1] == inode_of(1) &&
		   r.inode[2] == inode_of(1),
	   "stdio: stderr to our own stdout");
	spawn_clear(&s);
}

/* Closed ones are closed for the command too, though we have put something there. */
static void check_closed(int which)
{
	int in = open_report();
	struct report r;
	pid_t pid = fork();

	if (pid == 0) {
		struct spawn s = spawn_of_report();
		struct spawn_error e = SPAWN_ERROR_INIT;
		pid_t command;
		int status;

		for (int fd = 0; fd < 3; fd++)
			if (which & (1 << fd))
				close(fd);
		if (fd_reserve_std() < 0 || spawn_prepare(&s, &e) < 0 ||
		    spawn_start(&s, &command, &e) < 0 ||
		    waitpid(command, &status, 0) != command)
			_exit(1);
		_exit(WEXITSTATUS(status));
	}
	ok(take_report(in, pid, &r), "closed %d: it runs", which);
	for (int fd = 0; fd < 3; fd++)
		ok(r.is_open[fd] == !(which & (1 << fd)) &&
			   (!r.is_open[fd] || r.inode[fd] == inode_of(fd)),
		   "closed %d: descriptor %d", which, fd);
}

static void test_attributes(void)
{
	struct spawn s = spawn_of_report();
	struct report r;
	struct stat st = {0};

	s.flags = SPAWN_NEW_GROUP;
	ok(run_report(&s, &r) && r.leads_group && !r.leads_session, "a group of its own");
	s.flags = SPAWN_NEW_SESSION;
	ok(run_report(&s, &r) && r.leads_group && r.leads_session,
	   "a session of its own");
	s.flags = SPAWN_NEW_GROUP | SPAWN_NEW_SESSION;
	ok(run_report(&s, &r) && r.leads_group && r.leads_session, "both");
	s.flags = 0;

	(void)sigaddset(&s.mask, SIGUSR1);
	ok(run_report(&s, &r) && r.usr1_is_blocked, "a signal blocked");
	(void)sigdelset(&s.mask, SIGUSR1);

	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
	(void)sigaddset(&s.def, SIGUSR2);
	ok(run_report(&s, &r) && r.usr1_is_ignored && !r.usr2_is_ignored,
	   "of the signals ignored only what is named gets its default");
	(void)signal(SIGUSR1, SIG_DFL);
	(void)signal(SIGUSR2, SIG_DFL);

	(void)fstat(top_fd, &st);
	s.dirfd = top_fd;
	ok(run_report(&s, &r) && r.directory == st.st_ino, "another directory");
	spawn_clear(&s);
}

static bool write_program(const char *name, const char *text, size_t len, mode_t mode)
{
	auto_fd int fd =
		openat(top_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd >= 0 && fchmod(fd, mode) == 0 && write(fd, text, len) == (ssize_t)len;
}

/* Start a program in top: 0, or what failed. Its exit status, when it runs. */
static int start_in_top(const char *name, struct spawn_error *e, int *ret_status)
{
	char *const argv[] = {(char *)name, (char *)"a", (char *)"b", NULL};
	struct spawn s;
	pid_t pid;

	spawn_init(&s);
	s.argv = argv;
	s.envp = envp;
	s.dirfd = top_fd;

	int r = spawn_prepare(&s, e);

	if (r == 0)
		r = spawn_start(&s, &pid, e);
	if (r == 0) {
		int status = 0;

		(void)waitpid(pid, &status, 0);
		*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	spawn_clear(&s);
	return r;
}

static void check_failure(const char *name, int error, const char *detail)
{
	struct spawn_error e = SPAWN_ERROR_INIT;
	int status;

	is_int(start_in_top(name, &e, &status), -error, "'%s' fails", name);
	is_int(e.step, SPAWN_STEP_EXEC, "'%s': at its exec", name);
	is_int(e.error, error, "'%s': the error", name);
	is_str(e.detail.len ? e.detail.data : "", detail, "'%s': the detail", name);
	ok(no_child_is_left(), "'%s': no child is left", name);
	spawn_error_clear(&e);
}

static void test_programs(void)
{
	static const char no_such[] = "#!/no/such/interpreter -x\n";
	static const char binary[] = "\177ELF\0\0\0\n";
	static const char text[] = "[ \"$0\" = ./text ] && exit 4$#\n";
	struct spawn_error e = SPAWN_ERROR_INIT;
	int status = -1;

	ok(write_program("no-interpreter", no_such, strlen(no_such), 0755) &&
		   write_program("binary", binary, sizeof(binary), 0755) &&
		   write_program("text", text, strlen(text), 0755) &&
		   write_program("locked", text, strlen(text), 0644),
	   "programs");
	check_failure("no-such-program", ENOENT, "");
	check_failure("./no-such-program", ENOENT, "");
	check_failure("./no-interpreter", ENOENT, "/no/such/interpreter");
	check_failure("./binary", ENOEXEC, "");
	check_failure("./locked", EACCES, "");
	check_failure("./locked/x", ENOTDIR, "");
	check_failure(".", EACCES, "");
	check_failure("", ENOENT, "");
	ok(start_in_top("./text", &e, &status) == 0 && status == 42,
	   "a text without #! is for sh, with all its words");
	is_int(e.error, 0, "what failed on the way is forgotten");
	spawn_error_clear(&e);
}

/* The file was there when it was looked for, and is not when it is to run. */
static void test_vanished(void)
{
	char *const argv[] = {(char *)"./vanishing", NULL};
	struct spawn_error e = SPAWN_ERROR_INIT;
	struct spawn s;
	pid_t pid = -7;

	(void)write_program("vanishing", "#!/bin/sh\n", 10, 0755);
	spawn_init(&s);
	s.argv = argv;
	s.envp = envp;
	s.dirfd = top_fd;
	is_int(spawn_prepare(&s, &e), 0, "vanished: found");
	(void)unlinkat(top_fd, "vanishing", 0);
	is_int(spawn_start(&s, &pid, &e), -ENOENT, "vanished: not started");
	ok(e.step == SPAWN_STEP_EXEC && e.error == ENOENT && e.detail.len == 0,
	   "vanished: its exec failed");
	ok(no_child_is_left(), "vanished: no child is left");
	spawn_error_clear(&e);
	spawn_clear(&s);
}

/* No descriptor is left for the pipe on which failures are told. */
static void test_no_descriptor(void)
{
	struct spawn s = spawn_of_report();
	struct spawn_error e = SPAWN_ERROR_INIT;
	struct rlimit old;
	struct rlimit none;
	pid_t pid = -7;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)fd_close(lowest);
	(void)getrlimit(RLIMIT_NOFILE, &old);
	s.flags = SPAWN_UMASK;
	is_int(spawn_prepare(&s, &e), 0, "no descriptor: found");
	/* Room for one end of it is not enough either. */
	for (int room = 0; room < 2; room++) {
		none = old;
		none.rlim_cur = (rlim_t)lowest + (rlim_t)room;
		(void)setrlimit(RLIMIT_NOFILE, &none);

		int r = spawn_start(&s, &pid, &e);

		(void)setrlimit(RLIMIT_NOFILE, &old);
		is_int(r, -EMFILE, "no descriptor: room for %d, not started", room);
		is_int(e.step, SPAWN_STEP_PIPE, "no descriptor: it was the pipe");
		is_int(e.error, EMFILE, "no descriptor: the error");
	}

	int again = open("/dev/null", O_RDONLY | O_CLOEXEC);

	is_int(again, lowest, "no descriptor: none is left open");
	(void)fd_close(again);
	ok(no_child_is_left(), "no descriptor: no child is left");
	spawn_error_clear(&e);
	spawn_clear(&s);
}

/* Become the command, in a child of ours. */
static void test_exec(void)
{
	auto_fd int out = memfd_create("out", MFD_CLOEXEC);
	int in = open_report();
	struct report r;
	pid_t pid = fork();

	if (pid == 0) {
		struct spawn s = spawn_of_report();
		struct spawn_error e = SPAWN_ERROR_INIT;

		s.stdio[1] = out;
		s.stdio[2] = SPAWN_SAME_AS_STDOUT;
		s.flags = SPAWN_UMASK;
		s.umask = 0123;
		s.dirfd = top_fd;
		(void)sigaddset(&s.mask, SIGUSR1);
		(void)sigaddset(&s.ignore, SIGUSR2);
		if (spawn_prepare(&s, &e) == 0)
			(void)spawn_exec(&s, &e);
		_exit(1);
	}
	ok(take_report(in, pid, &r), "exec: it runs");
	ok(r.inode[0] == inode_of(0) && r.inode[1] == inode_of(out) &&
		   r.inode[2] == inode_of(out),
	   "exec: its descriptors");
	is_int(r.umask, 0123, "exec: its umask");
	ok(r.usr1_is_blocked && r.usr2_is_ignored && !r.usr1_is_ignored,
	   "exec: its signals");
	ok(r.directory == inode_of(top_fd), "exec: its directory");
}

/* A failure leaves stdin, stdout and stderr as they were. */
static void test_exec_fails(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		auto_fd int out = memfd_create("out", MFD_CLOEXEC);
		char *const argv[] = {(char *)"./no-interpreter", NULL};
		struct spawn_error e = SPAWN_ERROR_INIT;
		const ino_t before[] = {inode_of(0), inode_of(1), inode_of(2)};
		struct spawn s;

		spawn_init(&s);
		s.argv = argv;
		s.envp = envp;
		s.dirfd = top_fd;
		s.stdio[0] = s.stdio[1] = s.stdio[2] = out;
		if (spawn_prepare(&s, &e) < 0 || spawn_exec(&s, &e) != -ENOENT)
			_exit(1);
		if (e.step != SPAWN_STEP_EXEC ||
		    strcmp(e.detail.data, "/no/such/interpreter") != 0)
			_exit(2);
		for (int fd = 0; fd < 3; fd++)
			if (inode_of(fd) != before[fd])
				_exit(3);
		_exit(0);
	}
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "exec fails: it ends");
	is_int(WEXITSTATUS(status), 0, "exec fails: with its error, and all as before");
}

static void remove_files(void)
{
	static const char *const names[] = {"no-interpreter", "binary", "text", "locked"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(top_fd, names[i], 0);
	top_fd = fd_close(top_fd);
	is_int(rmdir(top), 0, "nothing is left of our files");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--report") == 0)
		_exit(be_command(argc));
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(top))
		return 2;
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	test_plain();
	test_stdio();
	for (int which = 0; which < 8; which++)
		check_closed(which);
	test_attributes();
	test_programs();
	test_vanished();
	test_no_descriptor();
	test_exec();
	test_exec_fails();
	remove_files();
	return tap_done();
}
