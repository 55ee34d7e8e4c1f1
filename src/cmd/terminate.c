/*
 * prockit terminate - end processes and wait until they are gone.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "base/parse.h"
#include "cli/subcommand.h"
#include "proc/stop.h"
#include "subcommands.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum {
	CODE_SIGNAL = 1,
	CODE_KILL_AFTER,
	CODE_TIMEOUT,
	CODE_TREE,
	CODE_VERBOSE,
	CODE_QUIET,
};

static struct {
	int signal;
	nsec_t kill_after;
	nsec_t timeout;
	bool tree;
	bool verbose;
	bool quiet;
} opt = {.signal = SIGTERM, .kill_after = 5 * NSEC_PER_SEC, .timeout = NSEC_FOREVER};

static const struct poptOption terminate_options[] = {
	{"signal", 's', POPT_ARG_STRING, NULL, CODE_SIGNAL, "the first signal (TERM)",
	 "SIGNAL"},
	{"kill-after", 'k', POPT_ARG_STRING, NULL, CODE_KILL_AFTER,
	 "send KILL this long after the first signal (5s); 0: never", "DURATION"},
	{"timeout", 't', POPT_ARG_STRING, NULL, CODE_TIMEOUT,
	 "wait no longer than this until they are gone; 0: no limit", "DURATION"},
	{"tree", '\0', POPT_ARG_NONE, NULL, CODE_TREE, "end their descendants too", NULL},
	{"verbose", 'v', POPT_ARG_NONE, NULL, CODE_VERBOSE,
	 "say which signal goes to which process", NULL},
	{"quiet", 'q', POPT_ARG_NONE, NULL, CODE_QUIET,
	 "say nothing about processes that could not be ended", NULL},
	POPT_TABLEEND,
};

static const char *set_limit(const char *arg, nsec_t *limit)
{
	nsec_t value;

	if (parse_duration(arg, &value) < 0)
		return "is not a duration (such as 5, 1.5m, 500ms, inf)";
	*limit = value == 0 ? NSEC_FOREVER : value;
	return NULL;
}

static const char *terminate_set(int code, const char *arg)
{
	switch (code) {
	case CODE_SIGNAL:
		if (parse_signal(arg, &opt.signal) < 0)
			return "is not a signal (such as TERM, SIGINT, 9, RTMIN+1)";
		return NULL;
	case CODE_KILL_AFTER:
		return set_limit(arg, &opt.kill_after);
	case CODE_TIMEOUT:
		return set_limit(arg, &opt.timeout);
	case CODE_TREE:
		opt.tree = true;
		return NULL;
	case CODE_VERBOSE:
		opt.verbose = true;
		return NULL;
	case CODE_QUIET:
		opt.quiet = true;
		return NULL;
	default:
		return "is not understood";
	}
}

static void say_signal(const struct stop *s, int signal, const struct tree_member *m)
{
	char name[16];

	(void)s;
	(void)signal_name(signal, name);
	message("sending signal %s to %s (pid %d)",
		strncmp(name, "SIG", 3) == 0 ? name + 3 : name, m->comm, (int)m->pid);
}

/* All operands must be fit before the first signal is sent: 0 or 125. */
static int parse_targets(char **operands, struct stop_target *targets)
{
	for (size_t i = 0; operands[i]; i++)
		if (handle_parse(operands[i], &targets[i].handle) < 0) {
			message("'%s' is not a PID or handle (PID:INODE or PID@STARTTIME)",
				operands[i]);
			return EXIT_OWN_FAILURE;
		}
	return 0;
}

static int terminate_run(char **operands)
{
	size_t n = 0;
	enum stop_outcome outcome;

	while (operands[n])
		n++;

	auto_free struct stop_target *targets = calloc(n, sizeof(*targets));

	if (!targets) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}

	int status = parse_targets(operands, targets);

	if (status)
		return status;

	struct stop stop = {
		.targets = targets,
		.n_targets = n,
		.signal = opt.signal,
		.kill_after = opt.kill_after,
		.timeout = opt.timeout,
		.whole_tree = opt.tree,
		.notice = opt.verbose ? say_signal : NULL,
	};
	int r = stop_run(&stop, &outcome);

	if (r < 0) {
		message("cannot watch the processes: %s", error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	for (size_t i = 0; i < n; i++) {
		if (targets[i].error || targets[i].left)
			status = 1;
		if (opt.quiet)
			continue;
		if (targets[i].error)
			message("%s: %s", operands[i], error_text(targets[i].error));
		else if (targets[i].left)
			message("%s: still there %s", operands[i],
				outcome == STOP_TIMED_OUT ? "when the time was up"
							  : "5 seconds after KILL");
	}
	return outcome == STOP_TIMED_OUT ? EXIT_LIMIT : status;
}

const struct subcommand cmd_terminate = {
	.name = "terminate",
	.summary = "end processes and wait until they are gone",
	.operands = "PID|HANDLE...",
	.options = terminate_options,
	.flags = SUBCOMMAND_OPERANDS,
	.set = terminate_set,
	.run = terminate_run,
};
