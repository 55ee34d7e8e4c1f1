/*
 * OpenMetrics 1.0, with node_exporter's names where it has them.
 *
 * The text has rules that rows and columns do not keep by themselves: the samples of a
 * family stand together, although its columns may be those of several topics; a set of
 * labels comes once; a family has one type. So all columns become series first, and
 * families are written from these.
 *
 * A column of texts has no place here unless its topic has no numbers at all: that topic
 * is an info metric.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "sysinfo/format-json.h"
#include "sysinfo/format.h"

#include <errno.h>
#include <search.h>
#include <string.h>

/* The samples of one column, one for each row. */
struct series {
	const struct part *part;
	const struct column *column; /* NULL: an info metric of the topic */
	const char *info;	     /* and that of those texts which name it; or NULL */
	size_t at;		     /* its place in a row */
	const char *only;	     /* rows whose own metric this is; NULL: all */
	char *name;		     /* of the samples */
	size_t family_len;	     /* the family's name is the beginning of it */
	const char *labels;	     /* constant ones, without braces; or "" */
	size_t labels_len;
	const char *type;
	bool written;
};

struct exposition {
	struct series *series;
	size_t n;
	size_t cap;
};

static void exposition_clear(struct exposition *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->series[i].name);
	free(e->series);
}

#define auto_exposition __attribute__((cleanup(exposition_clear)))

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(text + len - n, end, n) == 0;
}

static struct series *add_series(struct exposition *e, const struct part *part)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 64;
		struct series *more = reallocarray(e->series, cap, sizeof(*more));

		if (!more)
			return NULL;
		e->series = more;
		e->cap = cap;
	}

	struct series *s = &e->series[e->n++];

	*s = (struct series){.part = part, .labels = ""};
	return s;
}

/* The name that a column has without a metric: prockit_<topic>_<name>. */
static int own_name(struct buf *name, const struct topic *topic, const char *column)
{
	char key[64];

	topic_key(topic, key);
	return buf_add_format(name, "prockit_%s_%s", key, column);
}

/* metric: of the column, or of a row; NULL: it has none. */
static int add_column(struct exposition *e, const struct part *part, size_t at,
		      const char *metric)
{
	static const char total[] = "_total";
	const struct column *c = &part->topic->columns[at];
	bool counts = c->flags & COLUMN_COUNTER;
	struct series *s = add_series(e, part);
	auto_buf struct buf name = BUF_INIT;
	int r;

	if (!s)
		return -ENOMEM;
	s->column = c;
	s->at = at;
	s->type = counts ? "counter" : "gauge";
	if (metric) {
		size_t len = strcspn(metric, "{");

		r = buf_add(&name, metric, len);
		if (metric[len]) {
			s->labels = metric + len + 1;
			s->labels_len = strcspn(s->labels, "}");
		}
	} else {
		r = own_name(&name, part->topic, c->name);
	}
	if (r == 0 && counts && !ends_with(name.data, name.len, total))
		r = buf_add_string(&name, total);
	if (r < 0)
		return r;
	s->family_len = counts ? name.len - (sizeof(total) - 1) : name.len;
	s->name = take_ptr(name.data);
	return 0;
}

/* A column whose rows have metrics of their own: each of these once. */
static int add_column_of_rows(struct exposition *e, const struct part *part, size_t at)
{
	size_t first = e->n;

	for (size_t i = 0; i < part->table->n; i++) {
		const struct row *row = part->table->rows[i];
		const char *metric = part->topic->columns[at].metric_of(row);
		bool is_there = !metric;

		for (size_t k = first; k < e->n && !is_there; k++)
			is_there = strcmp(e->series[k].only, metric) == 0;
		if (is_there)
			continue;

		int r = add_column(e, part, at, metric);

		if (r < 0)
			return r;
		e->series[e->n - 1].only = metric;
	}
	return 0;
}

/* The topic as an info metric. */
static int add_info(struct exposition *e, const struct part *part)
{
	struct series *s = add_series(e, part);
	auto_buf struct buf name = BUF_INIT;
	int r;

	if (!s)
		return -ENOMEM;
	s->type = "info";
	r = own_name(&name, part->topic, "info");
	if (r < 0)
		return r;
	s->family_len = name.len - (sizeof("_info") - 1);
	s->name = take_ptr(name.data);
	return 0;
}

/* The info metric that a column of texts names, with all the others that do. */
static int add_named_info(struct exposition *e, const struct part *part,
			  const struct column *c)
{
	size_t len = strlen(c->metric);
	struct series *s;

	for (size_t i = 0; i < e->n; i++)
		if (e->series[i].part == part && e->series[i].info &&
		    strcmp(e->series[i].info, c->metric) == 0)
			return 0;
	s = add_series(e, part);
	if (!s)
		return -ENOMEM;
	s->type = "info";
	s->info = c->metric;
	s->family_len = len - (sizeof("_info") - 1);

	auto_buf struct buf name = BUF_INIT;

	if (buf_add(&name, c->metric, len) < 0)
		return -ENOMEM;
	s->name = take_ptr(name.data);
	return 0;
}

static bool column_is_sample(const struct column *c)
{
	return !(c->flags & (COLUMN_ID | COLUMN_NAMING)) &&
	       (column_is_number(c) || c->type == COLUMN_BOOL || c->type == COLUMN_TIME);
}

static int add_part(struct exposition *e, const struct part *part)
{
	bool any = false;

	for (size_t i = 0; i < part->n_shown; i++) {
		const struct column *c = &part->topic->columns[part->shown[i]];
		int r;

		if (column_is_sample(c) && c->metric_of)
			r = add_column_of_rows(e, part, part->shown[i]);
		else if (column_is_sample(c))
			r = add_column(e, part, part->shown[i], c->metric);
		else if (c->metric && ends_with(c->metric, strlen(c->metric), "_info"))
			r = add_named_info(e, part, c);
		else
			continue;
		if (r < 0)
			return r;
		any = true;
	}
	return any ? 0 : add_info(e, part);
}

/* Text inside quotes: of a label, or of a help line. */
static void write_escaped(struct out *o, const char *text, size_t len)
{
	while (len) {
		size_t skip = 1;
		size_t n = utf8_sequence(text, len, &skip);

		if (!n) {
			out_string(o, "\xef\xbf\xbd");
			n = skip;
		} else if (*text == '\n') {
			out_string(o, "\\n");
		} else {
			if (*text == '"' || *text == '\\')
				out_char(o, '\\');
			out_write(o, text, n);
		}
		text += n;
		len -= n;
	}
}

static void write_label(struct out *o, const struct column *c, const struct value *v,
			struct out *scratch)
{
	scratch->buf.len = 0;
	if (v->kind == VALUE_OBJECT)
		format_cell(scratch, c, v, true);
	else
		format_scalar(scratch, c, v);
	if (scratch->error) {
		out_fail(o, scratch->error);
		return;
	}
	if (o->buf.len && o->buf.data[o->buf.len - 1] != '{')
		out_char(o, ',');
	out_string(o, c->label ? c->label : c->name);
	out_string(o, "=\"");
	write_escaped(o, scratch->buf.data, scratch->buf.len);
	out_char(o, '"');
}

/* Whether an info metric has it: texts, and what only names. */
static bool column_is_info(const struct column *c)
{
	return c->type == COLUMN_TEXT || c->type == COLUMN_OBJECT ||
	       c->type == COLUMN_SOCKET || (c->flags & COLUMN_NAMING);
}

/* Whether a column is a label: what names the row, and the texts of an info metric. */
static bool column_is_label(const struct series *s, size_t at)
{
	const struct column *c = &s->part->topic->columns[at];

	if ((c->flags & COLUMN_INTERNAL) || s->only)
		return false;
	if (c->flags & COLUMN_ID)
		return true;
	if (s->column || !column_is_info(c))
		return false;
	if (s->info && !(c->metric && strcmp(c->metric, s->info) == 0))
		return false;
	for (size_t i = 0; i < s->part->n_shown; i++)
		if (s->part->shown[i] == at)
			return true;
	return false;
}

/* The name and the labels of a sample. */
static void write_identity(struct out *o, const struct series *s, const struct row *row,
			   struct out *scratch)
{
	const struct topic *topic = s->part->topic;

	out_string(o, s->name);
	out_char(o, '{');
	for (size_t i = 0; i < topic->n_columns; i++)
		if (column_is_label(s, i) && !format_value_is_null(&row->values[i]))
			write_label(o, &topic->columns[i], &row->values[i], scratch);
	if (s->labels_len) {
		if (!o->error && o->buf.data[o->buf.len - 1] != '{')
			out_char(o, ',');
		out_write(o, s->labels, s->labels_len);
	}
	if (!o->error && o->buf.data[o->buf.len - 1] == '{')
		o->buf.data[--o->buf.len] = '\0';
	else
		out_char(o, '}');
}

static void write_value(struct out *o, const struct column *c, const struct value *v)
{
	if (v->kind == VALUE_BOOL)
		out_char(o, v->boolean ? '1' : '0');
	else if ((c->metric || c->metric_of) && c->metric_scale > 0)
		/* All digits of a double would show that the scale is no exact one. */
		out_format(o, "%.15g", value_number(v) * c->metric_scale);
	else
		format_scalar(o, c, v);
}

/* Whether a row has a sample of a series; a counter that is below zero is none. */
static bool row_has_sample(const struct series *s, const struct row *row)
{
	const struct value *v;

	if (!s->column)
		return true;
	if (s->only) {
		const char *metric = s->column->metric_of(row);

		if (!metric || strcmp(metric, s->only) != 0)
			return false;
	}
	v = &row->values[s->at];
	switch (v->kind) {
	case VALUE_BOOL:
	case VALUE_UINT:
		return true;
	case VALUE_INT:
	case VALUE_REAL:
		return !format_value_is_null(v) &&
		       !(s->column->flags & COLUMN_COUNTER && value_number(v) < 0);
	default:
		return false;
	}
}

/* Comparing families by their names. */
static bool same_family(const struct series *a, const struct series *b)
{
	return a->family_len == b->family_len &&
	       memcmp(a->name, b->name, a->family_len) == 0;
}

/* TYPE and HELP. What several columns share is described by their topic. */
static void write_heading(struct out *o, const struct exposition *e,
			  const struct series *s)
{
	const char *help = s->column ? s->column->help : s->part->topic->summary;
	int len = (int)s->family_len;

	for (size_t i = 0; i < e->n; i++)
		if (e->series[i].column != s->column && same_family(&e->series[i], s))
			help = s->part->topic->summary;
	out_format(o, "# TYPE %.*s %s\n", len, s->name, s->type);
	if (!help || !*help)
		return;
	out_format(o, "# HELP %.*s ", len, s->name);
	write_escaped(o, help, strlen(help));
	out_char(o, '\n');
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What has been written of a family. */
struct family {
	const struct exposition *exposition;
	void *seen; /* a tree of names with labels */
	bool begun;
	struct out identity;
	struct out scratch;
};

/* One sample, unless its labels were there before. */
static void write_sample(struct out *o, struct family *f, const struct series *s,
			 const struct row *row)
{
	f->identity.buf.len = 0;
	write_identity(&f->identity, s, row, &f->scratch);
	if (f->identity.error) {
		out_fail(o, f->identity.error);
		return;
	}

	auto_free char *key = strdup(f->identity.buf.data);
	char *const *found = key ? tsearch(key, &f->seen, compare_texts) : NULL;

	if (!found) {
		out_fail(o, -ENOMEM);
		return;
	}
	if (*found != key)
		return;
	if (!f->begun)
		write_heading(o, f->exposition, s);
	f->begun = true;
	out_string(o, take_ptr(key));
	out_char(o, ' ');
	if (s->column)
		write_value(o, s->column, &row->values[s->at]);
	else
		out_char(o, '1');
	out_char(o, '\n');
}

/* All samples of the family that begins with the series at first. */
static void write_family(struct out *o, struct exposition *e, size_t first)
{
	struct family f = {.exposition = e};

	out_init(&f.identity, -1);
	out_init(&f.scratch, -1);
	for (size_t i = first; i < e->n; i++) {
		struct series *s = &e->series[i];
		const struct table *t = s->part->table;

		if (s->written || !same_family(s, &e->series[first]))
			continue;
		s->written = true;
		/* A second type of the same name would not be valid. */
		if (strcmp(s->type, e->series[first].type) != 0)
			continue;
		for (size_t k = 0; k < t->n; k++)
			if (row_has_sample(s, t->rows[k]))
				write_sample(o, &f, s, t->rows[k]);
	}
	tdestroy(f.seen, free);
	(void)out_close(&f.identity);
	(void)out_close(&f.scratch);
}

int format_openmetrics(struct out *o, const struct record *record)
{
	auto_exposition struct exposition e = {0};

	for (size_t i = 0; i < record->n_parts; i++) {
		int r = add_part(&e, &record->parts[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < e.n; i++)
		if (!e.series[i].written)
			write_family(o, &e, i);
	out_string(o, "# EOF\n");
	return o->error;
}
