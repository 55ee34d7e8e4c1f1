#include "config.h"

#include "proc/exec-verb.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool set_is_empty(const sigset_t *set)
{
	return sigisemptyset(set);
}

bool exec_verb_is_needed(const struct spawn *s)
{
	return (s->flags & (SPAWN_NICE | SPAWN_UMASK | SPAWN_GUARD_STOP)) != 0 ||
	       s->n_rlimits > 0 || !set_is_empty(&s->ignore);
}

/* A signal set as the hexadecimal number that /proc/PID/status shows. */
static uint64_t set_to_bits(const sigset_t *set)
{
	uint64_t bits = 0;

	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(set, sig) == 1)
			bits |= UINT64_C(1) << (sig - 1);
	return bits;
}

static sigset_t set_from_bits(uint64_t bits)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (int sig = 1; sig <= 64; sig++)
		if (bits & (UINT64_C(1) << (sig - 1)))
			(void)sigaddset(&set, sig);
	return set;
}

/* The attributes as words, each with its NUL, and how many they are. */
static int add_attributes(const struct spawn *s, int error_fd, struct buf *text,
			  size_t *ret_n)
{
	size_t n = 0;
	int r = buf_add_format(text, "fd=%d%c", error_fd, 0);

	n++;
	if (r == 0 && ++n)
		r = buf_add_format(text, "mask=%" PRIx64 "%c", set_to_bits(&s->mask), 0);
	if (r == 0 && ++n)
		r = buf_add_format(text, "ignore=%" PRIx64 "%c", set_to_bits(&s->ignore),
				   0);
	if (r == 0 && (s->flags & SPAWN_NICE) && ++n)
		r = buf_add_format(text, "nice=%d%c", s->nice, 0);
	if (r == 0 && (s->flags & SPAWN_UMASK) && ++n)
		r = buf_add_format(text, "umask=%o%c", (unsigned)s->umask, 0);
	for (size_t i = 0; r == 0 && i < s->n_rlimits; i++, n++)
		r = buf_add_format(text, "rlimit=%d:%d:%" PRIu64 ":%d:%" PRIu64 "%c",
				   s->rlimits[i].resource, s->rlimits[i].has_soft,
				   (uint64_t)s->rlimits[i].limit.rlim_cur,
				   s->rlimits[i].has_hard,
				   (uint64_t)s->rlimits[i].limit.rlim_max, 0);
	*ret_n = n;
	return r;
}

char **exec_verb_words(const struct spawn *s, int error_fd, char *const *argv,
		       const char *file)
{
	auto_buf struct buf text = BUF_INIT;
	size_t n_attributes;

	if (add_attributes(s, error_fd, &text, &n_attributes) < 0)
		return NULL;

	size_t n_argv = 0;

	while (argv[n_argv])
		n_argv++;

	/* prockit __exec ATTRIBUTES... -- FILE ARGV... NULL, and the attributes' text
	 * behind it */
	size_t n = 2 + n_attributes + 2 + n_argv + 1;
	char **words = malloc(n * sizeof(*words) + text.len);

	if (!words)
		return NULL;

	char *copy = memcpy(words + n, text.data, text.len);
	size_t at = 0;

	words[at++] = (char *)"prockit";
	words[at++] = (char *)"__exec";
	for (size_t i = 0; i < n_attributes; i++) {
		words[at++] = copy;
		copy += strlen(copy) + 1;
	}
	words[at++] = (char *)"--";
	words[at++] = (char *)file;
	memcpy(words + at, argv, (n_argv + 1) * sizeof(*words));
	return words;
}

int exec_verb_apply(const struct spawn *s, const char **ret_what)
{
	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(&s->ignore, sig) == 1) {
			struct sigaction ignore = {.sa_handler = SIG_IGN};

			if (sigaction(sig, &ignore, NULL) < 0) {
				*ret_what = "ignore-signal";
				return -errno;
			}
		}
	if (s->flags & SPAWN_UMASK)
		(void)umask(s->umask);
	if (s->flags & SPAWN_NICE) {
		errno = 0;
		if (nice(s->nice) == -1 && errno != 0) {
			*ret_what = "nice";
			return -errno;
		}
	}
	for (size_t i = 0; i < s->n_rlimits; i++) {
		const struct spawn_rlimit *want = &s->rlimits[i];
		struct rlimit limit;

		*ret_what = "rlimit";
		if (getrlimit((unsigned)want->resource, &limit) < 0)
			return -errno;
		if (want->has_soft)
			limit.rlim_cur = want->limit.rlim_cur;
		if (want->has_hard)
			limit.rlim_max = want->limit.rlim_max;
		if (setrlimit((unsigned)want->resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

enum { RLIMITS_MAX = 64 };

/* Read one attribute word into s: false when it is none of ours. */
static bool read_attribute(const char *word, struct spawn *s,
			   struct spawn_rlimit *rlimits, int *error_fd)
{
	uint64_t bits;
	unsigned mode;
	int soft;
	int hard;
	uint64_t cur;
	uint64_t max;
	int resource;

	if (sscanf(word, "fd=%d", error_fd) == 1)
		return true;
	if (sscanf(word, "mask=%" SCNx64, &bits) == 1) {
		s->mask = set_from_bits(bits);
	} else if (sscanf(word, "ignore=%" SCNx64, &bits) == 1) {
		s->ignore = set_from_bits(bits);
	} else if (sscanf(word, "nice=%d", &s->nice) == 1) {
		s->flags |= SPAWN_NICE;
	} else if (sscanf(word, "umask=%o", &mode) == 1) {
		s->umask = (mode_t)mode;
		s->flags |= SPAWN_UMASK;
	} else if (s->n_rlimits < RLIMITS_MAX &&
		   sscanf(word, "rlimit=%d:%d:%" SCNu64 ":%d:%" SCNu64, &resource, &soft,
			  &cur, &hard, &max) == 5) {
		rlimits[s->n_rlimits++] = (struct spawn_rlimit){
			.resource = resource,
			.has_soft = soft != 0,
			.has_hard = hard != 0,
			.limit = {.rlim_cur = cur, .rlim_max = max},
		};
	} else {
		return false;
	}
	return true;
}

int exec_verb_run(char **words)
{
	struct spawn s;
	struct spawn_rlimit rlimits[RLIMITS_MAX];
	int error_fd = -1;

	spawn_init(&s);
	s.rlimits = rlimits;
	for (; *words && strcmp(*words, "--") != 0; words++)
		if (!read_attribute(*words, &s, rlimits, &error_fd))
			return EXIT_OWN_FAILURE;
	/* The descriptor tells a call of our own from one typed by hand. */
	if (error_fd < 3 || !words[0] || !words[1] || !words[2] ||
	    fcntl(error_fd, F_SETFD, FD_CLOEXEC) < 0)
		return EXIT_OWN_FAILURE;

	const char *what = "";
	int r = exec_verb_apply(&s, &what);

	if (r == 0) {
		what = "";
		(void)sigprocmask(SIG_SETMASK, &s.mask, NULL);
		(void)execve(words[1], words + 2, environ);
		r = -errno;
	}

	struct exec_verb_failure failure = {.error = -r};

	(void)snprintf(failure.what, sizeof(failure.what), "%s", what);
	(void)fd_write_all(error_fd, &failure, sizeof(failure));
	return EXIT_OWN_FAILURE;
}
