#include "config.h"

#include "map/map.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"
#include "cli/stdout.h"
#include "proc/terminal.h"
#include "record/command.h"

#include <string.h>
#include <sys/stat.h>

/* --- its end --- */

/* A drive that speaks of this job: for statuses and texts. Owns nothing. */
static struct drive drive_for(const struct map *m, const struct map_job *j)
{
	struct drive d = *m->drive;

	d.job = j->job;
	d.result = j->result;
	d.error_message = BUF_INIT;
	d.error_path = NULL;
	return d;
}

/* Why it was not run or collected, for its record too. */
static void find_reason(const struct map *m, struct map_job *j)
{
	struct drive d = drive_for(m, j);

	if (j->error_message)
		return;
	if (j->result.error.step == SPAWN_STEP_EXEC && j->result.error.error == E2BIG)
		j->error_message =
			"its words and the environment are too long: give each job "
			"fewer items (-n)";
	else if (j->result.error.step == SPAWN_STEP_PIPE &&
		 j->result.error.error == ECHILD)
		j->error_message = "it could not be collected: its worker was killed";
	else if (drive_describe_failure(&d)) {
		j->error_text = d.error_message;
		j->error_message = j->error_text.data;
	}
}

/* What cannot be seen otherwise is said: a job that could not be run or collected, or was
 * ended by a limit or a signal. With --verbose, every failure. */
static void say_end(struct map *m, struct map_job *j)
{
	struct drive d = drive_for(m, j);
	auto_buf struct buf text = BUF_INIT;

	find_reason(m, j);
	if (m->run->quiet || m->ending >= MAP_ENDS || !j->failed)
		return;
	if (j->error_message)
		map_say(m, j, j->error_message);
	else if (m->run->verbose || j->result.outcome != OUTCOME_EXITED)
		map_say(m, j, drive_describe_end(&d, &text) == 0 ? text.data : "failed");
}

/* As a shell shows it. */
static int status_of(const struct map *m, const struct map_job *j)
{
	struct drive d = drive_for(m, j);
	int status = drive_real_status(&d);

	return EXIT_IS_BY_SIGNAL(status) ? EXIT_SIGNAL_BASE + EXIT_SIGNAL_OF(status)
					 : status;
}

static bool has_failed(const struct map *m, const struct map_job *j)
{
	struct drive d = drive_for(m, j);

	return drive_status(&d) != 0;
}

/* What a failed try may be tried again for. */
static bool wants_retry(const struct map *m, const struct map_job *j)
{
	const struct map_options *o = m->options;

	if (!j->failed || j->attempt > m->run->retries || m->ending != MAP_GOES_ON ||
	    row_problem(j->row))
		return false;
	return !o->has_retry_on || o->retry_on.has[j->status & 0xff];
}

/* A stream as a block of the output, which owns it; --results has yet to read it too. */
static int make_block(const struct map *m, struct capture *c, struct block *ret)
{
	*ret = BLOCK_INIT;
	if (!c->enabled || c->passes || m->options->output == MAP_OUTPUT_LINES)
		return 0;
	ret->len = c->size;
	if (c->file >= 0 && !m->options->results) {
		ret->file = take_fd(&c->file);
		return 0;
	}
	if (c->file >= 0) {
		ret->file = fcntl(c->file, F_DUPFD_CLOEXEC, 3);
		return ret->file < 0 ? -errno : 0;
	}
	if (m->options->results)
		return c->size ? buf_add(&ret->mem, c->mem.data, c->mem.len) : 0;
	ret->mem = c->mem;
	c->mem = BUF_INIT;
	return 0;
}

/* The record of a job, as a block: in memory, or where it is large in a file. */
static int make_record(struct map *m, const struct map_job *j, bool with_output,
		       struct block *ret)
{
	bool is_large = with_output &&
			(j->result.out.file >= 0 || j->result.err.file >= 0);
	auto_fd int file = is_large ? fd_open_temporary() : -1;
	struct out o;
	struct stat st;
	int r;

	if (is_large && file < 0)
		return file;
	out_init(&o, file);
	records_write_json(&m->records, &o, j, with_output);
	*ret = BLOCK_INIT;
	if (!is_large) {
		r = o.error;
		ret->mem = o.buf;
		ret->len = o.buf.len;
		o.buf = BUF_INIT;
	} else {
		r = out_flush(&o);
		ret->len = r == 0 && fstat(file, &st) == 0 ? (uint64_t)st.st_size : 0;
		ret->file = take_fd(&file);
	}
	(void)out_close(&o);
	return r;
}

/* Print what the job has for the output. */
static int show(struct map *m, struct map_job *j)
{
	struct block blocks[2] = {BLOCK_INIT, BLOCK_INIT};
	int r = 0;

	if (m->options->output == MAP_OUTPUT_JSON) {
		r = make_record(m, j, true, &blocks[0]);
		/* There is room for the record alone. */
		if (r < 0) {
			j->failed = true;
			block_clear(&blocks[0]);
			(void)make_record(m, j, false, &blocks[0]);
		}
	} else {
		r = make_block(m, &j->result.out, &blocks[0]);
		if (r == 0)
			r = make_block(m, &j->result.err, &blocks[1]);
	}

	int shown = output_end(&m->output, &j->output, blocks);

	return r < 0 ? r : shown;
}

/* --results: its files, which it fails without. */
static void keep_results(struct map *m, struct map_job *j)
{
	auto_buf struct buf text = BUF_INIT;
	const char *name = NULL;
	int r = records_add_results(&m->records, j, &name);

	if (r == 0)
		return;
	j->failed = true;
	(void)buf_add_format(&text, "cannot write '%s': %s", name, error_text(-r));
	map_say(m, j, text.len ? text.data : error_text(-r));
	if (j->error_message || j->result.error.step != SPAWN_STEP_NONE)
		return;
	j->result.error.step = SPAWN_STEP_PIPE;
	j->result.error.error = -r;
	j->error_text = text;
	j->error_message = text.data;
	text = BUF_INIT;
}

/* Print it, write all records, count it. */
static void finish_job(struct map *m, struct map_job *j)
{
	const char *name = NULL;
	int r = 0;

	progress_hide(&m->progress);
	keep_results(m, j);
	if (m->options->output != MAP_OUTPUT_UNGROUPED && j->has_begun)
		r = show(m, j);
	if (r < 0) {
		auto_buf struct buf text = BUF_INIT;

		j->failed = true;
		(void)buf_add_format(&text, "cannot keep its output: %s (see TMPDIR)",
				     error_text(-r));
		/* Once is enough, where its worker could not keep it either. */
		if (!j->error_message)
			map_say(m, j, text.len ? text.data : error_text(-r));
		/* Their record says so, too. */
		(void)records_add_results(&m->records, j, &name);
	}
	r = records_add(&m->records, j, &name);
	if (r < 0 && m->status == 0) {
		message("cannot write '%s': %s", name, error_text(-r));
		map_fail(m, EXIT_OWN_FAILURE);
	}
	if (j->failed)
		m->failed++;
	else
		m->succeeded++;
}

static void note_time(struct map *m, const struct map_job *j)
{
	double percent = m->options->timeout_percent;

	if (percent <= 0 || j->failed || median_add(&m->median, j->result.duration) < 0)
		return;

	double limit = (double)median_get(&m->median) * percent / 100;

	pool_set_limit_of_time(&m->pool, limit < 1e18 ? (nsec_t)limit : NSEC_FOREVER);
}

/* It will not be tried again. */
static void end_job(struct map *m, struct map_job *j)
{
	say_end(m, j);
	finish_job(m, j);
	note_time(m, j);
	map_check_halt(m, j);
	m->pool.limit = slots_get(&m->options->slots);
	map_job_free(j);
}

/* Whether the system refuses the program, the same one for all jobs, so that none of them
 * can be run. */
static bool is_hopeless(const struct map *m, const struct map_job *j)
{
	if (!m->program.len || m->succeeded + m->failed > 0 || m->ending >= MAP_ENDS ||
	    j->error_message || j->result.error.step != SPAWN_STEP_EXEC)
		return false;
	switch (j->result.error.error) {
	case ENOENT:
	case ENOEXEC:
	case EACCES:
	case EPERM:
	case ENOTDIR:
	case ELOOP:
	case ELIBBAD:
		return true;
	default:
		return false;
	}
}

/* Say so once, and not for each item. */
static void give_all_up(struct map *m, struct map_job *j)
{
	find_reason(m, j);
	progress_hide(&m->progress);
	message("%s",
		j->error_message ? j->error_message : error_text(j->result.error.error));
	map_fail(m, j->status);
}

static nsec_t on_ended(struct pool *p, struct pool_job *job, struct result *result)
{
	struct map *m = map_of(p);
	struct map_job *j = map_job_of(job);

	map_give_token(m, j);
	j->result = *result;
	/* By --timeout=P%: what the limit was. */
	if (j->result.outcome == OUTCOME_TIMED_OUT && p->time_limit != NSEC_FOREVER)
		j->job.limits.timeout = p->time_limit;
	if (j->keep_error && j->result.error.step == SPAWN_STEP_NONE) {
		j->result.error.step = SPAWN_STEP_PIPE;
		j->result.error.error = j->keep_error;
	}
	j->status = status_of(m, j);
	j->failed = has_failed(m, j);
	if (is_hopeless(m, j))
		give_all_up(m, j);
	j->is_again = wants_retry(m, j);
	if (j->is_again)
		return retry_delay_draw(&m->run->retry_delay, j->attempt + 1);
	end_job(m, j);
	return NSEC_FOREVER;
}

/*
 * What its last try came to is what it came to. One that was never run, because the
 * system was short of something, is as one whose item was not read.
 */
static void on_given_up(struct pool *p, struct pool_job *job)
{
	struct map *m = map_of(p);
	struct map_job *j = map_job_of(job);
	struct block none[2] = {BLOCK_INIT, BLOCK_INIT};

	map_give_token(m, j);
	if (j->is_again || j->attempt > 1) {
		if (!j->is_again) {
			j->failed = true;
			j->result.error.step = SPAWN_STEP_SPAWN;
			j->result.error.error = EAGAIN;
			j->status = status_of(m, j);
		}
		end_job(m, j);
		return;
	}
	if (j->has_begun)
		(void)output_end(&m->output, &j->output, none);
	map_job_free(j);
}

static void on_short_of(struct pool *p, unsigned running, int error)
{
	struct map *m = map_of(p);

	if (m->run->quiet || m->was_short)
		return;
	m->was_short = true;
	progress_hide(&m->progress);
	message("cannot run more than %u job%s at a time: %s", running,
		running == 1 ? "" : "s", error_text(error));
}

static const struct pool_handlers handlers = {
	.may_start = map_may_start,
	.next = map_next,
	.prepare = map_prepare,
	.live = map_on_live,
	.ended = on_ended,
	.given_up = on_given_up,
	.short_of = on_short_of,
};

/* --- the whole --- */

/* Write a row's line: 0 or -errno. */
static int show_row(struct map *m, struct row *row, struct out *o)
{
	struct map_job *j;
	int r;

	if (map_get_template(m) < 0) {
		row_free(row);
		return -ECANCELED;
	}
	j = map_job_new(m, row);
	if (!j)
		return -ENOMEM;
	j->slot = 1;
	r = map_job_expand(m, j);
	if (r == 0) {
		command_write(o, &j->job, 0, 1);
		out_char(o, '\n');
	}
	map_job_free(j);
	return r;
}

/* --dry-run: a line for each job, as a shell would have it. */
static int dry_run(struct map *m)
{
	struct out o;
	int r = 0;

	out_init(&o, STDOUT_FILENO);
	while (r >= 0 && !o.error && m->ending == MAP_GOES_ON) {
		struct row *row;
		int outcome = map_next_row(m, &row);

		if (outcome == INPUT_ROW)
			r = show_row(m, row, &o);
		else if (outcome == INPUT_WAIT)
			r = loop_step(&m->loop);
		else
			r = outcome < 0 ? outcome : -ENODATA;
	}

	int status = out_finish_status(&o);

	if (m->ended_by)
		return map_status(m);
	return r < 0 && r != -ENODATA ? EXIT_OWN_FAILURE : status;
}

static void on_flush_over(struct loop_timer *timer)
{
	struct map *m = timer->data;

	m->flush_is_over = true;
}

/* Until all has ended, and all that can be printed is. */
static void turn(struct map *m)
{
	m->flush_timer = (struct loop_timer){
		.at = NSEC_FOREVER, .expired = on_flush_over, .data = m};
	if (loop_add_timer(&m->loop, &m->flush_timer) < 0)
		m->flush_is_over = true;
	pool_wake(&m->pool);
	for (;;) {
		if (pool_is_done(&m->pool) && !m->is_finished) {
			m->is_finished = true;
			m->total_timer.at = NSEC_FOREVER;
			output_finish(&m->output);
			map_limit_flush(m);
		}
		if (m->is_finished && (!output_is_busy(&m->output) ||
				       m->ending == MAP_KILLS || m->flush_is_over))
			break;

		int r = loop_step(&m->loop);

		map_check_output(m);
		if (r < 0) {
			message("%s", error_text(-r));
			map_fail(m, EXIT_OWN_FAILURE);
			break;
		}
	}
	map_check_output(m);
}

static void clear(struct map *m)
{
	message_set_output(NULL, NULL);
	pool_clear(&m->pool);
	progress_end(&m->progress);
	map_return_spare(m);
	jobserver_clear(&m->jobserver);
	output_clear(&m->output);
	row_free(m->pending);
	input_clear(&m->input);
	records_close(&m->records);
	resume_clear(&m->resume);
	resume_clear(&m->retry_failed);
	template_clear(&m->template);
	template_clear(&m->tag);
	median_clear(&m->median);
	buf_clear(&m->program);
	buf_clear(&m->makeflags);
	signals_release(&m->drive->signals);
	loop_clear(&m->loop);
}

int map_run(struct map_options *options, struct run_options *run, char **operands,
	    void (*leave)(void))
{
	auto_drive struct drive d = DRIVE_INIT(run);
	struct terminal terminal;
	struct map m = {
		.options = options,
		.run = run,
		.drive = &d,
		.leave = leave,
		.records = RECORDS_INIT,
		.jobserver = JOBSERVER_INIT,
	};

	d.signals.fd = -1;
	loop_init(&m.loop);

	int status = map_start(&m, &handlers, operands);

	if (status < 0 && run->dry_run) {
		status = dry_run(&m);
	} else if (status < 0) {
		terminal_save(&terminal);
		turn(&m);
		if (m.ending >= MAP_ENDS)
			terminal_restore(&terminal);
		status = map_status(&m);
	}
	clear(&m);
	return status;
}
