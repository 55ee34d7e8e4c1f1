/*
 * /proc/stat, read once and taken apart: the time of each CPU, and the kernel's counts.
 *
 *	auto_cpu_stat struct cpu_stat stat = {0};
 *	r = cpu_stat_read(reading, &stat);
 *
 * Not libproc2's procps_stat: its total counts guest time twice (it is inside user
 * time, so 50 % busy became 66.7 %), it keeps a CPU's history by position, so that the
 * neighbours of a CPU that goes offline get wrong figures, it has no soft interrupts,
 * and to begin with it searches for libnuma in vain, with some 80 openat() calls.
 *
 * CPUs have the kernel's numbers, which may have gaps; CPUs that are offline are not
 * there, but their time is in the total. A number that the end of the file cuts off is
 * not known, nor is what would have stood behind it.
 */
#ifndef SYSINFO_CPU_STAT_H
#define SYSINFO_CPU_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sysinfo/topic.h"

/* In the order of the file, to which kernels only ever added. */
enum cpu_state {
	CPU_USER, /* with guest */
	CPU_NICE, /* with guest_nice */
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_IOWAIT,
	CPU_IRQ,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_GUEST,
	CPU_GUEST_NICE,
	CPU_STATES,
};

struct cpu_line {
	unsigned cpu;
	unsigned n; /* how many of the states are known, from the first on */
	bool cut;   /* the file ended in this line: the others are lost */
	uint64_t ticks[CPU_STATES];
};

/* The lines with one figure, or with a sum first. */
enum cpu_stat_count {
	CPU_STAT_INTERRUPTS,
	CPU_STAT_SWITCHES,
	CPU_STAT_BOOT_TIME,
	CPU_STAT_FORKS,
	CPU_STAT_RUNNING,
	CPU_STAT_BLOCKED,
	CPU_STAT_SOFT_INTERRUPTS,
	CPU_STAT_COUNTS,
};

struct cpu_stat {
	struct cpu_line total; /* n is 0 where there is no such line */
	struct cpu_line *cpus; /* by their numbers, each once */
	size_t n;
	size_t cap;
	bool known[CPU_STAT_COUNTS];
	uint64_t counts[CPU_STAT_COUNTS];
};

/* 0, -ENOMEM, or -errno after reading_fail(). Uses r->buf. */
int cpu_stat_read(struct reading *r, struct cpu_stat *ret);
void cpu_stat_clear(struct cpu_stat *s);

#define auto_cpu_stat __attribute__((cleanup(cpu_stat_clear)))

/* A column for a count: the figure, or null. */
void cpu_stat_set(const struct cpu_stat *s, enum cpu_stat_count count, struct row *row,
		  size_t column);

/* How many CPUs are online, as /sys says, else as many as /proc/stat has: 0, or -errno
 * where neither tells. */
int cpu_stat_online(struct reading *r, uint64_t *ret);

/* In cpu-times and cpu-times-percent a state stands in CPU_COLUMN_STATE + itself. */
enum { CPU_COLUMN_ID, CPU_COLUMN_STATE };

extern const struct topic topic_cpu_times;

#endif
