#include "config.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/quote.h"
#include "tap.h"

/* A command: its name, and arguments behind it. */
static void quote_words(struct out *o, char *const *words)
{
	if (!words[0])
		return;
	quote_word(o, words[0]);
	for (size_t i = 1; words[i]; i++) {
		out_char(o, ' ');
		quote_argument(o, words[i]);
	}
}

static const struct {
	const char *word;
	const char *first; /* quoted where a command stands */
	const char *other; /* quoted behind it */
} words[] = {
	{"ls", "ls", "ls"},
	{"/bin/ls", "/bin/ls", "/bin/ls"},
	{"a.b_c-d,e:f+g@h", "a.b_c-d,e:f+g@h", "a.b_c-d,e:f+g@h"},
	{"", "''", "''"},
	{"a b", "'a b'", "'a b'"},
	{"'", "''\\'''", "''\\'''"},
	{"it's", "'it'\\''s'", "'it'\\''s'"},
	{"''", "''\\'''\\'''", "''\\'''\\'''"},
	{"\n", "'\n'", "'\n'"},
	{"\\", "'\\'", "'\\'"},
	{"~", "'~'", "'~'"},
	{"#x", "'#x'", "'#x'"},
	{"a#", "'a#'", "'a#'"},
	{"{a,b}", "'{a,b}'", "'{a,b}'"},
	{"!", "'!'", "'!'"},
	{"a^b", "'a^b'", "'a^b'"},
	{"%1", "'%1'", "'%1'"},
	{"[", "'['", "'['"},
	{"\xc3\xa4", "'\xc3\xa4'", "'\xc3\xa4'"},
	{"\xff", "'\xff'", "'\xff'"},
	{"a=b", "'a=b'", "a=b"},
	{"--a=b", "'--a=b'", "--a=b"},
	{"=ls", "'=ls'", "'=ls'"},
	{"-n", "'-n'", "-n"},
	{"+x", "'+x'", "+x"},
	{"if", "'if'", "if"},
	{"time", "'time'", "time"},
	{"while", "'while'", "while"},
	{"coproc", "'coproc'", "coproc"},
	{"ifs", "ifs", "ifs"},
	{"echo", "echo", "echo"},
};

static void test_table(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *list[] = {(char *)words[i].word, (char *)words[i].word, NULL};
		char wanted[64];
		struct out o;

		out_init(&o, -1);
		quote_word(&o, words[i].word);
		is_str(o.buf.data, words[i].first, "word %zu", i);
		out_close(&o);

		out_init(&o, -1);
		quote_words(&o, list);
		snprintf(wanted, sizeof(wanted), "%s %s", words[i].first, words[i].other);
		is_str(o.buf.data, wanted, "word %zu in a list", i);
		out_close(&o);
	}

	char *none[] = {NULL};
	struct out o;

	out_init(&o, -1);
	quote_words(&o, none);
	is_int(o.buf.len, 0, "a list of no words");
	out_close(&o);
}

static void test_inside(void)
{
	static const char text[] = "it's 'quoted'''\0 here";
	int wrong = 0;
	struct out whole;

	out_init(&whole, -1);
	quote_inside(&whole, text, sizeof(text) - 1);
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct out o;

		out_init(&o, -1);
		quote_inside(&o, text, cut);
		quote_inside(&o, text + cut, sizeof(text) - 1 - cut);
		if (o.buf.len != whole.buf.len ||
		    memcmp(o.buf.data, whole.buf.data, o.buf.len) != 0)
			wrong++;
		out_close(&o);
	}
	is_int(wrong, 0, "pieces make the same text as the whole");
	is_str(whole.buf.data, "it'\\''s '\\''quoted'\\'''\\'''\\''",
	       "and it is the right one");
	out_close(&whole);
}

/*
 * Let a shell read back every byte and every pair of the characters that shells are fond
 * of; each word is printed with a blank line behind it.
 */
static void test_shell(const char *shell)
{
	static const char fond[] =
		"'\"\\$`!*?[]{}()<>|&;#~=%^-+@:, \t\n\r\001\033\177\x80\xff"
		"aZ0";
	enum { COUNT = 255 + (sizeof(fond) - 1) * (sizeof(fond) - 1) };
	static char text[COUNT][3];
	static char *list[COUNT + 3] = {(char *)"printf", (char *)"%s\\n\\n"};
	char command[128];
	struct out wanted;
	struct out is;
	struct out quoted;
	int n = 0;

	for (int c = 1; c < 256; c++)
		text[n++][0] = (char)c;
	for (const char *a = fond; *a; a++) {
		for (const char *b = fond; *b; b++, n++) {
			text[n][0] = *a;
			text[n][1] = *b;
		}
	}

	out_init(&wanted, -1);
	out_init(&is, -1);
	out_init(&quoted, -1);
	for (int i = 0; i < n; i++) {
		list[i + 2] = text[i];
		out_string(&wanted, text[i]);
		out_string(&wanted, "\n\n");
	}
	quote_words(&quoted, list);
	setenv("QUOTED", quoted.buf.data, 1);
	snprintf(command, sizeof(command), "exec %s -c 'eval \"$QUOTED\"'", shell);

	fflush(stdout);
	FILE *f = popen(command, "r");
	char part[4096];
	size_t len;

	while (f && (len = fread(part, 1, sizeof(part), f)) > 0)
		out_write(&is, part, len);
	is_int(f ? pclose(f) : -1, 0, "%s: eval succeeds", shell);
	ok(is.buf.len == wanted.buf.len &&
		   memcmp(is.buf.data, wanted.buf.data, is.buf.len) == 0,
	   "%s: eval reads back every byte", shell);
	out_close(&wanted);
	out_close(&is);
	out_close(&quoted);
}

int main(void)
{
	static const char *const shells[] = {"sh",  "bash",	  "dash",
					     "zsh", "busybox sh", "ksh"};

	test_table();
	test_inside();
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		char command[128];

		snprintf(command, sizeof(command), "%s -c : 2>/dev/null", shells[i]);
		if (system(command) == 0)
			test_shell(shells[i]);
		else
			ok(i > 0, "no %s here # SKIP", shells[i]);
	}
	return tap_done();
}
