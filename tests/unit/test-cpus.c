#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "proc/cgroup.h"
#include "proc/cpus.h"
#include "tap.h"

/* The quota of the files in proc/ and sys/. */
static unsigned quota(void)
{
	auto_fd int proc = open("proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int sys = open("sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return cpus_quota(proc, sys);
}

/* Whether the list of mounts was read to find our group. */
static bool reads_mounts(void)
{
	auto_fd int proc = open("proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int sys = open("sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_cgroups struct cgroups groups = {0};

	return cgroups_find_cpu(proc, sys, &groups) == 0 && groups.mounts.n > 0;
}

static void put_mount(const char *root, const char *point, const char *type,
		      const char *options)
{
	char text[512];

	snprintf(text, sizeof(text), "30 20 0:26 %s %s rw - %s cgroup %s\n", root, point,
		 type, options);
	fixture_put("proc/self/mountinfo", text);
}

static void test_version_2(void)
{
	fixture_put("proc/self/cgroup", "0::/\n");
	fixture_put("sys/fs/cgroup/cgroup.controllers", "cpu\n");
	put_mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
	is_int(quota(), 0, "at the root there is no quota");
	ok(!reads_mounts(), "and no list of mounts is read");
	fixture_put("sys/fs/cgroup/cpu.max", "max 100000\n");
	is_int(quota(), 0, "max is none");
	fixture_put("sys/fs/cgroup/cpu.max", "150000 100000\n");
	is_int(quota(), 2, "one and a half keep two busy");
	fixture_put("sys/fs/cgroup/cpu.max", "200000 100000\n");
	is_int(quota(), 2, "two are two");
	fixture_put("sys/fs/cgroup/cpu.max", "1000 100000\n");
	is_int(quota(), 1, "a hundredth is one");
	fixture_put("sys/fs/cgroup/cpu.max", "18446744073709551615 1\n");
	is_int(quota(), INT_MAX, "more than a number holds");
	fixture_put("sys/fs/cgroup/cpu.max", "junk\n");
	is_int(quota(), 0, "what makes no sense is none");
	fixture_put("sys/fs/cgroup/cpu.max", "max 100000\n");
}

static void test_ancestors(void)
{
	fixture_put("proc/self/cgroup", "0::/a/b\n");
	fixture_put("sys/fs/cgroup/a/b/cgroup.controllers", "cpu\n");
	fixture_put("sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
	fixture_put("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
	is_int(quota(), 3, "the group above allows less");
	ok(!reads_mounts(), "again without the list of mounts");
	fixture_put("sys/fs/cgroup/a/b/cpu.max", "200000 100000\n");
	is_int(quota(), 2, "the group above allows more");
	fixture_put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	is_int(quota(), 3, "and the group itself says nothing");
	unlink("sys/fs/cgroup/a/b/cpu.max");
	is_int(quota(), 3, "or has no such file");
}

static void test_elsewhere(void)
{
	fixture_put("proc/self/cgroup", "0::/docker/abc\n");
	put_mount("/docker/abc", "/sys/fs/cgroup", "cgroup2", "rw");
	fixture_put("sys/fs/cgroup/cpu.max", "500000 100000\n");
	is_int(quota(), 5, "a container that sees its own group as the root");
	ok(reads_mounts(), "needs the list of mounts");
	fixture_put("proc/self/cgroup", "0::/../b\n");
	put_mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
	is_int(quota(), 0, "a group outside of the namespace is out of reach");
	unlink("proc/self/mountinfo");
	fixture_put("proc/self/cgroup", "0::/docker/abc\n");
	is_int(quota(), 0, "without the list nobody knows");
	unlink("proc/self/cgroup");
	is_int(quota(), 0, "nor without any groups");
}

static void test_version_1(void)
{
	fixture_put("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/a/b\n0::/\n");
	put_mount("/", "/sys/fs/cgroup/cpu", "cgroup", "rw,cpu,cpuacct");
	fixture_put("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
	fixture_put("sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
	is_int(quota(), 0, "version 1 without a quota");
	ok(!reads_mounts(), "and no list of mounts is read");
	fixture_put("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "700000\n");
	is_int(quota(), 7, "version 1 with one");
	fixture_put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "250000\n");
	fixture_put("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "50000\n");
	is_int(quota(), 5, "version 1 with a smaller one above");
	fixture_put("proc/self/cgroup", "3:cpu:/docker/abc\n0::/\n");
	put_mount("/docker/abc", "/sys/fs/cgroup/cpu", "cgroup", "rw,cpu");
	fixture_put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
	fixture_put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	is_int(quota(), 3, "version 1 in a container");
	ok(reads_mounts(), "needs the list of mounts");
}

/* Let the kernel refuse sets of CPUs smaller than size, as one for more CPUs would. */
static int refuse_small_sets(unsigned size)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_getaffinity, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1]) +
				 4 * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, size, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static int count_with_small_sets_refused(void)
{
	unsigned n = 0;

	/* The jump above skips to ALLOW for all other calls, and for large sets. */
	if (refuse_small_sets(1024) < 0)
		return 77;
	return cpus_allowed(&n) == 0 && n < 77 ? (int)n : 76;
}

static void test_allowed(void)
{
	cpu_set_t one;
	unsigned n = 0;
	unsigned before;

	is_int(cpus_allowed(&n), 0, "the CPUs that we may run on");
	ok(n >= 1 && cpus_usable() >= 1 && cpus_usable() <= n,
	   "and of them some are usable");
	before = n;
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);

	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(count_with_small_sets_refused());
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status), "a child");
	if (WEXITSTATUS(status) == 77)
		ok(true, "sets for more CPUs # SKIP no seccomp");
	else
		is_int(WEXITSTATUS(status), before < 77 ? (int)before : 76,
		       "a kernel for more CPUs than a cpu_set_t has");
	if (sched_setaffinity(0, sizeof(one), &one) == 0) {
		is_int(cpus_allowed(&n), 0, "bound to one");
		is_int(n, 1, "it is one");
		is_int(cpus_usable(), 1, "that is usable");
	}
}

int main(void)
{
	fixture_open();
	test_version_2();
	test_ancestors();
	test_elsewhere();
	test_version_1();
	fixture_close();
	test_allowed();
	return tap_done();
}
