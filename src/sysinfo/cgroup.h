/*
 * The control groups that we are in, and what they allow: versions 1 and 2.
 *
 *	auto_cgroups struct cgroups groups = {0};
 *	r = cgroups_find(source, &groups);
 *	cgroup_cpu_quota(&groups, &row->values[COUNT_QUOTA]);
 *
 * Each controller is looked for on its own, because a machine may have some of them in
 * version 1 and others in version 2 (hybrid). A group's path from /proc/self/cgroup, less
 * the root of the mount, is a folder below the mount point; limits of all groups above
 * hold as well, so the effective one is the smallest on the way up to the mount point.
 * Above that, where a container cannot look, version 2 tells nobody about limits.
 *
 * Figures are values (value.h). Null says why: not_applicable where no limit is set or
 * nothing counts; gone where the group's folder is not there; permission; unsupported
 * where the files make no sense, or where a cgroup namespace keeps the name of our group
 * from us (a mount from outside of it, whose root is "/..").
 */
#ifndef SYSINFO_CGROUP_H
#define SYSINFO_CGROUP_H

#include "base/buf.h"
#include "sysinfo/mountinfo.h"
#include "sysinfo/source.h"
#include "sysinfo/value.h"

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CONTROLLERS,
};

/* Where a controller has us. */
struct cgroup_place {
	int version;	   /* 1 or 2; 0: nowhere, and why says why */
	enum why why;	   /* what its figures are null for, when dirfd is not set */
	const char *path;  /* as in /proc/self/cgroup, or NULL */
	const char *point; /* the mount point, relative to dirfd; NULL: out of reach */
	const char *below; /* our group below it: "" or "/a/b" */
	int dirfd;	   /* the source's /sys or AT_FDCWD; not ours to close */
};

struct cgroups {
	struct cgroup_place places[CGROUP_CONTROLLERS];
	const char *version; /* "1", "2", "hybrid"; NULL: none */
	struct buf text;     /* /proc/self/cgroup, taken apart */
	struct mounts mounts;
};

/* 0 or -ENOMEM. A system without control groups is none of a failure. */
int cgroups_find(struct source *s, struct cgroups *ret);
void cgroups_clear(struct cgroups *c);

#define auto_cgroups __attribute__((cleanup(cgroups_clear)))

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
