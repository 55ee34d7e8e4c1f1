#include "config.h"

#include "drive/build.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/out.h"
#include "proc/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int fail(struct drive *d, enum spawn_step step, const char *path, int r)
{
	d->result.error.step = step;
	d->result.error.error = -r;
	d->error_path = path;
	return r;
}

static int enter_directory(struct drive *d)
{
	const char *dir = d->options->chdir;

	if (!dir)
		return 0;
	d->dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->dirfd < 0)
		return fail(d, SPAWN_STEP_CHDIR, dir, -errno);
	/* A folder that may be seen but not entered: found now, and not as a program's
	 * failure. */
	if (faccessat(d->dirfd, ".", X_OK, AT_EACCESS) < 0)
		return fail(d, SPAWN_STEP_CHDIR, dir, -errno);
	return 0;
}

/* Where the command will be, as far as it can be told. */
static void find_cwd(struct drive *d)
{
	char path[4096];
	char link[40];

	if (d->dirfd < 0) {
		d->cwd = getcwd(path, sizeof(path)) && path[0] == '/' ? strdup(path)
								      : NULL;
		return;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", d->dirfd);

	ssize_t n = readlink(link, path, sizeof(path) - 1);

	d->cwd = n > 0 ? strndup(path, (size_t)n) : NULL;
}

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

/* Whether variable ("NAME=VALUE") has the name at the beginning of text. */
static bool has_name(const char *variable, const char *text)
{
	size_t len = name_length(text);

	return name_length(variable) == len && memcmp(variable, text, len) == 0;
}

static const char *find_variable(const char *name)
{
	for (char **e = environ; *e; e++)
		if (has_name(*e, name) && strchr(*e, '='))
			return *e;
	return NULL;
}

static void remove_variable(char **envp, size_t *n, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!has_name(envp[i], name))
			envp[kept++] = envp[i];
	*n = kept;
}

/* The command's environment: ours, changed from left to right. */
static int build_environment(struct drive *d)
{
	const struct run_options *o = d->options;
	size_t n = 0;

	while (environ[n])
		n++;
	d->envp = calloc(n + o->n_env + 1, sizeof(*d->envp));
	if (!d->envp)
		return fail(d, SPAWN_STEP_SPAWN, NULL, -ENOMEM);
	memcpy(d->envp, environ, n * sizeof(*d->envp));
	for (size_t i = 0; i < o->n_env; i++) {
		const struct env_option *e = &o->env[i];
		const char *variable = e->text;

		if (e->kind == ENV_CLEAR) {
			n = 0;
			continue;
		}
		remove_variable(d->envp, &n, e->text);
		if (e->kind == ENV_COPY)
			variable = find_variable(e->text);
		if (e->kind != ENV_UNSET && variable)
			d->envp[n++] = (char *)variable;
	}
	d->envp[n] = NULL;
	return 0;
}

/* A file that can be read again: itself, or, if it is a pipe or the like, a copy of all
 * of it. */
static int copy_input(struct drive *d, const char *name)
{
	bool is_ours = strcmp(name, "-") == 0;
	auto_fd int opened = is_ours ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	int from = is_ours ? STDIN_FILENO : opened;
	struct stat st;

	if (from < 0)
		return fail(d, SPAWN_STEP_OPEN, name, -errno);
	if (!is_ours && fstat(from, &st) == 0 && S_ISREG(st.st_mode)) {
		d->fds[0] = take_fd(&opened);
		return 0;
	}

	auto_fd int copy = fd_open_temporary();

	if (copy < 0)
		return fail(d, SPAWN_STEP_PIPE, NULL, copy);
	for (;;) {
		char data[65536];
		ssize_t n = read(from, data, sizeof(data));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(d, SPAWN_STEP_OPEN, name, -errno);
		if (n == 0)
			break;

		int r = fd_write_all(copy, data, (size_t)n);

		if (r < 0)
			return fail(d, SPAWN_STEP_PIPE, NULL, r);
	}
	if (lseek(copy, 0, SEEK_SET) < 0)
		return fail(d, SPAWN_STEP_PIPE, NULL, -errno);
	d->fds[0] = take_fd(&copy);
	return 0;
}

static int open_stdin(struct drive *d)
{
	const struct stdio_option *in = &d->options->in;

	switch (in->kind) {
	case STDIO_NULL:
		d->fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		break;
	case STDIO_FILE:
		d->fds[0] = open(in->text, O_RDONLY | O_CLOEXEC);
		break;
	case STDIO_TEXT:
		d->fds[0] = fd_open_memory(in->text, strlen(in->text));
		if (d->fds[0] < 0)
			return fail(d, SPAWN_STEP_PIPE, NULL, d->fds[0]);
		return 0;
	case STDIO_COPY:
		return copy_input(d, in->text);
	default:
		return 0;
	}
	return d->fds[0] < 0 ? fail(d, SPAWN_STEP_OPEN, in->text, -errno) : 0;
}

static int open_output(struct drive *d, const struct stdio_option *option, int n)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC |
		    (d->options->append ? O_APPEND : O_TRUNC);

	if (option->kind == STDIO_NULL)
		d->fds[n] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	else if (option->kind == STDIO_FILE)
		d->fds[n] = open(option->text, flags, 0666);
	else if (option->kind == STDIO_SAME_AS_STDOUT)
		d->fds[n] = SPAWN_SAME_AS_STDOUT;
	else
		return 0;
	return d->fds[n] == -1 ? fail(d, SPAWN_STEP_OPEN, option->text, -errno) : 0;
}

static size_t count_words(char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* How many more words a command may get: sh -c -- STRING NAME, and a NULL behind the
 * last. */
enum { WORDS_MORE = 5 };

/* sh -c STRING NAME [ARG...], where words is STRING [ARG...]: how many words are in argv.
 */
static size_t words_for_shell(const struct run_options *o, char **words, char **argv)
{
	size_t n = count_words(words);
	size_t at = 0;

	argv[at++] = (char *)(o->argv0 ? o->argv0 : o->shell_path);
	argv[at++] = (char *)"-c";
	/* Else the shell takes it for an option. */
	if (words[0][0] == '-' || words[0][0] == '+')
		argv[at++] = (char *)"--";
	argv[at++] = words[0];
	/* What the string sees as $0. */
	argv[at++] = (char *)o->shell_path;
	memcpy(argv + at, words + 1, (n - 1) * sizeof(*argv));
	return at + n - 1;
}

/* The words of a command under another name: how many are in argv. */
static size_t words_renamed(const struct run_options *o, char **words, char **argv)
{
	size_t n = count_words(words);

	memcpy(argv, words, n * sizeof(*argv));
	argv[0] = (char *)o->argv0;
	return n;
}

/* The words of every stage, which differ from those given where a shell runs a string. */
static int build_words(struct drive *d, char ***stages, size_t n_stages)
{
	const struct run_options *o = d->options;
	size_t n = 0;

	for (size_t i = 0; i < n_stages; i++) {
		d->stages[i].spawn.argv = stages[i];
		n += count_words(stages[i]) + WORDS_MORE;
	}
	if (!o->shell && !o->argv0)
		return 0;
	d->words = calloc(n, sizeof(*d->words));
	if (!d->words)
		return fail(d, SPAWN_STEP_SPAWN, NULL, -ENOMEM);

	char **argv = d->words;

	for (size_t i = 0; i < n_stages; i++) {
		struct spawn *s = &d->stages[i].spawn;

		s->file = o->shell ? o->shell_path : stages[i][0];
		s->argv = argv;
		argv += o->shell ? words_for_shell(o, stages[i], argv)
				 : words_renamed(o, stages[i], argv);
		argv++; /* calloc() has set it to NULL */
	}
	return 0;
}

/* Signals as we were started with, changed as the options say. */
static void build_signals(struct drive *d, struct spawn *s)
{
	const struct run_options *o = d->options;

	s->mask = d->signals.mask;
	(void)sigorset(&s->mask, &s->mask, &o->block_signals);
	s->def = o->default_signals;
	s->defaults = d->signals.defaults;
	s->ignore = o->ignore_signals;
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		bool stays_ignored = sigismember(&d->signals.ignored, sig) == 1;

		/* The later of two wins in the command, so a signal is in one set only.
		 */
		if (sigismember(&s->ignore, sig) == 1) {
			(void)sigdelset(&s->def, sig);
			if (stays_ignored && sig != SIGCHLD)
				(void)sigdelset(&s->ignore, sig);
		} else if (sig == SIGCHLD && stays_ignored &&
			   sigismember(&s->def, sig) != 1) {
			/* Ours is the default now, because we wait for children. */
			(void)sigaddset(&s->ignore, sig);
		}
	}
}

static void build_spawn(struct drive *d, size_t i, size_t n_stages)
{
	const struct run_options *o = d->options;
	struct spawn *s = &d->stages[i].spawn;

	s->envp = d->envp;
	if (d->dirfd >= 0)
		s->dirfd = d->dirfd;
	s->stdio[0] = i == 0 ? d->fds[0] : -1;
	s->stdio[1] = i + 1 == n_stages ? d->fds[1] : -1;
	s->stdio[2] = d->fds[2];
	s->flags = o->spawn_flags;
	s->umask = o->umask;
	s->nice = o->nice;
	s->rlimits = o->rlimits;
	s->n_rlimits = o->n_rlimits;
	build_signals(d, s);
}

static bool wants_record(const struct drive *d)
{
	return d->report >= 0 || (d->job.flags & JOB_WANT_HANDLE);
}

static void build_limits(struct drive *d)
{
	const struct run_options *o = d->options;
	bool own_group = (o->spawn_flags & (SPAWN_NEW_GROUP | SPAWN_NEW_SESSION)) != 0;

	d->job.limits = o->limits;
	d->job.tree = o->tree;
	d->job.signals = &d->signals;
	if (wants_record(d))
		d->job.flags |= JOB_WATCH_TREE | JOB_WANT_HANDLE;
	if (!own_group) {
		d->job.flags |= JOB_SHARES_TERMINAL;
		/* A worker that cannot stop keeps nobody from stopping. */
		if ((d->flags & DRIVE_POOL) == 0 && terminal_is_foreground())
			for (size_t i = 0; i < d->job.n_stages; i++)
				d->stages[i].spawn.flags |= SPAWN_GUARD_STOP;
	}
}

/* The stages with their words: what a record shows even when nothing could be opened. */
static int build_stages(struct drive *d, char ***stages, size_t n_stages,
			const bool *merge)
{
	d->stages = calloc(n_stages, sizeof(*d->stages));
	if (!d->stages)
		return fail(d, SPAWN_STEP_SPAWN, NULL, -ENOMEM);
	for (size_t i = 0; i < n_stages; i++) {
		spawn_init(&d->stages[i].spawn);
		d->stages[i].merge_stderr = merge && merge[i];
	}

	int r = build_words(d, stages, n_stages);

	if (r < 0)
		return r;
	d->job.stages = d->stages;
	d->job.n_stages = n_stages;
	return 0;
}

int build_job(struct drive *d, char ***stages, size_t n_stages, const bool *merge)
{
	int r = build_stages(d, stages, n_stages, merge);

	if (r == 0)
		r = enter_directory(d);
	if (r == 0 && (wants_record(d) || (d->flags & DRIVE_POOL)))
		find_cwd(d);
	if (r == 0)
		r = build_environment(d);
	if (r == 0)
		r = open_stdin(d);
	if (r == 0)
		r = open_output(d, &d->options->out, 1);
	if (r == 0)
		r = open_output(d, &d->options->err, 2);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_stages; i++)
		build_spawn(d, i, n_stages);
	build_limits(d);
	return 0;
}

void build_rewind_input(struct drive *d)
{
	if (d->fds[0] >= 0)
		(void)lseek(d->fds[0], 0, SEEK_SET);
}
