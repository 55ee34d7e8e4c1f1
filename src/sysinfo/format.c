#include "config.h"

#include "sysinfo/format.h"

#include "base/json.h"
#include "sysinfo/format-json.h"

#include <errno.h>

int format_record(struct out *o, const struct record *record, const struct style *style)
{
	switch (style->format) {
	case FORMAT_TABLE:
		return format_table(o, record, style);
	case FORMAT_JSON:
		return format_json(o, record, style);
	case FORMAT_JSONL:
		return record->by_row ? format_jsonl_rows(o, record)
				      : format_json(o, record, style);
	case FORMAT_RAW:
		return format_raw(o, record, style);
	case FORMAT_CSV:
		return format_csv(o, record, style);
	case FORMAT_SHELL:
		return format_shell(o, record, style);
	case FORMAT_GET:
		return format_get(o, record, style);
	case FORMAT_OPENMETRICS:
		return format_openmetrics(o, record);
	}
	return -EINVAL;
}

void format_time(struct out *o, double seconds)
{
	struct json j;

	json_init(&j, o);
	json_add_decimal(&j, NULL, seconds, 6);
}

void format_scalar(struct out *o, const struct column *c, const struct value *v)
{
	struct json j;

	if (format_value_is_null(v))
		return;
	if (v->kind == VALUE_TEXT) {
		out_string(o, v->text);
		return;
	}
	/* All else is as in JSON, where a value without a key stands alone. */
	json_init(&j, o);
	format_json_value(&j, NULL, c, v);
}
