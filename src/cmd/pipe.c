/*
 * prockit pipe - run a pipeline without a shell.
 *
 * The stages stand on the command line, with a separator word between them, or in a file
 * of NUL-separated words. The data flows from stage to stage through kernel pipes.
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "cli/run-options.h"
#include "cli/stdout.h"
#include "cli/subcommand.h"
#include "drive/drive.h"
#include "subcommands.h"

#include <fcntl.h>
#include <string.h>

enum {
	CODE_SEP = RUN_CODE_END,
	CODE_STAGES_FROM,
	CODE_STATUS,
	CODE_OK,
	CODE_MERGE,
	CODE_PIPE_SIZE,
	CODE_CAPTURE,
	CODE_JSON,
};

/* What one --ok or --merge says of a stage. */
struct stage_option {
	size_t stage; /* from 1 */
	struct code_set codes;
	bool merge;
};

static struct {
	struct run_options run;
	const char *sep;
	const char *stages_from;
	enum pipe_policy policy;
	struct stage_option *stages;
	size_t n_stages;
	uint64_t pipe_size;
	bool capture;
	bool json;
} opt = {.run = RUN_OPTIONS_INIT, .sep = ":::"};

static const struct poptOption pipe_options[] = {
	{"sep", '\0', POPT_ARG_STRING, NULL, CODE_SEP, "the word between stages (:::)",
	 "WORD"},
	{"stages-from", '\0', POPT_ARG_STRING, NULL, CODE_STAGES_FROM,
	 "read NUL-separated words from this file, with an empty word between stages",
	 "FILE"},
	{"status", '\0', POPT_ARG_STRING, NULL, CODE_STATUS,
	 "which stage decides: the rightmost that failed (default) or another",
	 "pipefail|last|first|strict"},
	{"ok", '\0', POPT_ARG_STRING, NULL, CODE_OK,
	 "statuses that are success for stage N", "N:LIST"},
	{"merge", '\0', POPT_ARG_STRING, NULL, CODE_MERGE,
	 "send stage N's stderr down the pipe too", "NUMBER"},
	{"pipe-size", '\0', POPT_ARG_STRING, NULL, CODE_PIPE_SIZE,
	 "capacity of the pipes", "SIZE"},
	{"capture", '\0', POPT_ARG_NONE, NULL, CODE_CAPTURE,
	 "write the last stage's output only if the pipeline succeeds", NULL},
	{"json", '\0', POPT_ARG_NONE, NULL, CODE_JSON,
	 "capture the last stage's output and print a record", NULL},
	OPTION_GROUP(run_limit_options, run_heading_limits),
	OPTION_GROUP(run_capture_options, run_heading_limits),
	OPTION_GROUP(run_tree_options, run_heading_limits),
	OPTION_GROUP(run_shell_options, run_heading_command),
	OPTION_GROUP(run_shell_path_options, run_heading_command),
	OPTION_GROUP(run_environment_options, run_heading_command),
	OPTION_GROUP(run_stdin_options, run_heading_stdio),
	OPTION_GROUP(run_stdout_options, run_heading_stdio),
	OPTION_GROUP(run_stderr_options, run_heading_stdio),
	OPTION_GROUP(run_process_options, run_heading_process),
	OPTION_GROUP(run_status_options, run_heading_ending),
	OPTION_GROUP(run_report_options, run_heading_ending),
	POPT_TABLEEND,
};

static const char *set_policy(const char *arg)
{
	static const char *const names[] = {
		[PIPE_PIPEFAIL] = "pipefail",
		[PIPE_LAST] = "last",
		[PIPE_FIRST] = "first",
		[PIPE_STRICT] = "strict",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(arg, names[i]) == 0) {
			opt.policy = (enum pipe_policy)i;
			return NULL;
		}
	return "is neither pipefail, last, first nor strict";
}

static const char *add_stage_option(const struct stage_option *option)
{
	struct stage_option *stages =
		reallocarray(opt.stages, opt.n_stages + 1, sizeof(*stages));

	if (!stages)
		return "needs more memory than there is";
	opt.stages = stages;
	stages[opt.n_stages++] = *option;
	return NULL;
}

/* A stage's number, from 1, at the beginning of text: the rest, or NULL. */
static const char *parse_stage(const char *text, size_t *ret)
{
	size_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && n < 100000; p++)
		n = n * 10 + (size_t)(*p - '0');
	*ret = n;
	return n > 0 ? p : NULL;
}

static const char *set_ok(const char *arg)
{
	struct stage_option option = {0};
	const char *list = parse_stage(arg, &option.stage);

	if (!list || *list != ':' || parse_codes(list + 1, &option.codes) < 0)
		return "is not N:LIST (such as 1:0,1)";
	option.codes.has[0] = true;
	return add_stage_option(&option);
}

static const char *set_merge(const char *arg)
{
	struct stage_option option = {.merge = true};
	const char *rest = parse_stage(arg, &option.stage);

	if (!rest || *rest)
		return "is not the number of a stage";
	return add_stage_option(&option);
}

static const char *pipe_set(int code, const char *arg)
{
	switch (code) {
	case CODE_SEP:
		opt.sep = arg;
		return *arg ? NULL : "is not a word to separate stages";
	case CODE_STAGES_FROM:
		opt.stages_from = arg;
		return *arg ? NULL : "is not the name of a file";
	case CODE_STATUS:
		return set_policy(arg);
	case CODE_OK:
		return set_ok(arg);
	case CODE_MERGE:
		return set_merge(arg);
	case CODE_PIPE_SIZE:
		if (parse_size(arg, &opt.pipe_size) < 0 || opt.pipe_size == 0 ||
		    opt.pipe_size > INT32_MAX)
			return "is not a size for a pipe (such as 64K, 1M)";
		return NULL;
	case CODE_CAPTURE:
		opt.capture = true;
		return NULL;
	case CODE_JSON:
		opt.json = true;
		return NULL;
	default:
		return run_options_set(&opt.run, code, arg);
	}
}

/* The stages' words. Lists end with NULL; all of it is one array, cut at the separators.
 */
struct stages {
	char ***lists;
	bool *merge;
	struct code_set *codes;
	size_t n;
	struct buf text; /* of --stages-from */
	char **words;	 /* of --stages-from */
};

static void stages_clear(struct stages *s)
{
	free(s->lists);
	free(s->merge);
	free(s->codes);
	free(s->words);
	buf_clear(&s->text);
}

static int fail_usage(const char *problem)
{
	message("%s (see 'prockit pipe --help')", problem);
	return EXIT_OWN_FAILURE;
}

static int fail_memory(void)
{
	message("%s", error_text(ENOMEM));
	return EXIT_OWN_FAILURE;
}

/* Cut the words at each separator, in place: -1, or 125 after a message. */
static int split_words(struct stages *s, char **words, const char *sep)
{
	size_t n = 0;

	while (words[n])
		n++;
	s->lists = calloc(n + 1, sizeof(*s->lists));
	if (!s->lists)
		return fail_memory();
	s->lists[s->n++] = words;
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], sep) == 0) {
			words[i] = NULL;
			s->lists[s->n++] = words + i + 1;
		}
	for (size_t i = 0; i < s->n; i++)
		if (!s->lists[i][0]) {
			message("stage %zu of %zu is empty", i + 1, s->n);
			return EXIT_OWN_FAILURE;
		}
	return -1;
}

/* Read the file of words whole: 0 or -errno. */
static int read_words(const char *name, struct buf *text)
{
	bool is_stdin = strcmp(name, "-") == 0;
	auto_fd int opened = is_stdin ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : opened;

	if (fd < 0)
		return -errno;
	for (;;) {
		int r = buf_reserve(text, 65536);

		if (r < 0)
			return r;

		ssize_t n = read(fd, text->data + text->len, 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		text->len += (size_t)n;
	}
	/* The last NUL may be missing. */
	if (text->len && text->data[text->len - 1] != '\0')
		return buf_add_char(text, '\0');
	return 0;
}

static int stages_from_file(struct stages *s, const char *name)
{
	int r = read_words(name, &s->text);
	size_t n = 0;

	if (r < 0) {
		message("cannot read the stages from '%s': %s", name, error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	s->words = calloc(s->text.len + 1, sizeof(*s->words));
	if (!s->words)
		return fail_memory();
	for (size_t at = 0; at < s->text.len; at += strlen(s->text.data + at) + 1)
		s->words[n++] = s->text.data + at;
	return split_words(s, s->words, "");
}

/* --ok and --merge, by stage. */
static int apply_stage_options(struct stages *s)
{
	s->merge = calloc(s->n, sizeof(*s->merge));
	s->codes = calloc(s->n, sizeof(*s->codes));
	if (!s->merge || !s->codes)
		return fail_memory();
	for (size_t i = 0; i < s->n; i++)
		s->codes[i].has[0] = true;
	for (size_t i = 0; i < opt.n_stages; i++) {
		const struct stage_option *o = &opt.stages[i];

		if (o->stage > s->n) {
			message("--%s: there is no stage %zu, only %zu",
				o->merge ? "merge" : "ok", o->stage, s->n);
			return EXIT_OWN_FAILURE;
		}
		if (o->merge)
			s->merge[o->stage - 1] = true;
		else
			s->codes[o->stage - 1] = o->codes;
	}
	return -1;
}

static int find_stages(struct stages *s, char **operands)
{
	int status;

	if (opt.stages_from && operands[0])
		return fail_usage("--stages-from takes no COMMAND beside it");
	if (!opt.stages_from && !operands[0])
		return fail_usage("missing operand: COMMAND");
	status = opt.stages_from ? stages_from_file(s, opt.stages_from)
				 : split_words(s, operands, opt.sep);
	return status >= 0 ? status : apply_stage_options(s);
}

/* What does not go together: a line to show, or NULL. */
static const char *check_options(void)
{
	const struct job_limits *limits = &opt.run.limits;
	bool captures = opt.capture || opt.json;

	if (opt.capture && opt.json)
		return "--capture and --json exclude each other";
	if (captures && opt.run.out.kind != STDIO_INHERIT)
		return "--stdout goes with neither --capture nor --json";
	if (!captures &&
	    (limits->idle_timeout != NSEC_FOREVER || limits->max_output != UINT64_MAX))
		return "--idle-timeout and --max-output need --capture or --json";
	return NULL;
}

/* Print what was captured; 0, or the status if that fails. */
static int print_result(struct drive *d)
{
	struct out o;

	if (opt.json) {
		out_init(&o, STDOUT_FILENO);
		drive_write_record(d, &o);
		return out_finish_status(&o);
	}
	if (opt.capture && drive_status(d) == 0)
		return stdout_error_status(
			capture_write(&d->result.out, d->result.out.size, STDOUT_FILENO));
	return 0;
}

static int pipe_run(char **operands)
{
	__attribute__((cleanup(stages_clear))) struct stages stages = {.text = BUF_INIT};
	const char *problem = check_options();
	int status = problem ? fail_usage(problem) : find_stages(&stages, operands);

	if (status >= 0)
		return status;

	auto_drive struct drive d = DRIVE_INIT(&opt.run);

	d.flags = DRIVE_PIPELINE;
	d.policy = opt.policy;
	d.stage_codes = stages.codes;
	if (opt.capture || opt.json) {
		d.flags |= DRIVE_NEEDS_STDOUT;
		d.job.flags = JOB_CAPTURE_STDOUT;
	}
	if (opt.json)
		d.job.flags |= JOB_WANT_HANDLE;
	status = drive_open_stages(&d, stages.lists, stages.n, stages.merge);
	if (status >= 0)
		return status;
	d.job.pipe_size = (unsigned)opt.pipe_size;
	drive_run(&d);
	if (!drive_say_failure(&d) && opt.capture && drive_status(&d) != 0)
		drive_say_end(&d);
	/* The report first: the write may be our end. */
	status = drive_finish(&d, opt.json ? drive_record_status(&d, false)
					   : drive_status(&d));

	int r = print_result(&d);

	return r ? r : status;
}

const struct subcommand cmd_pipe = {
	.name = "pipe",
	.summary = "run a pipeline without a shell",
	.operands = "COMMAND [ARG...] [::: COMMAND [ARG...]]...",
	.options = pipe_options,
	.set = pipe_set,
	.run = pipe_run,
};
