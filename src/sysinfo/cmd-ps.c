/*
 * prockit ps - list processes, as tables and as JSON.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "base/parse.h"
#include "cli/subcommand.h"
#include "cli/suggest.h"
#include "helpers.h"
#include "sysinfo/commands.h"
#include "sysinfo/names.h"
#include "sysinfo/process-getters.h"
#include "sysinfo/processes.h"
#include "sysinfo/view.h"

#include <stdio.h>
#include <string.h>

enum {
	CODE_NAME = VIEW_CODE_END,
	CODE_USER,
	CODE_STATUS,
	CODE_CHILDREN,
	CODE_RECURSIVE,
	CODE_NO_KERNEL,
	CODE_TREE,
	CODE_THREADS,
	CODE_SORT,
	CODE_HEAD,
};

static struct {
	struct view view;
	struct ps ps;
} opt = {.view = VIEW_INIT};

static const struct poptOption select_options[] = {
	{"name", '\0', POPT_ARG_STRING, NULL, CODE_NAME,
	 "only processes whose whole name matches this pattern", "TEXT"},
	{"user", '\0', POPT_ARG_STRING, NULL, CODE_USER,
	 "only processes of these users: names or numbers, separated by commas", "USER"},
	{"status", '\0', POPT_ARG_STRING, NULL, CODE_STATUS,
	 "only processes in one of these states, separated by commas", "LIST"},
	{"children", '\0', POPT_ARG_STRING, NULL, CODE_CHILDREN,
	 "only the children of this process", "PID|HANDLE"},
	{"recursive", '\0', POPT_ARG_NONE, NULL, CODE_RECURSIVE,
	 "with --children: their children too", NULL},
	{"no-kernel", '\0', POPT_ARG_NONE, NULL, CODE_NO_KERNEL,
	 "leave out threads of the kernel", NULL},
	POPT_TABLEEND,
};

static const struct poptOption arrange_options[] = {
	{"tree", '\0', POPT_ARG_NONE, NULL, CODE_TREE,
	 "show descendants below their ancestors; of the named processes, or of all",
	 NULL},
	{"threads", '\0', POPT_ARG_NONE, NULL, CODE_THREADS, "a row for each thread",
	 NULL},
	{"sort", '\0', POPT_ARG_STRING, NULL, CODE_SORT,
	 "sort by these columns, separated by commas; -COLUMN: the largest first",
	 "COLUMN"},
	{"head", '\0', POPT_ARG_STRING, NULL, CODE_HEAD, "only the first rows", "NUMBER"},
	POPT_TABLEEND,
};

static const struct poptOption ps_options[] = {
	OPTION_GROUP(select_options, "Selection"),
	OPTION_GROUP(arrange_options, "Order"),
	OPTION_GROUP(view_format_options, "Formats"),
	OPTION_GROUP(view_column_options, "Columns"),
	OPTION_GROUP(view_sampling_options, "Sampling"),
	OPTION_GROUP(view_source_options, "Sources"),
	POPT_TABLEEND,
};

/* Call take for each word between commas: NULL, or what it has against one. */
static const char *for_each_word(const char *arg, const char *(*take)(const char *word))
{
	static char which[640];
	auto_free char *copy = strdup(arg);
	const char *wrong = copy ? NULL : "is too much for the memory";
	const char *word = copy;

	for (char *rest = copy; !wrong && rest;) {
		word = strsep(&rest, ",");
		wrong = take(word);
	}
	if (!wrong || !strchr(arg, ','))
		return wrong;
	(void)snprintf(which, sizeof(which), "holds '%.60s', which %s", word ? word : "",
		       wrong);
	return which;
}

static const char *take_user(const char *word)
{
	struct selection *s = &opt.ps.select;
	uid_t uid;

	if (!name_find_user(word, &uid))
		return "names a user that does not exist";

	uid_t *users = reallocarray(s->users, s->n_users + 1, sizeof(*users));

	if (!users)
		return "is too much for the memory";
	s->users = users;
	users[s->n_users++] = uid;
	return NULL;
}

static const char *take_status(const char *word)
{
	static char wrong[512];
	auto_buf struct buf words = BUF_INIT;
	char *statuses = opt.ps.select.statuses;
	char letter = process_status_letter(word);
	size_t n = strlen(statuses);

	if (!letter && process_status_words(&words) < 0)
		return "is too much for the memory";
	if (!letter) {
		(void)snprintf(wrong, sizeof(wrong), "is not a state (%s)", words.data);
		return wrong;
	}
	/* There are fewer letters than places. "dead" has two. */
	if (!strchr(statuses, letter))
		statuses[n++] = letter;
	if (letter == 'X' && !strchr(statuses, 'x'))
		statuses[n] = 'x';
	return NULL;
}

static const char *no_such_column(const char *word)
{
	static char wrong[128];
	struct suggestion s = {.word = word};

	for (size_t i = 0; i < PS_N; i++)
		if (!(process_columns[i].flags & COLUMN_INTERNAL))
			suggestion_consider(&s, process_columns[i].name);
	if (s.nearest)
		(void)snprintf(wrong, sizeof(wrong), "is not a column (did you mean %s?)",
			       s.nearest);
	else
		(void)snprintf(wrong, sizeof(wrong),
			       "is not a column (see --list-columns)");
	return wrong;
}

static const char *take_key(const char *word)
{
	struct ps *ps = &opt.ps;
	struct sort_key key = {.descending = *word == '-'};

	word += *word == '-' || *word == '+';

	int column = topic_column(&topic_processes, word);

	if (column < 0)
		return no_such_column(word);
	key.column = (size_t)column;

	struct sort_key *keys = reallocarray(ps->keys, ps->n_keys + 1, sizeof(*keys));

	if (!keys)
		return "is too much for the memory";
	ps->keys = keys;
	keys[ps->n_keys++] = key;
	return NULL;
}

static const char *set_children(const char *arg)
{
	struct named *parent = &opt.ps.select.parent;

	if (handle_parse(arg, &parent->handle) < 0)
		return "is not a PID or handle (PID:INODE or PID@STARTTIME)";
	parent->name = arg;
	return NULL;
}

static const char *set_head(const char *arg)
{
	int64_t n;

	if (parse_number(arg, 1, INT32_MAX, &n) < 0)
		return "is not a number from 1 on";
	opt.ps.head = (size_t)n;
	return NULL;
}

static const char *ps_set(int code, const char *arg)
{
	switch (code) {
	case CODE_NAME:
		opt.ps.select.glob = arg;
		return NULL;
	case CODE_USER:
		return for_each_word(arg, take_user);
	case CODE_STATUS:
		return for_each_word(arg, take_status);
	case CODE_CHILDREN:
		return set_children(arg);
	case CODE_RECURSIVE:
		opt.ps.select.recursive = true;
		return NULL;
	case CODE_NO_KERNEL:
		opt.ps.select.no_kernel = true;
		return NULL;
	case CODE_TREE:
		opt.ps.tree = true;
		return NULL;
	case CODE_THREADS:
		opt.ps.threads = true;
		return NULL;
	case CODE_SORT:
		opt.ps.n_keys = 0;
		return for_each_word(arg, take_key);
	case CODE_HEAD:
		return set_head(arg);
	default:
		return view_set(&opt.view, code, arg);
	}
}

/* Names in -o that stand for several columns: psutil's methods that return several. */
static const struct group {
	const char *name;
	const char *columns;
} groups[] = {
	{"memory", "rss,vms,shared,text,data"},
	{"memory_info", "rss,vms,shared,text,data"},
	{"memory_full_info", "rss,vms,shared,text,data,uss,pss,swap"},
	{"memory_footprint", "uss,pss,swap"},
	{"io", "io_read_count,io_write_count,io_read_bytes,io_write_bytes,"
	       "io_read_chars,io_write_chars"},
	{"io_counters", "io_read_count,io_write_count,io_read_bytes,io_write_bytes,"
			"io_read_chars,io_write_chars"},
};

static const char *columns_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (strcasecmp(groups[i].name, name) == 0)
			return groups[i].columns;
	return name;
}

/* Add what -o names, each group as its columns: 0 or -ENOMEM. */
static int expand_groups(const char *list, struct buf *ret)
{
	auto_free char *copy = strdup(list);
	int r = copy ? 0 : -ENOMEM;

	for (char *rest = copy; r == 0 && rest;) {
		const char *name = strsep(&rest, ",");

		if (ret->len > 0)
			r = buf_add_char(ret, ',');
		if (r == 0)
			r = buf_add_string(ret, columns_of(name));
	}
	return r;
}

/* The columns that are shown where none are named, and behind "+": what changes is what
 * the options are about. 0 or -ENOMEM. */
static int add_usual(struct buf *b)
{
	const struct view *v = &opt.view;
	const bool threads = opt.ps.threads;
	int r = buf_add_string(b, threads ? "pid,tid" : "pid");

	/* A screen is no wider than it is: there is the past to be shown, too. */
	if (r == 0 && !v->watch)
		r = buf_add_string(b, ",ppid");
	if (r == 0)
		r = buf_add_string(b, ",username,status,cpu_percent,rss");
	if (r == 0 && v->rate)
		r = buf_add_string(b, ",io_read_bytes,io_write_bytes");
	if (r == 0 && !v->watch)
		r = buf_add_string(b, ",create_time");
	return r < 0 ? r : buf_add_string(b, threads ? ",name" : ",command");
}

/* --output-all: without those that only another option fills. 0 or -ENOMEM. */
static int add_all(struct buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < PS_N; i++) {
		const struct column *c = &process_columns[i];

		if (c->flags & COLUMN_INTERNAL || (i == PS_TID && !opt.ps.threads) ||
		    (i == PS_DEPTH && !opt.ps.tree))
			continue;
		r = buf_add_format(b, "%s%s", b->len > 0 ? "," : "", c->name);
	}
	return r;
}

/* What to show, as view_run() understands it: 0 or -ENOMEM. */
static int choose_columns(struct buf *ret)
{
	struct view *v = &opt.view;
	const char *list = v->output;
	int r = 0;

	/* Two ways to name columns, or two lists of them, are view_run()'s to refuse. */
	if (v->get || (list && v->output_all))
		return 0;
	if (v->output_all) {
		r = add_all(ret);
		v->output_all = false;
	} else if (!list || *list == '+') {
		r = add_usual(ret);
		list = list ? list + 1 : NULL;
	}
	if (r == 0 && list)
		r = expand_groups(list, ret);
	if (r == 0)
		v->output = ret->data;
	return r;
}

/* Options that exclude each other: what is wrong, or NULL. */
static const char *find_contradiction(bool has_operands)
{
	const struct selection *s = &opt.ps.select;

	if (s->parent.name && has_operands)
		return "--children: not together with PIDs";
	if (s->recursive && !s->parent.name)
		return "--recursive: only with --children";
	if (opt.ps.tree && opt.ps.threads)
		return "--threads: not together with --tree";
	if (opt.view.proc && s->parent.handle.inode)
		return "--children: with --proc, a PID or PID@STARTTIME";
	return NULL;
}

/* All operands must be fit: 0 or 125. */
static int take_operands(char **operands)
{
	struct selection *s = &opt.ps.select;

	for (size_t i = 0; operands[i]; i++) {
		int r = select_add(s, operands[i]);

		if (r == -EINVAL)
			message("'%s' is not a PID or handle (PID:INODE or PID@STARTTIME)",
				operands[i]);
		else if (r < 0)
			message("%s", error_text(-r));
		else if (opt.view.proc && s->named[s->n_named - 1].handle.inode)
			message("'%s': with --proc, a PID or PID@STARTTIME", operands[i]);
		else
			continue;
		return EXIT_OWN_FAILURE;
	}
	select_sort(s);
	s->descendants = opt.ps.tree;
	return 0;
}

static int run_query(char **operands)
{
	const struct view *v = &opt.view;
	struct ps *ps = &opt.ps;
	auto_buf struct buf output = BUF_INIT;
	auto_free const char **needed = calloc(ps->n_keys + 1, sizeof(*needed));

	if (!needed || choose_columns(&output) < 0) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
	for (size_t i = 0; i < ps->n_keys; i++)
		needed[i] = process_columns[ps->keys[i].column].name;
	ps->windowed = v->interval || v->count || v->watch || v->state || v->rate;
	ps->rate = v->rate;

	struct query query = {
		.topic = &topic_processes,
		.operands = operands,
		.data = ps,
		.by_row = true,
		.needed = needed,
	};

	return view_run(v, &query, 1);
}

static int ps_run(char **operands)
{
	const char *wrong = find_contradiction(operands[0] != NULL);
	int status;

	if (wrong) {
		message("%s", wrong);
		return EXIT_OWN_FAILURE;
	}
	status = take_operands(operands);
	if (status == 0)
		status = run_query(operands);
	ps_clear(&opt.ps);
	names_clear();
	return status;
}

const struct subcommand cmd_ps = {
	.name = "ps",
	.summary = PS_SUMMARY,
	.operands = PS_OPERANDS,
	.options = ps_options,
	.flags = SUBCOMMAND_PERMUTE,
	.set = ps_set,
	.run = ps_run,
};
