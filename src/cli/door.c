#include "config.h"

#include "cli/door.h"

#include "base/exit.h"
#include "base/message.h"
#include "base/out.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/stdout.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int door_help(const struct subcommand *sub)
{
	struct out o;

	out_init(&o, STDOUT_FILENO);
	help_write(&o, sub);
	return out_finish_status(&o);
}

int door_refuse(const struct subcommand *sub, int outcome, const struct buf *problem)
{
	switch (outcome) {
	case OPTIONS_HELP:
		return door_help(sub);
	case OPTIONS_USAGE:
		message("%s", problem->data);
		return EXIT_OWN_FAILURE;
	default:
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
}

/* The first thing that an operand line such as "COMMAND [ARG...]" or "PID|HANDLE..." asks
 * for. */
static int say_missing_operand(const struct subcommand *sub)
{
	size_t len = strcspn(sub->operands, " .");

	message("missing operand: %.*s (see 'prockit %s --help')", (int)len,
		sub->operands, sub->name);
	return EXIT_OWN_FAILURE;
}

int door_run(const struct subcommand *sub, char **words)
{
	auto_buf struct buf problem = BUF_INIT;
	char **operands;

	message_set_subcommand(sub->name);

	int outcome = options_parse(sub, words, &problem, &operands);

	if (outcome != OPTIONS_RUN)
		return door_refuse(sub, outcome, &problem);
	if ((sub->flags & SUBCOMMAND_OPERANDS) && !operands[0])
		return say_missing_operand(sub);
	return sub->run(operands);
}

int door_list_subcommands(char **words)
{
	struct out o;

	(void)words;
	out_init(&o, STDOUT_FILENO);
	help_write_subcommands(&o);
	return out_finish_status(&o);
}

int door_list_options(char **words)
{
	const struct subcommand *sub = words[0] ? subcommand_find(words[0]) : &front_door;
	struct out o;

	if (!sub)
		return subcommand_unknown(words[0]);
	out_init(&o, STDOUT_FILENO);
	help_write_table(&o, sub);
	return out_finish_status(&o);
}

int door_list_operands(char **words)
{
	const struct subcommand *sub = words[0] ? subcommand_find(words[0]) : &front_door;
	struct out o;

	if (!sub)
		return subcommand_unknown(words[0]);
	out_init(&o, STDOUT_FILENO);
	out_format(&o, "%s\n", sub->operands);
	if (sub->flags & SUBCOMMAND_PERMUTE)
		out_string(&o, "permute\n");
	return out_finish_status(&o);
}

/* Die of a signal as the command did, without a core dump of ours: it is not we who
 * crashed. */
static void die_of_signal(int signal_number)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t mask;

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	(void)sigaction(signal_number, &sa, NULL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, signal_number);
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
	(void)kill(getpid(), signal_number);
}

int door_leave(int status)
{
	if (!EXIT_IS_BY_SIGNAL(status))
		return status;
	die_of_signal(EXIT_SIGNAL_OF(status));
	/* The first process of a PID namespace survives its own signals. */
	return EXIT_SIGNAL_BASE + EXIT_SIGNAL_OF(status);
}
