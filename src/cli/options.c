#include "config.h"

#include "cli/options.h"

#include "base/cleanup.h"
#include "cli/suggest.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum {
	CODE_HELP = INT_MAX, /* no table numbers its options that high */
	SHOWN_LENGTH = 200,  /* of a wrong argument: what is wrong with it has to fit in
				too */
};

static const struct poptOption no_options[] = {POPT_TABLEEND};

static const struct poptOption help_option = {
	"help", '\0', POPT_ARG_NONE, NULL, CODE_HELP, "show this help and exit", NULL,
};

static const struct poptOption front_door_help_option = {
	"help", 'h', POPT_ARG_NONE, NULL, CODE_HELP, "show this help and exit", NULL,
};

void options_table(const struct subcommand *sub,
		   struct poptOption ret_table[OPTIONS_TABLE_SIZE])
{
	ret_table[0] = (struct poptOption){
		.argInfo = POPT_ARG_INCLUDE_TABLE,
		.arg = (void *)(sub->options ? sub->options : no_options),
	};
	ret_table[1] = sub->name ? help_option : front_door_help_option;
	ret_table[2] = (struct poptOption)POPT_TABLEEND;
}

/* A walk under way. */
struct walk {
	options_visit *visit;
	void *data;
	bool taken[UCHAR_MAX + 1]; /* letters */
};

static void walk_group(struct walk *w, const struct poptOption *table, const char *group)
{
	for (const struct poptOption *o = table; o->longName || o->shortName || o->arg;
	     o++) {
		unsigned char letter = (unsigned char)o->shortName;

		if ((o->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE) {
			walk_group(w, o->arg, o->descrip ? o->descrip : group);
			continue;
		}
		w->visit(o, w->taken[letter] ? '\0' : o->shortName, group, w->data);
		w->taken[letter] = true;
	}
}

void options_walk(const struct poptOption *table, options_visit *visit, void *data)
{
	struct walk w = {.visit = visit, .data = data};

	walk_group(&w, table, NULL);
}

enum option_argument option_argument(const struct poptOption *option)
{
	if ((option->argInfo & POPT_ARG_MASK) == POPT_ARG_NONE)
		return OPTION_ARGUMENT_NONE;
	if (option->argInfo & POPT_ARGFLAG_OPTIONAL)
		return OPTION_ARGUMENT_OPTIONAL;
	return OPTION_ARGUMENT_REQUIRED;
}

struct search {
	const char *name; /* long, name_len bytes of it; NULL: by letter */
	size_t name_len;
	char letter;
	const struct poptOption *found;
};

static void search_visit(const struct poptOption *o, char letter, const char *group,
			 void *data)
{
	struct search *s = data;

	(void)group;
	if (s->name ? o->longName && strlen(o->longName) == s->name_len &&
			      memcmp(o->longName, s->name, s->name_len) == 0
		    : letter == s->letter)
		s->found = o;
}

/* Add "--timeout", or "-x" for what has no long name. */
static int add_name(struct buf *b, const struct poptOption *o)
{
	return o->longName ? buf_add_format(b, "--%s", o->longName)
			   : buf_add_format(b, "-%c", o->shortName);
}

/*
 * The options among the words, each with its argument.
 *
 * popt is given a copy of them in which every option is a word of its own and a '='
 * stands for the argument, whatever it is. Left to itself, popt takes the next word for
 * an argument that may be left out, an empty word for the end, a '=' away from -E=x, and
 * puts another word in the place of "!#:+" in an argument.
 */
struct option_words {
	const struct poptOption *table;
	char **rest; /* the first word that is not looked at yet */

	char **argv;			   /* for popt; argv[0] is prockit */
	const struct poptOption **options; /* that argv[i] stands for */
	const char **arguments;		   /* of argv[i], in the words */
	size_t count, room;

	struct buf problem; /* with the last of them: it is the one that popt refuses */
};

static void option_words_clear(struct option_words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->argv[i]);
	free(w->argv);
	free(w->options);
	free(w->arguments);
	buf_clear(&w->problem);
}

static int option_words_grow(struct option_words *w)
{
	size_t room = w->room > 0 ? w->room * 2 : 32;
	char **argv = reallocarray(w->argv, room, sizeof(*argv));

	if (!argv)
		return -ENOMEM;
	w->argv = argv;

	const struct poptOption **options =
		reallocarray(w->options, room, sizeof(*options));

	if (!options)
		return -ENOMEM;
	w->options = options;

	const char **arguments = reallocarray(w->arguments, room, sizeof(*arguments));

	if (!arguments)
		return -ENOMEM;
	w->arguments = arguments;
	w->room = room;
	return 0;
}

/* Add a word for popt; takes the text, which may be NULL for lack of memory. */
static int option_words_push(struct option_words *w, char *text,
			     const struct poptOption *option, const char *argument)
{
	if (!text || (w->count + 1 >= w->room && option_words_grow(w) < 0)) {
		free(text);
		return -ENOMEM;
	}
	w->argv[w->count] = text;
	w->options[w->count] = option;
	w->arguments[w->count] = argument;
	w->argv[++w->count] = NULL;
	return 0;
}

static int option_words_add(struct option_words *w, const struct poptOption *o,
			    const char *argument, bool equals)
{
	auto_buf struct buf b = BUF_INIT;

	if (add_name(&b, o) < 0 || (equals && buf_add_char(&b, '=') < 0))
		return -ENOMEM;
	return option_words_push(w, take_ptr(b.data), o, argument);
}

static void suggestion_visit(const struct poptOption *o, char letter, const char *group,
			     void *data)
{
	(void)letter;
	(void)group;
	if (o->longName)
		suggestion_consider(data, o->longName);
}

/* The word that no option of the table is like; name is the long name, or NULL for a
 * letter. Takes text. */
static int option_words_unknown(struct option_words *w, char *text, const char *name)
{
	struct suggestion s = {.word = name};
	int r = option_words_push(w, text, NULL, NULL);

	if (r < 0)
		return r;
	if (name)
		options_walk(w->table, suggestion_visit, &s);
	r = buf_add_format(&w->problem, "%s: unknown option", text);
	if (r == 0 && s.nearest)
		r = buf_add_format(&w->problem, " (did you mean --%s?)", s.nearest);
	return r;
}

static int option_words_lacking(struct option_words *w, const struct poptOption *o)
{
	const char *metavar = o->argDescrip ? o->argDescrip : "WORD";
	bool choice = strpbrk(metavar, "abcdefghijklmnopqrstuvwxyz") != NULL;
	/* An FD, an N:LIST. */
	const char *article = strncmp(metavar, "FD", 2) == 0 || metavar[0] == 'N' ? "an"
										  : "a";

	if (strncmp(metavar, "NAME", 4) == 0 || strncmp(metavar, "NUMBER", 6) == 0)
		article = "a";
	if (option_words_add(w, o, NULL, false) < 0 || add_name(&w->problem, o) < 0)
		return -ENOMEM;
	return buf_add_format(&w->problem, " needs %s %s", choice ? "one of" : article,
			      metavar);
}

/* An option that was found; argument is what was joined to it, or NULL. */
static int option_words_found(struct option_words *w, const struct poptOption *o,
			      const char *argument)
{
	enum option_argument kind = option_argument(o);

	if (kind == OPTION_ARGUMENT_NONE && argument) {
		if (option_words_add(w, o, argument, true) < 0 ||
		    add_name(&w->problem, o) < 0)
			return -ENOMEM;
		return buf_add_string(&w->problem, " takes no argument");
	}
	if (kind == OPTION_ARGUMENT_REQUIRED && !argument) {
		if (!*w->rest)
			return option_words_lacking(w, o);
		argument = *w->rest++;
	}
	return option_words_add(w, o, argument, kind != OPTION_ARGUMENT_NONE);
}

static int option_words_long(struct option_words *w, const char *word)
{
	size_t len = strcspn(word, "=");
	struct search s = {.name = word + 2, .name_len = len - 2};

	options_walk(w->table, search_visit, &s);
	if (!s.found) {
		char *text = len > 2 ? strndup(word, len) : strdup(word);

		return option_words_unknown(w, text, text ? text + 2 : NULL);
	}
	return option_words_found(w, s.found, word[len] == '=' ? word + len + 1 : NULL);
}

static int option_words_letters(struct option_words *w, const char *word)
{
	int r = 0;

	for (const char *p = word + 1; *p && r == 0 && w->problem.len == 0; p++) {
		struct search s = {.letter = *p};

		options_walk(w->table, search_visit, &s);
		if (!s.found) {
			auto_buf struct buf b = BUF_INIT;
			size_t len = 1;

			/* A letter beyond ASCII is more than one byte. */
			while ((p[len] & 0xc0) == 0x80)
				len++;
			r = buf_add_format(&b, "-%.*s", (int)len, p);
			return r < 0 ? r
				     : option_words_unknown(w, take_ptr(b.data), NULL);
		}
		if (option_argument(s.found) == OPTION_ARGUMENT_REQUIRED)
			return option_words_found(w, s.found, p[1] ? p + 1 : NULL);
		r = option_words_found(w, s.found, p[1] == '=' ? p + 2 : NULL);
		if (p[1] == '=')
			break;
	}
	return r;
}

/*
 * Take the options off the beginning of words, or with permute from wherever they stand
 * before a --; then the operands among them are moved up to those behind. w->rest is left
 * at the first operand.
 */
static int option_words_init(struct option_words *w, const struct poptOption *table,
			     char **words, bool permute)
{
	size_t kept = 0;

	w->table = table;
	w->rest = words;

	int r = option_words_push(w, strdup("prockit"), NULL, NULL);

	while (r == 0 && w->problem.len == 0 && *w->rest) {
		char *word = *w->rest;

		if (word[0] != '-' || word[1] == '\0') {
			if (!permute)
				break;
			words[kept++] = word;
			w->rest++;
			continue;
		}
		w->rest++;
		if (strcmp(word, "--") == 0)
			break;
		r = word[1] == '-' ? option_words_long(w, word)
				   : option_words_letters(w, word);
	}
	/* Those found between options come right before those that are left. */
	w->rest -= kept;
	memmove(w->rest, words, kept * sizeof(*words));
	return r;
}

/* What set() finds wrong with an argument, as a line. */
static int describe_refusal(struct buf *b, const struct poptOption *o,
			    const char *argument, const char *reason)
{
	int r = add_name(b, o);

	if (r < 0)
		return r;
	if (!argument)
		return buf_add_format(b, ": %s", reason);
	return buf_add_format(b, ": '%.*s%s' %s", SHOWN_LENGTH, argument,
			      strlen(argument) > SHOWN_LENGTH ? "..." : "", reason);
}

/* Let popt go through the options; an options_outcome or -ENOMEM. */
static int take_options(const struct subcommand *sub, const struct option_words *w,
			poptContext popt, struct buf *ret_error)
{
	int code;

	for (size_t i = 1; (code = poptGetNextOpt(popt)) > 0; i++) {
		free(poptGetOptArg(popt)); /* only the place of it: "" */
		if (code == CODE_HELP)
			return OPTIONS_HELP;

		const char *reason = sub->set(code, w->arguments[i]);

		if (!reason)
			continue;
		if (describe_refusal(ret_error, w->options[i], w->arguments[i], reason) <
		    0)
			return -ENOMEM;
		return OPTIONS_USAGE;
	}
	if (code == -1)
		return OPTIONS_RUN;
	if (code == POPT_ERROR_MALLOC)
		return -ENOMEM;

	const char *problem = w->problem.len > 0 ? w->problem.data : poptStrerror(code);

	return buf_add_string(ret_error, problem) < 0 ? -ENOMEM : OPTIONS_USAGE;
}

int options_parse(const struct subcommand *sub, char **words, struct buf *ret_error,
		  char ***ret_operands)
{
	struct poptOption table[OPTIONS_TABLE_SIZE];
	__attribute__((cleanup(option_words_clear))) struct option_words w = {0};

	options_table(sub, table);

	int r = option_words_init(&w, table, words, sub->flags & SUBCOMMAND_PERMUTE);

	if (r < 0)
		return r;
	if (w.count == 1) { /* no options: nothing for popt to do */
		*ret_operands = w.rest;
		return OPTIONS_RUN;
	}

	poptContext popt = poptGetContext("prockit", (int)w.count, (const char **)w.argv,
					  table, POPT_CONTEXT_POSIXMEHARDER);

	if (!popt)
		return -ENOMEM;
	r = take_options(sub, &w, popt, ret_error);
	(void)poptFreeContext(popt);
	if (r == OPTIONS_RUN)
		*ret_operands = w.rest;
	return r;
}
