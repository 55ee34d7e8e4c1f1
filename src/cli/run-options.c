#include "config.h"

#include "cli/run-options.h"

#include "base/cleanup.h"
#include "cli/run-codes.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

static const char bad_duration[] = "is not a duration (such as 5, 1.5m, 500ms, inf)";
static const char bad_delay[] =
	"is not a delay (such as 5, 500ms or 1s,x2,max=1m,jitter=0.2)";
static const char bad_size[] = "is not a size (such as 4096, 64K, 2G, 10MB)";
static const char bad_signal[] = "is not a signal (such as TERM, SIGINT, 9, RTMIN+1)";
static const char bad_list[] = "is not a list of signals (such as TERM,INT)";
static const char no_memory[] = "needs more memory than there is";

/* A limit, where 0 means none. */
static const char *set_limit(const char *arg, nsec_t *limit)
{
	nsec_t value;

	if (parse_duration(arg, &value) < 0)
		return bad_duration;
	*limit = value == 0 ? NSEC_FOREVER : value;
	return NULL;
}

static const char *set_duration(const char *arg, nsec_t *duration)
{
	return parse_duration(arg, duration) < 0 ? bad_duration : NULL;
}

static const char *set_tree(const char *arg, enum tree_policy *tree)
{
	static const char *const names[] = {
		[TREE_LEAVE] = "leave", [TREE_WAIT] = "wait", [TREE_KILL] = "kill"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(arg, names[i]) == 0) {
			*tree = (enum tree_policy)i;
			return NULL;
		}
	return "is neither leave, wait nor kill";
}

static const char *add_env(struct run_options *o, enum env_kind kind, const char *text)
{
	struct env_option *env = reallocarray(o->env, o->n_env + 1, sizeof(*env));

	if (!env)
		return no_memory;
	o->env = env;
	env[o->n_env++] = (struct env_option){.kind = kind, .text = text};
	return NULL;
}

static const char *set_env(struct run_options *o, const char *arg)
{
	if (!*arg || *arg == '=')
		return "is not NAME or NAME=VALUE";
	return add_env(o, strchr(arg, '=') ? ENV_SET : ENV_COPY, arg);
}

const char *run_options_unset(struct run_options *o, const char *name)
{
	if (!*name || strchr(name, '='))
		return "is not the name of a variable";
	return add_env(o, ENV_UNSET, name);
}

static const char *set_stdio(struct stdio_option *option, const char *arg, bool is_stderr)
{
	enum stdio_kind kind = STDIO_FILE;

	if (!*arg)
		return "is not the name of a file";
	if (strcmp(arg, "null") == 0)
		kind = STDIO_NULL;
	else if (strcmp(arg, "inherit") == 0)
		kind = STDIO_INHERIT;
	else if (is_stderr && strcmp(arg, "stdout") == 0)
		kind = STDIO_SAME_AS_STDOUT;
	*option = (struct stdio_option){.kind = kind, .text = arg};
	return NULL;
}

static const char *set_input(struct run_options *o, enum stdio_kind kind, const char *arg)
{
	if (kind == STDIO_COPY && !*arg)
		return "is not the name of a file";
	o->in = (struct stdio_option){.kind = kind, .text = arg};
	return NULL;
}

/* Add the signals of a list; without one, all that can be changed. may_change: not KILL
 * and STOP. */
static const char *set_signals(sigset_t *set, const char *arg, bool may_change)
{
	if (!arg) {
		(void)sigfillset(set);
		(void)sigdelset(set, SIGKILL);
		(void)sigdelset(set, SIGSTOP);
		return NULL;
	}
	while (*arg) {
		char word[32];
		size_t len = strcspn(arg, ",");
		int signal;

		if (len == 0 || len >= sizeof(word))
			return bad_list;
		memcpy(word, arg, len);
		word[len] = '\0';
		if (parse_signal(word, &signal) < 0 || signal == 0)
			return bad_list;
		if (may_change && (signal == SIGKILL || signal == SIGSTOP))
			return "names a signal that cannot be changed";
		(void)sigaddset(set, signal);
		arg += len;
		if (*arg == ',' && !*++arg)
			return bad_list;
	}
	return NULL;
}

static const char *set_umask(struct run_options *o, const char *arg)
{
	unsigned mode = 0;
	const char *p = arg;

	for (; *p >= '0' && *p <= '7' && mode <= 0777; p++)
		mode = mode * 8 + (unsigned)(*p - '0');
	if (*p || p == arg || mode > 0777)
		return "is not a mask in octal (such as 022)";
	o->umask = (mode_t)mode;
	o->spawn_flags |= SPAWN_UMASK;
	return NULL;
}

static const char *set_nice(struct run_options *o, const char *arg)
{
	int64_t nice;

	if (parse_number(arg, INT_MIN, INT_MAX, &nice) < 0)
		return "is not a whole number";
	/* As nice(1): no two nice values are further apart. */
	o->nice = nice < -40 ? -40 : nice > 40 ? 40 : (int)nice;
	o->spawn_flags |= SPAWN_NICE;
	return NULL;
}

/* The names of prlimit(1). */
static const struct {
	const char *name;
	int resource;
} rlimit_names[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

/* One side of SOFT:HARD; an empty one is left as it is. */
static bool parse_rlimit_side(const char *text, size_t len, bool *has, rlim_t *limit)
{
	char word[32];
	uint64_t value;

	if (len == 0)
		return true;
	if (len >= sizeof(word))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	if (strcasecmp(word, "unlimited") == 0 || strcasecmp(word, "infinity") == 0)
		value = RLIM_INFINITY;
	else if (parse_size(word, &value) < 0)
		return false;
	*has = true;
	*limit = value;
	return true;
}

static const char *set_rlimit(struct run_options *o, const char *arg)
{
	static const char bad[] = "is not NAME=SOFT[:HARD] with a name of prlimit(1)";
	size_t name_len = strcspn(arg, "=");
	struct spawn_rlimit limit = {.resource = -1};

	for (size_t i = 0; i < ARRAY_SIZE(rlimit_names); i++)
		if (strlen(rlimit_names[i].name) == name_len &&
		    strncasecmp(arg, rlimit_names[i].name, name_len) == 0)
			limit.resource = rlimit_names[i].resource;
	if (limit.resource < 0 || !arg[name_len] || o->n_rlimits == RUN_RLIMITS_MAX)
		return bad;

	const char *soft = arg + name_len + 1;
	size_t soft_len = strcspn(soft, ":");

	if (!parse_rlimit_side(soft, soft_len, &limit.has_soft, &limit.limit.rlim_cur))
		return bad;
	if (soft[soft_len]) {
		const char *hard = soft + soft_len + 1;

		if (!parse_rlimit_side(hard, strlen(hard), &limit.has_hard,
				       &limit.limit.rlim_max))
			return bad;
	} else {
		limit.has_hard = limit.has_soft;
		limit.limit.rlim_max = limit.limit.rlim_cur;
	}
	if (!limit.has_soft && !limit.has_hard)
		return bad;
	if (limit.has_soft && limit.has_hard &&
	    limit.limit.rlim_cur > limit.limit.rlim_max)
		return "has a soft limit above the hard one";
	o->rlimits[o->n_rlimits++] = limit;
	return NULL;
}

int run_options_next_fd(const char **text)
{
	const char *p = *text;
	long fd = 0;

	if (!*p)
		return -1;
	for (; *p >= '0' && *p <= '9' && fd < INT_MAX / 10; p++)
		fd = fd * 10 + (*p - '0');
	if (p == *text || (*p && *p != ',') || (*p == ',' && !p[1]))
		return -2;
	*text = *p ? p + 1 : p;
	return (int)fd;
}

static const char *set_close_fds(struct run_options *o, const char *arg)
{
	const char *p = arg ? arg : "";
	int fd;

	while ((fd = run_options_next_fd(&p)) >= 0)
		;
	if (fd == -2)
		return "is not a list of descriptors (such as 3,4)";
	o->close_fds = true;
	o->keep_fds = arg;
	return NULL;
}

static const char *set_count(const char *arg, int64_t max, uint64_t *ret)
{
	int64_t value;

	if (parse_number(arg, 0, max, &value) < 0)
		return "is not a whole number";
	*ret = (uint64_t)value;
	return NULL;
}

static const char *set_report_fd(struct run_options *o, const char *arg)
{
	uint64_t fd;

	if (set_count(arg, INT_MAX, &fd))
		return "is not a file descriptor";
	o->report_fd = (int)fd;
	return NULL;
}

static const char *set_flag(struct run_options *o, int code)
{
	switch (code) {
	case RUN_CODE_PRESERVE_STATUS:
		o->preserve_status = true;
		break;
	case RUN_CODE_GUARD:
		o->guard = true;
		break;
	case RUN_CODE_NO_RERAISE:
		o->no_reraise = true;
		break;
	case RUN_CODE_VERBOSE:
		o->verbose = true;
		break;
	case RUN_CODE_QUIET:
		o->quiet = true;
		break;
	case RUN_CODE_DRY_RUN:
		o->dry_run = true;
		break;
	case RUN_CODE_IGNORE_ENVIRONMENT:
		return add_env(o, ENV_CLEAR, NULL);
	case RUN_CODE_SHELL:
		o->shell = true;
		break;
	case RUN_CODE_APPEND:
		o->append = true;
		break;
	case RUN_CODE_NEW_GROUP:
		o->spawn_flags |= SPAWN_NEW_GROUP;
		break;
	case RUN_CODE_NEW_SESSION:
		o->spawn_flags |= SPAWN_NEW_SESSION;
		break;
	case RUN_CODE_REPORT_APPEND:
		o->report_append = true;
		break;
	default:
		return "is not understood";
	}
	return NULL;
}

/* Options about how the command is started. */
static const char *set_start(struct run_options *o, int code, const char *arg)
{
	switch (code) {
	case RUN_CODE_CHDIR:
		o->chdir = arg;
		return NULL;
	case RUN_CODE_ENV:
		return set_env(o, arg);
	case RUN_CODE_UNSET:
		return run_options_unset(o, arg);
	case RUN_CODE_ARGV0:
		o->argv0 = arg;
		return NULL;
	case RUN_CODE_SHELL_PATH:
		o->shell_path = arg;
		o->shell_path_given = true;
		return *arg ? NULL : "is not the name of a file";
	case RUN_CODE_STDIN:
		o->stdin_options |= 1;
		return set_stdio(&o->in, arg, false);
	case RUN_CODE_INPUT:
		o->stdin_options |= 2;
		return set_input(o, STDIO_TEXT, arg);
	case RUN_CODE_INPUT_FILE:
		o->stdin_options |= 4;
		return set_input(o, STDIO_COPY, arg);
	case RUN_CODE_STDOUT:
		return set_stdio(&o->out, arg, false);
	case RUN_CODE_STDERR:
		return set_stdio(&o->err, arg, true);
	case RUN_CODE_DEFAULT_SIGNAL:
		return set_signals(&o->default_signals, arg, true);
	case RUN_CODE_IGNORE_SIGNAL:
		return set_signals(&o->ignore_signals, arg, true);
	case RUN_CODE_BLOCK_SIGNAL:
		return set_signals(&o->block_signals, arg, false);
	case RUN_CODE_UMASK:
		return set_umask(o, arg);
	case RUN_CODE_NICE:
		return set_nice(o, arg);
	case RUN_CODE_RLIMIT:
		return set_rlimit(o, arg);
	case RUN_CODE_CLOSE_FDS:
		return set_close_fds(o, arg);
	default:
		return set_flag(o, code);
	}
}

const char *run_options_set(struct run_options *o, int code, const char *arg)
{
	switch (code) {
	case RUN_CODE_TIMEOUT:
		return set_limit(arg, &o->limits.timeout);
	case RUN_CODE_KILL_AFTER:
		return set_limit(arg, &o->limits.kill_after);
	case RUN_CODE_IDLE_TIMEOUT:
		return set_limit(arg, &o->limits.idle_timeout);
	case RUN_CODE_DRAIN:
		return set_duration(arg, &o->limits.drain);
	case RUN_CODE_SIGNAL:
		return parse_signal(arg, &o->limits.signal) < 0 ? bad_signal : NULL;
	case RUN_CODE_MAX_OUTPUT:
		return parse_size(arg, &o->limits.max_output) < 0 ? bad_size : NULL;
	case RUN_CODE_TREE:
		return set_tree(arg, &o->tree);
	case RUN_CODE_RETRIES:
		return set_count(arg, INT_MAX, &o->retries);
	case RUN_CODE_RETRY_DELAY:
		return retry_delay_parse(arg, &o->retry_delay) < 0 ? bad_delay : NULL;
	case RUN_CODE_OK_CODES:
		(void)memset(&o->ok_codes, 0, sizeof(o->ok_codes));
		if (parse_codes(arg, &o->ok_codes) < 0)
			return "is not a list of statuses (such as 0,1)";
		o->ok_codes.has[0] = true;
		return NULL;
	case RUN_CODE_REPORT:
		o->report = arg;
		return *arg ? NULL : "is not the name of a file";
	case RUN_CODE_REPORT_FD:
		return set_report_fd(o, arg);
	default:
		return set_start(o, code, arg);
	}
}

static bool is_one_bit(unsigned bits)
{
	return (bits & (bits - 1)) == 0;
}

const char *run_options_check(const struct run_options *o)
{
	if (!is_one_bit(o->stdin_options))
		return "--stdin, --input and --input-file exclude each other";
	if (o->shell_path_given && !o->shell)
		return "--shell-path needs --shell";
	if (o->report && o->report_fd >= 0)
		return "--report and --report-fd exclude each other";
	if (o->report_append && !o->report)
		return "--report-append needs --report";
	return NULL;
}
