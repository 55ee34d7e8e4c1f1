#include "config.h"

#include "sysinfo/columns.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "cli/suggest.h"

#include <string.h>

/* The columns that were named, as they are looked up. */
struct naming {
	const char *option; /* which names them */
	struct sample *samples;
	size_t n;
};

static bool is_shown(const struct sample *s, size_t column)
{
	for (size_t i = 0; i < s->n_shown; i++)
		if (s->shown[i] == column)
			return true;
	return false;
}

/* A column that is named twice is shown once: an object has each key once. */
static void show(struct sample *s, size_t column)
{
	if (!is_shown(s, column))
		s->shown[s->n_shown++] = column;
}

/* Where there is one total, no column tells which one it is. */
static bool has_ids(const struct sample *s)
{
	return !(s->topic->flags & TOPIC_PER) || s->query->per;
}

/* The columns without these flags, ids first. */
static void show_without(struct sample *s, enum column_flags without)
{
	const struct column *columns = s->topic->columns;

	for (size_t i = 0; i < s->topic->n_columns; i++)
		if ((columns[i].flags & COLUMN_ID) && !(columns[i].flags & without) &&
		    has_ids(s))
			show(s, i);
	for (size_t i = 0; i < s->topic->n_columns; i++)
		if (!(columns[i].flags & (COLUMN_ID | without)))
			show(s, i);
}

static void show_default(struct sample *s)
{
	show_without(s, COLUMN_HIDDEN | COLUMN_INTERNAL);
}

static int say_no_column(const struct naming *naming, const char *name)
{
	struct suggestion s = {.word = name};
	const char *topic = naming->n == 1 ? naming->samples[0].topic->name : NULL;
	const char *of = topic ? " of " : "";

	for (size_t i = 0; i < naming->n; i++) {
		const struct topic *t = naming->samples[i].topic;

		for (size_t k = 0; k < t->n_columns; k++)
			if (!(t->columns[k].flags & COLUMN_INTERNAL))
				suggestion_consider(&s, t->columns[k].name);
	}
	if (s.nearest)
		message("%s: '%s' is not a column%s%s (did you mean %s?)", naming->option,
			name, of, topic ? topic : "", s.nearest);
	else
		message("%s: '%s' is not a column%s%s (see --list-columns)",
			naming->option, name, of, topic ? topic : "");
	return EXIT_OWN_FAILURE;
}

/* The sample that "topic.column" means, and *name is the column alone; or NULL. */
static struct sample *named_topic(const struct naming *naming, const char **name)
{
	const char *point = strchr(*name, '.');
	auto_free char *first = point ? strndup(*name, (size_t)(point - *name)) : NULL;

	for (size_t i = 0; first && i < naming->n; i++) {
		struct sample *s = &naming->samples[i];

		if (topic_find(first) != s->query->topic)
			continue;
		*name = point + 1;
		return s;
	}
	return NULL;
}

/* Call visit for each sample that has the column of this name: how many. */
static size_t find(const struct naming *naming, const char *name,
		   void (*visit)(struct sample *s, size_t column, void *data), void *data)
{
	struct sample *only = named_topic(naming, &name);
	size_t found = 0;

	for (size_t i = 0; i < naming->n; i++) {
		struct sample *s = &naming->samples[i];
		int column = only && only != s ? -1 : topic_column(s->topic, name);

		if (column < 0)
			continue;
		visit(s, (size_t)column, data);
		found++;
	}
	return found;
}

static void visit_to_show(struct sample *s, size_t column, void *data)
{
	(void)data;
	show(s, column);
}

/* -o: a list of names, behind the default ones when it begins with a plus sign. */
static int choose_listed(const struct naming *naming, const char *list)
{
	auto_free char *names = NULL;
	bool add = *list == '+';

	names = strdup(list + add);
	if (!names) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
	for (size_t i = 0; add && i < naming->n; i++)
		show_default(&naming->samples[i]);
	for (char *rest = names; rest;) {
		char *name = strsep(&rest, ",");

		if (find(naming, name, visit_to_show, NULL) == 0)
			return say_no_column(naming, name);
	}
	/* A topic that knows none of the names is there for another reason. */
	for (size_t i = 0; i < naming->n; i++)
		if (naming->samples[i].n_shown == 0)
			show_default(&naming->samples[i]);
	return 0;
}

struct found {
	const char *topics[2];
	size_t n;
};

static void visit_to_get(struct sample *s, size_t column, void *data)
{
	struct found *found = data;

	if (found->n < ARRAY_SIZE(found->topics))
		found->topics[found->n++] = s->topic->name;
	show(s, column);
}

/* --get: one column of one topic. */
static int choose_one(const struct naming *naming, const char *name)
{
	struct found found = {0};

	if (find(naming, name, visit_to_get, &found) == 0)
		return say_no_column(naming, name);
	if (found.n == 1)
		return 0;
	message("%s: '%s' is a column of %s and of %s (write %s.%s)", naming->option,
		name, found.topics[0], found.topics[1], found.topics[0], name);
	return EXIT_OWN_FAILURE;
}

static bool is_needed(const struct sample *s, size_t column)
{
	for (const char *const *name = s->query->needed; name && *name; name++)
		if (topic_column(s->query->topic, *name) == (int)column)
			return true;
	return false;
}

/* Ids cost nothing and are OpenMetrics' labels; what only a window needs is internal. */
static void mark_wanted(struct sample *s)
{
	for (size_t i = 0; i < s->topic->n_columns; i++) {
		enum column_flags flags = s->topic->columns[i].flags;

		s->wanted[i] = (flags & COLUMN_ID) || is_shown(s, i) || is_needed(s, i) ||
			       ((flags & COLUMN_INTERNAL) && s->windowed);
	}
	for (size_t i = 0; i < s->raw->n_columns; i++)
		s->raw_wanted[i] = s->raw != s->query->topic || s->wanted[i];
}

int columns_choose(const struct view *v, struct sample *samples, size_t n)
{
	const struct naming naming = {v->get ? "--get" : "--output", samples, n};
	int status = 0;

	if (v->get)
		status = choose_one(&naming, v->get);
	else if (v->output)
		status = choose_listed(&naming, v->output);
	else
		for (size_t i = 0; i < n; i++)
			if (v->output_all)
				show_without(&samples[i], COLUMN_INTERNAL);
			else
				show_default(&samples[i]);
	for (size_t i = 0; i < n; i++)
		mark_wanted(&samples[i]);
	return status;
}
