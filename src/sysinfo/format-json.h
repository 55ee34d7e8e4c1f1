/*
 * Values as JSON, for the formats: JSON itself, and what the others write as it.
 */
#ifndef SYSINFO_FORMAT_JSON_H
#define SYSINFO_FORMAT_JSON_H

#include <stdbool.h>

#include "base/json.h"
#include "sysinfo/topic.h"
#include "sysinfo/value.h"

/* Null, or a number that is none: no format may show that as a number. */
bool format_value_is_null(const struct value *v);

/* A moment in seconds with microseconds: a double of today has no finer digits. */
void format_time(struct out *o, double seconds);

/*
 * A value of column c (or one inside it) with its key, which is NULL inside a list and
 * for a value alone. With a key, the bytes of what is not UTF-8 stand beside it.
 */
void format_json_value(struct json *j, const char *key, const struct column *c,
		       const struct value *v);

#endif
