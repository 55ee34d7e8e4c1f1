/*
 * The rows of ps in their order: sorted, as a tree, the first few; and what was not worth
 * reading of all of them.
 */
#include "config.h"

#include "sysinfo/processes.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A row on its way to its place. */
struct node {
	struct row *row;
	size_t place; /* before sorting */
	struct node *first_child;
	struct node *next;
	bool is_placed;
	unsigned depth;
};

/* By the keys; what is null comes last either way; else as it was. */
static int compare_nodes(const void *a, const void *b, void *data)
{
	const struct ps *ps = data;
	const struct node *x = a;
	const struct node *y = b;

	for (size_t i = 0; i < ps->n_keys; i++) {
		const struct value *v = &x->row->values[ps->keys[i].column];
		const struct value *w = &y->row->values[ps->keys[i].column];
		int r = value_compare(v, w);

		if (r)
			return ps->keys[i].descending && !value_is_null(v) &&
					       !value_is_null(w)
				       ? -r
				       : r;
	}
	return (x->place > y->place) - (x->place < y->place);
}

static int compare_pids(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	return value_compare(&x->row->values[PS_PID], &y->row->values[PS_PID]);
}

static pid_t pid_of(const struct node *node, enum process_column column)
{
	const struct value *v = &node->row->values[column];

	return v->kind == VALUE_INT ? (pid_t)v->integer : -1;
}

static struct node *find_node(struct node **by_pid, size_t n, pid_t pid)
{
	size_t low = 0;
	size_t high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pid_of(by_pid[middle], PS_PID) < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && pid_of(by_pid[low], PS_PID) == pid ? by_pid[low] : NULL;
}

/* The nearest ancestor that is shown, or NULL. */
static struct node *find_parent(const struct ps *ps, struct node **by_pid, size_t n,
				const struct node *node)
{
	pid_t pid = pid_of(node, PS_PPID);

	/* A chain is no longer than there are processes, unless it is a circle. */
	for (size_t steps = 0; pid > 0 && steps <= ps->family.n; steps++) {
		struct node *parent = find_node(by_pid, n, pid);
		const struct family_member *member;

		if (parent && parent != node &&
		    value_compare(&parent->row->values[PS_START],
				  &node->row->values[PS_START]) <= 0)
			return parent;
		member = ps->host.family ? family_find(&ps->family, pid) : NULL;
		if (parent || !member)
			return NULL;
		pid = member->ppid;
	}
	return NULL;
}

/* A root, and below it its descendants, to where next points; returns what is behind. */
static struct row **place_root(struct node *root, struct row **next, unsigned **depth)
{
	struct node *at = root;

	/* No recursion, for a tree may be as deep as there are processes: the children
	 * are put in front of what follows. */
	while (at) {
		*next++ = at->row;
		*(*depth)++ = at->depth;
		at->is_placed = true;

		struct node *last = at;

		for (struct node *c = at->first_child; c; c = c->next) {
			c->depth = at->depth + 1;
			last = c;
		}
		if (last != at) {
			last->next = at->next;
			at->next = at->first_child;
		}
		at = at->next;
	}
	return next;
}

static int make_tree(struct ps *ps, struct table *t, struct node *nodes)
{
	auto_free struct node **by_pid = calloc(t->n + 1, sizeof(*by_pid));
	auto_free bool *is_root = calloc(t->n + 1, sizeof(*is_root));
	unsigned *depth = arena_alloc(&t->arena, (t->n + 1) * sizeof(*depth));
	struct row **next = t->rows;

	if (!by_pid || !is_root || !depth)
		return -ENOMEM;
	t->depths = depth;
	for (size_t i = 0; i < t->n; i++)
		by_pid[i] = &nodes[i];
	qsort(by_pid, t->n, sizeof(*by_pid), compare_pids);

	/* From the last to the first, so that each goes before its siblings. */
	for (size_t i = t->n; i-- > 0;) {
		struct node *parent = find_parent(ps, by_pid, t->n, &nodes[i]);

		is_root[i] = !parent;
		if (!parent)
			continue;
		nodes[i].next = parent->first_child;
		parent->first_child = &nodes[i];
	}
	for (size_t i = 0; i < t->n; i++)
		if (is_root[i])
			next = place_root(&nodes[i], next, &depth);
	/* What goes round in circles has no root. */
	for (size_t i = 0; i < t->n; i++)
		if (!nodes[i].is_placed) {
			*next++ = nodes[i].row;
			*depth++ = 0;
		}
	for (size_t i = 0; i < t->n; i++)
		row_uint(t->rows[i], PS_DEPTH, t->depths[i]);
	return 0;
}

static int put_in_order(struct ps *ps, struct table *t)
{
	if (ps->n_keys == 0 && !ps->tree)
		return 0;

	auto_free struct node *nodes = calloc(t->n + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		nodes[i].row = t->rows[i];
		nodes[i].place = i;
	}
	if (ps->n_keys > 0)
		qsort_r(nodes, t->n, sizeof(*nodes), compare_nodes, ps);
	if (ps->tree)
		return make_tree(ps, t, nodes);
	for (size_t i = 0; i < t->n; i++)
		t->rows[i] = nodes[i].row;
	return 0;
}

/* Read what was left for later: false where the process has gone since. */
static bool complete(struct ps *ps, struct row *row)
{
	struct process p;
	pid_t pid = (pid_t)row->values[PS_PID].integer;
	const struct value *v = &row->values[PS_TID];
	pid_t tid = value_is_null(v) ? 0 : (pid_t)v->integer;
	bool is_there = process_open(&p, &ps->host, pid, tid, PROCESS_OPEN_FOLDER) == 0;

	if (ps->host.error)
		return false;

	if (is_there && process_start(&p) != row->values[PS_START].natural) {
		process_close(&p);
		is_there = false;
	}
	if (!is_there) {
		for (size_t i = 0; i < ps->n_late; i++)
			row_null(row, ps->late[i], WHY_GONE);
		return false;
	}
	processes_fill(&p, row, ps->late, ps->n_late);
	process_close(&p);
	return !p.gone;
}

/* The first rows, and all of their columns. */
static void keep_first(struct ps *ps, struct table *t)
{
	size_t kept = 0;
	/* A tree keeps its branches, and what was named was there: their rows say that
	 * the rest is gone. */
	bool drops_gone = !ps->tree && ps->select.n_named == 0;

	for (size_t i = 0; i < t->n && (ps->head == 0 || kept < ps->head); i++) {
		bool is_there = ps->n_late == 0 || complete(ps, t->rows[i]);

		if (ps->host.error)
			break;

		if (is_there || !drops_gone)
			t->rows[kept++] = t->rows[i];
	}
	t->n = kept;
}

int processes_arrange(struct reading *r, struct table *t)
{
	struct ps *ps = r->data;
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i]->values[PS_IS_SELECTED].boolean)
			t->rows[kept++] = t->rows[i];
	t->n = kept;

	int error = put_in_order(ps, t);

	if (error < 0)
		return error;
	keep_first(ps, t);
	if (ps->host.error)
		return reading_fail(r, ps->host.failed_path, ps->host.error);
	return t->error;
}
