/*
 * Which processes: those that were named, somebody's children, those of a user...
 *
 * First the processes to look at (targets), then, by what stat and a little more says,
 * those of them to show.
 */
#ifndef SYSINFO_SELECT_H
#define SYSINFO_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc/handle.h"
#include "sysinfo/family.h"
#include "sysinfo/process.h"
#include "sysinfo/topic.h"

/* A process as it was named on the command line. */
struct named {
	struct handle handle;
	const char *name;
};

struct selection {
	struct named *named; /* PIDs and handles, sorted */
	size_t n_named;
	bool descendants;    /* of those named (--tree) */
	struct named parent; /* --children; no name: not given */
	bool recursive;	     /* their children too */
	const char *glob;    /* of the name; NULL: any */
	uid_t *users;	     /* any of these; none: any */
	size_t n_users;
	char statuses[16]; /* letters of stat; "": any */
	bool no_kernel;
};

/* A process to look at. */
struct target {
	pid_t pid;
	procfs_ticks_t start;	   /* when it started, where that is known; else 0 */
	const struct named *named; /* NULL: it was found in a list */
};

struct targets {
	struct target *list; /* in order of the pid */
	size_t n;
	size_t cap;
};

#define auto_targets __attribute__((cleanup(targets_clear)))

void targets_clear(struct targets *targets);

/* Add what was named; the text has to live on. 0, -EINVAL (no PID or handle), -ENOMEM. */
int select_add(struct selection *s, const char *name);
/* Sort what was named, once all are there; what stands there twice counts once. */
void select_sort(struct selection *s);

/* Whether it is needed to know who is whose child. */
bool select_needs_family(const struct selection *s);

/* The processes to look at; those named and not there are reported to r. family is only
 * read where it is needed. 0 or -errno. */
int select_targets(const struct selection *s, struct reading *r,
		   struct process_host *host, const struct family *family,
		   struct targets *ret);

/* Whether a process that was opened is the one that was named: 0, -ESRCH, -errno. */
int select_check(struct process *p, const struct target *target);

/* Whether it is to be shown. The status is a thread's own. */
bool select_has(const struct selection *s, struct process *p);
bool select_has_status(const struct selection *s, const struct process *p);

#endif
