#include "config.h"

#include "base/quote.h"

#include <string.h>

#include "base/cleanup.h"

/* What every shell takes for itself inside a word; to zsh, a leading '=' is special. */
static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			       "0123456789_-./:,+@=";

/* Reserved words of sh, bash, ksh and zsh that consist of harmless characters. */
static const char *const keywords[] = {
	"case", "coproc", "do",	       "done",	    "elif",    "else",
	"end",	"esac",	  "fi",	       "for",	    "foreach", "function",
	"if",	"in",	  "namespace", "nocorrect", "repeat",  "select",
	"then", "time",	  "until",     "while",
};

static bool word_is_keyword(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcmp(word, keywords[i]) == 0)
			return true;
	return false;
}

static bool word_is_harmless(const char *word)
{
	return word[0] && word[0] != '=' && !word[strspn(word, harmless)];
}

/*
 * Whether a word can stand bare where a shell expects a command. "a=b" there is an
 * assignment, and with a leading '-' or '+' the whole text is, to eval itself, an option.
 */
static bool word_is_harmless_first(const char *word)
{
	return word_is_harmless(word) && word[0] != '-' && word[0] != '+' &&
	       !strchr(word, '=') && !word_is_keyword(word);
}

void quote_inside(struct out *o, const char *data, size_t len)
{
	while (len) {
		const char *quote = memchr(data, '\'', len);
		size_t run = quote ? (size_t)(quote - data) : len;

		out_write(o, data, run);
		if (!quote)
			return;
		out_write(o, "'\\''", 4);
		data += run + 1;
		len -= run + 1;
	}
}

static void quote_always(struct out *o, const char *word)
{
	out_char(o, '\'');
	quote_inside(o, word, strlen(word));
	out_char(o, '\'');
}

void quote_word(struct out *o, const char *word)
{
	if (word_is_harmless_first(word))
		out_string(o, word);
	else
		quote_always(o, word);
}

void quote_argument(struct out *o, const char *word)
{
	if (word_is_harmless(word))
		out_string(o, word);
	else
		quote_always(o, word);
}
