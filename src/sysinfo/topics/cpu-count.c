/*
 * cpu-count: how many CPUs there are, and how many of them are ours to use.
 */
#include "config.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "proc/cpus.h"
#include "sysinfo/cgroup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_LOGICAL, COUNT_PHYSICAL, COUNT_USABLE, COUNT_QUOTA };

static const struct column columns[] = {
	[COUNT_LOGICAL] = {.name = "logical",
			   .type = COLUMN_NUMBER,
			   .help = "CPUs that are online"},
	[COUNT_PHYSICAL] = {.name = "physical",
			    .type = COLUMN_NUMBER,
			    .cost = COST_CHEAP,
			    .help = "cores of these, whose threads count once"},
	[COUNT_USABLE] = {.name = "usable",
			  .type = COLUMN_NUMBER,
			  .help = "CPUs that this process may run on (affinity)"},
	[COUNT_QUOTA] = {.name = "quota",
			 .type = COLUMN_REAL,
			 .cost = COST_CHEAP,
			 .unit = "CPUs",
			 .help = "CPUs whose time the control group may use"},
};

/* As many as text_cpu_list() visits. */
enum { CPUS_MOST = 65536, WORD_BITS = 64 };

struct cpu_set {
	uint64_t words[CPUS_MOST / WORD_BITS];
};

static void add_cpu(unsigned cpu, void *data)
{
	struct cpu_set *set = data;

	set->words[cpu / WORD_BITS] |= UINT64_C(1) << (cpu % WORD_BITS);
}

static bool has_cpu(const struct cpu_set *set, unsigned cpu)
{
	return set->words[cpu / WORD_BITS] >> (cpu % WORD_BITS) & 1;
}

static unsigned count_cpus(const struct cpu_set *set)
{
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set->words); i++)
		n += (unsigned)__builtin_popcountll(set->words[i]);
	return n;
}

/* The CPUs that are online: as /sys says, or those of /proc/stat. */
static int find_online(struct reading *r, struct cpu_set *ret)
{
	auto_cpu_stat struct cpu_stat stat = {0};
	int error = source_read_sys(r->source, "devices/system/cpu/online", &r->buf);

	if (error == 0 && text_cpu_list(r->buf.data, add_cpu, ret) == 0 &&
	    count_cpus(ret) > 0)
		return 0;
	*ret = (struct cpu_set){0};
	error = cpu_stat_read(r, &stat);
	for (size_t i = 0; i < stat.n; i++)
		add_cpu(stat.cpus[i].cpu, ret);
	return error;
}

/* The CPUs of the core that this one is a thread of, itself among them: 0 or -errno. */
static int find_siblings(struct reading *r, unsigned cpu, struct cpu_set *ret)
{
	/* The second is the name of the first before Linux 5.3. */
	static const char *const files[] = {"core_cpus_list", "thread_siblings_list"};
	int error = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/topology/%s",
			       cpu, files[i]);
		error = source_read_sys(r->source, path, &r->buf);
		if (error == 0)
			error = text_cpu_list(r->buf.data, add_cpu, ret);
		if (error == 0)
			break;
	}
	add_cpu(cpu, ret);
	return error;
}

/* A package and a core in it, of one CPU of /proc/cpuinfo. */
struct core {
	uint64_t package;
	uint64_t core;
};

static int compare_cores(const void *a, const void *b)
{
	const struct core *x = a;
	const struct core *y = b;

	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	return (x->core > y->core) - (x->core < y->core);
}

/* 0: not told. */
static unsigned count_cores_of_cpuinfo(struct reading *r)
{
	auto_buf struct buf found = BUF_INIT;
	struct core core = {0};
	unsigned distinct = 0;

	if (source_read_proc(r->source, "cpuinfo", &r->buf) < 0)
		return 0;

	char *cursor = r->buf.data;
	char *line;

	while ((line = text_line(&cursor))) {
		const char *value = strchr(line, ':');

		if (!value)
			continue;
		value++;
		if (strncmp(line, "physical id", 11) == 0)
			(void)text_uint(&value, &core.package);
		else if (strncmp(line, "core id", 7) == 0 &&
			 text_uint(&value, &core.core) &&
			 buf_add(&found, &core, sizeof(core)) < 0)
			return 0;
	}

	struct core *cores = (void *)found.data;
	size_t n = found.len / sizeof(*cores);

	if (n > 0)
		qsort(cores, n, sizeof(*cores), compare_cores);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || compare_cores(&cores[i - 1], &cores[i]) != 0;
	return distinct;
}

/* Cores with a thread online. A file is read for each core and not for each CPU. */
static void set_physical(struct reading *r, const struct cpu_set *online, struct row *row)
{
	struct cpu_set counted = {0};
	unsigned cores = 0;
	bool told = false;

	for (unsigned cpu = 0; cpu < CPUS_MOST; cpu++) {
		if (!has_cpu(online, cpu) || has_cpu(&counted, cpu))
			continue;
		if (find_siblings(r, cpu, &counted) == 0)
			told = true;
		else if (!told)
			break;
		cores++;
	}
	if (!told)
		cores = count_cores_of_cpuinfo(r);
	if (cores > 0)
		row_uint(row, COUNT_PHYSICAL, cores);
}

/*
 * In another /proc, "self" is this process as well where that is a /proc at all; but CPUs
 * that are offline are allowed there, too.
 */
static int count_allowed(struct reading *r, const struct cpu_set *online, unsigned *ret)
{
	static const char key[] = "Cpus_allowed_list:";
	struct cpu_set allowed = {0};
	int error = source_read_proc_whole(r->source, "self/status", &r->buf);

	if (error < 0)
		return error;

	char *cursor = r->buf.data;
	char *line;

	error = -EINVAL;
	while ((line = text_line(&cursor)))
		if (strncmp(line, key, sizeof(key) - 1) == 0) {
			line += sizeof(key) - 1;
			error = text_cpu_list(line, add_cpu, &allowed);
			break;
		}
	if (error < 0)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(allowed.words); i++)
		allowed.words[i] &= online->words[i];
	*ret = count_cpus(&allowed);
	return 0;
}

static void set_usable(struct reading *r, const struct cpu_set *online, struct row *row)
{
	unsigned n;
	int error = r->source->other_proc ? count_allowed(r, online, &n)
					  : cpus_allowed(&n);

	if (error < 0)
		row_null(row, COUNT_USABLE, why_of_file(error));
	else
		row_uint(row, COUNT_USABLE, n);
}

static int count_read(struct reading *r, struct table *t)
{
	struct cpu_set online = {0};
	int error = find_online(r, &online);

	if (error < 0)
		return error;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	if (count_cpus(&online) > 0)
		row_uint(row, COUNT_LOGICAL, count_cpus(&online));
	if (r->wanted[COUNT_PHYSICAL])
		set_physical(r, &online, row);
	set_usable(r, &online, row);
	if (r->wanted[COUNT_QUOTA]) {
		auto_cgroups struct cgroups groups = {0};

		error = cgroups_find(r->source->proc, source_sys(r->source), &groups);
		if (error < 0)
			return error;
		cgroup_cpu_quota(&groups, &row->values[COUNT_QUOTA]);
	}
	return t->error;
}

const struct topic topic_cpu_count = {
	.name = "cpu-count",
	.summary = "how many CPUs there are, and how many may be used",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.read = count_read,
};
