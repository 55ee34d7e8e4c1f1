/*
 * The summary: what sysinfo says when nothing is asked, for people alone.
 *
 * It shows what it finds among the topics of its record, and leaves out what is null, so
 * a machine without swap or a container without uptime has a shorter one.
 */
#include "config.h"

#include "sysinfo/format-cell.h"
#include "sysinfo/format-json.h"
#include "sysinfo/format.h"

#include <stdint.h>
#include <string.h>

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

/* From these shares on something is nearly used up. */
#define SHARE_HIGH	0.75
#define SHARE_VERY_HIGH 0.9

struct summary {
	struct out *o;
	const struct record *record;
	const struct style *style;
};

static const struct part *find_part(const struct summary *s, const char *topic)
{
	for (size_t i = 0; i < s->record->n_parts; i++)
		if (strcmp(s->record->parts[i].topic->name, topic) == 0)
			return &s->record->parts[i];
	return NULL;
}

/* One value, or NULL where it is null or not there at all. */
static const struct value *find_value(const struct summary *s, const char *topic,
				      size_t row, const char *column,
				      const struct column **ret_column)
{
	const struct part *part = find_part(s, topic);
	int at = part ? topic_column(part->topic, column) : -1;
	const struct value *v;

	if (at < 0 || row >= part->table->n)
		return NULL;
	v = &part->table->rows[row]->values[at];
	if (format_value_is_null(v))
		return NULL;
	*ret_column = &part->topic->columns[at];
	return v;
}

/* Write a value between two texts: whether there was one. */
static bool write_value(const struct summary *s, const char *before, const char *topic,
			size_t row, const char *column, const char *after)
{
	const struct column *c = NULL;
	const struct value *v = find_value(s, topic, row, column, &c);

	if (!v)
		return false;
	out_string(s->o, before);
	format_cell(s->o, c, v, s->style->bytes);
	out_string(s->o, after);
	return true;
}

static bool find_number(const struct summary *s, const char *topic, size_t row,
			const char *column, double *ret_number)
{
	const struct column *c = NULL;
	const struct value *v = find_value(s, topic, row, column, &c);

	if (v)
		*ret_number = value_number(v);
	return v;
}

static void write_color(const struct summary *s, const char *color)
{
	if (s->style->color)
		out_string(s->o, color);
}

/* What a line is about, ten cells wide. */
static void write_label(const struct summary *s, const char *label)
{
	write_color(s, BOLD);
	out_format(s->o, "%-10s", label);
	write_color(s, PLAIN);
}

static const char *color_of(double share)
{
	return share >= SHARE_VERY_HIGH ? RED : share >= SHARE_HIGH ? YELLOW : GREEN;
}

/* "host  Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64" */
static void write_host(const struct summary *s)
{
	const char *separator = "";

	if (!find_part(s, "os"))
		return;
	write_label(s, "host");
	if (write_value(s, "", "os", 0, "hostname", ""))
		separator = ", ";
	if (write_value(s, separator, "os", 0, "distribution", ""))
		separator = ", ";
	(void)write_value(s, separator, "os", 0, "sysname", "");
	(void)write_value(s, " ", "os", 0, "release", "");
	(void)write_value(s, " ", "os", 0, "machine", "");
	out_char(s->o, '\n');
}

/* "2 days 3 h 12 min, since 2024-02-29T12:00:00+01:00" */
static void write_uptime(const struct summary *s)
{
	static const struct column moment = {.type = COLUMN_TIME};
	struct value booted;
	double seconds = 0;
	uint64_t minutes;

	if (!find_number(s, "uptime", 0, "seconds", &seconds) || seconds < 0 ||
	    seconds > 1e15)
		return;
	minutes = (uint64_t)(seconds / 60);
	write_label(s, "up");
	if (minutes >= 24 * 60)
		out_format(s->o, "%llu day%s ", (unsigned long long)minutes / (24 * 60),
			   minutes >= 48 * 60 ? "s" : "");
	if (minutes >= 60)
		out_format(s->o, "%u h ", (unsigned)(minutes / 60 % 24));
	out_format(s->o, "%u min, since ", (unsigned)(minutes % 60));
	value_real(&booted, s->record->time - seconds);
	format_cell(s->o, &moment, &booted, false);
	out_char(s->o, '\n');
}

/* "0.42, 0.31, 0.25 over 1, 5 and 15 minutes" */
static void write_load(const struct summary *s)
{
	double load = 0;
	double cpus = 0;
	bool colored = find_number(s, "load", 0, "load1", &load) &&
		       find_number(s, "cpu-count", 0, "usable", &cpus) && cpus > 0;

	if (!find_part(s, "load"))
		return;
	write_label(s, "load");
	if (colored)
		write_color(s, color_of(load / cpus));
	if (!write_value(s, "", "load", 0, "load1", ""))
		out_char(s->o, '-');
	if (colored)
		write_color(s, PLAIN);
	(void)write_value(s, "  ", "load", 0, "load5", "");
	(void)write_value(s, "  ", "load", 0, "load15", "");
	out_string(s->o, "  over 1, 5 and 15 minutes\n");
}

/* "8 logical, 4 physical, 8 usable, quota of 0.5" */
static void write_cpus(const struct summary *s)
{
	if (!find_part(s, "cpu-count"))
		return;
	write_label(s, "cpus");
	if (!write_value(s, "", "cpu-count", 0, "logical", " logical"))
		out_char(s->o, '-');
	(void)write_value(s, ", ", "cpu-count", 0, "physical", " physical");
	(void)write_value(s, ", ", "cpu-count", 0, "usable", " usable");
	(void)write_value(s, ", quota of ", "cpu-count", 0, "quota", "");
	out_char(s->o, '\n');
}

/* A share in percent, on a terminal with a bar. */
static void write_share(const struct summary *s, double percent)
{
	static const struct column share = {.type = COLUMN_PERCENT};
	struct out text;
	struct value v;

	write_color(s, color_of(percent / 100));
	if (s->style->bars || s->style->width) {
		cell_bar(s->o, percent / 100);
		out_char(s->o, ' ');
	}
	out_init(&text, -1);
	value_real(&v, percent);
	format_cell(&text, &share, &v, false);
	out_format(s->o, "%5s%%", text.buf.len ? text.buf.data : "-");
	(void)out_close(&text);
	write_color(s, PLAIN);
}

/* "  2.5%  594M of 23.5G used, 22.9G available" */
static void write_usage(const struct summary *s, const char *topic, size_t row,
			const char *left, const char *left_word)
{
	double percent = 0;

	if (find_number(s, topic, row, "percent", &percent))
		write_share(s, percent);
	else
		out_string(s->o, "     -");
	(void)write_value(s, "  ", topic, row, "used", "");
	(void)write_value(s, " of ", topic, row, "total", " used");
	(void)write_value(s, ", ", topic, row, left, left_word);
}

static void write_memory(const struct summary *s)
{
	double total = 0;

	if (find_part(s, "memory")) {
		write_label(s, "memory");
		write_usage(s, "memory", 0, "available", " available");
		out_char(s->o, '\n');
	}
	if (!find_part(s, "swap"))
		return;
	write_label(s, "swap");
	if (find_number(s, "swap", 0, "total", &total) && total == 0)
		out_string(s->o, "none");
	else
		write_usage(s, "swap", 0, "free", " free");
	out_char(s->o, '\n');
}

static void write_disks(const struct summary *s)
{
	const struct part *part = find_part(s, "disk-usage");

	for (size_t i = 0; part && i < part->table->n; i++) {
		write_label(s, "disk");
		write_usage(s, "disk-usage", i, "free", " free");
		(void)write_value(s, ", on ", "disk-usage", i, "path", "");
		out_char(s->o, '\n');
	}
}

int format_summary(struct out *o, const struct record *record, const struct style *style)
{
	const struct summary s = {.o = o, .record = record, .style = style};

	if (!record->first && record->repeats)
		out_char(o, '\n');
	write_host(&s);
	write_uptime(&s);
	write_load(&s);
	write_cpus(&s);
	write_memory(&s);
	write_disks(&s);
	return o->error;
}
