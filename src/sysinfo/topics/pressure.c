/*
 * pressure: how much time is lost by waiting for CPUs, memory and devices
 * (/proc/pressure).
 *
 * A kernel without this (psi=0) has no rows. A file that is there and cannot be read has
 * rows that are null.
 */
#include "config.h"

#include "base/cleanup.h"
#include "proc/pressure.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <string.h>

enum {
	PRESSURE_RESOURCE,
	PRESSURE_KIND,
	PRESSURE_AVG10,
	PRESSURE_AVG60,
	PRESSURE_AVG300,
	PRESSURE_TOTAL,
};

/* node_exporter has a name for each of them, where we have labels. */
static const char *total_metric(const struct row *row)
{
	static const struct {
		const char *resource;
		const char *some;
		const char *full;
	} metrics[] = {
		{"cpu", "node_pressure_cpu_waiting_seconds_total",
		 "node_pressure_cpu_stalled_seconds_total"},
		{"memory", "node_pressure_memory_waiting_seconds_total",
		 "node_pressure_memory_stalled_seconds_total"},
		{"io", "node_pressure_io_waiting_seconds_total",
		 "node_pressure_io_stalled_seconds_total"},
		{"irq", "node_pressure_irq_waiting_seconds_total",
		 "node_pressure_irq_stalled_seconds_total"},
	};
	const char *resource = row->values[PRESSURE_RESOURCE].text;
	bool is_full = strcmp(row->values[PRESSURE_KIND].text, "full") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		if (strcmp(metrics[i].resource, resource) == 0)
			return is_full ? metrics[i].full : metrics[i].some;
	return NULL;
}

static const struct column pressure_columns[] = {
	[PRESSURE_RESOURCE] = {.name = "resource",
			       .type = COLUMN_TEXT,
			       .flags = COLUMN_ID,
			       .help = "cpu, memory, io or irq"},
	[PRESSURE_KIND] = {.name = "kind",
			   .type = COLUMN_TEXT,
			   .flags = COLUMN_ID,
			   .help = "some: a task waits; full: all tasks wait at once"},
	[PRESSURE_AVG10] = {.name = "avg10",
			    .type = COLUMN_PERCENT,
			    .decimals = 2,
			    .help = "share of the last 10 seconds"},
	[PRESSURE_AVG60] = {.name = "avg60",
			    .type = COLUMN_PERCENT,
			    .decimals = 2,
			    .help = "share of the last minute"},
	[PRESSURE_AVG300] = {.name = "avg300",
			     .type = COLUMN_PERCENT,
			     .decimals = 2,
			     .help = "share of the last five minutes"},
	[PRESSURE_TOTAL] = {.name = "total",
			    .type = COLUMN_US,
			    .flags = COLUMN_COUNTER,
			    .metric_of = total_metric,
			    .metric_scale = 1e-6,
			    .help = "time lost since boot"},
};

static const struct resource {
	const char *name;
	const char *file;
	bool has_some;
} resources[] = {
	{"cpu", "pressure/cpu", true},
	{"memory", "pressure/memory", true},
	{"io", "pressure/io", true},
	{"irq", "pressure/irq", false},
};

static int add_null_row(struct table *t, const char *resource, const char *kind,
			enum why why)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, PRESSURE_RESOURCE, resource);
	row_text(row, PRESSURE_KIND, kind);
	for (size_t i = PRESSURE_AVG10; i <= PRESSURE_TOTAL; i++)
		row_null(row, i, why);
	return 0;
}

/*
 * "All tasks wait for a CPU" has no meaning for the whole system. The kernel writes that
 * line with zeros, since once it was there; they are not measured.
 */
static void mend_cpu_full(struct row *row)
{
	for (size_t i = PRESSURE_AVG10; i <= PRESSURE_TOTAL; i++)
		if (value_is_null(&row->values[i]) || value_number(&row->values[i]) > 0)
			return;
	for (size_t i = PRESSURE_AVG10; i <= PRESSURE_TOTAL; i++)
		row_null(row, i, WHY_NOT_APPLICABLE);
}

static int add_row(struct table *t, const char *resource, const struct pressure *p)
{
	static const size_t averages[PRESSURE_AVERAGES] = {
		[PRESSURE_10] = PRESSURE_AVG10,
		[PRESSURE_60] = PRESSURE_AVG60,
		[PRESSURE_300] = PRESSURE_AVG300,
	};
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, PRESSURE_RESOURCE, resource);
	row_text(row, PRESSURE_KIND, p->kind);
	for (size_t i = 0; i < PRESSURE_AVERAGES; i++)
		if (p->has_average[i])
			row_real(row, averages[i], p->average[i]);
	if (p->has_total)
		row_uint(row, PRESSURE_TOTAL, p->total);
	if (strcmp(resource, "cpu") == 0 && strcmp(p->kind, "full") == 0)
		mend_cpu_full(row);
	return 0;
}

static int read_resource(struct reading *r, struct table *t, const struct resource *res)
{
	struct pressure line;
	int error = pressure_fetch(r->source->proc, res->file, &r->buf);

	if (error == -ENOENT || error == -ENOMEM)
		return error == -ENOENT ? 0 : error;
	if (error < 0) {
		enum why why = why_from_error(error);

		error = res->has_some ? add_null_row(t, res->name, "some", why) : 0;
		return error < 0 ? error : add_null_row(t, res->name, "full", why);
	}
	for (char *cursor = r->buf.data; error == 0 && pressure_next(&cursor, &line);)
		error = add_row(t, res->name, &line);
	return error;
}

static int pressure_read(struct reading *r, struct table *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		int error = read_resource(r, t, &resources[i]);

		if (error < 0)
			return error;
	}
	return t->error;
}

const struct topic topic_pressure = {
	.name = "pressure",
	.aliases = "psi",
	.summary = "time lost by waiting for CPUs, memory and devices",
	.columns = pressure_columns,
	.n_columns = ARRAY_SIZE(pressure_columns),
	.flags = TOPIC_LIST,
	.read = pressure_read,
};
