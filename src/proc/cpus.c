#include "config.h"

#include "proc/cpus.h"

#include "base/cleanup.h"
#include "proc/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sched.h>

int cpus_allowed(unsigned *ret)
{
	enum { MOST = 1 << 20 };
	int r = -EINVAL;

	/* The kernel takes no set that is smaller than its own. */
	for (size_t n = CPU_SETSIZE; r == -EINVAL && n <= MOST; n *= 2) {
		size_t size = CPU_ALLOC_SIZE(n);
		cpu_set_t *set = CPU_ALLOC(n);

		if (!set)
			return -ENOMEM;
		r = sched_getaffinity(0, size, set) < 0 ? -errno : 0;
		if (r == 0)
			*ret = (unsigned)CPU_COUNT_S(size, set);
		CPU_FREE(set);
	}
	return r;
}

unsigned cpus_quota(int proc, int sys)
{
	auto_cgroups struct cgroups groups = {0};
	double quota;

	if (cgroups_find_cpu(proc, sys, &groups) < 0 ||
	    cgroup_quota(&groups, &quota) <= 0)
		return 0;
	if (quota <= 1)
		return 1;
	return quota < INT_MAX ? (unsigned)ceil(quota) : INT_MAX;
}

unsigned cpus_usable(void)
{
	unsigned allowed;

	if (cpus_allowed(&allowed) < 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);

		allowed = online > 0 ? (unsigned)online : 1;
	}
	/* No quota rounds up to less. */
	if (allowed <= 1)
		return 1;

	auto_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned quota = cpus_quota(proc, sys);

	return quota > 0 && quota < allowed ? quota : allowed;
}
