/*
 * One value as people read it.
 */
#include "config.h"

#include "base/json.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "sysinfo/format-cell.h"
#include "sysinfo/format-json.h"
#include "sysinfo/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* No terminal may take part of a name for a command of its own. */
static bool sequence_is_visible(const unsigned char *p, size_t len)
{
	if (len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	/* U+0080 to U+009F */
	if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return false;
	/* What turns the direction of the text around it: U+202A to U+202E, U+2066 to
	 * U+2069; and the separators of lines, U+2028 and U+2029. */
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
		return false;
	return !(len == 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 &&
		 p[2] <= 0xa9);
}

void cell_escape(struct out *o, const char *text, size_t len,
		 bool (*is_plain)(const unsigned char *sequence, size_t len))
{
	while (len) {
		size_t skip;
		size_t n = utf8_sequence(text, len, &skip);

		if (n && is_plain((const unsigned char *)text, n)) {
			out_write(o, text, n);
		} else {
			n = n ? n : skip;
			for (size_t i = 0; i < n; i++)
				out_format(o, "\\x%02x", (unsigned char)text[i]);
		}
		text += n;
		len -= n;
	}
}

/* Text that no terminal mistakes for a command: control characters, and what is not
 * UTF-8, as \xHH. */
static void cell_text(struct out *o, const char *text, size_t len)
{
	cell_escape(o, text, len, sequence_is_visible);
}

/* A size as 512B, 1.5G, 16T: powers of 1024. */
static void cell_bytes(struct out *o, double bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;
	char text[40];

	while (fabs(bytes) >= 1024 && unit < sizeof(units) - 2) {
		bytes /= 1024;
		unit++;
	}
	/* 1023.96K is 1M, not 1024K. */
	if (fabs(bytes) >= 1023.95 && unit < sizeof(units) - 2) {
		bytes /= 1024;
		unit++;
	}

	int len = snprintf(text, sizeof(text), "%.1f", bytes);

	if (len >= 2 && len < (int)sizeof(text) && text[len - 1] == '0')
		len -= 2;
	out_write(o, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
	out_char(o, units[unit]);
}

void cell_bar(struct out *o, double share)
{
	/* Blocks of one to seven eighths; a whole one comes before them. */
	static const char parts[][4] = {"",	  "\u258f", "\u258e", "\u258d",
					"\u258c", "\u258b", "\u258a", "\u2589"};
	double full = share > 1 ? 1 : share > 0 ? share : 0;
	int eighths = (int)(full * CELL_BAR_WIDTH * 8 + 0.5);

	for (int i = 0; i < CELL_BAR_WIDTH; i++, eighths -= 8) {
		if (eighths >= 8)
			out_string(o, "\u2588");
		else
			out_string(o, eighths > 0 ? parts[eighths] : "\u00b7");
	}
}

/* As JSON has numbers. */
static void cell_plain(struct out *o, const struct column *c, const struct value *v)
{
	struct json j;

	json_init(&j, o);
	format_json_value(&j, NULL, c, v);
}

bool cell_time(struct out *o, double seconds, bool with_ms)
{
	struct tm tm;
	time_t t;

	if (!(fabs(seconds) < 253402300800.0)) /* the year 10000 */
		return false;
	/* Down, also before 1970. */
	t = (time_t)seconds;
	t -= (double)t > seconds;
	if (!localtime_r(&t, &tm))
		return false;

	long offset = tm.tm_gmtoff / 60;

	out_format(o, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (with_ms)
		out_format(o, ".%03d", (int)((seconds - (double)t) * 1000));
	out_format(o, "%c%02ld:%02ld", offset < 0 ? '-' : '+', labs(offset) / 60,
		   labs(offset) % 60);
	return true;
}

/* Digits behind the point of a number that is not whole by nature, or -1. */
static int cell_decimals(const struct column *c)
{
	if (column_decimals(c) >= 0)
		return column_decimals(c);
	switch (c->type) {
	case COLUMN_MHZ:
		return 0;
	case COLUMN_CELSIUS:
		return 1;
	case COLUMN_REAL:
	case COLUMN_SECONDS:
		return 2;
	default:
		return -1;
	}
}

static void cell_number(struct out *o, const struct column *c, const struct value *v,
			bool plain_bytes)
{
	int decimals = cell_decimals(c);
	struct json j;

	if (c->type == COLUMN_BYTES && !plain_bytes) {
		cell_bytes(o, value_number(v));
		return;
	}
	if (c->type == COLUMN_TIME && cell_time(o, value_number(v), false))
		return;
	/* A real number in a column of whole ones is a rate or a mean of these. */
	if (decimals < 0 && v->kind == VALUE_REAL)
		decimals = 2;
	if (decimals < 0 || (c->type == COLUMN_MS && v->kind != VALUE_REAL)) {
		cell_plain(o, c, v);
		return;
	}
	json_init(&j, o);
	json_add_decimal(&j, NULL, value_number(v), decimals);
}

/* The items of a list by commas; the fields of an object as name=value, by blanks. */
/* As URLs have it: 127.0.0.1:80, [::1]:80. */
static void cell_socket(struct out *o, const struct value *v)
{
	const struct value *ip = &v->list.items[0];
	const struct value *port = &v->list.items[1];

	if (v->list.n != 2 || ip->kind != VALUE_TEXT || port->kind != VALUE_UINT)
		return;
	out_format(o, strchr(ip->text, ':') ? "[%s]:%u" : "%s:%u", ip->text,
		   (unsigned)port->natural);
}

static void cell_items(struct out *o, const struct column *c, const struct value *v,
		       bool plain_bytes)
{
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			out_string(o, v->kind == VALUE_OBJECT ? " " : ",");
		if (v->kind == VALUE_OBJECT) {
			out_string(o, v->list.names[i]);
			out_char(o, '=');
		} else if (i && v->list.items[i].kind == VALUE_OBJECT) {
			out_char(o, ' ');
		}
		format_cell(o, c, &v->list.items[i], plain_bytes);
	}
}

/* A command line as one could type it, but for what nobody can read. */
static void cell_words(struct out *o, const struct value *v)
{
	struct out quoted;

	out_init(&quoted, -1);
	for (size_t i = 0; i < v->words.n; i++) {
		if (i)
			out_char(&quoted, ' ');
		quote_argument(&quoted, v->words.texts[i]);
	}
	if (quoted.error)
		out_fail(o, quoted.error);
	else if (quoted.buf.len)
		cell_text(o, quoted.buf.data, quoted.buf.len);
	(void)out_close(&quoted);
}

void format_cell(struct out *o, const struct column *c, const struct value *v,
		 bool plain_bytes)
{
	if (format_value_is_null(v)) {
		out_char(o, '-');
		return;
	}
	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		out_string(o, v->boolean ? "yes" : "no");
		break;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_REAL:
		cell_number(o, c, v, plain_bytes);
		break;
	case VALUE_TEXT:
		cell_text(o, v->text, strlen(v->text));
		break;
	case VALUE_LIST:
	case VALUE_OBJECT:
		if (c->type == COLUMN_SOCKET)
			cell_socket(o, v);
		else
			cell_items(o, c, v, plain_bytes);
		break;
	case VALUE_WORDS:
	case VALUE_ENVIRON:
		cell_words(o, v);
		break;
	}
}
