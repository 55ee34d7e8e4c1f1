#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "proc/jobserver.h"
#include "tap.h"

/* MAKEFLAGS that names two descriptors. */
static const char *flags_for(int in, int out)
{
	static char flags[128];

	snprintf(flags, sizeof(flags), " -j3 --jobserver-auth=%d,%d", in, out);
	return flags;
}

static int join(struct jobserver *js, const char *flags)
{
	*js = JOBSERVER_INIT;
	return jobserver_join(js, flags);
}

/* What joining says, where it should fail. */
static int join_fails(const char *flags)
{
	struct jobserver js;
	int r = join(&js, flags);

	if (r == 0 || js.in != -1) {
		jobserver_clear(&js);
		return 1;
	}
	return r;
}

static void open_pipe(int fds[2], const char *tokens)
{
	size_t n = strlen(tokens);

	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], tokens, n) != (ssize_t)n)
		exit(2);
}

static void close_pipe(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int count_tokens(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) < 0 ? -1 : n;
}

static void test_none(void)
{
	static const char *const none[] = {
		"",
		" -j",
		" -j1",
		"-j4",
		"ks",
		" -- A=b",
		" -- --jobserver-auth=0,1",
		"A=b\\ --jobserver-auth=0,1",
		"--jobserver-auth",
		"x--jobserver-auth=0,1",
	};

	is_int(join_fails(NULL), -ENOENT, "no MAKEFLAGS");
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		is_int(join_fails(none[i]), -ENOENT, "none in \"%s\"", none[i]);
}

static void test_pipe(void)
{
	struct jobserver js;
	char token = 0;
	char byte = 0;
	int fds[2];

	open_pipe(fds, "ab");
	is_int(join(&js, flags_for(fds[0], fds[1])), 0, "a pipe");
	is_int(jobserver_take(&js, &token), 1, "a token");
	is_int(token, 'a', "is the byte that was there");
	is_int(jobserver_take(&js, &token), 1, "another");
	is_int(token, 'b', "is the next");
	token = 'x';
	is_int(jobserver_take(&js, &token), 0, "and then there is none, without waiting");
	is_int(token, 'x', "and no byte");
	is_int(js.held, 2, "two are held");
	ok(!(fcntl(fds[0], F_GETFL) & O_NONBLOCK) &&
		   !(fcntl(fds[1], F_GETFL) & O_NONBLOCK),
	   "what is shared with make still waits");
	ok(fcntl(js.in, F_GETFD) == FD_CLOEXEC && fcntl(js.out, F_GETFD) == FD_CLOEXEC,
	   "our own descriptors end at exec");
	is_int(jobserver_give(&js, 'b'), 0, "one is given back");
	is_int(js.held, 1, "one is held");
	ok(read(fds[0], &byte, 1) == 1 && byte == 'b', "make gets the same byte");
	is_int(jobserver_give(&js, 'a'), 0, "the other is given back");
	jobserver_clear(&js);
	is_int(js.in, -1, "closed");
	is_int(count_tokens(fds[0]), 1, "and the token is there");
	close_pipe(fds);
}

static void test_words(void)
{
	struct jobserver js;
	char flags[256];
	int fds[2];

	open_pipe(fds, "");
	snprintf(flags, sizeof(flags),
		 "ks -j3 --jobserver-auth=junk --jobserver-fds=%d,%d", fds[0], fds[1]);
	is_int(join(&js, flags), 0, "the last word wins, the old one");
	jobserver_clear(&js);
	snprintf(flags, sizeof(flags), "--jobserver-fds=%d,%d -j", fds[0], fds[1]);
	is_int(join(&js, flags), 0, "old versions leave -j behind it");
	jobserver_clear(&js);
	snprintf(flags, sizeof(flags), " --jobserver-fds=%d,%d --jobserver-auth=junk",
		 fds[0], fds[1]);
	is_int(join_fails(flags), -EINVAL, "the last word wins where it is no good, too");
	snprintf(flags, sizeof(flags), " -j3 --jobserver-auth=%d,%d -- A=b\\ c", fds[0],
		 fds[1]);
	is_int(join(&js, flags), 0, "with variables behind it");
	jobserver_clear(&js);
	is_int(join_fails("--jobserver-auth="), -EINVAL, "nothing");
	is_int(join_fails("--jobserver-auth=3"), -EINVAL, "one number");
	is_int(join_fails("--jobserver-auth=3,4,5"), -EINVAL, "three numbers");
	is_int(join_fails("--jobserver-auth=sem:x"), -EINVAL, "another system's");
	close_pipe(fds);
}

static void test_bad_descriptors(void)
{
	int a[2];
	int b[2];

	open_pipe(a, "");
	open_pipe(b, "");

	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", a[0]);

	int path_only = open(path, O_PATH | O_CLOEXEC);

	is_int(join_fails(flags_for(-2, -2)), -EBADF, "-2,-2, make's word for none");
	is_int(join_fails(flags_for(1000000, 1000001)), -EBADF, "closed descriptors");
	is_int(join_fails("--jobserver-auth=4294967299,4294967300"), -EBADF,
	       "numbers too large for descriptors");
	is_int(join_fails(flags_for(a[1], a[0])), -EBADF, "the wrong way round");
	is_int(join_fails(flags_for(a[0], a[0])), -EBADF, "nowhere to write");
	is_int(join_fails(flags_for(a[1], a[1])), -EBADF, "nowhere to read");
	is_int(join_fails(flags_for(null, null)), -EBADF, "no pipe");
	is_int(join_fails(flags_for(a[0], b[1])), -EBADF, "two pipes");
	is_int(join_fails(flags_for(path_only, a[1])), -EBADF, "a mere place");
	close(null);
	close(path_only);
	close_pipe(a);
	close_pipe(b);
}

/* As where make runs as another user: the exit status is an errno. */
static int join_denied(int fds[2])
{
	if (fchmod(fds[0], 0) < 0 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0))
		return 0;
	return -join_fails(flags_for(fds[0], fds[1]));
}

static void test_denied(void)
{
	int fds[2];
	int status = 0;

	open_pipe(fds, "a");

	pid_t pid = fork();

	if (pid == 0)
		_exit(join_denied(fds));
	ok(pid > 0 && waitpid(pid, &status, 0) == pid, "a child");
	is_int(WEXITSTATUS(status), ENOTSUP, "a pipe that cannot be opened anew");
	is_int(count_tokens(fds[0]), 1, "keeps its token");
	close_pipe(fds);
}

static void test_fifo(void)
{
	static const char flags[] = " -j3 --jobserver-auth=fifo:my\\ $$fi\\\\fo";
	struct jobserver js;
	char token = 0;

	is_int(join_fails(flags), -ENXIO, "a FIFO that is gone");
	fixture_put("my $fi\\fo", "++");
	is_int(join_fails(flags), -EBADF, "no FIFO but a file");
	unlink("my $fi\\fo");
	is_int(join_fails("--jobserver-auth=fifo:."), -EBADF, "no FIFO but a folder");
	if (mkfifo("my $fi\\fo", 0600) < 0)
		exit(2);

	int make = open("my $fi\\fo", O_RDWR | O_CLOEXEC);

	if (make < 0 || write(make, "+", 1) != 1)
		exit(2);
	is_int(join(&js, flags), 0, "a FIFO, whatever is in its name");
	is_int(jobserver_take(&js, &token), 1, "has a token");
	is_int(jobserver_take(&js, &token), 0, "and no more");
	is_int(jobserver_give(&js, token), 0, "that is given back");
	is_int(count_tokens(make), 1, "to the others");
	jobserver_clear(&js);
	is_int(join(&js, flags_for(make, make)), 0, "a descriptor for both directions");
	is_int(jobserver_take(&js, &token), 1, "gives the token, too");
	jobserver_clear(&js);
	close(make);
	is_int(join(&js, flags), 0, "a FIFO whose make has died");
	is_int(jobserver_take(&js, &token), 0, "has nothing to give");
	jobserver_clear(&js);
}

static void test_serve(void)
{
	struct jobserver js = JOBSERVER_INIT;
	struct jobserver client;
	auto_buf struct buf flags = BUF_INIT;
	char token = 0;
	char wanted[128];

	is_int(jobserver_serve(&js, 0), -EINVAL, "no tokens, no jobserver");
	is_int(jobserver_serve(&js, 3), 0, "three tokens");
	ok(js.serves && js.fds[0] > 2 && js.fds[1] > 2 &&
		   fcntl(js.fds[0], F_GETFD) == 0 && fcntl(js.fds[1], F_GETFD) == 0,
	   "two descriptors are for the jobs");
	ok(fcntl(js.in, F_GETFD) == FD_CLOEXEC && fcntl(js.out, F_GETFD) == FD_CLOEXEC,
	   "and two are not");
	ok(!(fcntl(js.fds[0], F_GETFL) & O_NONBLOCK) &&
		   !(fcntl(js.fds[1], F_GETFL) & O_NONBLOCK),
	   "a job may wait");
	is_int(jobserver_flags(&js, NULL, &flags), 0, "its MAKEFLAGS");
	snprintf(wanted, sizeof(wanted), " -j3 --jobserver-auth=%d,%d", js.fds[0],
		 js.fds[1]);
	is_str(flags.data, wanted, "are as make writes them");
	is_int(join(&client, flags.data), 0, "a client reads them");
	is_int(jobserver_take(&client, &token), 1, "and takes a token");
	is_int(token, '+', "as make's are");
	is_int(jobserver_take(&js, &token), 1, "the server takes one");
	is_int(jobserver_take(&js, &token), 1, "and one");
	is_int(jobserver_take(&js, &token), 0, "three in all");
	is_int(jobserver_give(&client, '+'), 0, "the client's comes back");
	is_int(jobserver_take(&js, &token), 1, "to the server");
	jobserver_clear(&client);
	jobserver_clear(&js);
	is_int(jobserver_serve(&js, 100000), 0, "more than a pipe usually holds");
	is_int(count_tokens(js.in), 100000, "are all there");
	jobserver_clear(&js);
}

static void test_flags(void)
{
	static const struct {
		const char *flags;
		const char *wanted; /* %s: ours */
	} cases[] = {
		{"", "%s"},
		{" -j3 --jobserver-auth=8,9", "%s"},
		{"ks -j3 --jobserver-fds=8,9 -j", "ks%s"},
		{" -k --jobserver-auth=fifo:/a\\ b -l2 --jobs=7", " -k -l2%s"},
		{"-j 8 -k", " -k%s"},
		{"-k -j", " -k%s"},
		{"--jobs 8 --jobs", "%s"},
		{"-j -k", " -k%s"},
		{"w -j3 --jobserver-auth=8,9 -- A=b\\ -j9 C=--jobserver-auth=8,9",
		 "w%s -- A=b\\ -j9 C=--jobserver-auth=8,9"},
		{"A=x\\ -j3", "A=x\\ -j3%s"},
		{" --just-print -journal", " --just-print -journal%s"},
	};
	struct jobserver js = {.serves = true, .tokens = 4, .fds = {5, 6}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_buf struct buf flags = BUF_INIT;
		char wanted[256];
		const char *at = strstr(cases[i].wanted, "%s");

		snprintf(wanted, sizeof(wanted), "%.*s -j4 --jobserver-auth=5,6%s",
			 (int)(at - cases[i].wanted), cases[i].wanted, at + 2);
		is_int(jobserver_flags(&js, cases[i].flags, &flags), 0, "flags \"%s\"",
		       cases[i].flags);
		is_str(flags.data, wanted, "are ours");
	}

	auto_buf struct buf behind = BUF_INIT;

	if (buf_add_string(&behind, "MAKEFLAGS=") < 0)
		exit(2);
	is_int(jobserver_flags(&js, "-k", &behind), 0, "behind a text");
	is_str(behind.data, "MAKEFLAGS= -k -j4 --jobserver-auth=5,6", "which stays");
}

/* Each recipe waits for the other one: alone neither comes to its end. */
static void test_real_make(void)
{
	struct jobserver js = JOBSERVER_INIT;
	auto_buf struct buf flags = BUF_INIT;
	char token = 0;

	if (system("make --version >version 2>&1") != 0) {
		ok(true, "make as a client # SKIP no make");
		return;
	}
	fixture_put("Makefile", "all: a b\n"
				"a:\n\t@echo a >meet\n"
				"b:\n\t@read -r word <meet && test $$word = a\n");
	if (mkfifo("meet", 0600) < 0 || jobserver_serve(&js, 2) < 0 ||
	    jobserver_take(&js, &token) != 1 || jobserver_flags(&js, NULL, &flags) < 0 ||
	    setenv("MAKEFLAGS", flags.data, 1) < 0 || unsetenv("MAKELEVEL") < 0)
		exit(2);
	is_int(system("timeout 20 make >said 2>&1"), 0,
	       "make runs two at once by our second token");

	auto_fd int said = open("said", O_RDONLY | O_CLOEXEC);
	char text[512] = "";

	ok(said >= 0 && read(said, text, sizeof(text) - 1) == 0, "and has no complaint");
	if (text[0])
		printf("# %s\n", text);
	is_int(count_tokens(js.in), 1, "and gives it back");
	jobserver_clear(&js);
}

int main(void)
{
	fixture_open();
	test_none();
	test_pipe();
	test_words();
	test_bad_descriptors();
	test_denied();
	test_fifo();
	test_serve();
	test_flags();
	test_real_make();
	fixture_close();
	return tap_done();
}
