#include "config.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "map/template.h"
#include "tap.h"

enum { SEQ = 7, SLOT = 2, MOST = 8 };

static struct row *make_row(const char *const *texts)
{
	struct item items[MOST];
	size_t n = 0;

	for (; texts[n]; n++)
		items[n] = (struct item){.text = texts[n], .len = strlen(texts[n])};
	return row_new(items, n);
}

/* Words in brackets, so that their borders can be seen. */
static void show(const struct words *w, struct buf *text)
{
	for (size_t i = 0; i < w->n; i++)
		buf_add_format(text, "[%s]", w->argv[i]);
	if (w->argv[w->n])
		buf_add_string(text, "and no NULL behind");
}

struct job {
	const char *words[MOST];
	const char *items[MOST];
	const char *wanted;
};

static void check_job(const struct job *j, const char *brace, size_t first,
		      const char *const *columns)
{
	auto_buf struct buf text = BUF_INIT;
	auto_buf struct buf title = BUF_INIT;
	struct row *row = make_row(j->items);
	struct row *names = columns ? make_row(columns) : NULL;
	struct template t = {0};
	struct words w = {0};

	for (size_t i = 0; j->words[i]; i++)
		buf_add_format(&title, "%s ", j->words[i]);
	for (size_t i = 0; j->items[i]; i++)
		buf_add_format(&title, "'%s'", j->items[i]);
	for (char *c = title.data; c && *c; c++)
		if (*c == '\n')
			*c = '~';

	if (template_parse(&t, (char *const *)j->words, first, brace, names) == 0) {
		/* The names are not needed any more. */
		row_free(names);
		if (template_expand(&t, row, SEQ, SLOT, &w) == 0)
			show(&w, &text);
		words_clear(&w);
		template_clear(&t);
	}
	is_str(text.data, j->wanted, "%s", title.data);
	row_free(row);
}

/* What GNU parallel 20221122 puts for these, asked with -q and a command that shows its
 * words; but {/} and {/.} with a newline, where it looks at one line only. */
static const struct {
	const char *item;
	const char *wanted; /* {.} {/} {//} {/.} */
} parts[] = {
	{"noext", "[noext][noext][.][noext]"},
	{"a.tar.gz", "[a.tar][a.tar.gz][.][a.tar]"},
	{"a.b/c", "[a.b/c][c][a.b][c]"},
	{"a.b/c.d", "[a.b/c][c.d][a.b][c]"},
	{".hidden", "[][.hidden][.][]"},
	{"a/.b", "[a/][.b][a][]"},
	{"x.", "[x][x.][.][x]"},
	{"a..b", "[a.][a..b][.][a.]"},
	{"a.b./", "[a.b./][][.][]"},
	{".", "[][.][.][]"},
	{"..", "[.][..][.][.]"},
	{"../..", "[../.][..][..][.]"},
	{"", "[][][.][]"},
	{"/", "[/][][/][]"},
	{"//", "[//][][/][]"},
	{"/a", "[/a][a][/][a]"},
	{"//a", "[//a][a][/][a]"},
	{"/a/", "[/a/][][/][]"},
	{"dir/", "[dir/][][.][]"},
	{"a//b", "[a//b][b][a][b]"},
	{"a/b//", "[a/b//][][a][]"},
	{"/a/b.c", "[/a/b][b.c][/a][b]"},
	{"it's \"a b\"/$x.y", "[it's \"a b\"/$x][$x.y][it's \"a b\"][$x]"},
	{"a\nb/c\nd.e\nf", "[a\nb/c\nd][c\nd.e\nf][a\nb][c\nd]"},
	{"a/b\n", "[a/b\n][b\n][a][b\n]"},
	{"-n", "[-n][-n][.][-n]"},
	{"\xc3\xa9.\xff/\xfe.x", "[\xc3\xa9.\xff/\xfe][\xfe.x][\xc3\xa9.\xff][\xfe]"},
};

static void test_parts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		check_job(
			&(struct job){
				.words = {"{.}", "{/}", "{//}", "{/.}"},
				.items = {parts[i].item},
				.wanted = parts[i].wanted,
			},
			NULL, 0, NULL);
}

static const struct job jobs[] = {
	/* Appended where no word has a replacement string. */
	{{"echo"}, {"a b"}, "[echo][a b]"},
	{{"echo", "x"}, {"a", "b c"}, "[echo][x][a][b c]"},
	{{"echo"}, {""}, "[echo][]"},
	{{"echo", "{#}"}, {"a"}, "[echo][7]"},
	{{"echo", "{%}.{#}"}, {"a"}, "[echo][2.7]"},
	{{"echo", "{nosuch}"}, {"a"}, "[echo][{nosuch}][a]"},
	{{NULL}, {"a", "b"}, "[a][b]"},
	{{"echo", ""}, {"a"}, "[echo][][a]"},
	{{"echo", "", "{}"}, {"a"}, "[echo][][a]"},

	/* Inside larger words, beside each other, within other braces. */
	{{"x{}y"}, {"a b"}, "[xa by]"},
	{{"{}{}"}, {"a"}, "[aa]"},
	{{"{{}}"}, {"a"}, "[{a}]"},
	{{"{1}{2}"}, {"a", "b"}, "[ab]"},
	{{"{/}={.}={#}={%}"}, {"a/b.c"}, "[b.c=a/b=7=2]"},
	{{"{1}", "{#}x", "y{%}"}, {"a"}, "[a][7x][y2]"},
	{{"{{.}.", "}{}{", "{"}, {"a.b"}, "[{a.][}a.b{][{]"},

	/* Not put in again, whatever an item looks like. */
	{{"{}", "{1}x"}, {"{#}{}"}, "[{#}{}][{#}{}x]"},

	/* One whole string for all items: as many words; else joined. */
	{{"{}"}, {"a b", "c"}, "[a b][c]"},
	{{"{.}", "{/}"}, {"x/a.b", "c"}, "[x/a][c][a.b][c]"},
	{{"{//}", "{/.}"}, {"x/a.b", "c"}, "[x][.][a][c]"},
	{{"x{}"}, {"a", "b"}, "[xa b]"},
	{{"{}{.}"}, {"a.x", "b.y"}, "[a.x b.ya b]"},

	/* By number: always one word, and empty beyond the row. */
	{{"{2}", "{1}", "{-1}"}, {"a", "b", "c"}, "[b][a][c]"},
	{{"{-3}", "{-2}"}, {"a", "b", "c"}, "[a][b]"},
	{{"{4}", "x{5}y", "{-4}", "{-5}"}, {"a", "b", "c"}, "[][xy][][]"},
	{{"{2.}", "{2/}", "{2//}", "{2/.}"}, {"a", "x/b.c"}, "[x/b][b.c][x][b]"},
	{{"{-1.}", "{-1/.}"}, {"a", "x/b.c"}, "[x/b][b]"},
	{{"{10}{01}{1 }{1 .}"}, {"a.b"}, "[a.ba.ba]"},
	{{"{99999999999999999999}", "{-99999999999999999999}"}, {"a"}, "[][]"},
	{{"{-9223372036854775808}"}, {"a"}, "[]"},

	/* What is none of the strings. */
	{{"{0}", "{-0}", "{00.}", "{}"}, {"a"}, "[{0}][{-0}][{00.}][a]"},
	{{"{+1}", "{ 1}", "{-}", "{1-}", "{}"}, {"a"}, "[{+1}][{ 1}][{-}][{1-}][a]"},
	{{"{1..}", "{./}", "{..}", "{///}", "{}"},
	 {"a"},
	 "[{1..}][{./}][{..}][{///}][a]"},
	{{"{1#}", "{#.}", "{##}", "{%", "{}"}, {"a"}, "[{1#}][{#.}][{##}][{%][a]"},
	{{"{", "}", "{.", "{1", "{}"}, {"a"}, "[{][}][{.][{1][a]"},
};

/* -I changes {} alone. */
static const struct {
	const char *brace;
	struct job job;
} braces[] = {
	{",,", {{",,", "{}", "{.}", "{1}", "x,,,"}, {"a.b"}, "[a.b][{}][a][a.b][xa.b,]"}},
	{",,", {{"{}"}, {"a"}, "[{}][a]"}},
	{",,", {{",,"}, {"a", "b"}, "[a][b]"}},
	{"{", {{"{.}{x"}, {"a.b"}, "[aa.bx]"}},
	{"{.}", {{"{.}"}, {"a.b"}, "[a.b]"}},
	{"{}", {{"{}"}, {"a"}, "[a]"}},
};

/* Words that stand as they are, as for sh -c. */
static const struct job scripts[] = {
	{{"sh", "-c", "{}", "sh"}, {"a"}, "[sh][-c][{}][sh][a]"},
	{{"sh", "-c", "{}", "sh", "{}", "x"}, {"a"}, "[sh][-c][{}][sh][a][x]"},
};

/* Columns by name, the first of two with the same, before all other strings. */
static const struct {
	const char *names[4];
	struct job job;
} headers[] = {
	{{"a", "b"},
	 {{"{b}", "{a}", "{a/.}", "{b.}{1}"},
	  {"x/y.z", "2.3"},
	  "[2.3][x/y.z][y][2x/y.z]"}},
	{{"f", "last.x"}, {{"{last.x}", "{last.x.}"}, {"1.2", "3.4"}, "[3.4][3]"}},
	{{"a", "a"}, {{"{a}"}, {"1", "2"}, "[1]"}},
	{{"2", "1", "#"}, {{"{1}", "{2}", "{#}"}, {"x", "y", "z"}, "[y][x][z]"}},
	{{"a b"}, {{"{a b}", "{a }"}, {"x"}, "[x][{a }]"}},
	{{"a"}, {{"{A}", "{nosuch}", "{}"}, {"x"}, "[{A}][{nosuch}][x]"}},
	{{"", "b"}, {{"{}", "{.}"}, {"x.a", "y.b"}, "[x.a][y.b][x][y]"}},
};

static void test_jobs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		check_job(&jobs[i], NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(braces); i++)
		check_job(&braces[i].job, braces[i].brace, 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		check_job(&scripts[i], NULL, 4, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		check_job(&headers[i].job, NULL, 0, headers[i].names);
}

static void test_text(void)
{
	static const struct {
		const char *word;
		const char *wanted;
	} texts[] = {
		{"{}", "a/b.c d.e"},
		{"{1}\t{#}", "a/b.c\t7"},
		{"no item", "no item"},
		{"", ""},
	};
	struct row *row = make_row((const char *const[]){"a/b.c", "d.e", NULL});

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_buf struct buf text = BUF_INIT;
		char *words[] = {(char *)texts[i].word, NULL};
		struct template t;

		template_parse(&t, words, 0, NULL, NULL);
		template_expand_text(&t, row, SEQ, SLOT, &text);
		is_str(text.data, texts[i].wanted, "as a text: '%s'", texts[i].word);
		template_clear(&t);
	}

	auto_buf struct buf text = BUF_INIT;
	char *words[] = {(char *)"{2}", (char *)"x", NULL};
	struct template t;

	template_parse(&t, words, 0, NULL, NULL);
	buf_add_string(&text, "before ");
	template_expand_text(&t, row, SEQ, SLOT, &text);
	is_str(text.data, "before d.e x", "a text is added to what is there");
	is_int((long long)text.len, 12, "and its length is known");
	template_clear(&t);
	row_free(row);
}

static void check_flags(const char *const *words, size_t first, bool appends, bool varies)
{
	struct template t;

	template_parse(&t, (char *const *)words, first, NULL, NULL);
	is_int(t.appends, appends, "%s ...: whether items are appended", words[0]);
	is_int(t.command_varies, varies, "%s ...: whether the command varies", words[0]);
	template_clear(&t);
}

static void test_flags(void)
{
	check_flags((const char *const[]){"echo", NULL}, 0, true, false);
	check_flags((const char *const[]){"echo", "{}", NULL}, 0, false, false);
	check_flags((const char *const[]){"{}", NULL}, 0, false, true);
	check_flags((const char *const[]){"./{/}", "x", NULL}, 0, false, true);
	check_flags((const char *const[]){"./job-{#}", NULL}, 0, false, true);
	check_flags((const char *const[]){"{}", "x", NULL}, 1, true, false);
	check_flags((const char *const[]){NULL}, 0, true, true);
}

/* The longest word that execve(2) takes is 131071 bytes. */
static void check_length(const char *word, size_t len, size_t wanted)
{
	auto_free char *text = malloc(len + 1);
	struct item item = {.text = text, .len = len};
	char *words[] = {(char *)"echo", (char *)word, NULL};
	struct words w = {0};
	struct template t;

	memset(text, 'a', len);
	text[len] = '\0';

	struct row *row = row_new(&item, 1);

	template_parse(&t, words, 0, NULL, NULL);
	template_expand(&t, row, SEQ, SLOT, &w);
	is_int((long long)words_too_long(&w), (long long)wanted, "%s of %zu bytes", word,
	       len);
	words_clear(&w);
	words_clear(&w);
	template_clear(&t);
	row_free(row);
}

static void test_lengths(void)
{
	check_length("{}", 131071, 0);
	check_length("{}", 131072, 131072);
	check_length("x{}", 131071, 131072);
	check_length("{}", ITEM_MAX, ITEM_MAX);
	check_length("{/.}{#}", 131070, 0);
	check_length("{#}", 131072, 0);
}

int main(void)
{
	test_parts();
	test_jobs();
	test_text();
	test_flags();
	test_lengths();
	return tap_done();
}
