/*
 * The control groups that we are in, and the way up from them: versions 1 and 2.
 *
 *	auto_cgroups struct cgroups groups = {0};
 *	r = cgroups_find(proc, sys, &groups);
 *	r = cgroup_quota(&groups, &cpus);
 *
 * Each controller is looked for on its own, because a machine may have some of them in
 * version 1 and others in version 2 (hybrid). A group's path from /proc/self/cgroup, less
 * the root of the mount, is a folder below the mount point; limits of all groups above
 * hold as well, so the effective one is the smallest on the way up to the mount point.
 * Above that, where a container cannot look, version 2 tells nobody about limits.
 *
 * proc and sys are descriptors of the folders /proc and /sys, or of what stands for them;
 * a negative sys is one that is not there. struct cgroups goes on using sys.
 */
#ifndef PROC_CGROUP_H
#define PROC_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "proc/mountinfo.h"

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CONTROLLERS,
};

/*
 * Where a controller has us. What error is, when there is no point: -ENOENT, nothing of
 * the kind is at work here, so nothing limits us; -ENOTSUP, it is out of reach (not
 * mounted, or a cgroup namespace keeps the name of our group from us: a mount from
 * outside of it, whose root is "/.."), so nobody knows; or what reading the files said.
 */
struct cgroup_place {
	int version; /* 1 or 2; 0: nowhere */
	int error;
	const char *path;  /* as in /proc/self/cgroup, or NULL */
	const char *point; /* the mount point, relative to dirfd; NULL: out of reach */
	const char *below; /* our group below it: "" or "/a/b" */
	int dirfd;	   /* sys or AT_FDCWD; not ours to close */
};

struct cgroups {
	struct cgroup_place places[CGROUP_CONTROLLERS];
	const char *version; /* "1", "2", "hybrid"; NULL: none */
	struct buf text;     /* /proc/self/cgroup, taken apart */
	struct mounts mounts;
};

/* 0 or -ENOMEM. A system without control groups is none of a failure. */
int cgroups_find(int proc, int sys, struct cgroups *ret);

/*
 * The same for the CPU controller alone, and quickly: where our group stands where
 * systemd and container runtimes mount it (fs/cgroup or fs/cgroup/cpu in sys), the list
 * of mounts is not read. Of the other places and the version nothing is known then.
 */
int cgroups_find_cpu(int proc, int sys, struct cgroups *ret);

void cgroups_clear(struct cgroups *c);

#define auto_cgroups __attribute__((cleanup(cgroups_clear)))

/*
 * How many CPUs' worth of time we may use, the smallest quota on the way up: 1 and *ret;
 * 0 where none is set; -errno as of cgroup_walk(), -EINVAL where a file makes no sense.
 */
int cgroup_quota(const struct cgroups *c, double *ret);

/* A group on the way from ours up to the mount point, and the file of it read last. */
struct cgroup_level {
	const struct cgroup_place *place;
	size_t below_len; /* how much of place->below leads to it */
	struct buf path;
	struct buf text;
};

/* Our own group. The place must have a point. */
#define CGROUP_LEVEL_OWN(p)                                    \
	(struct cgroup_level)                                  \
	{                                                      \
		.place = (p), .below_len = strlen((p)->below), \
	}

/* Read a file of this level into l->text: 0 or -errno. */
int cgroup_level_read(struct cgroup_level *l, const char *file);
/* Whether the group itself is there. */
bool cgroup_level_exists(struct cgroup_level *l);
bool cgroup_level_is_own(const struct cgroup_level *l);
/* On to the group above; false at the mount point. */
bool cgroup_level_up(struct cgroup_level *l);
void cgroup_level_clear(struct cgroup_level *l);

#define auto_cgroup_level __attribute__((cleanup(cgroup_level_clear)))

/* 0 or -errno; -ENOENT where this level has no such file, and that is no failure. */
typedef int cgroup_visit(struct cgroup_level *l, void *data);

/*
 * Call visit for our group and each above it: 0, or -errno, and the walk ends. A level
 * that cannot be understood should make the whole unknown: a guess would be too large.
 * The place's error where it has no point; -ENODEV where our group's folder is not there.
 */
int cgroup_walk(const struct cgroup_place *p, cgroup_visit *visit, void *data);

/* One whole number, or "max": false where it is neither. */
bool cgroup_parse_limit(const char *text, uint64_t *ret, bool *ret_max);

#endif
