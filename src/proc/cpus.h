/*
 * How many CPUs are ours to use.
 *
 * Those that we may run on (sched_getaffinity(2)), but no more than the control group's
 * quota of CPU time allows, rounded up (as the JVM and Go do; a quota of 1.5 CPUs keeps
 * two busy), over all groups up to the root of the hierarchy, versions 1 and 2. At
 * least 1.
 *
 * A dozen system calls where control groups are mounted in the usual place. A quota that
 * cannot be read is none.
 */
#ifndef PROC_CPUS_H
#define PROC_CPUS_H

unsigned cpus_usable(void);

/* Its two halves. Those that we may run on, however many the machine has: 0 or -errno. */
int cpus_allowed(unsigned *ret);
/* The quota, rounded up; 0: none. proc and sys as in proc/cgroup.h. */
unsigned cpus_quota(int proc, int sys);

#endif
