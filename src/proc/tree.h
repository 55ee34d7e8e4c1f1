/*
 * The descendants of a process, and how they are ended.
 *
 * Two kinds of roots. Our own tree (tree_init_own): prockit becomes a child subreaper
 * (prctl(2), Linux 3.4), so whatever its command starts, and however it detaches (setsid,
 * double fork), stays below us: an orphan becomes our direct child, which nobody else can
 * reap, so its pid cannot be recycled. Every live descendant hangs on a direct child, and
 * every direct child's end gives SIGCHLD: so the tree is empty exactly when no direct
 * child is left, and no polling is needed. Children that we had before (a shell exec'd us
 * with background jobs running) are recorded at the start and never signalled. A foreign
 * tree (tree_init_foreign) has a root that is not ours: there we hold a pidfd for every
 * member we saw, scan until nothing new turns up, and an orphan that escaped before the
 * first scan is lost, which only a parent could prevent.
 *
 * Life: tree_init_*(); tree_scan() finds members; tree_signal() sends to those that have
 * not got that signal yet; tree_reap() collects ended orphans; tree_clear(). The idea of
 * the subreaper loop: FreeBSD's procctl(PROC_REAP_KILL) and catern's supervise; measured
 * against timeout(1), tini and dumb-init, which all leave setsid children behind.
 */
#ifndef PROC_TREE_H
#define PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "proc/procfs.h"

struct tree_member {
	pid_t pid;
	procfs_ticks_t start; /* with the pid: who it is */
	int pidfd;	      /* foreign trees only; else -1 */
	int last_signal;      /* what tree_signal() sent it last; 0: nothing */
	int error;	      /* errno of a signal that could not be sent; 0 */
	bool is_owned;	      /* a struct child collects it, not tree_reap() */
	bool is_watched;      /* foreign trees: somebody waits for its pidfd */
	bool is_direct;	      /* our direct child: its pid is safe until we reap it */
	bool gone;	      /* ended */
	unsigned seen;	      /* the scan that saw it last */
	char comm[64];
};

struct tree {
	bool active;
	bool own;
	bool is_empty;	/* no direct child was left when tree_reap() looked, and no owned
			   one was added since */
	bool only_root; /* leave the descendants out */
	bool only_orphans; /* leave owned children and what is below them out: what is
			      left came to us when its parent died */
	pid_t root;	   /* ourselves, or the foreign root */
	struct tree_member *members; /* in the order they were found: parents before
					children */
	size_t n;
	size_t cap;
	size_t *slots; /* hash by pid: index + 1 of the newest member with it; 0: empty */
	size_t n_slots;
	struct pid_list before; /* direct children that are none of our command's */
	unsigned scans;
	procfs_ticks_t since; /* with such children: what is older than this is theirs */
};

#define TREE_INIT      \
	(struct tree)  \
	{              \
		.n = 0 \
	}

/* Own the descendants from now on: 0 or -errno. Before the first child is started. */
int tree_init_own(struct tree *t);

/* The same once more, in the same process, when no child is left. */
void tree_init_own_again(struct tree *t);

/* Watch the descendants of a process that is not ours, the root too: 0 or -errno. */
int tree_init_foreign(struct tree *t, pid_t root);

/* Say that a struct child collects this one: 0 or -ENOMEM. */
int tree_add_owned(struct tree *t, pid_t pid);

/* Say that it has been collected: its pid may soon be somebody else's. */
void tree_owned_is_reaped(struct tree *t, pid_t pid);

/* Look for living members: how many there are (owned ones too), or -errno. New ones are
 * added, vanished ones marked gone. */
int tree_scan(struct tree *t);

/*
 * Send a signal to every living member that has not had it: owned ones first, the last
 * started before the others, so that no stage of a pipeline takes the death of an earlier
 * one for the end of its input; then parents before children, so that no shell goes on to
 * its next command because the one before was ended. then_continue adds SIGCONT, for
 * those that are stopped. Returns how many were sent, or -errno. Members are those of the
 * last tree_scan().
 */
int tree_signal(struct tree *t, int signal, bool then_continue);

/* Collect orphans that have ended: how many, or -errno. Own trees only. */
int tree_reap(struct tree *t);

/* Whether any descendant is left; asks only for direct children, see above. Own trees
 * only. */
bool tree_has_children(const struct tree *t);

/* The member that has this pid, or NULL. */
struct tree_member *tree_find(const struct tree *t, pid_t pid);

void tree_clear(struct tree *t);

#endif
