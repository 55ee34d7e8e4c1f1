/*
 * The options that subcommands share which run a command: the tables, once, and what they
 * are stored in.
 *
 * A subcommand includes the groups that apply to it (POPT_ARG_INCLUDE_TABLE), keeps a
 * struct run_options that begins as RUN_OPTIONS_INIT, and hands every code below
 * RUN_CODE_END to run_options_set(). run_options_check() then finds what does not go
 * together. Words are kept as pointers; they live as long as the command line.
 */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/parse.h"
#include "cli/subcommand.h"
#include "proc/job.h"
#include "proc/retry.h"

/* Codes from here on are a subcommand's own. */
enum { RUN_CODE_END = 1000 };

/* Where one of stdin, stdout, stderr comes from or goes to. */
enum stdio_kind {
	STDIO_INHERIT,
	STDIO_NULL,
	STDIO_FILE,
	STDIO_SAME_AS_STDOUT, /* stderr only */
	STDIO_TEXT,	      /* stdin only: --input */
	STDIO_COPY,	      /* stdin only: --input-file, read again by each try */
};

struct stdio_option {
	enum stdio_kind kind;
	const char *text; /* the file's name, or the input itself */
};

enum env_kind {
	ENV_SET,   /* NAME=VALUE */
	ENV_COPY,  /* NAME, from our own environment */
	ENV_UNSET, /* NAME */
	ENV_CLEAR,
};

struct env_option {
	enum env_kind kind;
	const char *text;
};

enum { RUN_RLIMITS_MAX = 32 };

struct run_options {
	struct job_limits limits;
	enum tree_policy tree;
	bool preserve_status;
	bool verbose;
	bool quiet;
	bool no_reraise;
	bool guard;
	bool dry_run;

	struct code_set ok_codes;
	uint64_t retries;
	struct retry_delay retry_delay;

	const char *chdir;
	struct env_option *env; /* in the order given */
	size_t n_env;
	const char *argv0;
	bool shell; /* the first operand is a string for the shell */
	const char *shell_path;
	bool shell_path_given;

	unsigned stdin_options; /* --stdin, --input, --input-file: how many of them */
	struct stdio_option in;
	struct stdio_option out;
	struct stdio_option err;
	bool append;

	sigset_t default_signals;
	sigset_t ignore_signals;
	sigset_t block_signals;
	enum spawn_flags spawn_flags;
	mode_t umask;
	int nice;
	struct spawn_rlimit rlimits[RUN_RLIMITS_MAX];
	size_t n_rlimits;
	bool close_fds;
	const char *keep_fds; /* a list that parses; NULL: none */

	const char *report;
	bool report_append;
	int report_fd; /* -1: none */
};

/* Nothing given. Zeroed signal sets are empty ones (glibc, musl). */
#define RUN_OPTIONS_INIT                                                      \
	{                                                                     \
		.limits = JOB_LIMITS_INIT, .ok_codes = {.has = {[0] = true}}, \
		.retry_delay = RETRY_DELAY_INIT, .shell_path = "/bin/sh",     \
		.report_fd = -1,                                              \
	}

/* Headings of the groups in --help. */
extern const char run_heading_limits[];
extern const char run_heading_command[];
extern const char run_heading_stdio[];
extern const char run_heading_process[];
extern const char run_heading_ending[];

extern const struct poptOption run_signal_options[];  /* --kill-after, --signal */
extern const struct poptOption run_limit_options[];   /* --timeout, these, and
							 --preserve-status */
extern const struct poptOption run_capture_options[]; /* --idle-timeout, --max-output,
							 --drain */
extern const struct poptOption run_tree_options[];    /* --tree, --guard */
extern const struct poptOption run_status_options[];  /* --verbose, --quiet, --no-reraise,
							 --retries, --retry-delay,
							 --dry-run */
extern const struct poptOption run_ok_codes_options[];	  /* --ok-codes */
extern const struct poptOption run_environment_options[]; /* --chdir, --env, --unset,
							     --ignore-environment */
extern const struct poptOption run_argv0_options[];	  /* --argv0 */
extern const struct poptOption run_shell_options[];	  /* --shell */
extern const struct poptOption run_shell_path_options[];  /* --shell-path */
extern const struct poptOption run_stdin_options[];   /* --stdin, --input, --input-file */
extern const struct poptOption run_stdout_options[];  /* --stdout */
extern const struct poptOption run_stderr_options[];  /* --stderr, --append */
extern const struct poptOption run_process_options[]; /* signals, group, session, umask,
							 nice, rlimit, close-fds */
extern const struct poptOption run_report_options[];  /* --report, --report-fd,
							 --report-append */

/* Take one option of the groups above; as struct subcommand's set(). */
const char *run_options_set(struct run_options *o, int code, const char *arg);

/* Keep a variable from the command, whatever is said about it: NULL, or what is wrong. */
const char *run_options_unset(struct run_options *o, const char *name);

/* What does not go together: a line to show, or NULL. */
const char *run_options_check(const struct run_options *o);

/* The next number of a list "3,4,10" that parses, from *text, which moves on; -1 at its
 * end, -2 where it is no number. */
int run_options_next_fd(const char **text);

#endif
