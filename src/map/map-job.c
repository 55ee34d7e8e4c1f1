#include "config.h"

#include "map/map.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/fd.h"
#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* execve(2) takes no longer variable; without its NUL, that is. */
enum { VARIABLE_MAX = 128 << 10 };

/* Rows that were done in an earlier run, passed over in one go. */
enum { SKIPPED_MOST = 4096 };

/* --- the next job --- */

/* Whether this row's job was done, or did not fail, in an earlier run. */
static bool is_skipped(const struct map *m, const struct row *row)
{
	char key[KEY_SIZE];

	if (!m->options->resume && !m->options->retry_failed)
		return false;
	key_format(&m->key_base, row, key);
	if (m->options->resume && resume_has_succeeded(&m->resume, key))
		return true;
	return m->options->retry_failed && !resume_has_failed(&m->retry_failed, key);
}

int map_next_row(struct map *m, struct row **ret_row)
{
	const char *name = NULL;
	unsigned skipped = 0;
	int r;

	for (;;) {
		/* Others on the loop have their turn. */
		if (skipped++ == SKIPPED_MOST) {
			m->again_timer.at = nsec_now();
			return INPUT_WAIT;
		}
		r = input_next(&m->input, ret_row, &name);
		if (r != INPUT_ROW)
			break;
		m->seq++;
		if (!is_skipped(m, *ret_row))
			return INPUT_ROW;
		m->skipped++;
		row_free(*ret_row);
	}
	if (r < 0)
		message("cannot read %s: %s",
			!name			 ? "the items"
			: strcmp(name, "-") == 0 ? "standard input"
						 : name,
			error_text(-r));
	return r;
}

struct map_job *map_job_new(struct map *m, struct row *row)
{
	struct map_job *j = calloc(1, sizeof(*j));

	if (!j) {
		row_free(row);
		return NULL;
	}
	j->seq = m->seq;
	j->attempt = 1;
	j->row = row;
	j->attempts = -1;
	j->pool.task.token = -1;
	j->output.streams[0].file = j->output.streams[1].file = -1;
	result_init(&j->result);
	key_format(&m->key_base, row, j->key);
	if (row_join(row, &j->item) < 0) {
		map_job_free(j);
		return NULL;
	}
	return j;
}

void map_job_free(struct map_job *j)
{
	row_free(j->row);
	buf_clear(&j->item);
	buf_clear(&j->path);
	buf_clear(&j->env_text);
	buf_clear(&j->output.tag);
	buf_clear(&j->error_text);
	words_clear(&j->words);
	(void)fd_close(j->attempts);
	result_clear(&j->result);
	free(j);
}

/* Give back a token that no job has taken. */
void map_return_spare(struct map *m)
{
	if (m->has_spare_token)
		(void)jobserver_give(&m->jobserver, m->spare_token);
	m->has_spare_token = false;
}

/* Whether a token for another job is there; if not, we are told when. */
static bool has_token(struct map *m)
{
	if (m->jobserver.in < 0 || !m->implicit_taken || m->has_spare_token)
		return true;
	m->has_spare_token = jobserver_take(&m->jobserver, &m->spare_token) > 0;
	m->token_source.events = m->has_spare_token ? 0 : POLLIN;
	return m->has_spare_token;
}

static void take_token(struct map *m, struct map_job *j)
{
	if (m->jobserver.in < 0 || j->has_token)
		return;
	j->has_token = true;
	if (!m->implicit_taken) {
		m->implicit_taken = true;
		j->pool.task.token = -1;
		return;
	}
	j->pool.task.token = (unsigned char)m->spare_token;
	m->has_spare_token = false;
}

void map_give_token(struct map *m, struct map_job *j)
{
	if (!j->has_token)
		return;
	j->has_token = false;
	if (j->pool.task.token < 0)
		m->implicit_taken = false;
	else
		(void)jobserver_give(&m->jobserver, (char)j->pool.task.token);
	j->pool.task.token = -1;
}

/* Whether there may be another job: look at the next row. */
static bool has_more(struct map *m)
{
	if (!m->pending && m->pending_outcome == INPUT_ROW) {
		int r = map_next_row(m, &m->pending);

		if (r == INPUT_END || r < 0)
			m->pending_outcome = r;
	}
	return m->pending || m->pending_outcome == INPUT_ROW || m->pool.n_waiting > 0;
}

/* Whether another try may be started now; if not, something will wake the pool. */
bool map_may_start(struct pool *p)
{
	struct map *m = map_of(p);
	nsec_t now = nsec_now();
	nsec_t wait;

	if (m->run->dry_run || m->ending != MAP_GOES_ON || output_is_busy(&m->output))
		return false;
	wait = throttle_wait(&m->throttle, now);
	/* After the last item there is nothing to wait for. */
	if (wait > 0 && !has_more(m))
		return true;
	if (wait > 0) {
		m->throttle_timer.at = nsec_add(now, wait);
		return false;
	}
	return has_token(m);
}

/* Whether nothing that happens up to the start of a job decides about it. */
static bool may_prefetch(const struct map *m)
{
	const struct map_options *o = m->options;

	return m->program.len && m->pool.limit > 1 && !m->run->retries &&
	       o->halt.when == HALT_NEVER && !o->slots.is_file && m->jobserver.in < 0 &&
	       !throttle_is_on(&o->throttle);
}

enum pool_next map_next(struct pool *p, struct pool_job **ret_job)
{
	struct map *m = map_of(p);
	struct row *row = take_ptr(m->pending);
	int r = m->pending_outcome;

	if (!row && r == INPUT_ROW)
		r = map_next_row(m, &row);
	if (r == INPUT_ROW && map_get_template(m) < 0) {
		row_free(row);
		r = INPUT_END;
	} else if (r == INPUT_ROW) {
		struct map_job *j = map_job_new(m, row);

		p->prefetch = may_prefetch(m);
		if (j) {
			*ret_job = &j->pool;
			return POOL_JOB;
		}
		message("%s", error_text(ENOMEM));
		r = -ENOMEM;
	}
	map_return_spare(m);
	if (r < 0)
		map_fail(m, EXIT_OWN_FAILURE);
	return r == INPUT_WAIT ? POOL_WAIT : POOL_END;
}

/* --- a try --- */

static int add_variable(struct map_job *j, const char *name, const char *value)
{
	if (strlen(name) + 1 + strlen(value) >= VARIABLE_MAX)
		return 0;
	return buf_add_format(&j->env_text, "%s=%s%c", name, value, 0);
}

static int add_number(struct map_job *j, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return add_variable(j, name, text);
}

/* What the job sees of itself. */
static int build_variables(struct map *m, struct map_job *j)
{
	size_t n = 0;
	int r;

	j->env_text.len = 0;
	r = add_number(j, "PROCKIT_SEQ", j->seq);
	if (r == 0)
		r = add_number(j, "PROCKIT_SLOT", j->slot);
	if (r == 0)
		r = add_number(j, "PROCKIT_ATTEMPT", j->attempt);
	if (r == 0)
		r = add_variable(j, "PROCKIT_ITEM", j->item.data ? j->item.data : "");
	if (r == 0 && m->makeflags.len)
		r = add_variable(j, "MAKEFLAGS", m->makeflags.data);
	for (size_t at = 0; r == 0 && at < j->env_text.len;) {
		j->env[n++] = j->env_text.data + at;
		at += strlen(j->env_text.data + at) + 1;
	}
	j->env[n] = NULL;
	return r;
}

int map_job_expand(struct map *m, struct map_job *j)
{
	words_clear(&j->words);

	j->job = m->drive->job;
	j->stage = m->drive->job.stages[0];
	j->job.stages = &j->stage;

	int r = template_expand(&m->template, j->row, j->seq, j->slot, &j->words);

	if (r < 0)
		return r;
	j->stage.spawn.argv = j->words.argv;
	/* --argv0: what is looked for is not what the command sees. */
	if (m->run->argv0 && !m->run->shell) {
		j->stage.spawn.file = j->words.argv[0];
		j->words.argv[0] = (char *)m->run->argv0;
	}
	return 0;
}

/* Find the program, if it is not the same for all: 0 or -errno with an error. */
static int find_program(struct map *m, struct map_job *j, struct spawn_error *ret_error)
{
	struct spawn *s = &j->stage.spawn;

	if (m->program.len) {
		s->path = m->program;
		j->pool.task.path = m->program.data;
		return 0;
	}
	buf_clear(&j->path);
	s->path = BUF_INIT;

	int r = spawn_prepare(s, ret_error);

	j->path = s->path;
	j->pool.task.path = j->path.data;
	return r;
}

/* Tell the output about a job, once for each try. */
static int begin_output(struct map *m, struct map_job *j)
{
	auto_buf struct buf tag = BUF_INIT;
	int r = 0;

	/* It was not started after all, and may have another slot now. */
	if (j->has_begun)
		output_forget(&m->output, &j->output);
	j->has_begun = false;
	if (j->output.order == 0)
		j->output.order = ++m->order;
	if (m->options->tag) {
		r = template_expand_text(&m->tag, j->row, j->seq, j->slot, &tag);
		if (r == 0)
			r = buf_add_char(&tag, '\t');
	}
	if (r == 0)
		r = output_begin(&m->output, &j->output, tag.data, tag.len);
	j->has_begun = r == 0;
	return r;
}

/* Keep the record of a try that was not the last: 0 or -errno. */
static int keep_attempt(struct map *m, struct map_job *j)
{
	bool is_first = j->attempts < 0;
	struct out o;

	if ((m->drive->job.flags & JOB_WANT_HANDLE) == 0)
		return 0;
	if (is_first)
		j->attempts = fd_open_temporary();
	if (j->attempts < 0)
		return j->attempts;
	out_init(&o, j->attempts);
	if (!is_first)
		out_char(&o, ',');
	records_write_attempt(&m->records, &o, j);
	return out_close(&o);
}

/* What is left of a try that failed goes, before the next. */
static void begin_retry(struct map *m, struct map_job *j)
{
	int r = keep_attempt(m, j);

	if (r < 0)
		map_say(m, j, error_text(-r));
	output_forget(&m->output, &j->output);
	result_clear(&j->result);
	buf_clear(&j->error_text);
	j->error_message = NULL;
	j->keep_error = 0;
	j->has_begun = false;
	j->is_again = false;
	j->attempt++;
}

int map_prepare(struct pool *p, struct pool_job *job)
{
	struct map *m = map_of(p);
	struct map_job *j = map_job_of(job);
	const char *problem = row_problem(j->row);
	int r;

	if (j->is_again)
		begin_retry(m, j);
	take_token(m, j);
	j->slot = job->slot;
	r = map_job_expand(m, j);
	if (r == 0)
		r = begin_output(m, j);
	if (r == 0)
		r = build_variables(m, j);
	if (r < 0)
		return r;
	if (!problem && words_too_long(&j->words))
		problem =
			"the item makes a word longer than 128 KiB, which no command can get";
	if (problem) {
		j->error_message = problem;
		return -E2BIG;
	}

	struct spawn_error error = SPAWN_ERROR_INIT;

	r = find_program(m, j, &error);
	spawn_error_clear(&error);
	job->task.argv = j->stage.spawn.argv;
	job->task.env = j->env;
	job->task.reads_stdin = m->options->in == MAP_STDIN_INHERIT ||
				(m->options->in == MAP_STDIN_FIRST && j->seq == 1);
	if (r == 0)
		throttle_started(&m->throttle, nsec_now());
	return r;
}

void map_on_live(struct pool *p, struct pool_job *job, int stream, const char *data,
		 size_t len)
{
	struct map *m = map_of(p);
	struct map_job *j = map_job_of(job);
	bool ends = m->ending >= MAP_ENDS;

	/* What is being ended must hear of it, whether anybody reads us or not. */
	if (ends && output_is_busy(&m->output))
		return;
	progress_hide(&m->progress);

	int r = output_live(&m->output, &j->output, stream == STDERR_FILENO, data, len);

	if (r < 0 && !j->keep_error)
		j->keep_error = -r;
	if (!ends && output_is_busy(&m->output))
		pool_pause(p, true);
}
