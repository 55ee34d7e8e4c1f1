/*
 * Columns of ps: the terminal, and what the scheduler knows.
 */
#include "config.h"

#include "sysinfo/process-getters.h"

#include "base/cleanup.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>

static void name_by_sysfs(struct process_host *host, unsigned major, unsigned minor)
{
	int r = source_device_name(host->source, "char", major, minor, &host->file);

	(void)process_host_note(host, host->source->sys_path, r);
	if (r == 0)
		(void)snprintf(host->tty_name, sizeof(host->tty_name), "/dev/%.50s",
			       host->file.data);
}

/* The path of a terminal by the number that stat has for it, or "". */
static const char *terminal_path(struct process_host *host, uint64_t number)
{
	enum { TTY = 4, PTS_FIRST = 136, PTS_LAST = 143, SERIAL = 64 };
	unsigned major = (unsigned)(number >> 8) & 0xfff;
	unsigned minor = (unsigned)(number & 0xff) | ((unsigned)(number >> 12) & 0xfff00);

	if (host->tty == number)
		return host->tty_name;
	host->tty = number;
	host->tty_name[0] = '\0';
	if (major >= PTS_FIRST && major <= PTS_LAST)
		(void)snprintf(host->tty_name, sizeof(host->tty_name), "/dev/pts/%u",
			       minor + (major - PTS_FIRST) * 256);
	else
		name_by_sysfs(host, major, minor);
	if (!host->tty_name[0] && major == TTY)
		(void)snprintf(host->tty_name, sizeof(host->tty_name),
			       minor < SERIAL ? "/dev/tty%u" : "/dev/ttyS%u",
			       minor < SERIAL ? minor : minor - SERIAL);
	return host->tty_name;
}

void get_terminal(struct process *p, struct row *row, size_t column)
{
	if (!procfs_has(&p->stat, PROCFS_TTY)) {
		row_null(row, column, p->denied ? WHY_PERMISSION : WHY_UNSUPPORTED);
		return;
	}

	uint64_t number = p->stat.value[PROCFS_TTY];

	if (number == 0) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}

	/* It is an int, printed with its sign. */
	const char *path = terminal_path(p->host, number & 0xffffffff);

	if (*path)
		row_text(row, column, path);
}

void get_policy(struct process *p, struct row *row, size_t column)
{
	static const char *const words[] = {"other", "fifo", "rr",	 "batch",
					    NULL,    "idle", "deadline", "ext"};

	if (!procfs_has(&p->stat, PROCFS_POLICY))
		row_null(row, column, p->denied ? WHY_PERMISSION : WHY_UNSUPPORTED);
	else if (p->stat.value[PROCFS_POLICY] < ARRAY_SIZE(words) &&
		 words[p->stat.value[PROCFS_POLICY]])
		row_text(row, column, words[p->stat.value[PROCFS_POLICY]]);
}

void get_ionice(struct process *p, struct row *row, size_t column)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13, DATA = 0xff };
	static const char *const names[] = {"ioclass", "value"};
	static const char *const words[] = {"none", "realtime", "best-effort", "idle"};

	/* There is no file that tells. */
	if (p->host->is_foreign)
		return;

	long value = syscall(SYS_ioprio_get, WHO_PROCESS, p->tid);

	if (value < 0) {
		process_null(p, &row->values[column], -errno);
		return;
	}

	struct value *items = value_object(row->table, &row->values[column], 2, names);
	size_t class = (size_t)value >> CLASS_SHIFT & 7;

	if (!items)
		return;
	if (class < ARRAY_SIZE(words))
		value_text(row->table, &items[0], words[class]);
	/* Above the level newer kernels have hints. */
	value_int(&items[1], value & 7);
}

struct cpus {
	struct table *table;
	struct value *items; /* NULL: only count */
	size_t n;
};

static void add_cpu(unsigned cpu, void *data)
{
	struct cpus *cpus = data;

	if (cpus->items)
		value_uint(&cpus->items[cpus->n], cpu);
	cpus->n++;
}

/* Of another /proc: the file says which are allowed, also those that are not there. */
static void affinity_of_file(struct process *p, struct row *row, size_t column)
{
	int error;
	const char *text = process_status(p, "Cpus_allowed_list", &error);
	struct cpus cpus = {.table = row->table};

	if (!text) {
		if (error != -ENODATA)
			process_null(p, &row->values[column], error);
		return;
	}
	if (text_cpu_list(text, add_cpu, &cpus) < 0)
		return;
	cpus.items = value_list(row->table, &row->values[column], cpus.n);
	cpus.n = 0;
	if (cpus.items)
		(void)text_cpu_list(text, add_cpu, &cpus);
}

void get_affinity(struct process *p, struct row *row, size_t column)
{
	unsigned long mask[65536 / (8 * sizeof(unsigned long))];
	const size_t bits = 8 * sizeof(mask[0]);

	if (p->host->is_foreign) {
		affinity_of_file(p, row, column);
		return;
	}

	/* The system call itself, which says how long the kernel's mask is. */
	long size = syscall(SYS_sched_getaffinity, p->tid, sizeof(mask), mask);

	if (size < 0) {
		process_null(p, &row->values[column], -errno);
		return;
	}

	size_t words = (size_t)size / sizeof(mask[0]);
	size_t n = 0;

	for (size_t i = 0; i < words; i++)
		n += (size_t)__builtin_popcountl(mask[i]);

	struct cpus cpus = {
		.items = value_list(row->table, &row->values[column], n),
	};

	for (size_t cpu = 0; cpus.items && cpu < words * bits; cpu++)
		if (mask[cpu / bits] & 1UL << cpu % bits)
			add_cpu((unsigned)cpu, &cpus);
}
