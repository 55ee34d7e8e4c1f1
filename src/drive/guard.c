#include "config.h"

#include "drive/guard.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "base/out.h"
#include "proc/pidfd.h"
#include "proc/terminal.h"

#include <stdio.h>
#include <string.h>

static struct {
	char **words; /* as prockit was started */
	int watch_fd;
} guard = {.watch_fd = -1};

void guard_set_words(char **argv)
{
	guard.words = argv;
}

int guard_watch_fd(void)
{
	return guard.watch_fd;
}

/* Let the inner process inherit a descriptor. */
static int inherit(int fd)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

/* Run "prockit __guarded PIDFD STATUSFD WORDS...", and say how it ended: a status, or
 * 125. */
static int run_inner(struct signals *signals, char **words, int status_fd)
{
	struct job job;
	struct job_stage stage = {0};
	struct result result;
	int status = EXIT_OWN_FAILURE;

	job_init(&job);
	result_init(&result);
	spawn_init(&stage.spawn);
	stage.spawn.file = "/proc/self/exe";
	stage.spawn.argv = words;
	stage.spawn.envp = environ;
	stage.spawn.mask = signals->mask;
	stage.spawn.defaults = signals->defaults;
	if (sigismember(&signals->ignored, SIGCHLD) == 1)
		(void)sigaddset(&stage.spawn.ignore, SIGCHLD);
	job.stages = &stage;
	job.n_stages = 1;
	job.flags = JOB_SHARES_TERMINAL | JOB_IS_PROCKIT;
	if (terminal_is_foreground())
		stage.spawn.flags |= SPAWN_GUARD_STOP;
	job.tree = TREE_KILL_IF_SIGNALED;
	/* The inner one was killed: what it looked after goes the same way, at once. */
	job.limits.signal = SIGKILL;
	job.signals = signals;
	job_run(&job, &result);
	if (result.error.step != SPAWN_STEP_NONE)
		message("cannot start the guarded process: %s",
			error_text(result.error.error));
	else if (read(status_fd, &status, sizeof(status)) != sizeof(status))
		status = result.stages[0].child.status.signal
				 ? EXIT_BY_SIGNAL(result.stages[0].child.status.signal)
				 : EXIT_OWN_FAILURE;
	result_clear(&result);
	spawn_clear(&stage.spawn);
	return status;
}

bool guard_is_possible(void)
{
	auto_fd int self = pidfd_for(getpid());

	return self >= 0;
}

int guard_run(struct signals *signals)
{
	auto_fd int self = pidfd_for(getpid());
	int ends[2] = {-1, -1};

	if (self < 0) {
		message("--guard needs pidfds, which this system does not offer: %s",
			error_text(-self));
		return EXIT_OWN_FAILURE;
	}
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		message("cannot make a pipe: %s", error_text(errno));
		return EXIT_OWN_FAILURE;
	}

	auto_fd int in = ends[0];
	auto_fd int out = ends[1];
	size_t n = 0;

	while (guard.words[n])
		n++;

	auto_free char **words = calloc(n + 4, sizeof(*words));
	char pidfd_word[16];
	char status_word[16];

	if (!words || inherit(self) < 0 || inherit(out) < 0) {
		message("%s", error_text(ENOMEM));
		return EXIT_OWN_FAILURE;
	}
	(void)snprintf(pidfd_word, sizeof(pidfd_word), "%d", self);
	(void)snprintf(status_word, sizeof(status_word), "%d", out);
	words[0] = guard.words[0];
	words[1] = (char *)"__guarded";
	words[2] = pidfd_word;
	words[3] = status_word;
	memcpy(words + 4, guard.words + 1, (n - 1) * sizeof(*words));
	return run_inner(signals, words, in);
}

/* A descriptor that was handed to us by number: ours alone from here on. */
static int take_over(const char *word)
{
	int64_t fd = word ? strtol(word, NULL, 10) : -1;

	return fd >= 3 && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0 ? (int)fd : -1;
}

int guard_verb_run(char **words, int (*dispatch)(char **words))
{
	int watch_fd = take_over(words[0]);
	int status_fd = watch_fd >= 0 ? take_over(words[1]) : -1;

	if (status_fd < 0 || !words[2])
		return EXIT_OWN_FAILURE;
	guard.watch_fd = watch_fd;

	int status = dispatch(words + 2);

	(void)fd_write_all(status_fd, &status, sizeof(status));
	return status & 0xff;
}
