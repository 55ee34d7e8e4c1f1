#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/handle.h"
#include "proc/pidfd.h"
#include "tap.h"

static const struct {
	const char *word;
	struct handle handle;
} good[] = {
	{"1", {1, 0, 0}},
	{"2147483647", {INT32_MAX, 0, 0}},
	{"1:1", {1, 1, 0}},
	{"42:4026531836", {42, 4026531836, 0}},
	{"42:18446744073709551615", {42, UINT64_MAX, 0}},
	{"1@1", {1, 0, 1}},
	{"42@18446744073709551615", {42, 0, UINT64_MAX}},
};

static const char *const bad[] = {
	"",
	"0",
	"00",
	"-1",
	"+1",
	" 1",
	"1 ",
	"1\n",
	"0x1",
	"1.0",
	"a",
	"1a",
	"%1",
	":",
	"@",
	":1",
	"@1",
	"1:",
	"1@",
	"1:0",
	"1@0",
	"0:1",
	"0@1",
	"1:-1",
	"1:+1",
	"1: 1",
	"1 :1",
	"1:1 ",
	"1:1:1",
	"1@1@1",
	"1:1@1",
	"1@1:1",
	"1::1",
	"1:@1",
	"1:a",
	"1,1",
	"1;1",
	"2147483648",
	"4294967297",
	"18446744073709551617",
	"99999999999999999999999",
	"1:18446744073709551616",
	"1@18446744073709551616",
	"1:99999999999999999999999",
	"pid:1",
	"007",
	"01:1",
	"1:01",
	"1@01",
};

static void test_parse(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct handle h = {-7, 77, 77};

		is_int(handle_parse(good[i].word, &h), 0, "'%s' is a handle",
		       good[i].word);
		ok(h.pid == good[i].handle.pid && h.inode == good[i].handle.inode &&
			   h.start == good[i].handle.start,
		   "'%s': its parts", good[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct handle h = {-7, 77, 78};

		is_int(handle_parse(bad[i], &h), -EINVAL, "bad handle %zu is refused", i);
		ok(h.pid == -7 && h.inode == 77 && h.start == 78,
		   "bad handle %zu changes nothing", i);
	}
}

/* A child that lives until there is something in its pipe, or nobody who could write. */
struct living {
	pid_t pid;
	int end;
};

static struct living start_child(void)
{
	struct living child = {-1, -1};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(2);
	child.pid = fork();
	if (child.pid == 0) {
		char c;

		close(ends[1]);
		_exit(read(ends[0], &c, 1) < 0);
	}
	close(ends[0]);
	child.end = ends[1];
	return child;
}

/* It ends, and stays for us to be collected. */
static void end_child(struct living *child)
{
	siginfo_t info;

	if (write(child->end, "", 1) != 1)
		exit(2);
	child->end = fd_close(child->end);
	(void)waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT);
}

static int open_text(const char *text)
{
	struct handle h;
	int r = handle_parse(text, &h);

	return r < 0 ? r : handle_open(&h);
}

/* The text opens a pidfd that turns readable when this child, and no other, ends. */
static void check_opens(const char *text, const char *name)
{
	auto_fd int fd = open_text(text);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	ok(fd >= 0, "%s: opens", name);
	ok(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "%s: close-on-exec", name);
	is_int(poll(&p, 1, 0), 0, "%s: is alive", name);
}

static void check_refused(pid_t pid, char kind, uint64_t number, const char *name)
{
	char text[HANDLE_SIZE];

	(void)snprintf(text, sizeof(text), "%d%c%" PRIu64, (int)pid, kind, number);
	is_int(open_text(text), -ESRCH, "%s is nobody", name);
}

static void check_round_trip(struct living *child)
{
	auto_fd int pidfd = pidfd_for(child->pid);
	char by_fd[HANDLE_SIZE];
	char by_start[HANDLE_SIZE];
	char bare[HANDLE_SIZE];
	char again[HANDLE_SIZE];
	struct handle h = {0};
	struct procfs_stat st = {0};
	uint64_t inode = 0;
	bool has_inode = pidfd_inode(pidfd, &inode) == 0;

	(void)snprintf(bare, sizeof(bare), "%d", (int)child->pid);
	ok(pidfd >= 0 && handle_format(child->pid, pidfd, by_fd) == 0, "with a pidfd");
	ok(handle_format(child->pid, -1, by_start) == 0, "without a pidfd");
	ok(procfs_stat(child->pid, &st) == 0, "what /proc says");
	ok(handle_parse(by_fd, &h) == 0 && h.pid == child->pid &&
		   (has_inode ? h.inode == inode && !h.start : h.start == st.start),
	   "with a pidfd: it has the pidfd's inode, where there is one");
	ok(handle_parse(by_start, &h) == 0 && h.pid == child->pid && !h.inode &&
		   h.start == st.start,
	   "without a pidfd: it has the start");
	ok(handle_format(child->pid, pidfd, again) == 0 && strcmp(by_fd, again) == 0,
	   "it is the same each time");
	check_opens(by_fd, "with a pidfd");
	check_opens(by_start, "without a pidfd");
	check_opens(bare, "a bare pid");
	if (has_inode) {
		check_refused(child->pid, ':', inode + 1, "another inode");
		check_refused(child->pid, ':', inode - 1, "an earlier inode");
		check_refused(child->pid, ':', 1, "inode 1");
		check_refused(getpid(), ':', inode, "another process with this inode");
	}
	check_refused(child->pid, '@', st.start + 1, "a later start");
	check_refused(child->pid, '@', st.start - 1, "an earlier start");
	check_refused(child->pid, '@', UINT64_MAX, "a start that never comes");

	end_child(child);
	ok(handle_format(child->pid, pidfd, again) == 0 && strcmp(by_fd, again) == 0,
	   "with a pidfd: the same once it has ended");
	ok(handle_format(child->pid, -1, again) == 0 && strcmp(by_start, again) == 0,
	   "without a pidfd: the same once it has ended");
	(void)waitpid(child->pid, NULL, 0);
	is_int(open_text(by_fd), -ESRCH, "with a pidfd: gone once it is collected");
	is_int(open_text(by_start), -ESRCH, "without a pidfd: gone once it is collected");
	is_int(open_text(bare), -ESRCH, "a bare pid: gone once it is collected");
	is_int(handle_format(child->pid, -1, again), -ESRCH, "nor has it a handle");
}

/* The lowest free descriptor, which tells whether one was left open. */
static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)fd_close(fd);
	return fd;
}

static void test_round_trip(void)
{
	int free_before = lowest_free();
	struct living child = start_child();

	check_round_trip(&child);
	is_int(lowest_free(), free_before, "no descriptor is left open");
}

/* Two children at a time: each handle opens its own. */
static void test_two(void)
{
	struct living a = start_child();
	struct living b = start_child();
	char text[HANDLE_SIZE];

	(void)handle_format(b.pid, -1, text);

	auto_fd int pidfd = open_text(text);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	end_child(&a);
	is_int(poll(&p, 1, 0), 0, "another child's end is not this one's");
	end_child(&b);
	is_int(poll(&p, 1, 0), 1, "its own end is");
	(void)waitpid(a.pid, NULL, 0);
	(void)waitpid(b.pid, NULL, 0);
}

struct thread_work {
	int done[2];  /* the thread tells its number */
	int go_on[2]; /* and waits here */
};

static void *tell_number(void *data)
{
	struct thread_work *work = data;
	pid_t tid = gettid();
	char c;

	if (write(work->done[1], &tid, sizeof(tid)) != sizeof(tid) ||
	    read(work->go_on[0], &c, 1) != 0)
		_exit(2);
	return NULL;
}

static void test_thread(void)
{
	struct thread_work work;
	pthread_t thread;
	pid_t tid = 0;

	if (pipe2(work.done, O_CLOEXEC) < 0 || pipe2(work.go_on, O_CLOEXEC) < 0 ||
	    pthread_create(&thread, NULL, tell_number, &work) != 0) {
		ok(false, "a thread");
		return;
	}
	if (ok(read(work.done[0], &tid, sizeof(tid)) == sizeof(tid), "a thread")) {
		const struct handle h = {.pid = tid};

		is_int(handle_open(&h), -ESRCH, "the number of a thread is no process");
	}
	close(work.go_on[1]);
	(void)pthread_join(thread, NULL);
	close(work.go_on[0]);
	close(work.done[0]);
	close(work.done[1]);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	test_parse();
	test_round_trip();
	test_two();
	test_thread();
	return tap_done();
}
