#include "config.h"

#include "sysinfo/select.h"

#include "base/cleanup.h"
#include "proc/pidfd.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

void targets_clear(struct targets *targets)
{
	free(targets->list);
	*targets = (struct targets){0};
}

static int add_target(struct targets *targets, const struct target *target)
{
	if (targets->n == targets->cap) {
		size_t cap = targets->cap > 0 ? targets->cap * 2 : 256;
		struct target *list =
			reallocarray(targets->list, cap, sizeof(struct target));

		if (!list)
			return -ENOMEM;
		targets->list = list;
		targets->cap = cap;
	}
	targets->list[targets->n++] = *target;
	return 0;
}

int select_add(struct selection *s, const char *name)
{
	struct named named = {.name = name};
	int r = handle_parse(name, &named.handle);

	if (r < 0)
		return r;

	/* Room for a power of two. */
	if ((s->n_named & (s->n_named - 1)) == 0) {
		size_t cap = s->n_named > 0 ? s->n_named * 2 : 1;
		struct named *list = reallocarray(s->named, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->named = list;
	}
	s->named[s->n_named++] = named;
	return 0;
}

static int compare_handles(const struct handle *a, const struct handle *b)
{
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

static int compare_named(const void *a, const void *b)
{
	return compare_handles(&((const struct named *)a)->handle,
			       &((const struct named *)b)->handle);
}

void select_sort(struct selection *s)
{
	size_t n = 0;

	if (s->n_named > 0)
		qsort(s->named, s->n_named, sizeof(*s->named), compare_named);
	for (size_t i = 0; i < s->n_named; i++)
		if (n == 0 || compare_named(&s->named[i], &s->named[n - 1]) != 0)
			s->named[n++] = s->named[i];
	s->n_named = n;
}

static bool has_filter(const struct selection *s)
{
	return s->glob || s->n_users > 0 || s->statuses[0] || s->no_kernel;
}

bool select_needs_family(const struct selection *s)
{
	/* A tree has gaps where ancestors are not selected. */
	return s->parent.name || (s->descendants && (s->n_named > 0 || has_filter(s)));
}

/* The process with this inode: by the time its pidfd is open, is this still it? */
static int check_inode(struct process *p, uint64_t wanted)
{
	uint64_t inode;
	int fd = process_pidfd(p);
	int r = fd < 0 ? fd : pidfd_inode(fd, &inode);

	/* This kernel has none, or the pid is a thread's now. */
	if (r == -ENOTSUP || r == -ENOSYS || r == -EINVAL || r == -ENOENT)
		return -ESRCH;
	if (r < 0)
		return r;
	if (inode != wanted)
		return -ESRCH;
	/* As long as its stat is there, nobody else has had the pid. */
	r = p->denied ? 0 : process_read(p, "stat", &p->host->file);
	return r == -ENOENT ? -ESRCH : r;
}

/* A thread has a folder too, though it is in no list. */
static bool is_leader(struct process *p)
{
	int error;
	uint64_t tgid;
	const char *text = process_status(p, "Tgid", &error);

	return !text || !text_uint(&text, &tgid) || tgid == (uint64_t)p->pid;
}

int select_check(struct process *p, const struct target *target)
{
	if (target->start && process_start(p) != target->start)
		return -ESRCH;
	if (!target->named)
		return 0;

	const struct handle *h = &target->named->handle;

	if (h->start && process_start(p) != h->start)
		return -ESRCH;
	if (h->inode) {
		int r = check_inode(p, h->inode);

		if (r < 0)
			return r;
	}
	return is_leader(p) ? 0 : -ESRCH;
}

/* The member of the family that was named: *ret is NULL where there is none. 0 or
 * -errno. */
static int find_named(const struct named *named, struct process_host *host,
		      const struct family *family, const struct family_member **ret)
{
	const struct family_member *member = family_find(family, named->handle.pid);
	struct process p;

	*ret = NULL;
	if (!member)
		return 0;

	struct target target = {
		.pid = member->pid, .start = member->start, .named = named};
	int r = process_open(&p, host, member->pid, 0, PROCESS_OPEN_FOLDER);

	if (r == 0) {
		r = select_check(&p, &target);
		if (r < 0 && r != -ESRCH)
			(void)process_fail(&p, r);
		process_close(&p);
	}
	if (r == 0)
		*ret = member;
	return r == -ESRCH ? 0 : r;
}

static int compare_targets(const void *a, const void *b)
{
	const struct target *x = a;
	const struct target *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Add the children of a member, and with recursive theirs. seen is by place in
 * family->by_pid: what a folder of --proc says may go round in circles. */
static int add_children(struct targets *targets, const struct family *family,
			const struct family_member *parent, bool recursive, bool *seen)
{
	size_t next = targets->n;

	for (;;) {
		size_t n;
		const struct family_member *children =
			family_children(family, parent->pid, &n);

		for (size_t i = 0; i < n; i++) {
			const struct family_member *child =
				family_find(family, children[i].pid);
			struct target target = {.pid = child->pid, .start = child->start};

			if (!family_is_child(child, parent->start) ||
			    seen[child - family->by_pid])
				continue;
			seen[child - family->by_pid] = true;
			if (add_target(targets, &target) < 0)
				return -ENOMEM;
		}
		if (!recursive || next == targets->n)
			return 0;
		parent = family_find(family, targets->list[next++].pid);
	}
}

/* --children, or --tree with what was named. */
static int find_family(const struct selection *s, struct reading *r,
		       struct process_host *host, const struct family *family,
		       struct targets *targets)
{
	const bool by_parent = s->parent.name;
	const struct named *named = by_parent ? &s->parent : s->named;
	size_t n = by_parent ? 1 : s->n_named;
	auto_free bool *seen = calloc(family->n + 1, sizeof(*seen));
	int error = seen ? 0 : -ENOMEM;

	for (size_t i = 0; error == 0 && i < n; i++) {
		const struct family_member *member;

		error = find_named(&named[i], host, family, &member);
		if (error < 0)
			break;
		if (!member) {
			error = reading_add_missing(r, named[i].name, -ESRCH);
			continue;
		}
		if (!by_parent && !seen[member - family->by_pid]) {
			struct target target = {.pid = member->pid,
						.start = member->start};

			error = add_target(targets, &target);
		}
		seen[member - family->by_pid] = true;
		if (error == 0)
			error = add_children(targets, family, member,
					     !by_parent || s->recursive, seen);
	}
	if (targets->n > 0)
		qsort(targets->list, targets->n, sizeof(*targets->list), compare_targets);
	return error;
}

static int find_all(struct reading *r, struct process_host *host, struct targets *targets)
{
	struct pid_list list = {0};
	int error = process_list_numbers(host->source->proc, ".", &list, &host->file);

	if (error < 0)
		error = reading_fail(r, host->source->proc_path, error);
	for (size_t i = 0; error == 0 && i < list.n; i++)
		error = add_target(targets, &(struct target){.pid = list.pids[i]});
	free(list.pids);
	return error;
}

int select_targets(const struct selection *s, struct reading *r,
		   struct process_host *host, const struct family *family,
		   struct targets *ret)
{
	int error = 0;

	if (s->parent.name || (s->descendants && s->n_named > 0))
		return find_family(s, r, host, family, ret);
	if (s->n_named == 0)
		return find_all(r, host, ret);
	for (size_t i = 0; error == 0 && i < s->n_named; i++)
		error = add_target(ret, &(struct target){.pid = s->named[i].handle.pid,
							 .named = &s->named[i]});
	return error;
}

static bool has_user(const struct selection *s, struct process *p)
{
	if (s->n_users == 0)
		return true;
	if (process_read_ids(p) < 0)
		return false;
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i] == p->ids.uid[0])
			return true;
	return false;
}

bool select_has(const struct selection *s, struct process *p)
{
	if (s->no_kernel && p->is_kernel)
		return false;
	if (s->glob && (p->denied || fnmatch(s->glob, process_name(p), 0) != 0))
		return false;
	return has_user(s, p);
}

bool select_has_status(const struct selection *s, const struct process *p)
{
	return !s->statuses[0] || (p->stat.state && strchr(s->statuses, p->stat.state));
}
