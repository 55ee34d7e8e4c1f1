/*
 * load, uptime and boot-time.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <libproc2/misc.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { LOAD_ONE, LOAD_FIVE, LOAD_FIFTEEN };

static const struct column load_columns[] = {
	[LOAD_ONE] = {.name = "load1",
		      .type = COLUMN_REAL,
		      .decimals = 2,
		      .metric = "node_load1",
		      .help = "average over one minute"},
	[LOAD_FIVE] = {.name = "load5",
		       .type = COLUMN_REAL,
		       .decimals = 2,
		       .metric = "node_load5",
		       .help = "average over five minutes"},
	[LOAD_FIFTEEN] = {.name = "load15",
			  .type = COLUMN_REAL,
			  .decimals = 2,
			  .metric = "node_load15",
			  .help = "average over fifteen minutes"},
};

enum { UPTIME_SECONDS, UPTIME_IDLE };

static const struct column uptime_columns[] = {
	[UPTIME_SECONDS] = {.name = "seconds",
			    .type = COLUMN_SECONDS,
			    .decimals = 3,
			    .help = "since the system started, with time asleep"},
	[UPTIME_IDLE] =
		{.name = "idle",
		 .type = COLUMN_SECONDS,
		 .decimals = 2,
		 .help = "that CPUs had nothing to do, added up over all of them"},
};

enum { BOOT_TIME };

static const struct column boot_columns[] = {
	[BOOT_TIME] = {.name = "boot_time",
		       .type = COLUMN_TIME,
		       .decimals = 3,
		       .metric = "node_boot_time_seconds",
		       .help = "when the system started, by the clock as it is set now"},
};

/*
 * A row of n columns, of numbers that libproc2 gives: error is what it said, or
 * source_mount_proc() before it. Where the folder of --proc cannot be put in the place of
 * /proc, and where the file holds something else, they are null.
 */
static int add_numbers(struct reading *r, struct table *t, const char *path,
		       const double *numbers, size_t n, int error, bool mounted)
{
	if (error < 0 && error != -ERANGE && mounted)
		return reading_fail(r, path, error);

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (error == 0)
			row_real(row, i, numbers[i]);
		else
			row_null(row, i, mounted ? WHY_UNSUPPORTED : WHY_PERMISSION);
	}
	return t->error;
}

/*
 * In a tree that is not the kernel's, libproc2 would wait for whoever writes into a FIFO,
 * and take -1, inf, 1e3 and 0x5 for figures. 0, or its own error for a file whose first n
 * words are no plain numbers, or -errno of one that cannot be read.
 */
static int look_first(struct reading *r, const char *path, size_t n)
{
	const char *text;
	double number;

	if (!r->source->other_proc)
		return 0;

	int error = source_read_proc_whole(r->source, path, &r->buf);

	if (error < 0)
		return error == -EISDIR ? -ERANGE : error;
	text = r->buf.data;
	for (size_t i = 0; i < n; i++)
		if (!text_real(&text, &number) || number < 0 || !isfinite(number) ||
		    !strchr(" \t\n", *text))
			return -ERANGE;
	return 0;
}

static int load_read(struct reading *r, struct table *t)
{
	double loads[3] = {0};
	int error = source_mount_proc(r->source);
	bool mounted = error == 0;

	if (mounted)
		error = look_first(r, "loadavg", ARRAY_SIZE(loads));
	if (error == 0)
		error = procps_loadavg(&loads[LOAD_ONE], &loads[LOAD_FIVE],
				       &loads[LOAD_FIFTEEN]);
	return add_numbers(r, t, "loadavg", loads, ARRAY_SIZE(loads), error, mounted);
}

const struct topic topic_load = {
	.name = "load",
	.aliases = "getloadavg loadavg load_avg",
	.summary = "load averages over 1, 5 and 15 minutes",
	.columns = load_columns,
	.n_columns = ARRAY_SIZE(load_columns),
	.read = load_read,
};

static double clock_seconds(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * The file has two decimals, the clock nine. They are one and the same unless something
 * like lxcfs lies over the file, to tell a container its own uptime; then the file is
 * right.
 */
static double exact_uptime(struct source *s, double told)
{
	double uptime = clock_seconds(CLOCK_BOOTTIME);

	return !s->other_proc && fabs(uptime - told) < 1 ? uptime : told;
}

static int uptime_read(struct reading *r, struct table *t)
{
	double uptime[2] = {0};
	int error = source_mount_proc(r->source);
	bool mounted = error == 0;

	if (mounted)
		error = look_first(r, "uptime", ARRAY_SIZE(uptime));
	if (error == 0)
		error = procps_uptime(&uptime[UPTIME_SECONDS], &uptime[UPTIME_IDLE]);
	if (error == 0)
		uptime[UPTIME_SECONDS] = exact_uptime(r->source, uptime[UPTIME_SECONDS]);
	return add_numbers(r, t, "uptime", uptime, ARRAY_SIZE(uptime), error, mounted);
}

const struct topic topic_uptime = {
	.name = "uptime",
	.summary = "how long the system has been up",
	.columns = uptime_columns,
	.n_columns = ARRAY_SIZE(uptime_columns),
	.read = uptime_read,
};

/* The kernel's own figure has whole seconds, of the moment when it was asked. */
static int boot_read(struct reading *r, struct table *t)
{
	auto_cpu_stat struct cpu_stat stat = {0};
	int error = cpu_stat_read(r, &stat);

	if (error < 0)
		return error;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	if (stat.known[CPU_STAT_BOOT_TIME]) {
		double told = (double)stat.counts[CPU_STAT_BOOT_TIME];
		double boot =
			clock_seconds(CLOCK_REALTIME) - clock_seconds(CLOCK_BOOTTIME);

		row_real(row, BOOT_TIME,
			 !r->source->other_proc && fabs(boot - told) < 2 ? boot : told);
	}
	return t->error;
}

const struct topic topic_boot_time = {
	.name = "boot-time",
	.summary = "when the system started",
	.columns = boot_columns,
	.n_columns = ARRAY_SIZE(boot_columns),
	.read = boot_read,
};
