#include "config.h"

#include "sysinfo/family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_parents(const void *a, const void *b)
{
	const struct family_member *x = a;
	const struct family_member *y = b;

	if (x->ppid != y->ppid)
		return x->ppid < y->ppid ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

int family_read(struct family *f, struct process_host *host)
{
	struct pid_list list = {0};
	int r = process_list_numbers(host->source->proc, ".", &list, &host->file);

	family_clear(f);
	if (r == 0) {
		f->by_pid = calloc(list.n + 1, sizeof(*f->by_pid));
		f->by_parent = calloc(list.n + 1, sizeof(*f->by_parent));
		if (!f->by_pid || !f->by_parent)
			r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		struct process p;

		r = process_open(&p, host, list.pids[i], 0, PROCESS_OPEN_STAT);
		if (r == -ESRCH) {
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		f->denied |= p.denied;
		f->by_pid[f->n++] = (struct family_member){
			.pid = p.pid,
			.ppid = procfs_has(&p.stat, PROCFS_PPID)
					? (pid_t)p.stat.value[PROCFS_PPID]
					: -1,
			.start = process_start(&p),
		};
		process_close(&p);
	}
	free(list.pids);
	if (r < 0) {
		family_clear(f);
		return r;
	}
	memcpy(f->by_parent, f->by_pid, f->n * sizeof(*f->by_pid));
	qsort(f->by_parent, f->n, sizeof(*f->by_parent), compare_parents);
	return 0;
}

void family_clear(struct family *f)
{
	free(f->by_pid);
	free(f->by_parent);
	*f = (struct family){0};
}

const struct family_member *family_find(const struct family *f, pid_t pid)
{
	size_t low = 0;
	size_t high = f->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->by_pid[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->n && f->by_pid[low].pid == pid ? &f->by_pid[low] : NULL;
}

const struct family_member *family_children(const struct family *f, pid_t pid,
					    size_t *ret_n)
{
	size_t low = 0;
	size_t high = f->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->by_parent[middle].ppid < pid)
			low = middle + 1;
		else
			high = middle;
	}

	size_t n = 0;

	while (low + n < f->n && f->by_parent[low + n].ppid == pid)
		n++;
	*ret_n = n;
	return &f->by_parent[low];
}
