/*
 * cpu-times: what each CPU has spent its time on since the system started.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>

#define STATE_COLUMN(state, name_, metric_, help_) \
	[CPU_COLUMN_STATE + (state)] = {           \
		.name = (name_),                   \
		.type = COLUMN_SECONDS,            \
		.flags = COLUMN_COUNTER,           \
		.decimals = 2,                     \
		.metric = (metric_),               \
		.help = (help_),                   \
	}

static const struct column columns[] = {
	[CPU_COLUMN_ID] = {.name = "cpu",
			   .type = COLUMN_NUMBER,
			   .flags = COLUMN_ID,
			   .help = "the kernel's number of the CPU"},
	STATE_COLUMN(CPU_USER, "user", "node_cpu_seconds_total{mode=\"user\"}",
		     "programs, and guests of virtual machines"),
	STATE_COLUMN(CPU_NICE, "nice", "node_cpu_seconds_total{mode=\"nice\"}",
		     "programs of low priority, and guests of low priority"),
	STATE_COLUMN(CPU_SYSTEM, "system", "node_cpu_seconds_total{mode=\"system\"}",
		     "the kernel on behalf of programs"),
	STATE_COLUMN(CPU_IDLE, "idle", "node_cpu_seconds_total{mode=\"idle\"}",
		     "nothing to do"),
	STATE_COLUMN(CPU_IOWAIT, "iowait", "node_cpu_seconds_total{mode=\"iowait\"}",
		     "idle while something waits for a disk; may go backwards"),
	STATE_COLUMN(CPU_IRQ, "irq", "node_cpu_seconds_total{mode=\"irq\"}",
		     "interrupts"),
	STATE_COLUMN(CPU_SOFTIRQ, "softirq", "node_cpu_seconds_total{mode=\"softirq\"}",
		     "soft interrupts"),
	STATE_COLUMN(CPU_STEAL, "steal", "node_cpu_seconds_total{mode=\"steal\"}",
		     "wanted, but taken by other virtual machines"),
	STATE_COLUMN(CPU_GUEST, "guest", "node_cpu_guest_seconds_total{mode=\"user\"}",
		     "of user: guests of virtual machines"),
	STATE_COLUMN(CPU_GUEST_NICE, "guest_nice",
		     "node_cpu_guest_seconds_total{mode=\"nice\"}",
		     "of nice: guests of low priority"),
};

/* A line of /proc/stat as a row; the total has no number. */
static int add_line(struct table *t, const struct cpu_line *line, bool is_total)
{
	double ticks = source_ticks();
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	if (is_total)
		row_null(row, CPU_COLUMN_ID, WHY_NOT_APPLICABLE);
	else
		row_uint(row, CPU_COLUMN_ID, line->cpu);
	for (size_t i = 0; i < CPU_STATES; i++) {
		if (i < line->n)
			row_real(row, CPU_COLUMN_STATE + i,
				 (double)line->ticks[i] / ticks);
		else if (line->cut)
			row_null(row, CPU_COLUMN_STATE + i, WHY_GONE);
	}
	return 0;
}

static int times_read(struct reading *r, struct table *t)
{
	auto_cpu_stat struct cpu_stat stat = {0};
	int error = cpu_stat_read(r, &stat);

	if (error == 0 && !r->per)
		error = add_line(t, &stat.total, true);
	for (size_t i = 0; error == 0 && r->per && i < stat.n; i++)
		error = add_line(t, &stat.cpus[i], false);
	return error < 0 ? error : t->error;
}

const struct topic topic_cpu_times = {
	.name = "cpu-times",
	.summary = "seconds that CPUs have spent in each state since the start",
	.per_option = "percpu",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.flags = TOPIC_PER,
	.read = times_read,
};
