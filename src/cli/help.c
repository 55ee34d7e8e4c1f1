#include "config.h"

#include "cli/help.h"

#include "cli/options.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
	WIDTH = 80,
	WIDEST_NAME = 30, /* a wider one has its text on the next line */
	GAP = 2,
};

static const char *metavar(const struct poptOption *o)
{
	return o->argDescrip ? o->argDescrip : "WORD";
}

static void pad(struct out *out, size_t n)
{
	while (n-- > 0)
		out_char(out, ' ');
}

/* Write text from the given column on, in lines that begin there. */
static void write_wrapped(struct out *out, const char *text, size_t column)
{
	size_t at = column;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > column && at + 1 + len > WIDTH) {
			out_char(out, '\n');
			pad(out, column);
			at = column;
		} else if (at > column) {
			out_char(out, ' ');
			at++;
		}
		out_write(out, text, len);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	out_char(out, '\n');
}

/* "  name  text"; the text begins at the column where name leaves room for it. */
static void write_row(struct out *out, const char *name, const char *text, size_t column)
{
	out_string(out, name);
	if (strlen(name) + GAP > column) {
		out_char(out, '\n');
		pad(out, column);
	} else {
		pad(out, column - strlen(name));
	}
	write_wrapped(out, text, column);
}

/* "  -t, --timeout=DURATION" */
static int format_option(struct buf *b, const struct poptOption *o, char letter)
{
	enum option_argument kind = option_argument(o);
	const char *joint = o->longName ? "=" : " ";
	int r = letter ? buf_add_format(b, "  -%c", letter) : buf_add_string(b, "    ");

	if (r == 0 && o->longName)
		r = buf_add_format(b, "%s--%s", letter ? ", " : "  ", o->longName);
	if (r == 0 && kind == OPTION_ARGUMENT_REQUIRED)
		r = buf_add_format(b, "%s%s", joint, metavar(o));
	if (r == 0 && kind == OPTION_ARGUMENT_OPTIONAL)
		r = buf_add_format(b, "[=%s]", metavar(o));
	return r;
}

/* One walk over the table: measure the names, or write the options of one group. */
struct listing {
	struct out *out;
	size_t column;	   /* of the texts */
	bool grouped;	   /* write the groups; else what is in none */
	const char *group; /* whose heading was written last */
};

static void measure_visit(const struct poptOption *o, char letter, const char *group,
			  void *data)
{
	struct listing *l = data;
	auto_buf struct buf name = BUF_INIT;

	(void)group;
	if (format_option(&name, o, letter) == 0 && name.len <= WIDEST_NAME &&
	    name.len + GAP > l->column)
		l->column = name.len + GAP;
}

static void write_visit(const struct poptOption *o, char letter, const char *group,
			void *data)
{
	struct listing *l = data;
	auto_buf struct buf name = BUF_INIT;
	int r = format_option(&name, o, letter);

	if (l->grouped != (group != NULL))
		return;
	if (r < 0) {
		if (l->out->error == 0)
			l->out->error = r;
		return;
	}
	if (group && (!l->group || strcmp(l->group, group) != 0)) {
		out_format(l->out, "\n%s:\n", group);
		l->group = group;
	}
	write_row(l->out, name.data, o->descrip, l->column);
}

static void write_options(struct out *out, const struct subcommand *sub)
{
	struct poptOption table[OPTIONS_TABLE_SIZE];
	struct listing l = {.out = out};

	options_table(sub, table);
	options_walk(table, measure_visit, &l);
	out_string(out, "\nOptions:\n");
	options_walk(table, write_visit, &l);
	l.grouped = true;
	options_walk(table, write_visit, &l);
}

static void write_subcommand_rows(struct out *out)
{
	size_t column = 0;

	for (size_t i = 0; subcommands[i]; i++)
		if (strlen(subcommands[i]->name) > column)
			column = strlen(subcommands[i]->name);
	column += GAP;

	out_string(out, "\nSubcommands:\n");
	for (size_t i = 0; subcommands[i]; i++) {
		out_format(out, "  %-*s", (int)column, subcommands[i]->name);
		write_wrapped(out, subcommands[i]->summary, column + GAP);
	}
}

void help_write(struct out *o, const struct subcommand *sub)
{
	out_string(o, "Usage: prockit ");
	if (sub->name)
		out_format(o, "%s [OPTION...]%s", sub->name,
			   *sub->operands ? " [--] " : "");
	out_format(o, "%s\n\n%c", sub->operands, toupper((unsigned char)sub->summary[0]));
	out_format(o, "%s.\n", sub->summary + 1);
	if (!sub->name)
		write_subcommand_rows(o);
	write_options(o, sub);
	if (sub->name)
		out_format(o, "\nThe manual page: prockit help %s\n", sub->name);
	else
		out_string(o, "\nThe manual pages: prockit help [SUBCOMMAND]\n");
}

static void table_visit(const struct poptOption *option, char letter, const char *group,
			void *data)
{
	static const char *const kinds[] = {
		[OPTION_ARGUMENT_NONE] = "none",
		[OPTION_ARGUMENT_REQUIRED] = "required",
		[OPTION_ARGUMENT_OPTIONAL] = "optional",
	};
	enum option_argument kind = option_argument(option);
	struct out *o = data;

	(void)group;
	if (option->longName)
		out_format(o, "--%s", option->longName);
	out_char(o, '\t');
	if (letter)
		out_format(o, "-%c", letter);
	out_format(o, "\t%s\t%s\t%s\n",
		   kind == OPTION_ARGUMENT_NONE ? "" : metavar(option), kinds[kind],
		   option->descrip);
}

void help_write_table(struct out *o, const struct subcommand *sub)
{
	struct poptOption table[OPTIONS_TABLE_SIZE];

	options_table(sub, table);
	options_walk(table, table_visit, o);
}

void help_write_subcommands(struct out *o)
{
	for (size_t i = 0; subcommands[i]; i++)
		out_format(o, "%s\t%s\n", subcommands[i]->name, subcommands[i]->summary);
}
