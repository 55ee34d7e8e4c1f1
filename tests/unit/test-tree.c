#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/nsec.h"
#include "proc/tree.h"
#include "tap.h"

/* The members of the family that most tests start, and what else there may be. */
enum role {
	HEAD,
	SESSION,
	DAEMON,
	CHILD,
	GRANDCHILD,
	FAMILY,
	BEFORE = FAMILY,
	ORPHAN,
	ROLES
};

/* What a member says when it is there, is signalled, and ends. */
struct report {
	enum role role;
	pid_t pid;
	enum { IS_THERE, GOT_SIGNAL, ENDS } what;
	int signals; /* how many SIGUSR1 it had */
};

static int reports[2];
/* Nobody writes here: a member whose test is gone ends too. */
static int life[2];

/* What the members have said so far. */
static struct report last[ROLES];

static enum role my_role;
static volatile sig_atomic_t my_signals;

static void tell(int what)
{
	const struct report r = {my_role, getpid(), what, my_signals};

	if (write(reports[1], &r, sizeof(r)) != sizeof(r))
		_exit(2);
}

static void on_usr1(int sig)
{
	(void)sig;
	my_signals++;
	tell(GOT_SIGNAL);
}

static void on_term(int sig)
{
	(void)sig;
	tell(ENDS);
	_exit(0);
}

__attribute__((noreturn)) static void live(void);

/* Start a child of one's own. */
static void on_usr2(int sig)
{
	(void)sig;
	if (fork() == 0) {
		my_role = ORPHAN;
		tell(IS_THERE);
		live();
	}
}

static void be(enum role role)
{
	struct sigaction action = {.sa_handler = on_usr1};

	my_role = role;
	(void)sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = on_usr2;
	(void)sigaction(SIGUSR2, &action, NULL);
	action.sa_handler = on_term;
	(void)sigaction(SIGTERM, &action, NULL);
	close(life[1]);
	tell(IS_THERE);
}

static void live(void)
{
	char c;

	while (read(life[0], &c, 1) < 0 && errno == EINTR)
		;
	_exit(3);
}

/* Take n reports of one kind; anything else among them is a failure. */
static bool hear(int n, int what)
{
	for (int i = 0; i < n; i++) {
		struct report r;

		if (read(reports[0], &r, sizeof(r)) != sizeof(r) || (int)r.what != what)
			return false;
		last[r.role] = r;
	}
	return true;
}

static pid_t fork_as(enum role role)
{
	pid_t pid = fork();

	if (pid == 0) {
		be(role);
		live();
	}
	return pid;
}

/*
 * A head with a child in a session of its own, a daemon (its parent is gone, and it has a
 * session of its own), and a child that has a child.
 */
static pid_t start_family(void)
{
	pid_t head = fork();

	if (head != 0) {
		(void)hear(FAMILY, IS_THERE);
		return head;
	}
	if (fork() == 0) {
		(void)setsid();
		be(SESSION);
		live();
	}

	pid_t between = fork();

	if (between == 0) {
		(void)setsid();
		_exit(fork_as(DAEMON) < 0);
	}
	(void)waitpid(between, NULL, 0);
	if (fork() == 0) {
		(void)fork_as(GRANDCHILD);
		be(CHILD);
		live();
	}
	be(HEAD);
	live();
}

/* To one process only, even when there is none because something went wrong. */
static void send_one(pid_t pid, int sig)
{
	if (pid > 1)
		(void)kill(pid, sig);
}

static bool is_waitable(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

static void wait_any(void)
{
	siginfo_t info;

	(void)waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

/* Collect until the tree says that it is empty: how many. */
static int reap_all(struct tree *t)
{
	int reaped = 0;

	while (tree_has_children(t)) {
		wait_any();

		int r = tree_reap(t);

		if (r < 0)
			return r;
		reaped += r;
	}
	return reaped;
}

static void test_own(void)
{
	struct tree t = TREE_INIT;
	int right = 0;

	is_int(tree_init_own(&t), 0, "own: begun");
	is_int(tree_scan(&t), 0, "own: nobody at first");
	ok(!tree_has_children(&t), "own: no children");
	(void)start_family();
	ok(tree_has_children(&t), "own: children");
	is_int(tree_scan(&t), FAMILY, "own: all are found, setsid and daemon too");
	is_int(tree_scan(&t), FAMILY, "own: and are the same the next time");
	is_int((long long)t.n, FAMILY, "own: none is there twice");
	for (int i = 0; i < FAMILY; i++) {
		struct tree_member *m = tree_find(&t, last[i].pid);

		right += m && m->pid == last[i].pid && !m->gone && m->start > 0 &&
			 m->is_direct == (i == HEAD || i == DAEMON);
	}
	is_int(right, FAMILY,
	       "own: each can be looked up, and the direct ones are known");
	ok(tree_find(&t, last[CHILD].pid) < tree_find(&t, last[GRANDCHILD].pid) &&
		   tree_find(&t, last[HEAD].pid) < tree_find(&t, last[CHILD].pid),
	   "own: parents stand before their children");
	ok(!tree_find(&t, getpid()), "own: we ourselves are not in it");

	is_int(tree_signal(&t, SIGUSR1, false), FAMILY, "own: all are signalled");
	ok(hear(FAMILY, GOT_SIGNAL), "own: and have got it");
	is_int(tree_signal(&t, SIGUSR1, false), 0, "own: once is enough");
	is_int(tree_scan(&t), FAMILY, "own: they live on");
	is_int(tree_signal(&t, SIGUSR1, false), 0, "own: also after another scan");

	is_int(tree_signal(&t, SIGTERM, true), FAMILY, "own: another signal goes to all");
	ok(hear(FAMILY, ENDS), "own: and ends them");
	right = 0;
	for (int i = 0; i < FAMILY; i++)
		right += last[i].signals == 1;
	is_int(right, FAMILY, "own: none had the first one twice");
	is_int(reap_all(&t), FAMILY, "own: all are collected, orphans too");
	ok(wait(NULL) < 0 && errno == ECHILD, "own: no child is left");
	is_int(tree_scan(&t), 0, "own: nobody in the end");
	is_int(tree_signal(&t, SIGKILL, false), 0, "own: nobody is signalled any more");
	tree_clear(&t);
}

/* A child that a struct child has: tree_reap() must not take its status. */
static void test_owned(void)
{
	struct tree t = TREE_INIT;
	int status;

	(void)tree_init_own(&t);

	pid_t pid = fork_as(HEAD);

	is_int(tree_add_owned(&t, pid), 0, "owned: added");
	ok(hear(1, IS_THERE) && tree_scan(&t) == 1 && t.n == 1, "owned: found, once");
	is_int(tree_signal(&t, SIGTERM, false), 1, "owned: signalled");
	ok(hear(1, ENDS), "owned: it ends");
	wait_any();
	is_int(tree_scan(&t), 0, "owned: a zombie does not live");
	is_int(tree_reap(&t), 0, "owned: not for us to collect");
	ok(is_waitable(pid) && tree_has_children(&t), "owned: it is still there");
	ok(!tree_find(&t, pid)->gone, "owned: and not gone before it is collected");
	ok(waitpid(pid, &status, 0) == pid && status == 0, "owned: its status is there");
	tree_owned_is_reaped(&t, pid);
	ok(tree_find(&t, pid)->gone, "owned: now it is gone");
	ok(!tree_has_children(&t), "owned: no children");
	is_int(tree_signal(&t, SIGKILL, false), 0, "owned: its pid gets no signal");
	tree_clear(&t);
}

static void test_stopped(void)
{
	struct tree t = TREE_INIT;
	siginfo_t info;

	(void)tree_init_own(&t);

	pid_t pid = fork();

	if (pid == 0) {
		/* While it is stopped, it would not see that we are gone. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		be(HEAD);
		live();
	}
	(void)hear(1, IS_THERE);
	send_one(pid, SIGSTOP);
	(void)waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT);
	is_int(tree_scan(&t), 1, "stopped: it lives");
	is_int(tree_signal(&t, SIGTERM, true), 1, "stopped: signalled and continued");
	ok(hear(1, ENDS), "stopped: it ends");
	is_int(reap_all(&t), 1, "stopped: collected");
	tree_clear(&t);
}

/* Wait until the clock tick in which this process started is over. */
static void outlast_tick(pid_t pid)
{
	nsec_t tick = NSEC_PER_SEC / sysconf(_SC_CLK_TCK);
	struct procfs_stat st = {0};

	(void)procfs_stat(pid, &st);
	while ((procfs_ticks_t)(nsec_clock(CLOCK_BOOTTIME) / tick) <= st.start)
		;
}

/* Children from before: neither they nor what comes to us when they end. */
static void test_before(void)
{
	struct tree t = TREE_INIT;
	int right = 0;
	pid_t before = fork();

	if (before == 0) {
		(void)fork_as(ORPHAN);
		be(BEFORE);
		live();
	}
	(void)hear(2, IS_THERE);

	pid_t orphan = last[ORPHAN].pid;

	outlast_tick(orphan);
	is_int(tree_init_own(&t), 0, "before: begun");
	is_int(tree_scan(&t), 0, "before: they are not counted");
	ok(!tree_has_children(&t), "before: they are not waited for");
	(void)start_family();
	ok(tree_has_children(&t), "before: our own are");
	is_int(tree_scan(&t), FAMILY, "before: our own are counted");
	ok(!tree_find(&t, before) && !tree_find(&t, orphan),
	   "before: they are no members");
	is_int(tree_signal(&t, SIGUSR1, false), FAMILY, "before: not signalled");
	(void)hear(FAMILY, GOT_SIGNAL);

	/* Now the child of one from before becomes ours. */
	send_one(before, SIGTERM);
	ok(hear(1, ENDS) && last[BEFORE].signals == 0,
	   "before: it had no signal of ours");
	(void)waitpid(before, NULL, 0);
	is_int(tree_scan(&t), FAMILY, "before: nor is its orphan counted");
	is_int(tree_signal(&t, SIGTERM, true), FAMILY, "before: only our own are ended");
	ok(hear(FAMILY, ENDS), "before: they end");
	for (int i = 0; i < FAMILY; i++)
		right += last[i].signals == 1;
	is_int(right, FAMILY, "before: each had one signal");
	is_int(reap_all(&t), FAMILY, "before: only our own are waited for");
	ok(!is_waitable(orphan), "before: the orphan lives");
	send_one(orphan, SIGTERM);
	ok(hear(1, ENDS) && last[ORPHAN].signals == 0,
	   "before: the orphan had no signal of ours");
	(void)waitpid(orphan, NULL, 0);
	tree_clear(&t);
}

/* One that started in the very tick in which we begin, where its start does not tell. */
static void test_just_before(void)
{
	nsec_t tick = NSEC_PER_SEC / sysconf(_SC_CLK_TCK);
	nsec_t now = nsec_clock(CLOCK_BOOTTIME) / tick;
	struct tree t = TREE_INIT;

	while (nsec_clock(CLOCK_BOOTTIME) / tick == now)
		;

	pid_t before = fork_as(BEFORE);

	(void)hear(1, IS_THERE);
	is_int(tree_init_own(&t), 0, "just before: begun");
	is_int(tree_scan(&t), 0, "just before: it is not counted");
	ok(!tree_has_children(&t), "just before: it is not waited for");
	is_int(tree_signal(&t, SIGUSR1, false), 0, "just before: it is not signalled");
	send_one(before, SIGTERM);
	ok(hear(1, ENDS) && last[BEFORE].signals == 0, "just before: it lived on");
	(void)waitpid(before, NULL, 0);
	tree_clear(&t);
}

/* More than the first room for members and the first table of them. */
static void test_many(void)
{
	enum { MANY = 150 };
	struct tree t = TREE_INIT;
	pid_t pids[MANY];
	int right = 0;

	(void)tree_init_own(&t);
	for (int i = 0; i < MANY; i++)
		pids[i] = fork_as(HEAD);
	(void)hear(MANY, IS_THERE);
	is_int(tree_scan(&t), MANY, "many: all are found");
	for (int i = 0; i < MANY; i++) {
		struct tree_member *m = tree_find(&t, pids[i]);

		right += m && m->pid == pids[i];
	}
	is_int(right, MANY, "many: each can be looked up");
	is_int(tree_signal(&t, SIGTERM, false), MANY, "many: all are signalled");
	ok(hear(MANY, ENDS), "many: all end");
	is_int(reap_all(&t), MANY, "many: all are collected");
	tree_clear(&t);
}

static void wait_gone(const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct pollfd p = {.fd = t->members[i].pidfd, .events = POLLIN};

		(void)poll(&p, 1, -1);
	}
}

static void collect_everybody(void)
{
	while (wait(NULL) > 0)
		;
}

static void test_foreign(void)
{
	struct tree t = TREE_INIT;
	/* The daemon has left for us, so it is not below the head. */
	enum { SEEN = FAMILY - 1 };
	pid_t head = start_family();
	int right = 0;

	is_int(tree_init_foreign(&t, head), 0, "foreign: begun");
	is_int(tree_scan(&t), SEEN, "foreign: the head and all below it");
	is_int(tree_scan(&t), SEEN, "foreign: and the same the next time");
	for (size_t i = 0; i < t.n; i++)
		right += t.members[i].pidfd >= 0 &&
			 (fcntl(t.members[i].pidfd, F_GETFD) & FD_CLOEXEC);
	is_int(right, SEEN, "foreign: each has a pidfd");
	ok(!tree_find(&t, last[DAEMON].pid) && !tree_find(&t, getpid()),
	   "foreign: nobody else");
	is_int(tree_signal(&t, SIGUSR1, false), SEEN, "foreign: all are signalled");
	ok(hear(SEEN, GOT_SIGNAL), "foreign: and have got it");
	is_int(tree_signal(&t, SIGUSR1, false), 0, "foreign: once is enough");

	send_one(head, SIGKILL);
	(void)waitpid(head, NULL, 0);
	is_int(tree_scan(&t), SEEN - 1, "foreign: without the head the others remain");
	ok(tree_find(&t, head)->gone, "foreign: the head is gone");
	send_one(last[CHILD].pid, SIGUSR2);
	(void)hear(1, IS_THERE);
	is_int(tree_scan(&t), SEEN, "foreign: also what they start only now");
	is_int(tree_signal(&t, SIGTERM, true), SEEN, "foreign: they are signalled");
	ok(hear(SEEN, ENDS), "foreign: they end");
	wait_gone(&t);
	is_int(tree_scan(&t), 0, "foreign: zombies are gone");
	is_int(tree_signal(&t, SIGKILL, false), 0, "foreign: nobody is left to signal");
	tree_clear(&t);

	send_one(last[DAEMON].pid, SIGTERM);
	ok(hear(1, ENDS) && last[DAEMON].signals == 0, "foreign: the daemon had nothing");
	collect_everybody();
}

static void test_foreign_root(void)
{
	struct tree t = TREE_INIT;
	pid_t head = start_family();

	(void)tree_init_foreign(&t, head);
	t.only_root = true;
	is_int(tree_scan(&t), 1, "root only: it alone is found");
	is_int(tree_signal(&t, SIGTERM, false), 1, "root only: it alone is signalled");
	ok(hear(1, ENDS) && last[HEAD].what == ENDS, "root only: it ends");
	wait_gone(&t);
	is_int(tree_scan(&t), 0, "root only: and is gone");
	tree_clear(&t);

	for (int i = HEAD + 1; i < FAMILY; i++)
		send_one(last[i].pid, SIGTERM);
	(void)hear(FAMILY - 1, ENDS);
	collect_everybody();

	(void)tree_init_foreign(&t, head);
	is_int(tree_scan(&t), 0, "a root that is not there");
	is_int(tree_signal(&t, SIGTERM, false), 0, "gets no signal");
	tree_clear(&t);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	/* A tree that is never empty, or a report that never comes, is a failure too. */
	(void)alarm(60);
	/* Whatever a test starts comes to us in the end, also before a tree is begun. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe2(reports, O_CLOEXEC) < 0 ||
	    pipe2(life, O_CLOEXEC) < 0)
		return 2;
	test_own();
	test_owned();
	test_stopped();
	test_before();
	test_just_before();
	test_many();
	test_foreign();
	test_foreign_root();
	return tap_done();
}
