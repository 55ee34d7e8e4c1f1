/*
 * The formats for scripts that read words and lines: raw, CSV, shell and --get.
 *
 * All of them write the same scalars, and each its own quotes around them. A newline in a
 * shell word stays one: eval takes it, and single quotes know no other way in sh.
 */
#include "config.h"

#include "base/quote.h"
#include "sysinfo/format-cell.h"
#include "sysinfo/format-json.h"
#include "sysinfo/format.h"

#include <errno.h>
#include <string.h>

/* How a raw field and a CSV field differ; null is told from an empty text. */
struct dialect {
	char separator;
	void (*field)(struct out *o, const char *text, size_t len, bool alone);
};

/* Whether a raw field has this valid sequence as it is: no control characters, of those
 * in one byte or (U+0080 to U+009F) in two, and no backslash, which escapes. */
static bool raw_is_plain(const unsigned char *p, size_t len)
{
	if (len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f && p[0] != '\\';
	return !(len == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

static void raw_field(struct out *o, const char *text, size_t len, bool alone)
{
	(void)alone;
	cell_escape(o, text, len, raw_is_plain);
}

static bool csv_needs_quotes(const char *text, size_t len)
{
	if (!len || text[0] == ' ' || text[0] == '\t' || text[len - 1] == ' ' ||
	    text[len - 1] == '\t')
		return true;
	return strcspn(text, ",\"\r\n") < len;
}

/* A field of RFC 4180, with its bytes as they are. */
static void csv_field(struct out *o, const char *text, size_t len, bool alone)
{
	/* Readers skip an empty line, so a lone field is never nothing at all. */
	if (!text) {
		if (alone)
			out_string(o, "\"\"");
		return;
	}
	if (!csv_needs_quotes(text, len)) {
		out_write(o, text, len);
		return;
	}
	out_char(o, '"');
	while (len) {
		const char *quote = memchr(text, '"', len);
		size_t run = quote ? (size_t)(quote - text) + 1 : len;

		out_write(o, text, run);
		if (quote)
			out_char(o, '"');
		text += run;
		len -= run;
	}
	out_char(o, '"');
}

static const struct dialect raw_dialect = {'\t', raw_field};
static const struct dialect csv_dialect = {',', csv_field};

/* The heading line of a part: names as they stand in JSON. */
static void write_headings(struct out *o, const struct record *record,
			   const struct part *part, const struct dialect *d)
{
	bool alone = part->n_shown == 1 && !record->repeats;

	if (record->repeats)
		out_string(o, "time");
	for (size_t i = 0; i < part->n_shown; i++) {
		const char *name = part->topic->columns[part->shown[i]].name;

		if (i || record->repeats)
			out_char(o, d->separator);
		d->field(o, name, strlen(name), alone);
	}
	out_char(o, '\n');
}

/* scratch is for the texts of the fields, before their quotes. */
static void write_fields(struct out *o, const struct record *record,
			 const struct part *part, const struct row *row,
			 const struct dialect *d, struct out *scratch)
{
	bool alone = part->n_shown == 1 && !record->repeats;

	if (record->repeats)
		format_time(o, record->time);
	for (size_t i = 0; i < part->n_shown; i++) {
		const struct column *c = &part->topic->columns[part->shown[i]];
		const struct value *v = &row->values[part->shown[i]];

		if (i || record->repeats)
			out_char(o, d->separator);
		if (format_value_is_null(v)) {
			d->field(o, NULL, 0, alone);
		} else if (v->kind == VALUE_TEXT) {
			d->field(o, v->text, strlen(v->text), alone);
		} else {
			scratch->buf.len = 0;
			format_scalar(scratch, c, v);
			if (scratch->error)
				out_fail(o, scratch->error);
			else
				d->field(o, scratch->buf.data, scratch->buf.len, alone);
		}
	}
	out_char(o, '\n');
}

static int write_lines(struct out *o, const struct record *record,
		       const struct style *style, const struct dialect *d)
{
	struct out scratch;

	out_init(&scratch, -1);
	for (size_t p = 0; p < record->n_parts; p++) {
		const struct part *part = &record->parts[p];

		/* Where blocks take turns, each needs its headings, each time. */
		if (record->n_parts > 1 && (p || !record->first))
			out_char(o, '\n');
		if (!style->no_headings && (record->first || record->n_parts > 1))
			write_headings(o, record, part, d);
		for (size_t i = 0; i < part->table->n; i++)
			write_fields(o, record, part, part->table->rows[i], d, &scratch);
	}
	(void)out_close(&scratch);
	return o->error;
}

int format_raw(struct out *o, const struct record *record, const struct style *style)
{
	return write_lines(o, record, style, &raw_dialect);
}

int format_csv(struct out *o, const struct record *record, const struct style *style)
{
	return write_lines(o, record, style, &csv_dialect);
}

/* A name of a shell's variable: what cannot stand in one is an underscore. */
static void write_name(struct out *o, const char *prefix, const char *name)
{
	if (!*prefix && *name >= '0' && *name <= '9')
		out_char(o, '_');
	out_string(o, prefix);
	for (; *name; name++) {
		bool fits = (*name >= 'a' && *name <= 'z') ||
			    (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9');

		out_char(o, fits ? *name : '_');
	}
}

int format_shell(struct out *o, const struct record *record, const struct style *style)
{
	const char *prefix = style->prefix ? style->prefix : "";
	struct out scratch;

	out_init(&scratch, -1);
	for (size_t p = 0; p < record->n_parts; p++) {
		const struct part *part = &record->parts[p];

		for (size_t i = 0; i < part->table->n; i++) {
			const struct value *values = part->table->rows[i]->values;

			for (size_t k = 0; k < part->n_shown; k++) {
				size_t at = part->shown[k];
				const struct column *c = &part->topic->columns[at];

				if (k)
					out_char(o, ' ');
				write_name(o, prefix, c->name);
				out_string(o, "='");
				scratch.buf.len = 0;
				format_scalar(&scratch, c, &values[at]);
				quote_inside(o, scratch.buf.data, scratch.buf.len);
				out_char(o, '\'');
			}
			out_char(o, '\n');
		}
	}
	if (scratch.error)
		out_fail(o, scratch.error);
	(void)out_close(&scratch);
	return o->error;
}

int format_get(struct out *o, const struct record *record, const struct style *style)
{
	(void)style;
	for (size_t p = 0; p < record->n_parts; p++) {
		const struct part *part = &record->parts[p];

		for (size_t i = 0; i < part->table->n; i++) {
			const struct value *values = part->table->rows[i]->values;

			for (size_t k = 0; k < part->n_shown; k++) {
				size_t at = part->shown[k];

				format_scalar(o, &part->topic->columns[at], &values[at]);
			}
			out_char(o, '\n');
		}
	}
	return o->error;
}
