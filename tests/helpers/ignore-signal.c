/*
 * ignore-signal SIGNAL...: ignore these signals, say "ready", and wait to be killed.
 */
#include "config.h"

#include "base/parse.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int signal_number;
		if (parse_signal(argv[i], &signal_number) < 0 ||
		    signal(signal_number, SIG_IGN) == SIG_ERR) {
			fprintf(stderr, "ignore-signal: bad signal: %s\n", argv[i]);
			return 2;
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
