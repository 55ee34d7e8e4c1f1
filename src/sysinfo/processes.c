#include "config.h"

#include "sysinfo/processes.h"

#include "base/cleanup.h"
#include "sysinfo/commands.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

void ps_clear(struct ps *ps)
{
	free(ps->select.named);
	free(ps->select.users);
	free(ps->keys);
	family_clear(&ps->family);
	process_host_clear(&ps->host);
	process_host_clear(&ps->second_host);
	for (size_t i = 0; i < ARRAY_SIZE(ps->extra); i++)
		table_clear(&ps->extra[i].table);
	*ps = (struct ps){0};
}

static bool is_key(const struct ps *ps, size_t column)
{
	for (size_t i = 0; i < ps->n_keys; i++)
		if (ps->keys[i].column == column)
			return true;
	return false;
}

/* Which columns are read when. */
static void plan(struct ps *ps, const bool *wanted)
{
	bool can_wait = ps->head > 0 || ps->windowed;

	ps->n_early = 0;
	ps->n_late = 0;
	for (size_t i = 0; i < PS_N; i++) {
		const struct column *c = &process_columns[i];

		if (!wanted[i] || !process_sources[i].get)
			continue;
		if (!can_wait || c->cost == COST_FREE || is_key(ps, i) ||
		    (ps->rate && c->flags & COLUMN_COUNTER))
			ps->early[ps->n_early++] = i;
		else
			ps->late[ps->n_late++] = i;
	}
}

static bool needs_folder(const size_t *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (process_sources[columns[i]].needs_folder)
			return true;
	return false;
}

void processes_fill(struct process *p, struct row *row, const size_t *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		process_sources[columns[i]].get(p, row, columns[i]);
}

/* CPU time of a process in nanoseconds, all threads together, without opening a file. */
static bool read_cpu_clock(const struct process *p, uint64_t *ret)
{
	/* What clock_getcpuclockid(3) makes of a pid, after a system call that asks
	 * whether there is such a process. The next one tells as well. */
	clockid_t clock = (clockid_t)(~(unsigned)p->pid << 3 | 2);
	struct timespec ts;

	if (p->is_thread || p->denied || p->host->is_foreign ||
	    clock_gettime(clock, &ts) < 0)
		return false;
	*ret = (uint64_t)nsec_from_timespec(&ts);
	return true;
}

/* What derive() will compare. */
static void fill_internal(const struct process *p, struct row *row)
{
	double uptime = process_host_uptime(p->host);
	double age = uptime - (double)process_start(p) / p->host->ticks;
	uint64_t clock;

	if (procfs_has(&p->stat, PROCFS_SYSTEM_TIME))
		row_uint(row, PS_CPU_TICKS, process_cpu_ticks(p));
	if (read_cpu_clock(p, &clock))
		row_uint(row, PS_CPU_CLOCK, clock);
	if (!p->host->source->other_proc)
		row_int(row, PS_MOMENT, nsec_now());
	else if (fabs(uptime) < 1e9)
		row_int(row, PS_MOMENT, (int64_t)(uptime * NSEC_PER_SEC));
	if (procfs_has(&p->stat, PROCFS_START) && fabs(age) < 1e9)
		row_int(row, PS_AGE, age > 0 ? (int64_t)(age * NSEC_PER_SEC) : 0);
}

/* A run of the targets, for one thread: where its rows go, and what it found. */
struct share {
	const struct ps *ps;
	struct process_host *host;
	struct table *table;
	const struct target *targets;
	size_t n;
	enum process_open how;
	bool *found; /* by target: there is such a process */
};

/* Add a row for what was opened: 1, 0 (it is not to be shown, or has gone), or -ENOMEM.
 */
static int add_row(const struct share *share, struct process *p, bool is_selected)
{
	const struct ps *ps = share->ps;

	is_selected = is_selected && select_has_status(&ps->select, p);
	if (!is_selected && !ps->windowed)
		return 0;

	struct row *row = table_add(share->table);

	if (!row)
		return -ENOMEM;
	row_int(row, PS_PID, p->pid);
	if (p->is_thread)
		row_int(row, PS_TID, p->tid);
	else
		row_null(row, PS_TID, WHY_NOT_APPLICABLE);
	if (procfs_has(&p->stat, PROCFS_PPID))
		row_int(row, PS_PPID, (int64_t)p->stat.value[PROCFS_PPID]);
	else if (p->denied)
		row_null(row, PS_PPID, WHY_PERMISSION);
	row_null(row, PS_DEPTH, WHY_NOT_APPLICABLE);
	row_uint(row, PS_START, process_start(p));
	row_bool(row, PS_IS_SELECTED, is_selected);
	if (ps->windowed)
		fill_internal(p, row);
	if (is_selected)
		processes_fill(p, row, ps->early, ps->n_early);
	if (!p->gone)
		return 1;
	/* It vanished while it was read. */
	share->table->n--;
	return 0;
}

static int add_threads(const struct share *share, struct process *p, bool is_selected)
{
	struct pid_list list = {0};
	int r = process_list(p, "task", &list);

	for (size_t i = 0; r >= 0 && i < list.n; i++) {
		struct process thread;

		r = process_open(&thread, p->host, p->pid, list.pids[i], share->how);
		if (r == 0) {
			r = add_row(share, &thread, is_selected);
			process_close(&thread);
		} else if (r == -ESRCH) {
			r = 0;
		}
	}
	free(list.pids);
	/* The folder may be closed to us where the list of processes is not. */
	if (r == -EACCES || r == -EPERM)
		return add_row(share, p, is_selected);
	return r == -ESRCH || r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* 0: there is such a process, whether it is shown or not; -ESRCH: there is none; -errno.
 * again: it has its row already. */
static int read_target(const struct share *share, const struct target *target, bool again)
{
	struct process p;
	int r = process_open(&p, share->host, target->pid, 0, share->how);

	if (r < 0)
		return r;
	r = select_check(&p, target);
	if (r == 0 && !again) {
		bool is_selected = select_has(&share->ps->select, &p);

		r = share->ps->threads ? add_threads(share, &p, is_selected)
				       : add_row(share, &p, is_selected);
	}
	if (r < 0 && r != -ESRCH)
		(void)process_fail(&p, r);
	process_close(&p);
	return r < 0 ? r : p.gone ? -ESRCH : 0;
}

static void *read_share(void *data)
{
	struct share *share = data;
	pid_t last = -1;

	for (size_t i = 0; i < share->n; i++) {
		const struct target *target = &share->targets[i];
		/* One process may have been named by its PID, and by a handle. */
		int r = read_target(share, target, target->pid == last);

		/* Others would fail likewise. */
		if (share->host->error)
			break;
		share->found[i] = r == 0;
		if (r == 0)
			last = target->pid;
	}
	return NULL;
}

/* The table that goes on where t ends, made new. */
static struct table *extra_table(struct ps *ps, const struct table *t)
{
	struct extra *extra = &ps->extra[ps->extra[0].of && ps->extra[0].of != t];

	if (extra->of)
		table_reset(&extra->table);
	else
		table_init(&extra->table, t->topic);
	extra->of = t;
	return &extra->table;
}

/* Put the rows of extra behind those of t. What they hold stays where it is. */
static int append_rows(struct table *t, const struct table *extra)
{
	size_t n = t->n + extra->n;

	if (extra->error)
		t->error = extra->error;
	if (n > t->cap) {
		struct row **rows = reallocarray(t->rows, n, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		t->rows = rows;
		t->cap = n;
	}
	if (extra->n > 0)
		memcpy(t->rows + t->n, extra->rows, extra->n * sizeof(*extra->rows));
	t->n = n;
	return 0;
}

static bool has_second_cpu(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) > 1;
}

/*
 * Read all targets into t. What takes the time is the kernel making text of each process:
 * two threads need little more than half of it, which is worth their while only where
 * there are thousands.
 */
static int read_targets(struct ps *ps, struct table *t, const struct targets *targets,
			enum process_open how, bool *found)
{
	enum { WORTH_WHILE = 2000 };
	size_t half = targets->n / 2;
	struct share whole = {
		.ps = ps,
		.host = &ps->host,
		.table = t,
		.targets = targets->list,
		.n = targets->n,
		.how = how,
		.found = found,
	};
	struct share second = whole;
	pthread_t thread;

	if (targets->n < WORTH_WHILE || !has_second_cpu()) {
		(void)read_share(&whole);
		return ps->host.error;
	}
	/* Names of one process are in one share. */
	while (half < targets->n &&
	       targets->list[half].pid == targets->list[half - 1].pid)
		half++;
	process_host_share(&ps->second_host, &ps->host);
	second.host = &ps->second_host;
	second.table = extra_table(ps, t);
	second.targets += half;
	second.found += half;
	second.n -= half;
	if (pthread_create(&thread, NULL, read_share, &second) != 0) {
		(void)read_share(&whole);
		return ps->host.error;
	}
	whole.n = half;
	(void)read_share(&whole);
	(void)pthread_join(thread, NULL);
	if (second.host->error)
		(void)process_host_fail(&ps->host, second.host->failed_path,
					second.host->error);
	return ps->host.error ? ps->host.error : append_rows(t, second.table);
}

static int processes_read(struct reading *r, struct table *t)
{
	struct ps *ps = r->data;
	auto_targets struct targets targets = {0};
	auto_free bool *found = NULL;
	int error;

	process_host_begin(&ps->host, r->source);
	ps->host.windowed = ps->windowed;
	plan(ps, r->wanted);

	if (r->wanted[PS_CHILDREN] || select_needs_family(&ps->select)) {
		error = family_read(&ps->family, &ps->host);
		if (error < 0 && !ps->host.error)
			return reading_fail(r, r->source->proc_path, error);
		if (error < 0)
			return reading_fail(r, ps->host.failed_path, error);
		ps->host.family = &ps->family;
	}
	error = select_targets(&ps->select, r, &ps->host, &ps->family, &targets);
	if (ps->host.error)
		return reading_fail(r, ps->host.failed_path, ps->host.error);
	if (error < 0)
		return error;
	found = calloc(targets.n + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	error = read_targets(ps, t, &targets,
			     needs_folder(ps->early, ps->n_early) ? PROCESS_OPEN_FOLDER
								  : PROCESS_OPEN_STAT,
			     found);
	if (ps->host.error)
		return reading_fail(r, ps->host.failed_path, ps->host.error);
	for (size_t i = 0; error == 0 && i < targets.n; i++)
		if (targets.list[i].named && !found[i])
			error = reading_add_missing(r, targets.list[i].named->name,
						    -ESRCH);
	return error < 0 ? error : t->error;
}

static int compare_rows(const struct row *a, const struct row *b)
{
	static const enum process_column columns[] = {PS_PID, PS_TID, PS_START};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int r = value_compare(&a->values[columns[i]], &b->values[columns[i]]);

		if (r)
			return r;
	}
	return 0;
}

/* One and the same at another moment. Both tables are in order. */
static const struct row *find_before(const struct table *before, const struct row *row,
				     size_t *cursor)
{
	while (before && *cursor < before->n) {
		int r = compare_rows(before->rows[*cursor], row);

		if (r >= 0)
			return r == 0 ? before->rows[*cursor] : NULL;
		(*cursor)++;
	}
	return NULL;
}

static bool both(const struct row *a, const struct row *b, size_t column)
{
	return !value_is_null(&a->values[column]) && !value_is_null(&b->values[column]);
}

/* How much later, in seconds, or otherwise. */
static double seconds_between(const struct row *before, const struct row *row,
			      double otherwise)
{
	return both(before, row, PS_MOMENT) ? (value_number(&row->values[PS_MOMENT]) -
					       value_number(&before->values[PS_MOMENT])) /
						      NSEC_PER_SEC
					    : otherwise;
}

/* CPU seconds. clock: by the one that counts nanoseconds. */
static double cpu_seconds(const struct row *row, bool clock, double ticks)
{
	return clock ? value_number(&row->values[PS_CPU_CLOCK]) / NSEC_PER_SEC
		     : value_number(&row->values[PS_CPU_TICKS]) / ticks;
}

static void derive_percent(const struct row *before, const struct row *row,
			   double seconds, double ticks, struct row *to)
{
	double used = 0;

	/* What read() has said is why. */
	if (value_is_null(&row->values[PS_CPU_TICKS]))
		return;

	bool clock = before ? both(before, row, PS_CPU_CLOCK)
			    : !value_is_null(&row->values[PS_CPU_CLOCK]);

	/* Another process's figures are never taken for the past of this one: a process
	 * that was not there has begun at its start, if that is within the window. */
	if (before && value_is_null(&before->values[PS_CPU_TICKS])) {
		seconds = 0;
	} else if (before) {
		used = cpu_seconds(before, clock, ticks);
		seconds = seconds_between(before, row, seconds);
	} else {
		double age = value_number(&row->values[PS_AGE]) / NSEC_PER_SEC;

		seconds = !value_is_null(&row->values[PS_AGE]) && age <= seconds ? age
										 : 0;
	}
	used = cpu_seconds(row, clock, ticks) - used;
	if (seconds > 0)
		row_real(to, PS_CPU_PERCENT, used > 0 ? 100 * used / seconds : 0);
	else
		row_null(to, PS_CPU_PERCENT, WHY_NOT_APPLICABLE);
}

static int processes_derive(struct reading *r, const struct table *before,
			    const struct table *after, double seconds, struct table *t)
{
	const struct ps *ps = r->data;
	size_t cursor = 0;

	/* --proc: time passes as that tree says. */
	if (before && before->n > 0 && after->n > 0)
		seconds = seconds_between(before->rows[0], after->rows[0], seconds);
	for (size_t i = 0; i < after->n; i++) {
		const struct row *row = after->rows[i];

		if (!row->values[PS_IS_SELECTED].boolean)
			continue;

		const struct row *old = find_before(before, row, &cursor);
		struct row *to = table_add(t);

		if (!to)
			return -ENOMEM;
		for (size_t k = 0; k < PS_N; k++)
			if (value_is_null(&row->values[k]))
				to->values[k] = row->values[k];
			else
				value_copy(t, &to->values[k], &row->values[k]);
		if (r->wanted[PS_CPU_PERCENT])
			derive_percent(old, row, seconds, ps->host.ticks, to);
	}
	return t->error;
}

const struct topic topic_processes = {
	.name = "processes",
	.summary = "the processes",
	.columns = process_columns,
	.n_columns = PS_N,
	.flags = TOPIC_LIST,
	.read = processes_read,
	.derive = processes_derive,
	.arrange = processes_arrange,
};
