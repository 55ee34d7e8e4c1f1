/*
 * limits: what the control groups allow us, beside what the machine has.
 *
 * In a container /proc/meminfo and /proc/stat are those of the host, so memory and the
 * topics of CPUs tell of the host. These are the figures that hold for us as well; they
 * never stand in for the others.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/keyed.h"
#include "sysinfo/cgroup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>

enum {
	LIMITS_MEMORY_EFFECTIVE,
	LIMITS_MEMORY_TOTAL,
	LIMITS_MEMORY_LIMIT,
	LIMITS_MEMORY_HIGH,
	LIMITS_MEMORY_USAGE,
	LIMITS_MEMORY_WORKING_SET,
	LIMITS_SWAP_TOTAL,
	LIMITS_SWAP_LIMIT,
	LIMITS_CPUS_EFFECTIVE,
	LIMITS_CPUS_ONLINE,
	LIMITS_CPU_QUOTA,
	LIMITS_CPUSET_CPUS,
	LIMITS_CPU_USAGE,
	LIMITS_PIDS_LIMIT,
	LIMITS_PIDS_CURRENT,
	LIMITS_CGROUP_VERSION,
	LIMITS_CGROUP_PATHS,
};

static const struct column limits_columns[] = {
	[LIMITS_MEMORY_EFFECTIVE] = {.name = "memory_effective",
				     .type = COLUMN_BYTES,
				     .help = "the smaller of memory_total and "
					     "memory_limit"},
	[LIMITS_MEMORY_TOTAL] = {.name = "memory_total",
				 .type = COLUMN_BYTES,
				 .help = "the machine's memory"},
	[LIMITS_MEMORY_LIMIT] = {.name = "memory_limit",
				 .type = COLUMN_BYTES,
				 .help = "smallest limit of our group and those above"},
	[LIMITS_MEMORY_HIGH] = {.name = "memory_high",
				.type = COLUMN_BYTES,
				.help = "where the kernel begins to slow the group down"},
	[LIMITS_MEMORY_USAGE] = {.name = "memory_usage",
				 .type = COLUMN_BYTES,
				 .help = "what our group uses, with its file cache"},
	[LIMITS_MEMORY_WORKING_SET] =
		{.name = "memory_working_set",
		 .type = COLUMN_BYTES,
		 .help = "memory_usage without inactive file cache"},
	[LIMITS_SWAP_TOTAL] = {.name = "swap_total",
			       .type = COLUMN_BYTES,
			       .help = "the machine's swap space"},
	[LIMITS_SWAP_LIMIT] = {.name = "memory_swap_limit",
			       .type = COLUMN_BYTES,
			       .help = "limit of swap, without memory"},
	[LIMITS_CPUS_EFFECTIVE] = {.name = "cpus_effective",
				   .type = COLUMN_REAL,
				   .help = "the smallest of cpus_online, cpuset_cpus and "
					   "cpu_quota"},
	[LIMITS_CPUS_ONLINE] = {.name = "cpus_online",
				.type = COLUMN_NUMBER,
				.help = "the machine's CPUs that are online"},
	[LIMITS_CPU_QUOTA] = {.name = "cpu_quota",
			      .type = COLUMN_REAL,
			      .unit = "CPUs",
			      .help = "CPUs' worth of time; smallest of our group and "
				      "those above"},
	[LIMITS_CPUSET_CPUS] = {.name = "cpuset_cpus",
				.type = COLUMN_NUMBER,
				.help = "CPUs that our group may run on"},
	[LIMITS_CPU_USAGE] = {.name = "cpu_usage",
			      .type = COLUMN_SECONDS,
			      .flags = COLUMN_COUNTER,
			      .help = "CPU time that our group has used"},
	[LIMITS_PIDS_LIMIT] = {.name = "pids_limit",
			       .type = COLUMN_NUMBER,
			       .help = "limit of processes and threads"},
	[LIMITS_PIDS_CURRENT] = {.name = "pids_current",
				 .type = COLUMN_NUMBER,
				 .help = "processes and threads in our group"},
	[LIMITS_CGROUP_VERSION] = {.name = "cgroup_version",
				   .type = COLUMN_TEXT,
				   .help = "1, 2 or hybrid: each controller in one of "
					   "them"},
	[LIMITS_CGROUP_PATHS] = {.name = "cgroup_paths",
				 .type = COLUMN_OBJECT,
				 .help = "our group for cpu, cpuset, memory and pids"},
};

static int set_host_memory(struct reading *r, struct row *row)
{
	struct keyed info[] = {{.key = "MemTotal"}, {.key = "SwapTotal"}};
	int error = source_read_proc_whole(r->source, "meminfo", &r->buf);

	if (error < 0)
		return reading_fail(r, "meminfo", error);
	keyed_find(r->buf.data, info, ARRAY_SIZE(info));
	for (size_t i = 0; i < ARRAY_SIZE(info); i++)
		if (info[i].known &&
		    !__builtin_mul_overflow(info[i].value, 1024, &info[i].value))
			row_uint(row, i == 0 ? LIMITS_MEMORY_TOTAL : LIMITS_SWAP_TOTAL,
				 info[i].value);
	return 0;
}

static int set_host_cpus(struct reading *r, struct row *row)
{
	uint64_t n;
	int error = cpu_stat_online(r, &n);

	if (error == 0)
		row_uint(row, LIMITS_CPUS_ONLINE, n);
	else
		row_null(row, LIMITS_CPUS_ONLINE, why_of_file(error));
	return error == -ENOMEM ? error : 0;
}

static void set_memory(const struct cgroups *c, struct row *row)
{
	struct cgroup_memory m;

	cgroup_memory(c, &m);
	row->values[LIMITS_MEMORY_LIMIT] = m.limit;
	row->values[LIMITS_MEMORY_HIGH] = m.high;
	row->values[LIMITS_SWAP_LIMIT] = m.swap_limit;
	row->values[LIMITS_MEMORY_USAGE] = m.usage;
	row->values[LIMITS_MEMORY_WORKING_SET] = m.working_set;
}

static void set_paths(const struct cgroups *c, struct row *row)
{
	static const char *const names[] = {"cpu", "cpuset", "memory", "pids"};
	static const enum cgroup_controller controllers[] = {CGROUP_CPU, CGROUP_CPUSET,
							     CGROUP_MEMORY, CGROUP_PIDS};
	struct value *items = value_object(row->table, &row->values[LIMITS_CGROUP_PATHS],
					   ARRAY_SIZE(names), names);

	for (size_t i = 0; items && i < ARRAY_SIZE(names); i++) {
		const struct cgroup_place *p = &c->places[controllers[i]];

		if (p->path)
			value_text(row->table, &items[i], p->path);
		else
			value_null(&items[i], cgroup_place_why(p));
	}
}

/*
 * The smallest of these columns, where a limit that is not set is none. What is unknown
 * might be the smallest, and makes the whole unknown.
 */
static void set_smallest(struct row *row, size_t to, const size_t *columns, size_t n)
{
	struct value *smallest = &row->values[to];

	for (size_t i = 0; i < n; i++) {
		const struct value *v = &row->values[columns[i]];

		if (value_is_null(v) && v->why != WHY_NOT_APPLICABLE) {
			*smallest = *v;
			return;
		}
		if (value_compare(v, smallest) < 0)
			*smallest = *v;
	}
}

static void set_effective(struct row *row)
{
	static const size_t memory[] = {LIMITS_MEMORY_TOTAL, LIMITS_MEMORY_LIMIT};
	static const size_t cpus[] = {LIMITS_CPUS_ONLINE, LIMITS_CPUSET_CPUS,
				      LIMITS_CPU_QUOTA};

	set_smallest(row, LIMITS_MEMORY_EFFECTIVE, memory, ARRAY_SIZE(memory));
	set_smallest(row, LIMITS_CPUS_EFFECTIVE, cpus, ARRAY_SIZE(cpus));
}

static bool wants(const struct reading *r, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++)
		if (r->wanted[i])
			return true;
	return false;
}

static int limits_read(struct reading *r, struct table *t)
{
	auto_cgroups struct cgroups c = {0};
	struct row *row = table_add(t);
	int error = row ? cgroups_find(r->source->proc, source_sys(r->source), &c)
			: -ENOMEM;

	if (error < 0)
		return error;
	if (wants(r, LIMITS_MEMORY_EFFECTIVE, LIMITS_SWAP_LIMIT)) {
		error = set_host_memory(r, row);
		if (error < 0)
			return error;
		set_memory(&c, row);
	}
	if (wants(r, LIMITS_CPUS_EFFECTIVE, LIMITS_CPUSET_CPUS)) {
		error = set_host_cpus(r, row);
		if (error < 0)
			return error;
		cgroup_cpu_quota(&c, &row->values[LIMITS_CPU_QUOTA]);
		cgroup_cpuset_cpus(&c, &row->values[LIMITS_CPUSET_CPUS]);
	}
	if (r->wanted[LIMITS_CPU_USAGE])
		cgroup_cpu_usage(&c, &row->values[LIMITS_CPU_USAGE]);
	if (wants(r, LIMITS_PIDS_LIMIT, LIMITS_PIDS_CURRENT)) {
		cgroup_pids_limit(&c, &row->values[LIMITS_PIDS_LIMIT]);
		cgroup_pids_current(&c, &row->values[LIMITS_PIDS_CURRENT]);
	}
	if (c.version)
		row_text(row, LIMITS_CGROUP_VERSION, c.version);
	set_paths(&c, row);
	set_effective(row);
	return t->error;
}

const struct topic topic_limits = {
	.name = "limits",
	.aliases = "cgroup",
	.summary = "what the control groups allow, beside what the machine has",
	.columns = limits_columns,
	.n_columns = ARRAY_SIZE(limits_columns),
	.flags = TOPIC_TALL,
	.read = limits_read,
};
