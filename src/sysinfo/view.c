#include "config.h"

#include "sysinfo/view.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "cli/stdout.h"
#include "proc/loop.h"
#include "sysinfo/columns.h"
#include "sysinfo/emit.h"
#include "sysinfo/sample.h"
#include "sysinfo/screen.h"
#include "sysinfo/state.h"
#include "sysinfo/watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const nsec_t default_window = NSEC_PER_SEC / 2;
static const nsec_t default_watch = 2 * NSEC_PER_SEC;

/* A run of view_run(). */
struct run {
	const struct view *view;
	struct style style;
	struct source source;
	struct reading reading;
	struct sample *samples;
	size_t n;
	struct part *parts;
	struct record record;
	struct out out; /* the text of a record */
	struct watch *watch;
	struct state state;
	nsec_t interval;
	nsec_t due;  /* when the next record is to be read */
	char **told; /* names of missing things that were told of */
	size_t n_told;
	int status; /* 0 or 1 so far */
};

static int fail(int error)
{
	message("%s", error_text(-error));
	return EXIT_OWN_FAILURE;
}

/* A reader could not do it: which file, and why. */
static int say_reading_failed(const struct run *run, const struct sample *s, int error)
{
	const struct buf *path = &run->reading.failed_path;

	if (error == -ENOMEM)
		return fail(error);
	if (!path->len)
		message("%s: %s", s->topic->name, error_text(-error));
	else if (path->data[0] == '/')
		message("%s: %s", path->data, error_text(-error));
	else
		message("%s/%s: %s", run->source.proc_path, path->data,
			error_text(-error));
	return EXIT_OWN_FAILURE;
}

static void forget_missing(struct reading *r)
{
	for (size_t i = 0; i < r->n_missing; i++)
		free(r->missing[i].name);
	r->n_missing = 0;
}

static bool was_told(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->n_told; i++)
		if (strcmp(run->told[i], name) == 0)
			return true;
	return false;
}

/* What was named and is not there: said once, however many records there are. */
static int tell_missing(struct run *run)
{
	for (size_t i = 0; i < run->reading.n_missing; i++) {
		struct missing *missing = &run->reading.missing[i];
		char **told;

		run->status = 1;
		if (was_told(run, missing->name))
			continue;
		told = reallocarray(run->told, run->n_told + 1, sizeof(*told));
		if (!told)
			return fail(-ENOMEM);
		run->told = told;
		message("%s: %s", missing->name, error_text(missing->error));
		told[run->n_told++] = take_ptr(missing->name);
	}
	return 0;
}

static bool is_list(const struct sample *s)
{
	return (s->topic->flags & TOPIC_LIST) ||
	       ((s->topic->flags & TOPIC_PER) && s->query->per);
}

/* --require: nothing that is shown may be null. */
static void require_all(struct run *run, struct sample *s)
{
	if (!s->outcome->n && !is_list(s)) {
		run->status = 1;
		if (!s->told[0])
			message("%s is unavailable", s->topic->name);
		s->told[0] = true;
	}
	for (size_t i = 0; i < s->n_shown; i++) {
		size_t column = s->shown[i];

		for (size_t k = 0; k < s->outcome->n; k++) {
			const struct value *v = &s->outcome->rows[k]->values[column];

			if (!value_is_null(v))
				continue;
			run->status = 1;
			if (!s->told[column])
				message("%s of %s is unavailable (%s)",
					s->topic->columns[column].name, s->topic->name,
					why_name(v->why));
			s->told[column] = true;
			break;
		}
	}
}

static bool needs_window(const struct run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->samples[i].windowed && run->samples[i].n_shown)
			return true;
	return false;
}

/* Read the topics at one moment; only_windowed is for the sample before the first. */
static int read_samples(struct run *run, bool only_windowed)
{
	clockid_t clock = run->view->state ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;

	forget_missing(&run->reading);
	run->record.time = (double)nsec_clock(CLOCK_REALTIME) / NSEC_PER_SEC;
	for (size_t i = 0; i < run->n; i++) {
		struct sample *s = &run->samples[i];

		if (!s->n_shown || (only_windowed && !s->windowed))
			continue;

		int r = sample_read(s, &run->reading, clock);

		if (r < 0)
			return say_reading_failed(run, s, r);
	}
	return 0;
}

/* From what was read to what is shown. */
static int finish_samples(struct run *run)
{
	size_t n_parts = 0;

	run->record.interval = 0;
	run->record.sampled = false;
	for (size_t i = 0; i < run->n; i++) {
		struct sample *s = &run->samples[i];

		if (!s->n_shown)
			continue;

		int r = sample_finish(s, &run->reading);

		if (r < 0)
			return say_reading_failed(run, s, r);
		if (!run->record.interval)
			run->record.interval = sample_seconds(s);
		if (s->windowed)
			run->record.sampled = true;
		run->parts[n_parts++] = (struct part){
			.topic = s->topic,
			.table = s->outcome,
			.is_list = is_list(s),
			.shown = s->shown,
			.n_shown = s->n_shown,
		};
	}
	run->record.parts = run->parts;
	run->record.n_parts = n_parts;
	return 0;
}

/* A line each write: those of ps --jsonl are records of their own. */
static int write_lines(const struct buf *text)
{
	for (size_t at = 0; at < text->len;) {
		const char *line = text->data + at;
		const char *end = memchr(line, '\n', text->len - at);
		size_t len = end ? (size_t)(end - line) + 1 : text->len - at;
		int r = emit_whole(STDOUT_FILENO, line, len);

		if (r < 0)
			return r;
		at += len;
	}
	return 0;
}

static int write_record(struct run *run)
{
	int r;

	if (run->watch) {
		r = watch_draw(run->watch, &run->record, &run->style);
		return r > 0 ? EXIT_BY_SIGNAL(r) : stdout_error_status(r);
	}
	run->out.buf.len = 0;
	r = format_record(&run->out, &run->record, &run->style);
	if (r == 0)
		r = run->out.error;
	if (r < 0)
		return fail(r);
	if (run->record.by_row && run->style.format == FORMAT_JSONL)
		r = write_lines(&run->out.buf);
	else if (run->out.buf.len)
		r = emit_whole(STDOUT_FILENO, run->out.buf.data, run->out.buf.len);
	return stdout_error_status(r);
}

/* One record, from reading to writing: 0 or what main() ends with. */
static int make_record(struct run *run)
{
	int status = read_samples(run, false);

	if (!status && run->view->state) {
		int r = state_note(&run->state, run->samples, run->n);

		status = r < 0 ? fail(r) : 0;
	}
	if (!status)
		status = finish_samples(run);
	if (!status)
		status = write_record(run);
	if (!status)
		status = tell_missing(run);
	if (status)
		return status;
	/* A screen that is drawn anew needs its headings each time. */
	run->record.first = run->watch != NULL;
	if (run->view->require)
		for (size_t i = 0; i < run->n; i++)
			if (run->samples[i].n_shown)
				require_all(run, &run->samples[i]);
	return 0;
}

static void on_due(struct loop_timer *timer)
{
	*(bool *)timer->data = true;
}

/* Wait for the next record's moment. The deadlines are multiples of the interval, so that
 * nothing drifts; those that were missed (we were stopped, or are too slow) are left out.
 * 0, or what main() ends with. */
static int wait_until_due(struct run *run)
{
	nsec_t late = nsec_now() - run->due;
	bool is_due = false;
	struct loop_timer timer = {.expired = on_due, .data = &is_due};
	struct loop loop;
	int r;

	if (late > 0)
		run->due = nsec_add(run->due, late - late % run->interval);
	run->due = nsec_add(run->due, run->interval);
	if (run->watch) {
		r = watch_wait(run->watch, run->due);
		return r > 0 ? EXIT_BY_SIGNAL(r) : stdout_error_status(r);
	}
	timer.at = run->due;
	loop_init(&loop);
	r = loop_add_timer(&loop, &timer);
	while (r == 0 && !is_due)
		r = loop_step(&loop);
	loop_clear(&loop);
	return r < 0 ? fail(r) : 0;
}

static int make_records(struct run *run)
{
	const struct view *v = run->view;
	bool endless = (v->interval || v->watch) && !v->count;
	bool window = needs_window(run) && !v->state;
	int64_t left = v->count ? v->count : 1;
	int status = 0;

	if (window)
		status = read_samples(run, true);
	/* From here on, so that no window is shorter than it was asked to be. */
	run->due = nsec_now();
	for (bool first = true; !status && (endless || left > 0); first = false, left--) {
		if (!first || window)
			status = wait_until_due(run);
		if (!status)
			status = make_record(run);
	}
	return status ? status : run->status;
}

/* With --state nothing waits: what came before stands in the file. */
static int make_state_record(struct run *run)
{
	int r = state_open(&run->state, run->view->state, &run->source);

	if (r == -EINVAL) {
		message("%s: is not a regular file", run->view->state);
		return EXIT_OWN_FAILURE;
	}
	if (r < 0) {
		message("%s: %s", run->view->state, error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	for (size_t i = 0; r == 0 && i < run->n; i++)
		r = state_load(&run->state, &run->samples[i]);
	if (r < 0)
		return fail(r);

	int status = make_records(run);

	if (status > 1)
		return status;
	r = state_write(&run->state);
	if (r < 0) {
		message("%s: cannot keep the sample: %s", run->view->state,
			error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	return status;
}

static int make_samples(struct run *run, struct query *queries, size_t n)
{
	const struct view *v = run->view;
	bool windowed_too = v->interval || v->count || v->watch || v->state;
	bool has_rate = false;

	run->samples = calloc(n, sizeof(*run->samples));
	run->parts = calloc(n, sizeof(*run->parts));
	if (!run->samples || !run->parts)
		return fail(-ENOMEM);
	for (size_t i = 0; i < n; i++) {
		int r = sample_init(&run->samples[i], &queries[i], v->rate, windowed_too);

		run->n = i + 1;
		if (r < 0)
			return fail(r);
		has_rate = has_rate || run->samples[i].rate;
		run->record.by_row = run->record.by_row || queries[i].by_row;
	}
	if (v->rate && !has_rate) {
		message("--rate: %s has no counters", queries[0].topic->name);
		return EXIT_OWN_FAILURE;
	}
	return 0;
}

static int list_columns(const struct run *run)
{
	auto_free const struct topic **topics_listed =
		calloc(run->n, sizeof(*topics_listed));
	struct out o;

	if (!topics_listed)
		return fail(-ENOMEM);
	for (size_t i = 0; i < run->n; i++)
		topics_listed[i] = run->samples[i].topic;
	out_init(&o, STDOUT_FILENO);

	int r = format_list_columns(&o, topics_listed, run->n, &run->style);

	if (r < 0)
		out_fail(&o, r);
	return out_finish_status(&o);
}

static int run_all(struct run *run)
{
	const struct view *v = run->view;
	const char *failed = NULL;
	int status = columns_choose(v, run->samples, run->n);

	if (status)
		return status;
	run->interval = v->interval ? v->interval
			: v->watch  ? default_watch
				    : default_window;
	run->record.first = true;
	run->record.repeats = !v->watch && (v->count ? v->count > 1 : v->interval > 0);

	int r = source_open(&run->source, v->proc, v->sys, &failed);

	if (r < 0) {
		message("%s: %s", failed, error_text(-r));
		return EXIT_OWN_FAILURE;
	}
	if (v->watch) {
		r = watch_open(&run->watch);
		if (r < 0)
			return fail(r);
	}
	return v->state ? make_state_record(run) : make_records(run);
}

static void run_clear(struct run *run)
{
	watch_close(run->watch);
	for (size_t i = 0; i < run->n; i++)
		sample_clear(&run->samples[i]);
	for (size_t i = 0; i < run->n_told; i++)
		free(run->told[i]);
	free(run->told);
	free(run->samples);
	free(run->parts);
	(void)out_close(&run->out);
	state_close(&run->state);
	reading_clear(&run->reading);
}

int view_run(const struct view *v, struct query *queries, size_t n)
{
	struct run run = {
		.view = v,
		.style = v->style,
		.source = {.proc = -1, .sys = -1},
	};
	const char *wrong = view_contradiction(v);
	int status;

	if (!wrong && v->watch && !isatty(STDOUT_FILENO))
		wrong = "--watch: standard output is not a terminal (use --interval)";
	if (wrong) {
		message("%s", wrong);
		return EXIT_OWN_FAILURE;
	}
	run.reading.source = &run.source;
	run.style.bars = v->watch;
	screen_style(&run.style);
	out_init(&run.out, -1);

	status = make_samples(&run, queries, n);
	if (!status)
		status = v->list_columns ? list_columns(&run) : run_all(&run);
	run_clear(&run);
	return status;
}
