/*
 * What our control groups allow and use, as values.
 *
 *	auto_cgroups struct cgroups groups = {0};
 *	r = cgroups_find(source->proc, source_sys(source), &groups);
 *	cgroup_cpu_quota(&groups, &row->values[COUNT_QUOTA]);
 *
 * proc/cgroup.h finds the groups. Null says why: not_applicable where no limit is set or
 * nothing counts; gone where the group's folder is not there; permission; unsupported
 * where the files make no sense, or where the group is out of reach.
 */
#ifndef SYSINFO_CGROUP_H
#define SYSINFO_CGROUP_H

#include "proc/cgroup.h"
#include "sysinfo/value.h"

/* What the figures of a place without a point are null for. */
enum why cgroup_place_why(const struct cgroup_place *p);

/* How many CPUs' worth of time the group may use: a decimal. */
void cgroup_cpu_quota(const struct cgroups *c, struct value *ret);
/* How many CPUs it may run on, whatever their time. */
void cgroup_cpuset_cpus(const struct cgroups *c, struct value *ret);
/* CPU time that the group and those below it have used: seconds. */
void cgroup_cpu_usage(const struct cgroups *c, struct value *ret);

/* In bytes. */
struct cgroup_memory {
	struct value limit;
	struct value high; /* where version 2 begins to slow the group down */
	struct value swap_limit;
	struct value usage;
	struct value working_set; /* usage without file pages that are not in use */
};

void cgroup_memory(const struct cgroups *c, struct cgroup_memory *ret);

/* Processes and threads. */
void cgroup_pids_limit(const struct cgroups *c, struct value *ret);
void cgroup_pids_current(const struct cgroups *c, struct value *ret);

#endif
