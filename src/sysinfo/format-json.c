/*
 * JSON and JSON Lines.
 *
 * What a reader may rely on: the keys and their types never change with the values; what
 * is unknown is null, and "unavailable" in the same row says why; a text that is not
 * UTF-8 has its bytes beside it.
 */
#include "config.h"

#include "sysinfo/format-json.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "sysinfo/format.h"

#include <errno.h>
#include <math.h>
#include <string.h>

bool format_value_is_null(const struct value *v)
{
	return v->kind == VALUE_NULL || (v->kind == VALUE_REAL && !isfinite(v->real));
}

static bool text_is_valid(const char *text)
{
	return utf8_is_valid(text, strlen(text));
}

/* The texts of a list in base64, where one of them is not UTF-8; no text is null. */
static void write_list_bytes(struct json *j, const char *key, const struct value *v)
{
	auto_free const char **texts = NULL;
	bool valid = true;

	for (size_t i = 0; i < v->list.n && valid; i++) {
		const struct value *item = &v->list.items[i];

		valid = item->kind != VALUE_TEXT || text_is_valid(item->text);
	}
	if (valid)
		return;

	texts = calloc(v->list.n, sizeof(*texts));
	if (!texts) {
		out_fail(j->out, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < v->list.n; i++)
		if (v->list.items[i].kind == VALUE_TEXT)
			texts[i] = v->list.items[i].text;
	json_add_base64_array(j, key, texts, v->list.n);
}

static void write_list(struct json *j, const char *key, const struct column *c,
		       const struct value *v)
{
	json_array_begin(j, key);
	for (size_t i = 0; i < v->list.n; i++)
		format_json_value(j, NULL, c, &v->list.items[i]);
	json_array_end(j);
	if (key)
		write_list_bytes(j, key, v);
}

static void write_object(struct json *j, const char *key, const struct column *c,
			 const struct value *v)
{
	json_object_begin(j, key);
	for (size_t i = 0; i < v->list.n; i++)
		format_json_value(j, v->list.names[i], c, &v->list.items[i]);
	json_object_end(j);
}

static void write_words(struct json *j, const char *key, const struct value *v)
{
	if (key) {
		json_add_text_array(j, key, v->words.texts);
		return;
	}
	json_array_begin(j, NULL);
	for (size_t i = 0; i < v->words.n; i++)
		json_add_string(j, NULL, v->words.texts[i]);
	json_array_end(j);
}

/* The length of NAME in "NAME=value"; without '=', all of it. */
static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* Entries of an environment by name, and of one name by their place. */
static int compare_names(const void *a, const void *b)
{
	const char *x = **(const char *const *const *)a;
	const char *y = **(const char *const *const *)b;
	size_t n = name_length(x);
	size_t m = name_length(y);
	int r = memcmp(x, y, n < m ? n : m);

	if (r)
		return r;
	if (n != m)
		return n < m ? -1 : 1;
	/* These are pointers into one array of pointers. */
	char *const *at = *(char *const *const *)a;
	char *const *other = *(char *const *const *)b;

	return (at > other) - (at < other);
}

/*
 * NAME and value of each entry as an object. A process can have anything there: of two
 * entries with one name the last one is shown, as psutil has it; and if the object does
 * not tell all, every entry follows exactly.
 */
static void write_environ(struct json *j, const char *key, const struct value *v)
{
	size_t n = v->words.n;
	auto_free char ***sorted = calloc(n + 1, sizeof(*sorted));
	auto_free bool *hidden = calloc(n + 1, sizeof(*hidden));
	bool exact = true;

	if (!sorted || !hidden) {
		out_fail(j->out, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = &v->words.texts[i];
	qsort(sorted, n, sizeof(*sorted), compare_names);
	for (size_t i = 0; i + 1 < n; i++) {
		size_t len = name_length(*sorted[i]);

		if (len == name_length(*sorted[i + 1]) &&
		    memcmp(*sorted[i], *sorted[i + 1], len) == 0) {
			hidden[sorted[i] - v->words.texts] = true;
			exact = false;
		}
	}

	json_object_begin(j, key);
	for (size_t i = 0; i < n; i++) {
		const char *entry = v->words.texts[i];
		size_t len = name_length(entry);

		exact = exact && entry[len] == '=' && text_is_valid(entry);
		if (hidden[i])
			continue;
		json_add_key(j, entry, len);
		json_add_string(j, NULL, entry[len] ? entry + len + 1 : "");
	}
	json_object_end(j);
	if (!exact && key)
		json_add_base64_array(j, key, (const char *const *)v->words.texts, n);
}

void format_json_value(struct json *j, const char *key, const struct column *c,
		       const struct value *v)
{
	int decimals = column_decimals(c);

	switch (v->kind) {
	case VALUE_NULL:
		json_add_null(j, key);
		break;
	case VALUE_BOOL:
		json_add_bool(j, key, v->boolean);
		break;
	case VALUE_INT:
		json_add_int(j, key, v->integer);
		break;
	case VALUE_UINT:
		json_add_uint(j, key, v->natural);
		break;
	case VALUE_REAL:
		if (decimals >= 0)
			json_add_decimal(j, key, v->real, decimals);
		else
			json_add_double(j, key, v->real);
		break;
	case VALUE_TEXT:
		if (key)
			json_add_text(j, key, v->text);
		else
			json_add_string(j, NULL, v->text);
		break;
	case VALUE_LIST:
		write_list(j, key, c, v);
		break;
	case VALUE_OBJECT:
		write_object(j, key, c, v);
		break;
	case VALUE_WORDS:
		write_words(j, key, v);
		break;
	case VALUE_ENVIRON:
		write_environ(j, key, v);
		break;
	}
}

/* The columns of a row, and why some of them are null, into an object that is begun. */
static void write_row(struct json *j, const struct part *part, const struct row *row)
{
	const struct column *columns = part->topic->columns;
	bool missing = false;

	for (size_t i = 0; i < part->n_shown; i++) {
		const struct column *c = &columns[part->shown[i]];
		const struct value *v = &row->values[part->shown[i]];

		format_json_value(j, c->name, c, v);
		missing = missing || format_value_is_null(v);
	}
	if (!missing)
		return;

	json_object_begin(j, "unavailable");
	for (size_t i = 0; i < part->n_shown; i++) {
		const struct value *v = &row->values[part->shown[i]];
		enum why why = v->kind == VALUE_NULL ? v->why : WHY_NOT_APPLICABLE;

		if (format_value_is_null(v))
			json_add_string(j, columns[part->shown[i]].name, why_name(why));
	}
	json_object_end(j);
}

static void write_part(struct json *j, const struct part *part)
{
	const struct table *t = part->table;
	char key[64];

	topic_key(part->topic, key);
	if (part->is_list) {
		json_array_begin(j, key);
		for (size_t i = 0; i < t->n; i++) {
			json_object_begin(j, NULL);
			write_row(j, part, t->rows[i]);
			json_object_end(j);
		}
		json_array_end(j);
	} else if (t->n) {
		json_object_begin(j, key);
		write_row(j, part, t->rows[0]);
		json_object_end(j);
	} else {
		json_add_null(j, key);
	}
}

/* The moment, as format_time() has it. A list of columns is of no moment. */
static void write_moment(struct json *j, const struct record *record)
{
	if (record->time > 0)
		json_add_decimal(j, "time", record->time, 6);
	if (record->interval > 0)
		json_add_decimal(j, "interval", record->interval, 6);
	else if (record->sampled)
		json_add_null(j, "interval");
}

int format_json(struct out *o, const struct record *record, const struct style *style)
{
	struct json j;

	(void)style;
	json_init(&j, o);
	json_object_begin(&j, NULL);
	write_moment(&j, record);
	for (size_t i = 0; i < record->n_parts; i++)
		write_part(&j, &record->parts[i]);
	json_object_end(&j);
	json_end_line(&j);
	return o->error;
}

int format_jsonl_rows(struct out *o, const struct record *record)
{
	struct json j;

	json_init(&j, o);
	for (size_t p = 0; p < record->n_parts; p++) {
		const struct part *part = &record->parts[p];

		for (size_t i = 0; i < part->table->n; i++) {
			json_object_begin(&j, NULL);
			write_moment(&j, record);
			write_row(&j, part, part->table->rows[i]);
			json_object_end(&j);
			json_end_line(&j);
		}
	}
	return o->error;
}
