/*
 * die-of SIGNAL [core]: die of this signal, whatever we inherited for it; with a core
 * dump, where the signal and the machine give one, only if asked.
 */
#include "config.h"

#include "base/parse.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
	int signal_number;
	if (argc < 2 || parse_signal(argv[1], &signal_number) < 0 || signal_number == 0) {
		fprintf(stderr, "die-of: a signal is needed\n");
		return 2;
	}
	bool core = argc > 2 && strcmp(argv[2], "core") == 0;
	struct rlimit limit;
	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = core ? limit.rlim_max : 0;
	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, core);

	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	signal(signal_number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signal_number);
	fprintf(stderr, "die-of: %s does not kill\n", argv[1]);
	return 2;
}
