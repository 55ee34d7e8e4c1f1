#include "config.h"

#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MESSAGE_TEXT = 8192,  /* of a text, this much is looked at */
	MESSAGE_LINE = 10240, /* and this much is shown, prefix and escapes included */
	MESSAGE_ESCAPE = 8,   /* no escape is longer: two bytes of \ooo each */
	MESSAGE_TAIL = 4,     /* "..." and the newline */
};

static const char *message_subcommand;

static struct {
	void (*write)(const char *line, size_t len, void *data); /* NULL: write(2) */
	void *data;
} message_output;

void message_set_output(void (*output)(const char *line, size_t len, void *data),
			void *data)
{
	message_output.write = output;
	message_output.data = data;
}

void message_set_subcommand(const char *name)
{
	message_subcommand = name;
}

static size_t put_octal(char *to, unsigned char c)
{
	to[0] = '\\';
	to[1] = (char)('0' + (c >> 6));
	to[2] = (char)('0' + (c >> 3 & 7));
	to[3] = (char)('0' + (c & 7));
	return 4;
}

/*
 * Show the character at from, which may take two bytes, as a terminal may safely have it;
 * returns what was written to to. The controls U+0080 to U+009F start escape sequences in
 * UTF-8 terminals.
 */
static size_t put_char(char *to, const char *from, size_t *ret_used)
{
	unsigned char c = (unsigned char)from[0];
	unsigned char next = c == 0xc2 ? (unsigned char)from[1] : 0;
	const char *letter = c ? strchr("\nn\tt\rr", c) : NULL;

	*ret_used = 1;
	if (next >= 0x80 && next <= 0x9f) {
		*ret_used = 2;
		return put_octal(to, c) + put_octal(to + 4, next);
	}
	if (c >= 0x20 && c != 0x7f) {
		to[0] = (char)c;
		return 1;
	}
	if (letter) {
		to[0] = '\\';
		to[1] = letter[1];
		return 2;
	}
	return put_octal(to, c);
}

/* Add text to line in visible characters, with "..." where it had to be cut. */
static size_t put_text(char *line, size_t len, const char *text, bool cut)
{
	while (*text) {
		size_t used;

		if (len > MESSAGE_LINE - MESSAGE_ESCAPE - MESSAGE_TAIL) {
			cut = true;
			break;
		}
		len += put_char(line + len, text, &used);
		text += used;
	}
	if (cut) {
		/* Half a UTF-8 sequence would be rubbish on the screen. */
		while ((line[len - 1] & 0xc0) == 0x80)
			len--;
		if ((line[len - 1] & 0xc0) == 0xc0)
			len--;
		memcpy(line + len, "...", 3);
		len += 3;
	}
	return len;
}

void message(const char *format, ...)
{
	int saved = errno;
	char text[MESSAGE_TEXT];
	char line[MESSAGE_LINE];
	va_list args;

	va_start(args, format);
	int wanted = vsnprintf(text, sizeof(text), format, args);

	va_end(args);
	if (wanted < 0)
		text[0] = '\0';

	const char *sub = message_subcommand;
	int prefix =
		snprintf(line, 256, "prockit%s%.200s: ", sub ? " " : "", sub ? sub : "");
	size_t len = put_text(line, (size_t)prefix, text, wanted >= (int)sizeof(text));

	line[len++] = '\n';
	if (message_output.write)
		message_output.write(line, len, message_output.data);
	/* One write, so that lines stay whole where many processes speak. */
	while (!message_output.write && write(STDERR_FILENO, line, len) < 0 &&
	       errno == EINTR)
		;
	errno = saved;
}

const char *error_name(int error)
{
	const char *name = strerrorname_np(error);

	return name && error ? name : "E?";
}

const char *error_text(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "Unknown error";
}
