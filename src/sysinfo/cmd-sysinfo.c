/*
 * prockit sysinfo - show what the machine is doing, as tables and as JSON.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "cli/subcommand.h"
#include "helpers.h"
#include "sysinfo/commands.h"
#include "sysinfo/sockets.h"
#include "sysinfo/view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	CODE_PERCPU = VIEW_CODE_END,
	CODE_PERDISK,
	CODE_PERNIC,
	CODE_ALL,
	CODE_KIND,
	CODE_LIST,
};

static struct {
	struct view view;
	bool percpu;
	bool perdisk;
	bool pernic;
	bool all;
	const char *kind;
	bool list;
} opt = {.view = VIEW_INIT};

static const struct poptOption sysinfo_options[] = {
	{"percpu", '\0', POPT_ARG_NONE, NULL, CODE_PERCPU, "a row for each CPU", NULL},
	{"perdisk", '\0', POPT_ARG_NONE, NULL, CODE_PERDISK, "a row for each disk", NULL},
	{"pernic", '\0', POPT_ARG_NONE, NULL, CODE_PERNIC,
	 "a row for each network interface", NULL},
	{"all", '\0', POPT_ARG_NONE, NULL, CODE_ALL,
	 "of disk-partitions and disk-usage: pseudo file systems too", NULL},
	{"kind", '\0', POPT_ARG_STRING, NULL, CODE_KIND,
	 "of net-connections: only these (inet)", SOCKETS_WORDS},
	{"list", '\0', POPT_ARG_NONE, NULL, CODE_LIST,
	 "list the topics, and whether each takes two samples", NULL},
	OPTION_GROUP(view_format_options, "Formats"),
	OPTION_GROUP(view_column_options, "Columns"),
	OPTION_GROUP(view_sampling_options, "Sampling"),
	OPTION_GROUP(view_source_options, "Sources"),
	POPT_TABLEEND,
};

static const char *sysinfo_set(int code, const char *arg)
{
	switch (code) {
	case CODE_PERCPU:
		opt.percpu = true;
		return NULL;
	case CODE_PERDISK:
		opt.perdisk = true;
		return NULL;
	case CODE_PERNIC:
		opt.pernic = true;
		return NULL;
	case CODE_ALL:
		opt.all = true;
		return NULL;
	case CODE_KIND:
		opt.kind = arg;
		return sockets_kinds(arg) ? NULL : "is not one of " SOCKETS_WORDS;
	case CODE_LIST:
		opt.list = true;
		return NULL;
	default:
		return view_set(&opt.view, code, arg);
	}
}

/* --list is a topic like any other: what can be asked for. */

enum { LIST_TOPIC, LIST_SAMPLES, LIST_OPTION, LIST_SUMMARY, LIST_ALIASES };

static const struct column list_columns[] = {
	[LIST_TOPIC] = {.name = "topic", .flags = COLUMN_ID, .help = "its name"},
	[LIST_SAMPLES] = {.name = "samples",
			  .type = COLUMN_BOOL,
			  .help = "whether it takes two samples, and so a moment"},
	[LIST_OPTION] = {.name = "option",
			 .help = "the option that gives it a row for each thing"},
	[LIST_SUMMARY] = {.name = "summary", .help = "what it tells"},
	[LIST_ALIASES] = {.name = "aliases",
			  .flags = COLUMN_HIDDEN,
			  .help = "other names of it"},
};

static int list_read(struct reading *r, struct table *t)
{
	(void)r;
	for (size_t i = 0; topics[i]; i++) {
		struct row *row = table_add(t);

		if (!row)
			return -ENOMEM;
		row_text(row, LIST_TOPIC, topics[i]->name);
		row_bool(row, LIST_SAMPLES, topics[i]->flags & TOPIC_SAMPLES);
		if (topics[i]->per_option)
			row_format(row, LIST_OPTION, "--%s", topics[i]->per_option);
		else
			row_null(row, LIST_OPTION, WHY_NOT_APPLICABLE);
		row_text(row, LIST_SUMMARY, topics[i]->summary);
		row_text(row, LIST_ALIASES, topics[i]->aliases ? topics[i]->aliases : "");
	}
	return t->error;
}

static const struct topic topic_list = {
	.name = "topics",
	.summary = "what sysinfo can tell",
	.columns = list_columns,
	.n_columns = ARRAY_SIZE(list_columns),
	.flags = TOPIC_LIST,
	.read = list_read,
};

static char *no_operands[] = {NULL};

/* What was asked for, in order. */
struct request {
	struct query *queries; /* room for one for each operand and each topic */
	size_t n;
	char **paths; /* NULL-terminated */
	size_t n_paths;
};

static bool has_option(const struct topic *topic, const char *option)
{
	if (strcmp(option, "all") == 0)
		return topic->flags & TOPIC_ALL;
	if (strcmp(option, "kind") == 0)
		return topic->flags & TOPIC_KINDS;
	return topic->per_option && strcmp(topic->per_option, option) == 0;
}

/* The same topic twice is once: an object has each key once. */
static void request_topic(struct request *request, const struct topic *topic)
{
	for (size_t i = 0; i < request->n; i++)
		if (request->queries[i].topic == topic)
			return;
	request->queries[request->n++] = (struct query){
		.topic = topic,
		/* node_exporter's figures are those of each CPU, disk and interface. */
		.per = (opt.view.style.format == FORMAT_OPENMETRICS &&
			(topic->flags & TOPIC_PER)) ||
		       (opt.percpu && has_option(topic, "percpu")) ||
		       (opt.perdisk && has_option(topic, "perdisk")) ||
		       (opt.pernic && has_option(topic, "pernic")),
		.all = opt.all,
		.kind = opt.kind,
		.operands = no_operands,
	};
}

/* The first topic that was asked for and takes paths. */
static struct query *find_taker(const struct request *request)
{
	for (size_t i = 0; i < request->n; i++)
		if (request->queries[i].topic->flags & TOPIC_PATHS)
			return &request->queries[i];
	return NULL;
}

/* A word that is no topic: behind a topic that takes paths, whatever exists is one. */
static bool is_path(const struct request *request, const char *word)
{
	return strchr(word, '/') || strcmp(word, ".") == 0 || strcmp(word, "..") == 0 ||
	       (find_taker(request) && access(word, F_OK) == 0);
}

static int refuse_word(const struct request *request, const char *word)
{
	const char *nearest = topic_suggest(word);

	if (nearest)
		message("'%s' is not a topic (did you mean %s?)", word, nearest);
	else if (find_taker(request))
		message("'%s' is not a topic (write ./%s for a path)", word, word);
	else
		message("'%s' is not a topic (see 'prockit sysinfo --list')", word);
	return EXIT_OWN_FAILURE;
}

/* Operands are names of topics, and paths for disk-usage: 0 or 125. */
static int take_operands(struct request *request, char **operands)
{
	for (size_t i = 0; operands[i]; i++) {
		const struct topic *topic = topic_find(operands[i]);

		if (topic)
			request_topic(request, topic);
		else if (is_path(request, operands[i]))
			request->paths[request->n_paths++] = operands[i];
		else
			return refuse_word(request, operands[i]);
	}
	if (!request->n_paths)
		return 0;

	struct query *usage = find_taker(request);

	if (!usage) {
		const struct topic *taker = NULL;

		for (size_t i = 0; topics[i] && !taker; i++)
			if (topics[i]->flags & TOPIC_PATHS)
				taker = topics[i];
		message("'%s' is a path, and only %s takes paths", request->paths[0],
			taker ? taker->name : "no topic");
		return EXIT_OWN_FAILURE;
	}
	usage->operands = request->paths;
	return 0;
}

/* No topic: what one wants to know first, and nothing that waits. */
static void take_summary(struct request *request)
{
	static const char *const names[] = {"os",     "uptime", "load",	     "cpu-count",
					    "memory", "swap",	"disk-usage"};
	static char *root[] = {(char *)"/", NULL};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct topic *topic = topic_find(names[i]);

		if (topic)
			request_topic(request, topic);
	}

	struct query *usage = find_taker(request);

	if (usage)
		usage->operands = root;
	opt.view.style.summary = !opt.view.output && !opt.view.output_all;
}

/* An option that none of the topics has. 125. */
static int refuse_option(const char *option)
{
	auto_buf struct buf names = BUF_INIT;

	for (size_t i = 0; topics[i]; i++)
		if (has_option(topics[i], option) &&
		    buf_add_format(&names, "%s%s", names.len ? ", " : "",
				   topics[i]->name) < 0)
			break;
	message("--%s: no topic that was asked for has it (but %s)", option,
		names.len ? names.data : "none");
	return EXIT_OWN_FAILURE;
}

/* 0 or 125. */
static int check_options(const struct request *request)
{
	const struct {
		const char *name;
		bool given;
	} options[] = {
		{"percpu", opt.percpu},	    {"perdisk", opt.perdisk},
		{"pernic", opt.pernic},	    {"all", opt.all},
		{"kind", opt.kind != NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		bool fits = !options[i].given;

		for (size_t k = 0; k < request->n; k++)
			fits = fits ||
			       has_option(request->queries[k].topic, options[i].name);
		if (!fits)
			return refuse_option(options[i].name);
	}
	return 0;
}

static int fill_request(struct request *request, char **operands)
{
	int status = 0;

	if (opt.list && operands[0]) {
		message("--list: takes no topic");
		return EXIT_OWN_FAILURE;
	}
	if (opt.list)
		request_topic(request, &topic_list);
	else if (operands[0])
		status = take_operands(request, operands);
	else if (opt.view.list_columns)
		for (size_t i = 0; topics[i]; i++)
			request_topic(request, topics[i]);
	else
		take_summary(request);
	return status ? status : check_options(request);
}

static int sysinfo_run(char **operands)
{
	size_t most = 1;

	for (size_t i = 0; operands[i]; i++)
		most++;
	for (size_t i = 0; topics[i]; i++)
		most++;

	auto_free struct query *queries = calloc(most, sizeof(*queries));
	auto_free char **paths = calloc(most, sizeof(*paths));
	struct request request = {.queries = queries, .paths = paths};

	if (!queries || !paths) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}

	int status = fill_request(&request, operands);

	return status ? status : view_run(&opt.view, queries, request.n);
}

const struct subcommand cmd_sysinfo = {
	.name = "sysinfo",
	.summary = SYSINFO_SUMMARY,
	.operands = SYSINFO_OPERANDS,
	.options = sysinfo_options,
	.flags = SUBCOMMAND_PERMUTE,
	.set = sysinfo_set,
	.run = sysinfo_run,
};
