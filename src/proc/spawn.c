#include "config.h"

#include "proc/spawn.h"

#include "base/cleanup.h"
#include "base/nsec.h"
#include "proc/exec-verb.h"
#include "proc/program.h"

#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Who runs a text without #!, as execvp(3) has it. */
#define SHELL_PATH "/bin/sh"

void spawn_init(struct spawn *s)
{
	*s = (struct spawn){
		.dirfd = AT_FDCWD,
		.stdio = {-1, -1, -1},
		.path = BUF_INIT,
	};
	(void)sigemptyset(&s->mask);
	(void)sigemptyset(&s->def);
	(void)sigemptyset(&s->defaults);
	(void)sigemptyset(&s->ignore);
}

void spawn_clear(struct spawn *s)
{
	buf_clear(&s->path);
}

void spawn_error_clear(struct spawn_error *e)
{
	buf_clear(&e->detail);
}

static int fail(struct spawn_error *e, enum spawn_step step, int r)
{
	e->step = step;
	e->error = -r;
	return r;
}

/* An exec that failed: say which interpreter is missing, if that is it. */
static int fail_exec(const struct spawn *s, struct spawn_error *e, int r)
{
	/* Out of processes, memory or descriptors is no fault of the program's. */
	if (r == -EAGAIN || r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return fail(e, SPAWN_STEP_SPAWN, r);
	if (r == -ENOENT && s->path.len)
		(void)program_inspect(s->path.data, s->dirfd, &e->detail);
	return fail(e, SPAWN_STEP_EXEC, r);
}

int spawn_prepare(struct spawn *s, struct spawn_error *ret_error)
{
	if (s->path.len)
		return 0;

	const char *name = s->file ? s->file : s->argv[0];
	int r = program_find(name, s->envp, s->dirfd, &s->path);

	return r < 0 ? fail_exec(s, ret_error, r) : 0;
}

/* The descriptor that shall be the child's n, or -1 where it keeps ours. */
static int stdio_source(const struct spawn *s, int n)
{
	return n == 2 && s->stdio[2] == SPAWN_SAME_AS_STDOUT ? 1 : s->stdio[n];
}

static int add_actions(const struct spawn *s, int error_fd,
		       posix_spawn_file_actions_t *actions)
{
	int r = 0;

	if (s->dirfd != AT_FDCWD)
		r = posix_spawn_file_actions_addfchdir_np(actions, s->dirfd);
	for (int n = 0; r == 0 && n < 3; n++)
		if (stdio_source(s, n) >= 0)
			r = posix_spawn_file_actions_adddup2(actions, stdio_source(s, n),
							     n);
	/* dup2 onto itself clears close-on-exec (glibc 2.29), so that the verb gets the
	 * pipe. */
	if (r == 0 && error_fd >= 0)
		r = posix_spawn_file_actions_adddup2(actions, error_fd, error_fd);
	return -r;
}

/*
 * The actions, which are not the caller's. glibc asks for the limit of descriptors twice
 * for each one it is told about, and a worker's jobs have the same ones again and again:
 * so the last are kept.
 */
static int get_actions(const struct spawn *s, int error_fd,
		       const posix_spawn_file_actions_t **ret)
{
	static struct {
		bool is_set;
		int error_fd;
		int dirfd;
		int stdio[3];
		posix_spawn_file_actions_t actions;
	} kept;

	*ret = &kept.actions;
	if (kept.is_set && kept.error_fd == error_fd && kept.dirfd == s->dirfd &&
	    memcmp(kept.stdio, s->stdio, sizeof(kept.stdio)) == 0)
		return 0;
	if (kept.is_set)
		(void)posix_spawn_file_actions_destroy(&kept.actions);

	int r = -posix_spawn_file_actions_init(&kept.actions);

	kept.is_set = r == 0;
	kept.error_fd = error_fd;
	kept.dirfd = s->dirfd;
	memcpy(kept.stdio, s->stdio, sizeof(kept.stdio));
	if (r == 0)
		r = add_actions(s, error_fd, &kept.actions);
	if (r < 0 && kept.is_set) {
		(void)posix_spawn_file_actions_destroy(&kept.actions);
		kept.is_set = false;
	}
	return r;
}

static int set_up_attributes(const struct spawn *s, bool through_verb,
			     posix_spawnattr_t *attr)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t mask = s->mask;

	if (through_verb && (s->flags & SPAWN_GUARD_STOP)) {
		(void)sigaddset(&mask, SIGTSTP);
		(void)sigaddset(&mask, SIGTTIN);
		(void)sigaddset(&mask, SIGTTOU);
	}
	if (s->flags & SPAWN_NEW_SESSION)
		flags |= POSIX_SPAWN_SETSID;
	else if (s->flags & SPAWN_NEW_GROUP)
		flags |= POSIX_SPAWN_SETPGROUP;

	sigset_t def;
	int r = posix_spawnattr_setsigmask(attr, &mask);

	(void)sigorset(&def, &s->def, &s->defaults);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &def);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, flags);
	return -r;
}

/* posix_spawn(3) with what it can do of s. error_fd >= 0: the verb is what we start. */
static int spawn_file(const struct spawn *s, const char *file, char *const *argv,
		      int error_fd, pid_t *ret_pid)
{
	const posix_spawn_file_actions_t *actions;
	posix_spawnattr_t attr;
	int r = get_actions(s, error_fd, &actions);

	if (r == 0)
		r = -posix_spawnattr_init(&attr);
	if (r < 0)
		return r;
	r = set_up_attributes(s, error_fd >= 0, &attr);
	if (r == 0)
		r = -posix_spawn(ret_pid, file, actions, &attr, argv, s->envp);
	(void)posix_spawnattr_destroy(&attr);
	return r;
}

/*
 * Wait until the verb has become the command (0) or says why not. A Ctrl-Z may stop it
 * just before its exec, so meanwhile it stops us too: whoever is in the foreground stops
 * whole.
 */
static ssize_t read_failure(int fd, struct exec_verb_failure *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	sigset_t mask;

	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	(void)sigdelset(&mask, SIGTSTP);
	(void)sigdelset(&mask, SIGTTIN);
	(void)sigdelset(&mask, SIGTTOU);
	while (ppoll(&p, 1, NULL, &mask) < 0)
		if (errno != EINTR)
			return -errno;
	return read(fd, ret, sizeof(*ret));
}

/* Start prockit's own verb, and wait until it has become the command or said why not. */
static int spawn_through_verb(const struct spawn *s, const char *file, char *const *argv,
			      pid_t *ret_pid, struct spawn_error *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, SPAWN_STEP_PIPE, -errno);

	auto_fd int in = ends[0];
	auto_fd int out = ends[1];
	auto_free char **words = exec_verb_words(s, out, argv, file);

	if (!words)
		return fail(e, SPAWN_STEP_SPAWN, -ENOMEM);

	pid_t pid;
	int r = spawn_file(s, "/proc/self/exe", words, out, &pid);

	if (r < 0)
		return fail(e, SPAWN_STEP_SPAWN, r);
	out = fd_close(out);

	struct exec_verb_failure failure;
	ssize_t n = read_failure(in, &failure);

	if (n == 0) {
		*ret_pid = pid;
		return 0;
	}
	(void)waitpid(pid, NULL, 0);
	if (n != sizeof(failure))
		return fail(e, SPAWN_STEP_SPAWN, -EIO);
	if (!failure.what[0])
		return fail_exec(s, e, -failure.error);
	failure.what[sizeof(failure.what) - 1] = '\0';
	(void)buf_add_string(&e->detail, failure.what);
	return fail(e, SPAWN_STEP_SPAWN, -failure.error);
}

static int spawn_once(const struct spawn *s, const char *file, char *const *argv,
		      pid_t *ret_pid, struct spawn_error *e)
{
	if (exec_verb_is_needed(s))
		return spawn_through_verb(s, file, argv, ret_pid, e);

	int r = spawn_file(s, file, argv, -1, ret_pid);

	return r < 0 ? fail_exec(s, e, r) : 0;
}

/* "sh FILE ARG...": how execvp(3) runs a text without #!. Malloc'ed, or NULL. */
static char **words_for_shell(const struct spawn *s)
{
	size_t n = 0;

	while (s->argv[n])
		n++;

	char **words = calloc(n + 2, sizeof(*words));

	if (!words)
		return NULL;
	words[0] = (char *)"sh";
	words[1] = s->path.data;
	if (n > 1)
		memcpy(words + 2, s->argv + 1, (n - 1) * sizeof(*words));
	return words;
}

/* Whether the failure is that of a text without #!, which sh shall run. */
static bool is_for_shell(const struct spawn *s, int r)
{
	auto_buf struct buf unused = BUF_INIT;

	return r == -ENOEXEC &&
	       program_inspect(s->path.data, s->dirfd, &unused) == PROGRAM_TEXT;
}

/*
 * A file that another process has just written is busy for as long as some third one,
 * forked meanwhile, holds its descriptor up to its own exec: a matter of milliseconds.
 */
enum { BUSY_TRIES = 10, BUSY_WAIT_MS = 5 };

int spawn_start(const struct spawn *s, pid_t *ret_pid, struct spawn_error *ret_error)
{
	int r = spawn_once(s, s->path.data, s->argv, ret_pid, ret_error);

	for (int i = 0; r == -ETXTBSY && i < BUSY_TRIES; i++) {
		(void)poll(NULL, 0, BUSY_WAIT_MS);
		r = spawn_once(s, s->path.data, s->argv, ret_pid, ret_error);
	}
	if (is_for_shell(s, r)) {
		auto_free char **words = words_for_shell(s);

		if (!words)
			return fail(ret_error, SPAWN_STEP_SPAWN, -ENOMEM);
		r = spawn_once(s, SHELL_PATH, words, ret_pid, ret_error);
	}
	if (r == 0)
		*ret_error = SPAWN_ERROR_INIT;
	return r;
}

/* Put the child's stdio in place in ourselves, keeping ours in saved: 0 or -errno. */
static int replace_stdio(const struct spawn *s, int saved[3])
{
	for (int n = 0; n < 3; n++) {
		int source = stdio_source(s, n);

		if (source < 0)
			continue;
		saved[n] = fcntl(n, F_DUPFD_CLOEXEC, 3);
		if (saved[n] < 0 || dup2(source, n) < 0)
			return -errno;
	}
	return 0;
}

static void restore_stdio(int saved[3])
{
	for (int n = 0; n < 3; n++)
		if (saved[n] >= 0) {
			(void)dup2(saved[n], n);
			saved[n] = fd_close(saved[n]);
		}
}

/* The last steps: limits come after all that needs descriptors. Returns only on failure.
 */
static int apply_and_exec(const struct spawn *s, struct spawn_error *e)
{
	const char *what = "";
	int r = exec_verb_apply(s, &what);

	if (r < 0) {
		(void)buf_add_string(&e->detail, what);
		return fail(e, SPAWN_STEP_SPAWN, r);
	}
	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
	(void)execve(s->path.data, s->argv, s->envp);
	r = -errno;
	if (is_for_shell(s, r)) {
		auto_free char **words = words_for_shell(s);

		if (!words)
			return fail(e, SPAWN_STEP_SPAWN, -ENOMEM);
		(void)execve(SHELL_PATH, words, s->envp);
		r = -errno;
	}
	return fail_exec(s, e, r);
}

int spawn_exec(const struct spawn *s, struct spawn_error *ret_error)
{
	int saved[3] = {-1, -1, -1};
	int r;

	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(&s->def, sig) == 1)
			(void)signal(sig, SIG_DFL);
	if (s->dirfd != AT_FDCWD && fchdir(s->dirfd) < 0)
		return fail(ret_error, SPAWN_STEP_CHDIR, -errno);
	r = replace_stdio(s, saved);
	r = r < 0 ? fail(ret_error, SPAWN_STEP_PIPE, r) : apply_and_exec(s, ret_error);
	restore_stdio(saved);
	return r;
}
