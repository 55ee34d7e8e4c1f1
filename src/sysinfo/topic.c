#include "config.h"

#include "sysinfo/topic.h"

#include "base/cleanup.h"
#include "cli/suggest.h"

#include <errno.h>
#include <string.h>

#define TOPIC(symbol) extern const struct topic topic_##symbol;
#include "sysinfo/topics.def"
#undef TOPIC

#define TOPIC(symbol) &topic_##symbol,

const struct topic *const topics[] = {
#include "sysinfo/topics.def"
	NULL,
};

int reading_fail(struct reading *r, const char *path, int error)
{
	r->failed_path.len = 0;
	(void)buf_add_string(&r->failed_path, path);
	return error;
}

int reading_add_missing(struct reading *r, const char *name, int error)
{
	struct missing *missing =
		reallocarray(r->missing, r->n_missing + 1, sizeof(*missing));

	if (!missing)
		return -ENOMEM;
	r->missing = missing;
	missing[r->n_missing] = (struct missing){strdup(name), -error};
	if (!missing[r->n_missing].name)
		return -ENOMEM;
	r->n_missing++;
	return 0;
}

void reading_clear(struct reading *r)
{
	for (size_t i = 0; i < r->n_missing; i++)
		free(r->missing[i].name);
	free(r->missing);
	buf_clear(&r->buf);
	buf_clear(&r->failed_path);
	*r = (struct reading){0};
}

/* As the C locale has it: names are ASCII. */
static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

/* Whether a (of len bytes) and b are one name. */
static bool same_name(const char *a, size_t len, const char *b)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return b[len] == '\0';
}

static bool in_list(const char *list, const char *name)
{
	for (const char *p = list; p && *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (same_name(p, len, name))
			return true;
		p += len;
	}
	return false;
}

const struct topic *topic_find(const char *name)
{
	for (size_t i = 0; topics[i]; i++)
		if (same_name(topics[i]->name, strlen(topics[i]->name), name) ||
		    in_list(topics[i]->aliases, name))
			return topics[i];
	return NULL;
}

const char *topic_suggest(const char *name)
{
	struct suggestion s = {.word = name};

	for (size_t i = 0; topics[i]; i++)
		suggestion_consider(&s, topics[i]->name);
	return s.nearest;
}

void topic_key(const struct topic *topic, char ret_key[64])
{
	size_t i = 0;

	for (; i < 63 && topic->name[i]; i++)
		ret_key[i] = fold(topic->name[i]);
	ret_key[i] = '\0';
}

int topic_column(const struct topic *topic, const char *name)
{
	for (size_t i = 0; i < topic->n_columns; i++) {
		const struct column *c = &topic->columns[i];

		if (c->flags & COLUMN_INTERNAL)
			continue;
		if (same_name(c->name, strlen(c->name), name))
			return (int)i;
	}
	/* Names before aliases: ps's "comm" must not hide a column of that name. */
	for (size_t i = 0; i < topic->n_columns; i++)
		if (in_list(topic->columns[i].aliases, name))
			return (int)i;
	return -1;
}

static const struct type_traits {
	const char *name;
	const char *unit;
	int decimals;
	bool is_number;
} traits[] = {
	[COLUMN_TEXT] = {"string", "", -1, false},
	[COLUMN_BOOL] = {"boolean", "", -1, false},
	[COLUMN_NUMBER] = {"integer", "", -1, true},
	[COLUMN_REAL] = {"number", "", -1, true},
	[COLUMN_BYTES] = {"integer", "bytes", -1, true},
	[COLUMN_SECONDS] = {"number", "seconds", -1, true},
	[COLUMN_MS] = {"number", "milliseconds", -1, true},
	[COLUMN_US] = {"integer", "microseconds", -1, true},
	[COLUMN_PERCENT] = {"number", "percent", 1, true},
	[COLUMN_MHZ] = {"number", "MHz", -1, true},
	[COLUMN_CELSIUS] = {"number", "Celsius", -1, true},
	[COLUMN_TIME] = {"number", "seconds since the epoch", -1, false},
	[COLUMN_LIST] = {"array", "", -1, false},
	[COLUMN_OBJECT] = {"object", "", -1, false},
	[COLUMN_SOCKET] = {"object or string", "", -1, false},
};

const char *column_type_name(const struct column *c)
{
	return traits[c->type].name;
}

const char *column_unit(const struct column *c)
{
	return c->unit ? c->unit : traits[c->type].unit;
}

int column_decimals(const struct column *c)
{
	return c->decimals ? c->decimals : traits[c->type].decimals;
}

bool column_is_number(const struct column *c)
{
	return traits[c->type].is_number;
}
