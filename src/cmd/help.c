/* prockit help - show a manual page of prockit. */
#include "config.h"

#include "subcommands.h"

#include "base/exit.h"
#include "base/message.h"
#include "cli/door.h"
#include "external.h"
#include "proc/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the pages are: in a build tree all in one folder, installed in man1, perhaps
 * compressed. */
static int page_path(struct buf *b, size_t place, const char *page)
{
	const char *folder = getenv("PROCKIT_MANPATH");

	switch (place) {
	case 0:
		return folder ? buf_add_format(b, "%s/%s.1", folder, page) : 0;
	case 1:
		return buf_add_format(b, "%s/man1/%s.1", PROCKIT_MANDIR, page);
	default:
		return buf_add_format(b, "%s/man1/%s.1.gz", PROCKIT_MANDIR, page);
	}
}

/* Find the page of a subcommand (NULL: prockit's own): 1 and its path, 0, or -ENOMEM. */
static int find_page(const char *name, struct buf *ret_path)
{
	auto_buf struct buf page = BUF_INIT;

	if (buf_add_string(&page, "prockit") < 0 ||
	    (name && buf_add_format(&page, "-%s", name) < 0))
		return -ENOMEM;
	for (size_t place = 0; place < 3; place++) {
		auto_buf struct buf path = BUF_INIT;

		if (page_path(&path, place, page.data) < 0)
			return -ENOMEM;
		if (path.len > 0 && access(path.data, R_OK) == 0)
			return buf_add(ret_path, path.data, path.len) < 0 ? -ENOMEM : 1;
	}
	return 0;
}

/* Become man(1). Comes back where there is none. */
static void exec_man(char *page)
{
	auto_buf struct buf man = BUF_INIT;
	char *argv[] = {(char *)"man", page, NULL};

	if (program_find("man", environ, AT_FDCWD, &man) == 0)
		(void)execv(man.data, argv);
}

static int help_run(char **operands)
{
	auto_buf struct buf page = BUF_INIT;
	const char *name = operands[0];
	const struct subcommand *sub = name ? subcommand_find(name) : &front_door;
	int found = 0;

	if (name && operands[1]) {
		message("extra operand: '%s'", operands[1]);
		return EXIT_OWN_FAILURE;
	}
	/* A program prockit-NAME may have a page too. */
	if (sub || (*name && !strchr(name, '/')))
		found = find_page(name, &page);
	if (found < 0) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
	if (found)
		exec_man(page.data);
	if (!sub)
		return subcommand_unknown(name);
	if (!sub->run && sub != &front_door) {
		char *words[] = {(char *)sub->name, (char *)"--help", NULL};

		return external_run_helper(words);
	}
	return door_help(sub);
}

const struct subcommand cmd_help = {
	.name = "help",
	.summary = "show a manual page of prockit",
	.operands = "[SUBCOMMAND]",
	.run = help_run,
};
