/*
 * pty-run [STEP...] -- COMMAND [ARG...]: run the command as leader of a session on a new
 * terminal, do the steps one after the other, wait for its end, and end as it did. What
 * the terminal showed goes to stdout.
 *
 *	--expect=TEXT	wait until TEXT is shown, behind what the last --expect found
 *	--send=TEXT	type TEXT
 *	--file=FILE	wait until something is in FILE
 *	--state=L:FILE	wait until the process whose number is in FILE is in state L of
 *			proc(5): T stopped, S asleep; - is gone, or a zombie
 *	--kill=S:FILE	send signal S to the process whose number is in FILE
 *	--hangup	close the terminal
 *
 * What takes longer than 30 s ends it all, with status 99 and a message.
 */
#include "config.h"

#include "base/parse.h"

#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE = 30, POLL_MS = 20 };

static const struct option options[] = {
	{"expect", required_argument, NULL, 'e'},
	{"send", required_argument, NULL, 's'},
	{"file", required_argument, NULL, 'f'},
	{"state", required_argument, NULL, 'S'},
	{"kill", required_argument, NULL, 'k'},
	{"hangup", no_argument, NULL, 'h'},
	{0},
};

static char shown[1 << 20];
static size_t n_shown, n_matched;
static int master;
static pid_t child;
static int child_status = -1;

/* Take what the terminal shows, waiting a moment for it. */
static void read_terminal(int wait_ms)
{
	struct pollfd p = {.fd = master, .events = POLLIN};
	if (master < 0 || poll(&p, 1, wait_ms) <= 0 || n_shown == sizeof(shown) - 1) {
		if (master < 0)
			poll(NULL, 0, wait_ms);
		return;
	}
	ssize_t n = read(master, shown + n_shown, sizeof(shown) - 1 - n_shown);
	if (n > 0)
		n_shown += (size_t)n;
	else if (wait_ms > 0)
		poll(NULL, 0, wait_ms); /* nobody has it open: an error, at once */
}

static int has_text(const char *text)
{
	/* Not a string function: programs may write NULs. */
	char *found = memmem(shown + n_matched, n_shown - n_matched, text, strlen(text));
	if (found)
		n_matched = (size_t)(found - shown) + strlen(text);
	return found != NULL;
}

static int has_content(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_size > 0;
}

/* The number in a file, or 0. */
static int read_number(const char *path)
{
	int number = 0;
	FILE *file = fopen(path, "re");
	if (file && fscanf(file, "%d", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

static int has_state(const char *arg)
{
	char path[64], line[512] = "";
	int pid = read_number(arg + 2);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = pid ? fopen(path, "re") : NULL;
	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	const char *end = strrchr(line, ')');
	char state = end && end[1] ? end[2] : '-';
	return pid && (state == 'Z' || state == 'X' ? '-' : state) == arg[0];
}

static int send_signal(char *arg)
{
	char *file = strchr(arg, ':');
	int signal_number;
	if (!file)
		return -1;
	*file++ = '\0';
	int pid = read_number(file);
	return pid && parse_signal(arg, &signal_number) == 0 ? kill(pid, signal_number)
							     : -1;
}

static int has_ended(const char *arg)
{
	(void)arg;
	return child_status >= 0 || waitpid(child, &child_status, WNOHANG) == child;
}

static void finish(int status)
{
	fwrite(shown, 1, n_shown, stdout);
	exit(fflush(stdout) == 0 ? status : 98);
}

static void wait_for(int (*is_so)(const char *arg), const char *what, const char *arg)
{
	time_t end = time(NULL) + DEADLINE;
	while (!is_so(arg)) {
		if (time(NULL) > end) {
			fprintf(stderr, "pty-run: waited in vain: %s %s\n", what, arg);
			kill(child, SIGKILL);
			finish(99);
		}
		read_terminal(POLL_MS);
	}
}

static void start(char **argv)
{
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
	    (child = fork()) < 0)
		exit(98);
	if (child > 0)
		return;
	for (int sig = 1; sig <= 64; sig++)
		signal(sig, SIG_DFL);
	setsid();
	int fd = open(ptsname(master), O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
		_exit(98);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	closefrom(3);
	setenv("TERM", "dumb", 1);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	/* Twice through the options: the command stands behind them. */
	while (getopt_long(argc, argv, "+", options, NULL) != -1)
		;
	if (optind == argc)
		return 98;
	start(argv + optind);
	optind = 1;
	for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
		if (c == 'e')
			wait_for(has_text, "--expect", optarg);
		else if (c == 'f')
			wait_for(has_content, "--file", optarg);
		else if (c == 'S')
			wait_for(has_state, "--state", optarg);
		else if (c == 'h')
			master = close(master) - 1;
		else if (c == 'k' ? send_signal(optarg) < 0
				  : c != 's' || write(master, optarg, strlen(optarg)) < 0)
			finish(98);
	}
	wait_for(has_ended, "the end of", argv[optind]);
	for (size_t before = n_shown + 1; before != n_shown;) {
		before = n_shown;
		read_terminal(0);
	}
	finish(WIFEXITED(child_status) ? WEXITSTATUS(child_status)
				       : 128 + WTERMSIG(child_status));
}
