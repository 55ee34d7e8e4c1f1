#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "tap.h"

static const struct {
	const char *said;
	const char *shown;
} texts[] = {
	{"command not found", "command not found"},
	{"", ""},
	{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
	{"\033[31mred", "\\033[31mred"},
	{"\001\177", "\\001\\177"},
	{"100% \\n 'x'", "100% \\n 'x'"},
	{"na\xc3\xafve \xe2\x82\xac", "na\xc3\xafve \xe2\x82\xac"},
	/* A terminal takes U+009B for the beginning of an escape sequence. */
	{"\xc2\x9b"
	 "31m",
	 "\\302\\23331m"},
	{"\xc2\xa0", "\xc2\xa0"},
	{"\xff\xc2", "\xff\xc2"},
};

static int reader;
static char line[32768];

/* What was written to standard error by one write(2); each is a packet of its own. */
static const char *said(void)
{
	ssize_t n = recv(reader, line, sizeof(line) - 1, 0);

	line[n < 0 ? 0 : n] = '\0';
	return line;
}

static void test_long(const char *piece)
{
	static char text[20000];
	char wanted[64];

	text[0] = '\0';
	for (size_t len = strlen(piece), at = 0; at + len < sizeof(text); at += len)
		memcpy(text + at, piece, len + 1);
	message("%s", text);
	said();

	size_t len = strlen(line);

	ok(len > 8000 && len <= 10240, "a long text is cut (%zu)", len);
	is_str(line + len - 4, "...\n", "a long text says that it was cut");
	snprintf(wanted, sizeof(wanted), "prockit: %s", piece[0] == '\n' ? "\\n" : piece);
	line[strlen(wanted)] = '\0';
	is_str(line, wanted, "a long text begins as it should");
	is_int(recv(reader, line, sizeof(line), 0), -1, "a long text is one write");
}

int main(void)
{
	int pair[2];
	char wanted[256];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) < 0 ||
	    dup2(pair[0], STDERR_FILENO) < 0)
		return 1;
	reader = pair[1];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		message("%s", texts[i].said);
		snprintf(wanted, sizeof(wanted), "prockit: %s\n", texts[i].shown);
		is_str(said(), wanted, "message %zu", i);
	}
	message_set_subcommand("check-output");
	message("%s: %d", "x", 7);
	is_str(said(), "prockit check-output: x: 7\n", "the subcommand is named");
	message_set_subcommand(NULL);

	errno = ENOSPC;
	message("%m");
	is_int(errno, ENOSPC, "errno is kept");
	is_str(said(), "prockit: No space left on device\n", "errno can be shown");

	test_long("x");
	test_long("\n");
	test_long("\xe2\x82\xac");
	/* A cut sequence would leave a lead byte without its followers. */
	message("%8190s\xe2\x82\xac\xe2\x82\xac", "");
	is_str(strrchr(said(), ' '), " ...\n", "no UTF-8 sequence is cut");

	close(STDERR_FILENO);
	errno = 0;
	message("nobody listens");
	is_int(errno, 0, "errno is kept where nothing can be written");

	is_str(error_name(ENOENT), "ENOENT", "the name of an errno value");
	is_str(error_name(99999), "E?", "the name of none");
	is_str(error_name(0), "E?", "the name of 0");
	is_str(error_text(ENOENT), "No such file or directory",
	       "the text of an errno value");
	ok(error_text(99999) != NULL, "the text of none");
	return tap_done();
}
