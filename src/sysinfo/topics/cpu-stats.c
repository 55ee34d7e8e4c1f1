/*
 * cpu-stats: what the kernel has counted since the system started.
 *
 * psutil's syscalls is always 0 on Linux, where nobody counts them, so it is left out.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>

enum {
	STATS_SWITCHES,
	STATS_INTERRUPTS,
	STATS_SOFT_INTERRUPTS,
	STATS_FORKS,
	STATS_RUNNING,
	STATS_BLOCKED
};

static const struct column columns[] = {
	[STATS_SWITCHES] = {.name = "ctx_switches",
			    .type = COLUMN_NUMBER,
			    .flags = COLUMN_COUNTER,
			    .metric = "node_context_switches_total",
			    .help = "context switches"},
	[STATS_INTERRUPTS] = {.name = "interrupts",
			      .type = COLUMN_NUMBER,
			      .flags = COLUMN_COUNTER,
			      .metric = "node_intr_total",
			      .help = "interrupts served"},
	[STATS_SOFT_INTERRUPTS] = {.name = "soft_interrupts",
				   .type = COLUMN_NUMBER,
				   .flags = COLUMN_COUNTER,
				   .help = "soft interrupts served"},
	[STATS_FORKS] = {.name = "forks",
			 .type = COLUMN_NUMBER,
			 .flags = COLUMN_COUNTER,
			 .metric = "node_forks_total",
			 .help = "processes and threads started"},
	[STATS_RUNNING] = {.name = "running",
			   .type = COLUMN_NUMBER,
			   .metric = "node_procs_running",
			   .help = "threads that run or could run now"},
	[STATS_BLOCKED] = {.name = "blocked",
			   .type = COLUMN_NUMBER,
			   .metric = "node_procs_blocked",
			   .help = "threads that wait for a disk now"},
};

static int stats_read(struct reading *r, struct table *t)
{
	auto_cpu_stat struct cpu_stat stat = {0};
	int error = cpu_stat_read(r, &stat);

	if (error < 0)
		return error;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	cpu_stat_set(&stat, CPU_STAT_SWITCHES, row, STATS_SWITCHES);
	cpu_stat_set(&stat, CPU_STAT_INTERRUPTS, row, STATS_INTERRUPTS);
	cpu_stat_set(&stat, CPU_STAT_SOFT_INTERRUPTS, row, STATS_SOFT_INTERRUPTS);
	cpu_stat_set(&stat, CPU_STAT_FORKS, row, STATS_FORKS);
	cpu_stat_set(&stat, CPU_STAT_RUNNING, row, STATS_RUNNING);
	cpu_stat_set(&stat, CPU_STAT_BLOCKED, row, STATS_BLOCKED);
	return t->error;
}

const struct topic topic_cpu_stats = {
	.name = "cpu-stats",
	.summary = "context switches, interrupts, and processes started since the start",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.read = stats_read,
};
