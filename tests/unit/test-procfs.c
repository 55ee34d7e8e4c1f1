#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/nsec.h"
#include "proc/procfs.h"
#include "tap.h"

/* Enough children that the kernel's list of them is longer than one read. */
enum { MANY = 900 };

/* Every child of ours says a byte here when it is set up... */
static int ready[2];
/* ...and ends when there is nobody any more who could write here. */
static int life[2];

static void say_ready(void)
{
	if (write(ready[1], "", 1) != 1)
		_exit(2);
}

static void wait_for_end(void)
{
	char c;

	close(life[1]);
	_exit(read(life[0], &c, 1) != 0);
}

static bool wait_ready(int n)
{
	char c;

	while (n > 0 && read(ready[0], &c, 1) == 1)
		n--;
	return n == 0;
}

static void open_pipes(void)
{
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(life, O_CLOEXEC) < 0)
		exit(2);
}

/* Let all children end, collect them, and make ready for the next. */
static void end_children(void)
{
	close(life[1]);
	while (wait(NULL) > 0)
		;
	close(life[0]);
	close(ready[0]);
	close(ready[1]);
	open_pipes();
}

static void test_self(void)
{
	struct procfs_stat st;
	struct procfs_stat again;
	char name[16] = "";

	(void)prctl(PR_GET_NAME, name);
	is_int(procfs_stat(getpid(), &st), 0, "ourselves");
	is_int(st.pid, getpid(), "our pid");
	is_int(st.ppid, getppid(), "our parent");
	is_int(st.state, 'R', "we are running");
	is_int(st.threads, 1, "our threads");
	is_str(st.comm, name, "our name");
	ok(st.start > 0, "our start");
	ok(procfs_is_alive(&st), "we are alive");

	nsec_t ticks = nsec_clock(CLOCK_BOOTTIME) / (NSEC_PER_SEC / sysconf(_SC_CLK_TCK));

	ok((nsec_t)st.start <= ticks && (nsec_t)st.start > ticks - 6000,
	   "our start is in clock ticks since boot");
	ok(procfs_stat(getpid(), &again) == 0 && again.start == st.start,
	   "our start does not change");
	ok(procfs_stat(1, &st) == 0 && st.pid == 1 && st.ppid == 0, "init");
}

static void test_names(void)
{
	static const char *const names[] = {
		"plain",     "two words", ")",		"(",	      ")(",
		"a) R 1 (b", "x)\n(y z",  "\n",		" ",	      "",
		") Z 0 0 0", "\xff\x80",  "((((((((((", "))))))))))", "123456789012345",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			(void)prctl(PR_SET_NAME, names[i]);
			say_ready();
			wait_for_end();
		}

		struct procfs_stat st = {0};

		ok(wait_ready(1) && procfs_stat(pid, &st) == 0, "name %zu: a process", i);
		is_str(st.comm, names[i], "name %zu: it is whole", i);
		ok(st.ppid == getpid() && st.threads == 1 && st.start > 0 &&
			   strchr("RSD", st.state),
		   "name %zu: what comes behind it is right", i);
		end_children();
	}
}

/* The text of a stat file, as the kernel writes it. */
static void test_parse(void)
{
	static const char text[] =
		"4711 (a) R (b\n) S 1 2 3 34816 -1 4194560 11 12 13 14 15 16 17 18 20 -5 3 0 "
		"987654321 8192 7 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 6 0 3 99 0 "
		"0 1 2 3 4 5 6 7 0\n";
	struct procfs_fields f;
	char cut[sizeof(text)];
	bool fewer = true;
	unsigned most = 0;

	is_int(procfs_parse_stat(text, &f), 0, "a text");
	is_str(f.comm, "a) R (b\n", "its name ends at the last parenthesis");
	is_int(f.state, 'S', "its state");
	is_int((long long)f.value[PROCFS_PPID], 1, "its first number");
	is_int((int64_t)f.value[PROCFS_NICE], -5, "a negative one");
	is_int((long long)f.value[PROCFS_THREADS], 3, "threads");
	is_int((long long)f.value[PROCFS_START], 987654321, "start");
	is_int((long long)f.value[PROCFS_RSS], 7, "pages");
	ok(f.value[25] == UINT64_MAX, "the largest number");
	is_int((long long)f.value[PROCFS_CPU], 6, "CPU");
	is_int((long long)f.value[PROCFS_POLICY], 3, "policy");
	is_int((long long)f.value[PROCFS_IO_DELAY], 99, "delay");
	ok(procfs_has(&f, PROCFS_IO_DELAY), "all are there");

	for (size_t len = 0; len < sizeof(text); len++) {
		memcpy(cut, text, len);
		cut[len] = '\0';
		/* Before its last parenthesis it has another name. */
		if (procfs_parse_stat(cut, &f) < 0 || strcmp(f.comm, "a) R (b\n") != 0)
			continue;
		fewer = fewer && f.n >= most && f.n < PROCFS_FIELDS;
		most = f.n;
		if (f.n >= PROCFS_START && f.value[PROCFS_START] != 987654321)
			fewer = false;
	}
	ok(fewer, "a text that was cut has fewer fields, and none is cut");
	is_int(procfs_parse_stat("", &f), -EINVAL, "an empty text");
	is_int(procfs_parse_stat(")1 (", &f), -EINVAL, "no name in parentheses");
	is_int(procfs_parse_stat("1 () ", &f), 0, "an empty name alone");
	ok(f.n == 2 && f.state == 0 && !procfs_has(&f, PROCFS_PPID), "has nothing else");
	is_int(procfs_parse_stat("1 (x) S one", &f), 0, "a word for a number");
	is_int(f.n, 3, "is none");
}

static void test_gone(void)
{
	struct procfs_stat st = {.comm = "untouched"};
	struct pid_list list = {0};
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	is_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "a child ends");

	struct procfs_stat zombie = {0};

	is_int(procfs_stat(pid, &zombie), 0, "a zombie is still there");
	ok(zombie.state == 'Z' && !procfs_is_alive(&zombie), "but not alive");
	ok(!procfs_holds_pipe(pid, 1, true), "and holds no pipe");

	(void)waitpid(pid, NULL, 0);
	is_int(procfs_stat(pid, &st), -ESRCH, "once it is collected it is gone");
	is_int(procfs_children(pid, 1, &list), -ESRCH, "it has no children");
	is_int(procfs_children(pid, 2, &list), -ESRCH, "nor any of several threads");
	is_int((long long)list.n, 0, "nothing is added");
	ok(!procfs_holds_pipe(pid, 1, true), "it holds no pipe");
	is_int(procfs_stat(INT_MAX, &st), -ESRCH, "a pid that cannot be");
	is_int(procfs_stat(0, &st), -ESRCH, "pid 0");
	is_int(procfs_stat(-1, &st), -ESRCH, "a negative pid");
	is_str(st.comm, "untouched", "a failure changes nothing");
	free(list.pids);
}

/* How often each of the pids is in the list; false if one is not there exactly once. */
static bool has_just(const struct pid_list *list, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int times = 0;

		for (size_t k = 0; k < list->n; k++)
			times += list->pids[k] == pids[i];
		if (times != 1)
			return false;
	}
	return list->n == n;
}

static pid_t fork_waiting(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		say_ready();
		wait_for_end();
	}
	return pid;
}

static void test_children(void)
{
	static pid_t pids[MANY];
	struct pid_list list = {0};

	ok(procfs_children(getpid(), 1, &list) == 0 && list.n == 0, "no children");
	for (size_t i = 0; i < MANY; i++) {
		pids[i] = fork_waiting();
		if (i != 4)
			continue;
		is_int(procfs_children(getpid(), 1, &list), 0, "a few children");
		ok(has_just(&list, pids, 5), "each is there once");
		list.n = 0;
		is_int(procfs_children(getpid(), 2, &list), 0,
		       "a few children, thread by thread");
		ok(has_just(&list, pids, 5), "each is there once");
		list.n = 0;
	}
	is_int(procfs_children(getpid(), 1, &list), 0, "many children");
	ok(has_just(&list, pids, MANY), "each is there once");
	ok(procfs_children(pids[0], 1, &list) == 0 && list.n == MANY,
	   "a list is added to, and a child without children adds nothing");
	free(list.pids);
	end_children();
}

struct thread_work {
	pid_t child;
	int done[2];  /* the thread says that it has forked */
	int go_on[2]; /* and waits here */
};

static void *fork_in_thread(void *data)
{
	struct thread_work *work = data;
	char c;

	work->child = fork_waiting();
	if (write(work->done[1], "", 1) != 1 || read(work->go_on[0], &c, 1) != 1)
		_exit(2);
	return NULL;
}

static void test_children_of_threads(void)
{
	struct thread_work work = {0};
	struct pid_list list = {0};
	struct procfs_stat st;
	pthread_t thread;
	char c;
	pid_t pids[2] = {fork_waiting()};

	if (pipe2(work.done, O_CLOEXEC) < 0 || pipe2(work.go_on, O_CLOEXEC) < 0 ||
	    pthread_create(&thread, NULL, fork_in_thread, &work) != 0 ||
	    read(work.done[0], &c, 1) != 1) {
		ok(false, "a thread");
		return;
	}
	pids[1] = work.child;
	ok(procfs_stat(getpid(), &st) == 0 && st.threads >= 2, "threads are counted");
	ok(procfs_children(getpid(), 1, &list) == 0 && has_just(&list, pids, 1),
	   "the first thread has its own child only");
	list.n = 0;
	ok(procfs_children(getpid(), st.threads, &list) == 0 && has_just(&list, pids, 2),
	   "all threads have both");
	free(list.pids);
	if (write(work.go_on[1], "", 1) != 1)
		exit(2);
	(void)pthread_join(thread, NULL);
	close(work.go_on[0]);
	close(work.go_on[1]);
	close(work.done[0]);
	close(work.done[1]);
	end_children();
}

static void *live_on(void *data)
{
	(void)data;
	say_ready();
	wait_for_end();
	return NULL;
}

/* A process whose first thread has ended looks like a zombie, and is none. */
static void test_zombie_leader(void)
{
	struct procfs_stat st = {0};
	nsec_t deadline = nsec_now() + 10 * NSEC_PER_SEC;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, live_on, NULL) != 0)
			_exit(2);
		syscall(SYS_exit, 0);
	}
	(void)wait_ready(1);
	/* Nobody tells of the end of a thread. */
	while (procfs_stat(pid, &st) == 0 && st.state != 'Z' && nsec_now() < deadline)
		(void)sched_yield();
	ok(st.state == 'Z' && st.threads > 1,
	   "the first thread has ended, not the other");
	ok(procfs_is_alive(&st), "such a process is alive");
	end_children();
}

static unsigned long inode_of(int fd)
{
	struct stat st = {0};

	(void)fstat(fd, &st);
	return st.st_ino;
}

/* A child that keeps the ends that are not given as -1 there. */
static pid_t fork_holding(int closed)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (closed >= 0)
			close(closed);
		say_ready();
		wait_for_end();
	}
	(void)wait_ready(1);
	return pid;
}

static void test_holds_pipe(void)
{
	int ends[2];
	int other[2];
	char path[64];

	if (!ok(pipe2(ends, O_CLOEXEC) == 0 && pipe2(other, O_CLOEXEC) == 0, "pipes"))
		return;

	unsigned long inode = inode_of(ends[0]);
	pid_t both = fork_holding(-1);
	pid_t reader = fork_holding(ends[1]);
	pid_t writer = fork_holding(ends[0]);

	ok(procfs_holds_pipe(both, inode, true) && procfs_holds_pipe(both, inode, false),
	   "a process with both ends");
	ok(!procfs_holds_pipe(reader, inode, true) &&
		   procfs_holds_pipe(reader, inode, false),
	   "a process with the end for reading");
	ok(procfs_holds_pipe(writer, inode, true) &&
		   !procfs_holds_pipe(writer, inode, false),
	   "a process with the end for writing");
	ok(procfs_holds_pipe(reader, inode_of(other[0]), true), "another pipe");
	ok(!procfs_holds_pipe(both, inode + 1000000, true), "a pipe that is not there");

	close(ends[1]);
	ok(!procfs_holds_pipe(getpid(), inode, true), "we ourselves, once we closed it");
	/* Opened once more through /proc, for both. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	ends[1] = open(path, O_RDWR | O_CLOEXEC);
	close(ends[0]);
	ok(ends[1] >= 0 && procfs_holds_pipe(getpid(), inode, true) &&
		   procfs_holds_pipe(getpid(), inode, false),
	   "one descriptor for reading and writing");
	close(ends[1]);
	ok(!procfs_holds_pipe(getpid(), inode, true) &&
		   !procfs_holds_pipe(getpid(), inode, false),
	   "and nothing, once that is closed");
	close(other[0]);
	close(other[1]);
	end_children();
}

static void test_number(void)
{
	is_int(procfs_number("0"), 0, "a number: zero");
	is_int(procfs_number("2147483647"), 2147483647, "a number: the largest");
	is_int(procfs_number("2147483648"), -1, "a number: too large for a pid");
	is_int(procfs_number("99999999999999999999"), -1, "a number: far too large");
	is_int(procfs_number("007"), -1, "a number: no pid is written so");
	is_int(procfs_number("1x"), -1, "a number: more behind it");
	is_int(procfs_number("-1"), -1, "a number: a sign");
	is_int(procfs_number(""), -1, "a number: nothing");
}

static void test_all(void)
{
	struct pid_list list = {0};
	pid_t pids[2] = {getpid(), fork_waiting()};
	int found = 0;

	(void)wait_ready(1);
	is_int(procfs_all(&list), 0, "all processes");
	for (size_t i = 0; i < list.n; i++)
		found += list.pids[i] == pids[0] || list.pids[i] == pids[1];
	is_int(found, 2, "we and our child are among them, once each");
	free(list.pids);
	end_children();
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	open_pipes();
	test_number();
	test_self();
	test_names();
	test_parse();
	test_gone();
	test_children();
	test_children_of_threads();
	test_zombie_leader();
	test_holds_pipe();
	test_all();
	return tap_done();
}
