/*
 * closed-fds-run [OPTION...] -- COMMAND [ARG...]: become the command, in a state that a
 * careless parent may leave it in:
 *
 *	--close=LIST		without these descriptors ("0,2")
 *	--close-from=FD		without FD and those above
 *	--ignore=LIST		with these signals ignored ("CHLD,PIPE"); the others have
 *				their default
 *	--block=LIST		with these signals blocked, and no others
 *	--nofile=N		with that few descriptors to be had
 */
#include "config.h"

#include "base/parse.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct option options[] = {
	{"close", required_argument, NULL, 'c'},
	{"close-from", required_argument, NULL, 'f'},
	{"ignore", required_argument, NULL, 'i'},
	{"block", required_argument, NULL, 'b'},
	{"nofile", required_argument, NULL, 'n'},
	{0},
};

static sigset_t to_ignore, to_block;
static bool to_close[3];

static void take_list(int option, char *list)
{
	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		int number = atoi(word);
		if (option != 'c' && parse_signal(word, &number) < 0)
			exit(2);
		if (option == 'c')
			to_close[number % 3] = true;
		else
			sigaddset(option == 'i' ? &to_ignore : &to_block, number);
	}
}

int main(int argc, char **argv)
{
	int close_from = -1;
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
		if (c == 'f')
			close_from = atoi(optarg);
		else if (c == 'n')
			limit.rlim_cur = limit.rlim_max = strtoul(optarg, NULL, 10);
		else if (c == '?')
			return 2;
		else
			take_list(c, optarg);
	}
	for (int sig = 1; sig <= 64; sig++)
		signal(sig, sigismember(&to_ignore, sig) == 1 ? SIG_IGN : SIG_DFL);
	sigprocmask(SIG_SETMASK, &to_block, NULL);
	for (int fd = 0; fd < 3; fd++)
		if (to_close[fd])
			close(fd);
	if (close_from >= 0)
		closefrom(close_from);
	setrlimit(RLIMIT_NOFILE, &limit);
	execvp(argv[optind], argv + optind);
	return errno == ENOENT ? 127 : 126;
}
