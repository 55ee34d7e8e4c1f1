#include "config.h"

#include "proc/tree.h"

#include "base/cleanup.h"
#include "base/nsec.h"
#include "proc/pidfd.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { FIRST_SLOTS = 64 };

static size_t slot_of(const struct tree *t, pid_t pid)
{
	size_t slot = ((size_t)pid * 2654435761U) & (t->n_slots - 1);

	while (t->slots[slot] && t->members[t->slots[slot] - 1].pid != pid)
		slot = (slot + 1) & (t->n_slots - 1);
	return slot;
}

struct tree_member *tree_find(const struct tree *t, pid_t pid)
{
	size_t found = t->n_slots ? t->slots[slot_of(t, pid)] : 0;

	return found ? &t->members[found - 1] : NULL;
}

/* Keep the hash at most half full. */
static int grow_slots(struct tree *t)
{
	if (t->n_slots && (t->n + 1) * 2 <= t->n_slots)
		return 0;

	size_t n_slots = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	size_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	for (size_t i = 0; i < t->n; i++)
		t->slots[slot_of(t, t->members[i].pid)] = i + 1;
	return 0;
}

/* A new member; one with the same pid that is gone loses its place in the hash. */
static struct tree_member *add_member(struct tree *t, const struct procfs_stat *st)
{
	if (grow_slots(t) < 0)
		return NULL;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 16;
		struct tree_member *members =
			reallocarray(t->members, cap, sizeof(*members));

		if (!members)
			return NULL;
		t->members = members;
		t->cap = cap;
	}

	size_t slot = slot_of(t, st->pid);
	struct tree_member *m = &t->members[t->n++];

	*m = (struct tree_member){.pid = st->pid, .start = st->start, .pidfd = -1};
	(void)snprintf(m->comm, sizeof(m->comm), "%s", st->comm);
	t->slots[slot] = t->n;
	return m;
}

static bool list_has(const struct pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->pids[i] == pid)
			return true;
	return false;
}

static void list_remove(struct pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->pids[i] == pid)
			list->pids[i--] = list->pids[--list->n];
}

int tree_init_own(struct tree *t)
{
	long ticks_per_second = sysconf(_SC_CLK_TCK);

	*t = (struct tree){.active = true, .own = true, .root = getpid()};
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	t->since = (procfs_ticks_t)(nsec_clock(CLOCK_BOOTTIME) /
				    (NSEC_PER_SEC / ticks_per_second));

	/* Nearly always there is none, and one call tells. */
	siginfo_t info;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
		return 0;

	int r = procfs_children(t->root, 1, &t->before);

	return r == -ENOTSUP ? 0 : r;
}

void tree_init_own_again(struct tree *t)
{
	*t = (struct tree){.active = true, .own = true, .root = getpid()};
}

int tree_init_foreign(struct tree *t, pid_t root)
{
	*t = (struct tree){.active = true, .root = root};
	return 0;
}

int tree_add_owned(struct tree *t, pid_t pid)
{
	/* Who it is exactly is read by the first scan, if there ever is one. */
	const struct procfs_stat unknown = {.pid = pid};
	struct tree_member *m = add_member(t, &unknown);

	t->is_empty = false;
	if (!m)
		return -ENOMEM;
	m->is_owned = true;
	m->is_direct = true;
	return 0;
}

void tree_owned_is_reaped(struct tree *t, pid_t pid)
{
	struct tree_member *m = tree_find(t, pid);

	if (m && m->is_owned)
		m->gone = true;
}

/* Who is whose child, for kernels without children files: one pass over all of /proc. */
struct snapshot {
	bool taken;
	struct pid_list pids;
	struct pid_list parents;
};

static int take_snapshot(struct snapshot *snap)
{
	struct pid_list all = {0};
	int r = procfs_all(&all);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct procfs_stat st;

		if (procfs_stat(all.pids[i], &st) < 0)
			continue;
		r = pid_list_add(&snap->pids, st.pid);
		if (r == 0)
			r = pid_list_add(&snap->parents, st.ppid);
	}
	free(all.pids);
	snap->taken = r == 0;
	return r;
}

static int children_of(pid_t pid, long threads, struct snapshot *snap,
		       struct pid_list *list)
{
	int r = procfs_children(pid, threads, list);

	if (r != -ENOTSUP)
		return r;
	if (!snap->taken && (r = take_snapshot(snap)) < 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < snap->pids.n; i++)
		if (snap->parents.pids[i] == pid)
			r = pid_list_add(list, snap->pids.pids[i]);
	return r;
}

/* Whether a direct child belongs to those we had before, or came to us as an orphan of
 * theirs. */
static bool is_from_before(struct tree *t, const struct procfs_stat *st)
{
	if (t->before.n == 0)
		return false;
	if (list_has(&t->before, st->pid))
		return true;
	return st->start < t->since && pid_list_add(&t->before, st->pid) == 0;
}

/* Note that this process is one of ours; new ones become members. 0 or -errno. */
static int note_member(struct tree *t, const struct procfs_stat *st)
{
	struct tree_member *m = tree_find(t, st->pid);

	if (m && m->is_owned && !m->gone) {
		m->start = st->start;
		(void)snprintf(m->comm, sizeof(m->comm), "%s", st->comm);
	}
	if (m && m->start != st->start)
		m->gone = true;
	if (!m || m->gone) {
		auto_fd int pidfd = -1;

		if (!t->own) {
			pidfd = pidfd_for(st->pid);
			if (pidfd < 0)
				return pidfd == -ESRCH ? 0 : pidfd;

			/* Opened after it was read: make sure that it is still the same
			 * one. */
			struct procfs_stat again;

			if (procfs_stat(st->pid, &again) < 0 || again.start != st->start)
				return 0;
		}
		m = add_member(t, st);
		if (!m)
			return -ENOMEM;
		m->pidfd = take_fd(&pidfd);
	}
	if (t->own && st->ppid == t->root)
		m->is_direct = true;
	m->seen = t->scans;
	return 0;
}

/*
 * Whether a foreign tree may go on from this process, which stands in the list only
 * because a member had its pid. If it is not that member any more, it is a stranger.
 */
static bool is_still_member(const struct tree *t, const struct procfs_stat *st)
{
	struct tree_member *m = tree_find(t, st->pid);

	if (!m)
		return t->scans == 1 && st->pid == t->root;
	if (m->start != st->start)
		m->gone = true;
	return !m->gone;
}

/*
 * Walk down, breadth first, from the pids in the list, which grows as it goes. The first
 * n_seeds of it are members of a foreign tree that we start from.
 */
static int walk(struct tree *t, struct pid_list *list, size_t n_seeds,
		struct snapshot *snap)
{
	for (size_t i = 0; i < list->n; i++) {
		struct procfs_stat st;

		if (procfs_stat(list->pids[i], &st) < 0 || !procfs_is_alive(&st))
			continue;
		if (i < n_seeds && !is_still_member(t, &st))
			continue;
		if (t->own && st.ppid == t->root && is_from_before(t, &st))
			continue;

		struct tree_member *m = tree_find(t, st.pid);

		if (t->only_orphans && m && m->is_owned && !m->gone)
			continue;

		if (m && !m->gone && m->start == st.start && m->seen == t->scans)
			continue;

		int r = note_member(t, &st);

		if (r == 0 && !t->only_root)
			r = children_of(st.pid, st.threads, snap, list);
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

/* Mark those that have ended: how many live, as far as this scan tells. A walk may miss
 * one that changed its parent meanwhile, so each is asked. */
static int count_living(struct tree *t)
{
	int living = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tree_member *m = &t->members[i];
		struct procfs_stat st = {.start = m->start, .state = 'R'};

		if (m->gone)
			continue;

		/* What cannot be read for want of descriptors is taken for alive. */
		int r = m->seen == t->scans ? 0 : procfs_stat(m->pid, &st);

		if (r != -ESRCH && st.start == m->start && procfs_is_alive(&st))
			living++;
		else if (!m->is_owned) /* its struct child says when an owned one is gone
					*/
			m->gone = true;
	}
	return living;
}

int tree_scan(struct tree *t)
{
	struct pid_list list = {0};
	struct snapshot snap = {0};
	int r = 0;

	t->scans++;
	if (t->own)
		r = children_of(t->root, 1, &snap, &list);
	else if (t->scans == 1)
		r = pid_list_add(&list, t->root);
	/* A foreign tree's orphans are nobody's children that we know: go on from each
	 * that we saw. */
	for (size_t i = 0; r == 0 && !t->own && i < t->n; i++)
		if (!t->members[i].gone)
			r = pid_list_add(&list, t->members[i].pid);
	if (r == 0)
		r = walk(t, &list, t->own ? 0 : list.n, &snap);
	free(list.pids);
	free(snap.pids.pids);
	free(snap.parents.pids);
	return r < 0 ? r : count_living(t);
}

/* Send to one member, making sure that it is the one we mean. */
static int send_to(const struct tree_member *m, int signal, bool then_continue)
{
	auto_fd int opened = -1;
	int pidfd = m->pidfd;

	if (pidfd < 0 && !m->is_direct) {
		struct procfs_stat st;

		opened = pidfd_for(m->pid);
		if (opened == -ESRCH)
			return -ESRCH;
		pidfd = opened;

		int r = procfs_stat(m->pid, &st);

		if (r < 0)
			return r;
		if (st.start != m->start)
			return -ESRCH;
	}

	int r = pidfd_signal(pidfd, m->pid, signal);

	if (r == 0 && then_continue)
		(void)pidfd_signal(pidfd, m->pid, SIGCONT);
	return r;
}

static int signal_member(struct tree_member *m, int signal, bool then_continue)
{
	if (m->gone || m->last_signal == signal)
		return 0;

	int r = send_to(m, signal, then_continue);

	if (r == -ESRCH) {
		m->gone = true;
		return 0;
	}
	m->last_signal = signal;
	m->error = -r;
	return r == 0;
}

int tree_signal(struct tree *t, int signal, bool then_continue)
{
	int sent = 0;

	for (size_t i = t->n; i-- > 0;)
		if (t->members[i].is_owned && !t->only_orphans)
			sent += signal_member(&t->members[i], signal, then_continue);
	for (size_t i = 0; i < t->n; i++)
		if (!t->members[i].is_owned)
			sent += signal_member(&t->members[i], signal, then_continue);
	return sent;
}

int tree_reap(struct tree *t)
{
	int reaped = 0;

	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
			break;
		if (info.si_pid == 0)
			return reaped;

		struct tree_member *m = tree_find(t, info.si_pid);

		/* Its struct child takes it; then we are called again. */
		if (m && m->is_owned && !m->gone)
			return reaped;
		if (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG) < 0)
			return -errno;
		if (m)
			m->gone = true;
		list_remove(&t->before, info.si_pid);
		reaped++;
	}
	t->is_empty = errno == ECHILD;
	return t->is_empty ? reaped : -errno;
}

bool tree_has_children(const struct tree *t)
{
	siginfo_t info;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return false;
	if (t->before.n == 0)
		return true;

	struct pid_list list = {0};
	bool found = false;

	if (procfs_children(t->root, 1, &list) < 0)
		return true;
	for (size_t i = 0; i < list.n && !found; i++)
		found = !list_has(&t->before, list.pids[i]);
	free(list.pids);
	return found;
}

void tree_clear(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		(void)fd_close(t->members[i].pidfd);
	free(t->members);
	free(t->slots);
	free(t->before.pids);
	*t = TREE_INIT;
}
