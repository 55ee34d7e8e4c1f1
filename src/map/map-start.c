#include "config.h"

#include "map/map.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"
#include "cli/stdout.h"
#include "record/command.h"

#include <string.h>

/* How often the file of -j is looked at, beside whenever a job ends. */
#define SLOTS_AGAIN NSEC_PER_SEC

/* What a shell would make something of, in what should be the name of a program. */
static const char shell_characters[] = " \t\n|&;<>()$`\\\"'*?[]#~";

static int fail_usage(const char *text)
{
	message("%s", text);
	return EXIT_OWN_FAILURE;
}

static int fail_memory(void)
{
	return fail_usage(error_text(ENOMEM));
}

/* --- the command line --- */

/* What a word that begins a source of items says: true, and how its words are taken. */
static bool is_separator(const char *word, enum input_combine *ret_combine,
			 bool *ret_files)
{
	size_t colons = strspn(word, ":");
	bool linked = word[colons] == '+' && word[colons + 1] == '\0';

	if ((colons != 3 && colons != 4) || (word[colons] && !linked))
		return false;
	*ret_combine = linked ? INPUT_LINKED : INPUT_PRODUCT;
	*ret_files = colons == 4;
	return true;
}

static size_t words_up_to_separator(char *const *words)
{
	enum input_combine combine;
	bool files;
	size_t n = 0;

	while (words[n] && !is_separator(words[n], &combine, &files))
		n++;
	return n;
}

static int refuse_source(int r, const char *separator)
{
	if (r == -EINVAL)
		message("%s: there is no source before it that it could be linked to",
			separator);
	else if (r == -EEXIST)
		message("standard input is named twice as a source of items");
	else
		message("%s", error_text(-r));
	return EXIT_OWN_FAILURE;
}

static int add_files(struct map *m, enum input_combine combine, char *const *names,
		     size_t n, const char *separator)
{
	for (size_t i = 0; i < n; i++) {
		int r = input_add_file(&m->input, combine, names[i]);

		if (r < 0)
			return refuse_source(r, separator);
	}
	if (n)
		return -1;
	message("%s needs the name of a file", separator);
	return EXIT_OWN_FAILURE;
}

/* Every source on the command line; words begin with a separator, or are none. */
static int add_sources(struct map *m, char **words)
{
	const struct map_options *o = m->options;
	int status = -1;

	if (o->n_files)
		status = add_files(m, INPUT_PRODUCT, (char *const *)o->files, o->n_files,
				   "--arg-file");
	while (status < 0 && *words) {
		const char *separator = *words++;
		enum input_combine combine = INPUT_PRODUCT;
		bool files = false;
		size_t n = words_up_to_separator(words);

		(void)is_separator(separator, &combine, &files);
		if (files) {
			status = add_files(m, combine, words, n, separator);
		} else {
			int r = input_add_words(&m->input, combine, words, n);

			if (r < 0)
				status = refuse_source(r, separator);
		}
		words += n;
	}
	return status;
}

/* Split the operands into the command and the sources of its items. */
static int take_operands(struct map *m, char **operands)
{
	const struct map_options *o = m->options;
	size_t n = words_up_to_separator(operands);
	const struct input_options input = {
		.separator = o->separator,
		.column = o->has_column ? &o->column : NULL,
		.header = o->header,
		.per_job = o->per_job,
		.ahead = o->ahead ? o->ahead : 2 * (size_t)slots_get(&m->options->slots),
	};

	input_init(&m->input, &input);
	if (n == 0)
		return fail_usage("no command is given");

	int status = add_sources(m, operands + n);

	if (status >= 0)
		return status;
	operands[n] = NULL;
	m->command = operands;
	if (!m->run->shell && n == 1 &&
	    operands[0][strcspn(operands[0], shell_characters)] &&
	    access(operands[0], X_OK) < 0) {
		message("'%s' would be the name of a program: "
			"use -c for a command line of the shell, or give its words one by one",
			operands[0]);
		return EXIT_OWN_FAILURE;
	}
	return -1;
}

static const char *find_conflict(const struct map *m)
{
	const struct map_options *o = m->options;

	if (o->in != MAP_STDIN_NULL && input_uses_stdin(&m->input))
		return "--stdin: standard input brings the items";
	if (o->outputs & (o->outputs - 1))
		return "--line-buffer, --ungroup and --json exclude each other";
	if (o->keep_order && o->output == MAP_OUTPUT_UNGROUPED)
		return "--keep-order and --ungroup exclude each other";
	if (o->tag && o->output == MAP_OUTPUT_UNGROUPED)
		return "--tag and --ungroup exclude each other";
	if (o->tag && o->output == MAP_OUTPUT_JSON)
		return "--tag and --json exclude each other";
	if (o->results && o->output == MAP_OUTPUT_UNGROUPED)
		return "--results and --ungroup exclude each other";
	if (o->output == MAP_OUTPUT_UNGROUPED &&
	    (m->run->limits.idle_timeout != NSEC_FOREVER ||
	     m->run->limits.max_output != UINT64_MAX))
		return "--idle-timeout and --max-output cannot see what --ungroup lets pass";
	if (o->timeout_percent > 0 && m->run->limits.timeout != NSEC_FOREVER)
		return "--timeout is given twice";
	return NULL;
}

/* --- the common job --- */

static void set_up_run(struct map *m)
{
	const struct map_options *o = m->options;
	struct drive *d = m->drive;

	if (o->in != MAP_STDIN_INHERIT)
		m->run->in =
			(struct stdio_option){.kind = STDIO_NULL, .text = "/dev/null"};
	d->flags = DRIVE_POOL;
	if (o->output != MAP_OUTPUT_UNGROUPED) {
		d->flags |= DRIVE_NEEDS_STDOUT;
		d->job.flags = JOB_CAPTURE_STDOUT | JOB_CAPTURE_STDERR;
	}
	if (o->output == MAP_OUTPUT_LINES) {
		d->job.flags |= JOB_LIVE;
		if (o->results)
			d->job.flags |= JOB_KEEP;
	}
	if (o->output == MAP_OUTPUT_JSON || o->log || o->results)
		d->job.flags |= JOB_WANT_HANDLE;
}

/* Variables that are each job's own, whatever the environment says. */
static const char *unset_variables(struct map *m)
{
	static const char *const names[] = {"PROCKIT_SEQ", "PROCKIT_SLOT",
					    "PROCKIT_ATTEMPT", "PROCKIT_ITEM"};
	const char *problem = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !problem; i++)
		problem = run_options_unset(m->run, names[i]);
	if (!problem && m->options->jobserver)
		problem = run_options_unset(m->run, "MAKEFLAGS");
	return problem;
}

static int open_drive(struct map *m)
{
	const char *problem = unset_variables(m);

	if (problem)
		return fail_usage(problem);
	set_up_run(m);

	int status = drive_open(m->drive, m->command);

	if (status >= 0)
		return status;
	if (drive_say_failure(m->drive))
		return drive_status(m->drive);
	m->ignores_pipe = sigismember(&m->drive->signals.ignored, SIGPIPE) == 1;
	key_begin(&m->key_base, m->drive->job.stages[0].spawn.argv, m->drive->cwd);
	return -1;
}

/* How many of the words are the shell's and the string's: sh -c [--] STRING NAME. */
static size_t words_of_shell(const struct map *m)
{
	char first = m->command[0][0];

	return !m->run->shell ? 0 : first == '-' || first == '+' ? 5 : 4;
}

/* Where all jobs run the same program it is found once, and missed once. */
static int find_common_program(struct map *m)
{
	struct drive *d = m->drive;
	struct spawn *s = &d->stages[0].spawn;

	if (m->template.command_varies || m->run->dry_run)
		return 0;
	if (spawn_prepare(s, &d->result.error) == 0) {
		m->program = s->path;
		s->path = BUF_INIT;
		return 0;
	}
	progress_hide(&m->progress);
	(void)drive_say_failure(d);
	m->status = drive_status(d);
	return -1;
}

int map_get_template(struct map *m)
{
	const struct map_options *o = m->options;
	const struct row *header = input_header(&m->input);
	char *const *words = m->run->shell ? m->drive->job.stages[0].spawn.argv
					   : m->command;

	if (m->has_template)
		return 0;
	if (template_parse(&m->template, words, words_of_shell(m), o->brace, header) <
	    0) {
		m->status = fail_memory();
		return -1;
	}
	m->has_template = true;
	if (o->tag) {
		char *tag[] = {(char *)o->tag, NULL};

		if (template_parse(&m->tag, tag, 0, o->brace, header) < 0) {
			m->status = fail_memory();
			return -1;
		}
	}
	return find_common_program(m);
}

/* --- files --- */

static int fail_file(const char *what, const char *name, int r)
{
	if (name)
		message("cannot %s '%s': %s", what, name, error_text(-r));
	else
		message("%s", error_text(-r));
	return EXIT_OWN_FAILURE;
}

static int read_log(struct resume *resume, const char *path, bool quiet)
{
	int r = path ? resume_read(resume, path) : 0;

	if (r < 0)
		return fail_file("read", path, r);
	if (resume->bad_lines && !quiet)
		message("'%s': %zu line%s no record and ignored", path, resume->bad_lines,
			resume->bad_lines == 1 ? " is" : "s are");
	return -1;
}

/* Everything that can fail is opened before the first job starts. */
static int open_files(struct map *m)
{
	const struct map_options *o = m->options;
	const char *name = NULL;
	int r = input_open(&m->input, &name);
	int status;

	if (input_uses_stdin(&m->input) && isatty(STDIN_FILENO) && !m->run->quiet)
		message("the items are read from the terminal: end them with Ctrl-D, or give them "
			"behind :::");
	if (r < 0)
		return name && strcmp(name, "-") == 0
			       ? fail_file("read", "standard input", r)
			       : fail_file("read", name, r);
	/* A log that is not there is an empty one for --resume only. */
	if (o->retry_failed && access(o->retry_failed, R_OK) < 0)
		return fail_file("read", o->retry_failed, -errno);
	status = read_log(&m->resume, o->resume, m->run->quiet);
	if (status < 0)
		status = read_log(&m->retry_failed, o->retry_failed, m->run->quiet);
	if (status >= 0)
		return status;
	m->records = (struct records)RECORDS_INIT;
	m->records.cwd = m->drive->cwd;
	m->records.shell = m->run->shell;
	if (m->run->dry_run)
		return -1;
	m->records.log = o->log;
	m->records.joblog = o->joblog;
	m->records.results = o->results;
	r = records_open(&m->records, &name);
	return r < 0 ? fail_file("write", name, r) : -1;
}

/* --- jobserver --- */

static void on_token(struct loop_source *source, short revents)
{
	struct map *m = source->data;

	(void)revents;
	source->events = 0;
	pool_wake(&m->pool);
}

static int open_jobserver(struct map *m)
{
	struct map_options *o = m->options;
	const char *flags = getenv("MAKEFLAGS");
	int r = 0;

	m->jobserver = JOBSERVER_INIT;
	if (o->jobserver) {
		r = jobserver_serve(&m->jobserver, slots_get(&o->slots));
		if (r == 0)
			r = jobserver_flags(&m->jobserver, flags, &m->makeflags);
		/* Every job of ours takes a token of it, the first one too. */
		m->implicit_taken = true;
		if (r < 0) {
			message("cannot offer a jobserver: %s", error_text(-r));
			return EXIT_OWN_FAILURE;
		}
	} else if (!o->slots.word && flags) {
		r = jobserver_join(&m->jobserver, flags);
		if (r == -EBADF && !m->run->quiet)
			message("make's jobserver is not open to us; begin the recipe with a '+'");
		else if (r < 0 && r != -ENOENT && !m->run->quiet)
			message("cannot use make's jobserver: %s", error_text(-r));
		/* As many as there are tokens. */
		if (r == 0)
			o->slots.now = SLOTS_MOST;
		if (r == -ENOENT && jobserver_is_one(flags))
			o->slots.now = 1;
	}
	return -1;
}

/* --- the whole --- */

static void on_input(void *data)
{
	struct map *m = data;

	pool_wake(&m->pool);
}

/* Messages wait for a slow reader as all output does. */
static void write_message(const char *line, size_t len, void *data)
{
	struct map *m = data;

	if (sink_write(&m->output.sink, 1, line, len, NULL, 0) < 0)
		(void)fd_write_all(STDERR_FILENO, line, len);
}

/* The reader of our output has taken all, or is gone. */
static void on_drained(void *data)
{
	struct map *m = data;

	map_check_output(m);
	if (output_is_busy(&m->output))
		return;
	pool_pause(&m->pool, false);
	pool_wake(&m->pool);
}

static void on_time(struct loop_timer *timer)
{
	struct map *m = timer->data;

	pool_wake(&m->pool);
}

/* -j FILE: a job may run for hours before it ends. */
static void on_slots(struct loop_timer *timer)
{
	struct map *m = timer->data;

	timer->at = nsec_add(nsec_now(), SLOTS_AGAIN);
	m->pool.limit = slots_get(&m->options->slots);
	pool_wake(&m->pool);
}

static void on_total(struct loop_timer *timer)
{
	struct map *m = timer->data;

	if (m->ending >= MAP_ENDS)
		return;
	m->timed_out = true;
	progress_hide(&m->progress);
	if (!m->run->quiet)
		message("the total time is up");
	map_end(m, MAP_ENDS);
}

static void count(void *data, struct progress_counts *ret)
{
	const struct map *m = data;

	*ret = (struct progress_counts){
		.done = m->succeeded + m->failed + m->skipped,
		.running = m->pool.running,
		.failed = m->failed,
		.total = m->total,
	};
}

static int set_up_loop(struct map *m, const struct pool_handlers *handlers)
{
	const struct map_options *o = m->options;
	enum output_mode mode = o->output == MAP_OUTPUT_LINES ? OUTPUT_LINES
							      : OUTPUT_GROUP;
	const struct worker_setup setup = {
		.job = &m->drive->job,
		.token_fd = m->jobserver.out,
		.guards = !o->no_guard,
		.leave = m->leave,
	};
	int r = output_init(&m->output, mode, o->keep_order, &m->loop, on_drained, m);

	if (r == 0)
		r = map_catch(m);
	if (r == 0 && !m->run->dry_run)
		message_set_output(write_message, m);
	if (r == 0)
		r = pool_init(&m->pool, handlers, &setup, &m->loop, m);
	m->throttle_timer =
		(struct loop_timer){.at = NSEC_FOREVER, .expired = on_time, .data = m};
	m->total_timer = (struct loop_timer){.at = nsec_add(nsec_now(), o->total_timeout),
					     .expired = on_total,
					     .data = m};
	m->slots_timer =
		(struct loop_timer){.at = o->slots.is_file ? nsec_now() : NSEC_FOREVER,
				    .expired = on_slots,
				    .data = m};
	if (r == 0)
		r = loop_add_timer(&m->loop, &m->slots_timer);
	m->again_timer =
		(struct loop_timer){.at = NSEC_FOREVER, .expired = on_time, .data = m};
	if (r == 0)
		r = loop_add_timer(&m->loop, &m->again_timer);
	if (r == 0)
		r = loop_add_timer(&m->loop, &m->throttle_timer);
	if (r == 0)
		r = loop_add_timer(&m->loop, &m->total_timer);
	m->token_source =
		(struct loop_source){.fd = m->jobserver.in, .ready = on_token, .data = m};
	if (r == 0 && o->output == MAP_OUTPUT_UNGROUPED)
		r = map_watch_stdout(m);
	if (r == 0 && m->jobserver.in >= 0)
		r = loop_add(&m->loop, &m->token_source);
	if (r == 0)
		r = input_attach(&m->input, &m->loop, on_input, m);
	if (r == 0 && o->progress)
		r = progress_init(&m->progress, &m->loop, count, m);
	if (r < 0)
		return fail_usage(error_text(-r));
	m->pool.limit = slots_get(&m->options->slots);
	return -1;
}

static int check_throttle(struct map *m)
{
	const char *file = NULL;

	throttle_init(&m->throttle, &m->options->throttle);

	int r = throttle_check(&m->throttle, &file);

	return r < 0 ? fail_file("read", file, r) : -1;
}

int map_start(struct map *m, const struct pool_handlers *handlers, char **operands)
{
	int status = take_operands(m, operands);
	const char *conflict = status < 0 ? find_conflict(m) : NULL;

	if (conflict)
		return fail_usage(conflict);
	if (status < 0)
		status = open_drive(m);
	if (status < 0)
		status = open_files(m);
	if (status < 0 && (m->options->progress || m->options->halt.is_percentage))
		(void)input_total(&m->input, &m->total);
	if (status < 0 && !m->run->dry_run)
		status = check_throttle(m);
	if (status < 0 && !m->run->dry_run)
		status = open_jobserver(m);
	/* With a header the names are not known yet. */
	if (status < 0 && !m->options->header && map_get_template(m) < 0)
		status = m->status;
	if (status < 0)
		status = set_up_loop(m, handlers);
	return status;
}
