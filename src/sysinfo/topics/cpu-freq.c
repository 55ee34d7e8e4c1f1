/*
 * cpu-freq: how fast CPUs run, and between which bounds the kernel may choose.
 *
 * What runs is asked of /proc/cpuinfo first, as it has what the processor measured, then
 * of cpufreq, which has what was set. The bounds are those of cpufreq, and null without
 * it, as in most virtual machines. cpufreq has a folder for each policy, which rules one
 * CPU or several; files of one whose CPUs are all offline fail with EBUSY, or are not
 * there.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/topic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FREQ_CPU, FREQ_CURRENT, FREQ_MIN, FREQ_MAX, FREQ_COLUMNS };

static const struct column columns[] = {
	[FREQ_CPU] = {.name = "cpu",
		      .type = COLUMN_NUMBER,
		      .flags = COLUMN_ID,
		      .help = "the kernel's number of the CPU"},
	[FREQ_CURRENT] = {.name = "current",
			  .type = COLUMN_MHZ,
			  .metric = "node_cpu_scaling_frequency_hertz",
			  .metric_scale = 1e6,
			  .help = "now; of all CPUs their mean"},
	[FREQ_MIN] = {.name = "min",
		      .type = COLUMN_MHZ,
		      .metric = "node_cpu_scaling_frequency_min_hertz",
		      .metric_scale = 1e6,
		      .help = "the least that is allowed; of all CPUs the mean"},
	[FREQ_MAX] = {.name = "max",
		      .type = COLUMN_MHZ,
		      .metric = "node_cpu_scaling_frequency_max_hertz",
		      .metric_scale = 1e6,
		      .help = "the most that is allowed; of all CPUs the mean"},
};

#define CPU_FOLDER "devices/system/cpu"

/* As text_cpu_list() has it; no kernel has as many. */
enum { CPUS_MOST = 65536 };

/* Where a CPU's values stand, by its number. */
struct cpu {
	bool online;
	struct value values[FREQ_COLUMNS];
};

struct cpus {
	struct cpu *list;
	size_t n;
	bool online_known; /* /sys says which ones are online */
	int error;
};

static void clear_cpus(struct cpus *c)
{
	free(c->list);
}

/* NULL where the number makes no sense, or for lack of memory. */
static struct cpu *find_cpu(struct cpus *c, uint64_t number)
{
	if (number >= CPUS_MOST)
		return NULL;
	if (number >= c->n) {
		size_t n = (size_t)number + 1;
		struct cpu *list = reallocarray(c->list, n, sizeof(*list));

		if (!list) {
			c->error = -ENOMEM;
			return NULL;
		}
		/* All zero: null, unsupported. */
		memset(list + c->n, 0, (n - c->n) * sizeof(*list));
		c->list = list;
		c->n = n;
	}
	return &c->list[number];
}

static void add_online(unsigned number, void *data)
{
	struct cpu *cpu = find_cpu(data, number);

	if (cpu)
		cpu->online = true;
}

static void read_online(struct reading *r, struct cpus *c)
{
	if (source_read_sys(r->source, CPU_FOLDER "/online", &r->buf) == 0)
		c->online_known = text_cpu_list(r->buf.data, add_online, c) == 0;
}

/* Whether a line of /proc/cpuinfo is "key : ...". */
static bool has_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 &&
	       line[len + strspn(line + len, " \t")] == ':';
}

/*
 * A CPU's lines follow the one with its number. x86 has "cpu MHz", s390 has "cpu
 * number" and "cpu MHz dynamic", and POWER has "clock : 3800.000000MHz".
 */
static void read_cpuinfo(struct reading *r, struct cpus *c)
{
	struct cpu *cpu = NULL;
	uint64_t number;
	double mhz;

	if (source_read_proc(r->source, "cpuinfo", &r->buf) < 0)
		return;

	char *end = strrchr(r->buf.data, '\n');
	char *cursor = r->buf.data;
	char *line;

	/* What stands behind the last newline may be half a number. */
	if (!end)
		return;
	*end = '\0';
	while ((line = text_line(&cursor))) {
		const char *value = strchr(line, ':');

		if (!value)
			continue;
		value++;
		if (has_key(line, "processor") || has_key(line, "cpu number")) {
			cpu = text_uint(&value, &number) ? find_cpu(c, number) : NULL;
			if (cpu)
				cpu->online = true;
		} else if ((has_key(line, "cpu MHz") || has_key(line, "clock") ||
			    has_key(line, "cpu MHz dynamic")) &&
			   cpu && text_real(&value, &mhz) && mhz > 0) {
			value_real(&cpu->values[FREQ_CURRENT], mhz);
		}
	}
}

/* A file of a policy: kHz, as MHz. 0 or -errno. */
static int read_khz(struct reading *r, const char *policy, const char *file,
		    struct value *ret)
{
	char path[128];
	uint64_t khz;
	int error;

	(void)snprintf(path, sizeof(path), "%s/%s", policy, file);
	error = source_read_sys(r->source, path, &r->buf);
	if (error == 0) {
		const char *p = r->buf.data;

		/* "<unknown>" is nothing that this kernel tells. */
		error = text_uint(&p, &khz) ? 0 : -EINVAL;
	}
	if (error == 0)
		value_real(ret, (double)khz / 1000);
	else if (error == -EBUSY)
		value_null(ret, WHY_NOT_APPLICABLE);
	else
		value_null(ret, why_of_file(error));
	return error;
}

static void read_current(struct reading *r, const char *policy, struct value *ret)
{
	struct value measured = {0};
	int error = read_khz(r, policy, "scaling_cur_freq", ret);

	if (error < 0 &&
	    (read_khz(r, policy, "cpuinfo_cur_freq", &measured) == 0 || error == -ENOENT))
		*ret = measured;
}

/* A list of CPUs, separated by blanks, into b: false where there is none. */
static bool read_numbers(struct reading *r, const char *policy, const char *file,
			 struct buf *b)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", policy, file);
	return source_read_sys(r->source, path, b) == 0 &&
	       b->data[strspn(b->data, " \t\n")] != '\0';
}

/*
 * The CPUs that a policy rules: those online, or if there are none all that it could
 * rule, or if that is not told either, the one it is named after.
 */
static int find_ruled(struct reading *r, struct cpus *c, const char *policy,
		      unsigned long name, struct buf *ret)
{
	bool online = read_numbers(r, policy, "affected_cpus", ret);
	uint64_t number;

	if (!online && !read_numbers(r, policy, "related_cpus", ret)) {
		ret->len = 0;
		if (buf_add_format(ret, "%lu", name) < 0)
			return -ENOMEM;
	}
	for (const char *p = ret->data; text_uint(&p, &number);) {
		struct cpu *cpu = find_cpu(c, number);

		/* Better too many than none, where nobody says which ones are online. */
		if (cpu && (online || !c->online_known))
			cpu->online = true;
	}
	return c->error;
}

/* Complete what is known of the CPUs of a policy: 0, or the -errno of its bounds (-ENOENT
 * where there is no such policy). */
static int read_policy(struct reading *r, struct cpus *c, const char *policy,
		       unsigned long name)
{
	auto_buf struct buf ruled = BUF_INIT;
	struct value values[FREQ_COLUMNS] = {0};
	bool any = false;
	bool current = false;
	uint64_t number;
	int error = find_ruled(r, c, policy, name, &ruled);

	if (error < 0)
		return error;
	for (const char *p = ruled.data; text_uint(&p, &number);) {
		const struct cpu *cpu = find_cpu(c, number);

		if (!cpu || !cpu->online)
			continue;
		any = true;
		current = current || value_is_null(&cpu->values[FREQ_CURRENT]);
	}
	if (!any)
		return 0;

	/* Asking a processor for its speed may wake it up. */
	if (current)
		read_current(r, policy, &values[FREQ_CURRENT]);
	error = read_khz(r, policy, "scaling_min_freq", &values[FREQ_MIN]);
	(void)read_khz(r, policy, "scaling_max_freq", &values[FREQ_MAX]);
	for (const char *p = ruled.data; text_uint(&p, &number);) {
		struct cpu *cpu = find_cpu(c, number);

		for (size_t i = FREQ_CURRENT; cpu && i < FREQ_COLUMNS; i++)
			if (value_is_null(&cpu->values[i]))
				cpu->values[i] = values[i];
	}
	return error;
}

/* Since Linux 4.3: a folder for each policy. Returns how many there were, or -ENOMEM. */
static int read_policies(struct reading *r, struct cpus *c)
{
	auto_fd int fd = openat(source_sys(r->source), CPU_FOLDER "/cpufreq",
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	(void)take_fd(&fd);
	while ((entry = readdir(dir)) && c->error == 0) {
		static const char prefix[] = "policy";
		const char *p = entry->d_name + sizeof(prefix) - 1;
		char path[128];
		uint64_t number;

		if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) != 0 ||
		    !text_uint(&p, &number) || *p != '\0' || number >= CPUS_MOST)
			continue;
		(void)snprintf(path, sizeof(path), CPU_FOLDER "/cpufreq/policy%u",
			       (unsigned)number);
		(void)read_policy(r, c, path, number);
		n++;
	}
	(void)closedir(dir);
	return c->error < 0 ? c->error : n;
}

/* Before: a folder in that of each CPU. Where the first has none, no other does. */
static void read_folders_of_cpus(struct reading *r, struct cpus *c)
{
	for (size_t i = 0; i < c->n; i++) {
		char path[128];

		if (!c->list[i].online)
			continue;
		(void)snprintf(path, sizeof(path), CPU_FOLDER "/cpu%u/cpufreq",
			       (unsigned)i);
		if (read_policy(r, c, path, i) == -ENOENT)
			break;
	}
}

static int add_cpus(const struct cpus *c, struct table *t)
{
	for (size_t i = 0; i < c->n; i++) {
		struct row *row;

		if (!c->list[i].online)
			continue;
		row = table_add(t);
		if (!row)
			return -ENOMEM;
		memcpy(row->values, c->list[i].values, sizeof(c->list[i].values));
		row_uint(row, FREQ_CPU, i);
	}
	return t->error;
}

/* The mean of what is known. */
static int add_mean(const struct cpus *c, struct table *t)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_null(row, FREQ_CPU, WHY_NOT_APPLICABLE);
	for (size_t column = FREQ_CURRENT; column < FREQ_COLUMNS; column++) {
		double sum = 0;
		size_t n = 0;

		for (size_t i = 0; i < c->n; i++) {
			const struct value *v = &c->list[i].values[column];

			if (!c->list[i].online)
				continue;
			if (value_is_null(v)) {
				if (n == 0)
					row->values[column] = *v;
				continue;
			}
			sum += value_number(v);
			n++;
		}
		if (n > 0)
			row_real(row, column, sum / (double)n);
	}
	return t->error;
}

static int freq_read(struct reading *r, struct table *t)
{
	__attribute__((cleanup(clear_cpus))) struct cpus c = {0};
	int policies;

	read_online(r, &c);
	read_cpuinfo(r, &c);
	policies = read_policies(r, &c);
	if (policies == 0)
		read_folders_of_cpus(r, &c);
	if (c.error < 0)
		return c.error;
	return r->per ? add_cpus(&c, t) : add_mean(&c, t);
}

const struct topic topic_cpu_freq = {
	.name = "cpu-freq",
	.summary = "how fast CPUs run, and between which bounds",
	.per_option = "percpu",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.flags = TOPIC_PER,
	.read = freq_read,
};
