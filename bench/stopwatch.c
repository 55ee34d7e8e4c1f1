/*
 * stopwatch ROUNDS -- COMMAND [ARG...] [@@ COMMAND [ARG...]]... - time commands side by
 * side.
 *
 * The commands take turns, and every round begins with another one, so that whatever the
 * machine does meanwhile touches all of them alike. Their stdin and stdout are /dev/null.
 * They are separated by @@, because ::: is a word of "prockit pipe".
 *
 * Round 0 is not timed: it warms the caches, and samples the system's shared memory. What
 * a command keeps in a memfd or a tmpfs shows up there and in no process's resident set.
 *
 * A line for each command, tab-separated: its number, wall-clock quartiles (q1, median,
 * q3), the median of user + system time, all in ms; the highest ru_maxrss and the rise of
 * shared memory in KiB; the median divided by that of the first command. ru_maxrss is the
 * maximum over the command and the children it waited for, and never less than this
 * program's own size.
 */
#include "config.h"

#include "base/nsec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16 };

static const nsec_t sample_interval = 2 * NSEC_PER_MS;

struct contender {
	char **argv;
	double *wall_ms; /* one for each round */
	double *cpu_ms;
	long rss_kib;
	long shmem_kib;
};

static posix_spawn_file_actions_t quiet;
static pid_t running;
static volatile sig_atomic_t stopped;

/* Told to stop: so is the command that runs, or it would go on without us. */
static void on_signal(int signo)
{
	stopped = signo;
	if (running > 0)
		(void)kill(running, signo);
}

static _Noreturn void fail(const char *what, int error)
{
	fprintf(stderr, "stopwatch: %s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(125);
}

/* The system's shared memory in KiB, 0 where it is not known. */
static long shmem_now(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Shmem: %ld", &kib) == 1)
			break;
	}
	(void)fclose(f);
	return kib;
}

/* Wait for the command while looking at the shared memory every now and then; return its
 * peak. */
static long wait_sampling(int *ret_status, struct rusage *ret_usage)
{
	const struct timespec interval = {.tv_nsec = sample_interval};
	long peak = 0;

	for (;;) {
		pid_t r = wait4(running, ret_status, WNOHANG, ret_usage);

		if (r < 0)
			fail("wait4", errno);
		if (r > 0)
			return peak;

		long kib = shmem_now();

		peak = kib > peak ? kib : peak;
		(void)nanosleep(&interval, NULL);
	}
}

static double timeval_ms(struct timeval tv)
{
	return (double)tv.tv_sec * 1e3 + (double)tv.tv_usec / 1e3;
}

/* Run one command; round 0 is the one that is sampled and not timed. */
static void contender_run(struct contender *c, int round)
{
	struct rusage usage;
	int status;
	long shmem_before = round == 0 ? shmem_now() : 0;
	nsec_t start = nsec_now();
	int r = posix_spawnp(&running, c->argv[0], &quiet, NULL, c->argv, environ);

	if (r != 0)
		fail(c->argv[0], r);
	if (round == 0) {
		long rise = wait_sampling(&status, &usage) - shmem_before;

		c->shmem_kib = rise > 0 ? rise : 0;
	} else {
		if (wait4(running, &status, 0, &usage) < 0)
			fail("wait4", errno);
		c->wall_ms[round - 1] = (double)(nsec_now() - start) / NSEC_PER_MS;
		c->cpu_ms[round - 1] =
			timeval_ms(usage.ru_utime) + timeval_ms(usage.ru_stime);
	}
	running = 0;
	if (stopped)
		exit(128 + stopped);
	/* A command that fails did not do the work whose time is asked for. */
	if (status != 0) {
		fprintf(stderr, "stopwatch: %s %s: %s %d\n", c->argv[0],
			c->argv[1] ? c->argv[1] : "",
			WIFSIGNALED(status) ? "died of signal" : "failed with status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		exit(1);
	}
	if (usage.ru_maxrss > c->rss_kib)
		c->rss_kib = usage.ru_maxrss;
}

/* Split the words at @@ into commands; return how many there are. */
static int contenders_split(char **words, struct contender *contenders, int rounds)
{
	int n = 0;
	bool begins = true;

	for (; *words; words++) {
		if (strcmp(*words, "@@") == 0) {
			*words = NULL;
			begins = true;
			continue;
		}
		if (!begins)
			continue;
		if (n == COMMANDS_MAX)
			fail("too many commands", 0);

		struct contender *c = &contenders[n++];

		c->argv = words;
		c->wall_ms = calloc((size_t)rounds, sizeof(*c->wall_ms));
		c->cpu_ms = calloc((size_t)rounds, sizeof(*c->cpu_ms));
		if (!c->wall_ms || !c->cpu_ms)
			fail("out of memory", 0);
		begins = false;
	}
	return n;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which share of the sorted values lie, between two of them if need be.
 */
static double quantile(const double *sorted, int n, double share)
{
	double position = share * (n - 1);
	int below = (int)position;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
}

static void contenders_print(struct contender *contenders, int n, int rounds)
{
	double first = 0;

	printf("command\tq1_ms\tmedian_ms\tq3_ms\tcpu_ms\trss_kib\tshmem_kib\tratio\n");
	for (int i = 0; i < n; i++) {
		struct contender *c = &contenders[i];

		qsort(c->wall_ms, (size_t)rounds, sizeof(double), compare_doubles);
		qsort(c->cpu_ms, (size_t)rounds, sizeof(double), compare_doubles);

		double median = quantile(c->wall_ms, rounds, 0.5);

		if (i == 0)
			first = median;
		printf("%d\t%.4f\t%.4f\t%.4f\t%.4f\t%ld\t%ld\t%.4f\n", i + 1,
		       quantile(c->wall_ms, rounds, 0.25), median,
		       quantile(c->wall_ms, rounds, 0.75),
		       quantile(c->cpu_ms, rounds, 0.5), c->rss_kib, c->shmem_kib,
		       median / first);
	}
}

int main(int argc, char **argv)
{
	struct contender contenders[COMMANDS_MAX] = {0};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int rounds = argc > 3 && strcmp(argv[2], "--") == 0 ? atoi(argv[1]) : 0;
	int n = rounds > 0 ? contenders_split(argv + 3, contenders, rounds) : 0;

	if (n == 0) {
		fprintf(stderr, "usage: stopwatch ROUNDS -- COMMAND [ARG...] [@@ COMMAND "
				"[ARG...]]...\n");
		return 125;
	}

	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		fail("/dev/null", errno);
	if (posix_spawn_file_actions_init(&quiet) ||
	    posix_spawn_file_actions_adddup2(&quiet, null, 0) ||
	    posix_spawn_file_actions_adddup2(&quiet, null, 1))
		fail("out of memory", 0);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	for (int round = 0; round <= rounds; round++) {
		for (int i = 0; i < n; i++)
			contender_run(&contenders[(round + i) % n], round);
	}
	contenders_print(contenders, n, rounds);
	return fflush(stdout) == 0 ? 0 : 125;
}
