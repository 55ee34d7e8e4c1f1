/*
 * uproot LIMIT-MS FIFO COMMAND [ARG...] - how long after its limit a tree of processes is
 * gone.
 *
 * COMMAND is a tool that runs "forest COUNT FIFO" for LIMIT-MS milliseconds and then ends
 * it. As every process of the forest holds FIFO open, the end of that file is the moment
 * the last one is gone, whatever session it was in and whoever its parent was.
 *
 * One line, tab-separated: how many processes reported in; when the last of them did,
 * when the last was gone (inf: some never went) and when COMMAND itself ended, in ms
 * after the limit; how many were left behind. Those are adopted here (we are their
 * subreaper) and leave once we close FIFO, so none outlives this program.
 */
#include "config.h"

#include "base/nsec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* After COMMAND has ended, nobody is left who would end the others: so long we look at
 * most. */
static const nsec_t grace = NSEC_PER_SEC;
/* A tool that has not ended this long after its limit never will. */
static const nsec_t patience = 20 * NSEC_PER_SEC;

struct outcome {
	long stood;   /* bytes read from FIFO */
	nsec_t grown; /* the last of them, after the limit like the others */
	nsec_t gone;  /* NSEC_FOREVER: some are still there */
	nsec_t ended;
	long left;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signo)
{
	interrupted = signo;
}

static void catch_signals(void)
{
	/* Without SA_RESTART: poll() has to come back. */
	struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

/* Has the command ended? Others that were left to us and have died are collected on the
 * way. */
static bool reap_until(pid_t command)
{
	bool ended = false;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		ended |= pid == command;
	return ended;
}

/* Read what is there; return how many bytes it was. */
static long drain(int fifo)
{
	char bytes[4096];
	long sum = 0;
	ssize_t n;

	while ((n = read(fifo, bytes, sizeof(bytes))) > 0)
		sum += n;
	return sum;
}

/* Follow the forest until it is gone, or until nobody is there who could end it. */
static void watch(int fifo, pid_t command, nsec_t limit, struct outcome *ret_outcome)
{
	struct pollfd reader = {.fd = fifo, .events = POLLIN};
	struct outcome o = {.gone = NSEC_FOREVER, .ended = NSEC_FOREVER};

	while (!interrupted && (o.gone == NSEC_FOREVER || o.ended == NSEC_FOREVER)) {
		/* A millisecond at most, for it is the command's end that is polled for.
		 */
		if (poll(&reader, 1, 1) > 0) {
			if (reader.revents & POLLIN) {
				o.stood += drain(fifo);
				o.grown = nsec_now() - limit;
			} else if (reader.revents & POLLHUP) {
				o.gone = nsec_now() - limit;
				reader.fd = -1;
			}
		}

		nsec_t now = nsec_now() - limit;

		if (o.ended == NSEC_FOREVER && reap_until(command))
			o.ended = now;
		if (o.ended != NSEC_FOREVER && now > nsec_add(o.ended, grace))
			break;
		if (now > patience) {
			fprintf(stderr, "uproot: the command does not end\n");
			(void)kill(command, SIGKILL);
			break;
		}
	}
	*ret_outcome = o;
}

static void print_ms(nsec_t t, char end)
{
	if (t == NSEC_FOREVER)
		printf("inf%c", end);
	else
		printf("%.2f%c", (double)t / NSEC_PER_MS, end);
}

int main(int argc, char **argv)
{
	long limit_ms = argc > 3 ? atol(argv[1]) : 0;

	if (limit_ms <= 0) {
		fprintf(stderr, "usage: uproot LIMIT-MS FIFO COMMAND [ARG...]\n");
		return 125;
	}

	int fifo = open(argv[2], O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fifo < 0) {
		fprintf(stderr, "uproot: %s: %s\n", argv[2], strerror(errno));
		return 125;
	}
	catch_signals();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

	struct outcome outcome;
	nsec_t limit = nsec_now() + limit_ms * NSEC_PER_MS;
	pid_t pid;
	int r = posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ);

	if (r != 0) {
		fprintf(stderr, "uproot: %s: %s\n", argv[3], strerror(r));
		return 127;
	}
	watch(fifo, pid, limit, &outcome);

	/* Without a reader the rest leaves by itself; all of it is ours by now, so we can
	 * count. */
	(void)reap_until(pid);
	(void)close(fifo);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		outcome.left++;
	if (interrupted)
		return 128 + interrupted;

	printf("%ld\t", outcome.stood);
	print_ms(outcome.grown, '\t');
	print_ms(outcome.gone, '\t');
	print_ms(outcome.ended, '\t');
	printf("%ld\n", outcome.left);
	return fflush(stdout) == 0 ? 0 : 125;
}
