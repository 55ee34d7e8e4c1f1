#include "config.h"

#include "sysinfo/cpu-stat.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As text_cpu_list() has it; no kernel has as many. */
enum { CPUS_MOST = 65536 };

/* A number with a blank or the end of its line behind it. At the end of the file it may
 * be the first digits of a longer one. */
static bool whole_number(const char **cursor, uint64_t *ret)
{
	const char *p = *cursor;
	uint64_t value;

	if (!text_uint(&p, &value) || (*p != ' ' && *p != '\t' && *p != '\n'))
		return false;
	*ret = value;
	*cursor = p;
	return true;
}

static void parse_ticks(const char *p, struct cpu_line *ret)
{
	while (ret->n < CPU_STATES && whole_number(&p, &ret->ticks[ret->n]))
		ret->n++;
	ret->cut = *strchrnul(p, '\n') == '\0';
}

/* p stands behind "cpu". What is none is left out. */
static int parse_cpu(struct cpu_stat *s, const char *p)
{
	struct cpu_line line = {0};
	uint64_t cpu;

	if (*p == ' ') {
		parse_ticks(p, &line);
		if (s->total.n == 0)
			s->total = line;
		return 0;
	}
	if (!whole_number(&p, &cpu) || cpu >= CPUS_MOST)
		return 0;
	line.cpu = (unsigned)cpu;
	parse_ticks(p, &line);

	if (s->n == s->cap) {
		size_t cap = s->cap > 0 ? s->cap * 2 : 16;
		struct cpu_line *cpus = reallocarray(s->cpus, cap, sizeof(*cpus));

		if (!cpus)
			return -ENOMEM;
		s->cpus = cpus;
		s->cap = cap;
	}
	s->cpus[s->n++] = line;
	return 0;
}

static void parse_count(struct cpu_stat *s, const char *line)
{
	static const char *const names[] = {
		[CPU_STAT_INTERRUPTS] = "intr",
		[CPU_STAT_SWITCHES] = "ctxt",
		[CPU_STAT_BOOT_TIME] = "btime",
		[CPU_STAT_FORKS] = "processes",
		[CPU_STAT_RUNNING] = "procs_running",
		[CPU_STAT_BLOCKED] = "procs_blocked",
		[CPU_STAT_SOFT_INTERRUPTS] = "softirq",
	};
	size_t len = strcspn(line, " \t\n");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *p = line + len;

		if (strlen(names[i]) == len && memcmp(names[i], line, len) == 0) {
			s->known[i] = whole_number(&p, &s->counts[i]);
			return;
		}
	}
}

static int compare_cpus(const void *a, const void *b)
{
	const struct cpu_line *x = a;
	const struct cpu_line *y = b;

	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

/* The kernel writes them in order; a file that somebody made may not be. */
static void sort_cpus(struct cpu_stat *s)
{
	size_t n = 0;
	bool sorted = true;

	for (size_t i = 1; i < s->n && sorted; i++)
		sorted = s->cpus[i - 1].cpu < s->cpus[i].cpu;
	if (sorted)
		return;
	qsort(s->cpus, s->n, sizeof(*s->cpus), compare_cpus);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || s->cpus[n - 1].cpu != s->cpus[i].cpu)
			s->cpus[n++] = s->cpus[i];
	s->n = n;
}

int cpu_stat_read(struct reading *r, struct cpu_stat *ret)
{
	int error = source_read_proc_whole(r->source, "stat", &r->buf);

	if (error < 0)
		return reading_fail(r, "stat", error);

	const char *line = r->buf.data;

	while (*line) {
		if (strncmp(line, "cpu", 3) == 0)
			error = parse_cpu(ret, line + 3);
		else
			parse_count(ret, line);
		if (error < 0)
			return error;
		line = strchrnul(line, '\n');
		if (*line)
			line++;
	}
	sort_cpus(ret);
	return 0;
}

void cpu_stat_clear(struct cpu_stat *s)
{
	free(s->cpus);
	*s = (struct cpu_stat){0};
}

void cpu_stat_set(const struct cpu_stat *s, enum cpu_stat_count count, struct row *row,
		  size_t column)
{
	if (s->known[count])
		row_uint(row, column, s->counts[count]);
}

int cpu_stat_online(struct reading *r, uint64_t *ret)
{
	auto_cpu_stat struct cpu_stat stat = {0};
	int error = source_read_sys(r->source, "devices/system/cpu/online", &r->buf);

	if (error == 0 && text_cpu_count(r->buf.data, ret) == 0)
		return 0;
	error = cpu_stat_read(r, &stat);
	if (error == 0 && stat.n == 0)
		error = -EINVAL;
	if (error == 0)
		*ret = stat.n;
	return error;
}
