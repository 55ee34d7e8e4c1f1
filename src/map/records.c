#include "config.h"

#include "map/records.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "map/joblog.h"
#include "record/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Whether a file that is being appended to ends within a line; what cannot be read (a
 * pipe, a device) does not. */
static bool ends_within_line(const char *name, const struct stat *st)
{
	char last = '\n';

	if (!S_ISREG(st->st_mode) || st->st_size == 0)
		return false;

	auto_fd int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd >= 0 && pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

/* Open a file to append lines to: the descriptor, or -errno. */
static int open_lines(const char *name, bool *ret_is_cut, bool *ret_is_empty)
{
	auto_fd int fd =
		open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret_is_cut = ends_within_line(name, &st);
	*ret_is_empty = st.st_size == 0;
	return take_fd(&fd);
}

/* mkdir -p: 0 or -errno. */
static int make_folders(const char *name)
{
	auto_free char *path = strdup(name);

	if (!path)
		return -ENOMEM;
	for (char *p = path + 1; *path && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		/* Whatever is wrong with a parent, the folder itself will say. */
		(void)mkdir(path, 0777);
		*p = '/';
	}
	return mkdir(name, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

/* Make and open a folder that we can write to: the descriptor, or -errno. */
static int open_folder(const char *name)
{
	int r = make_folders(name);

	if (r < 0)
		return r;

	auto_fd int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || faccessat(AT_FDCWD, name, W_OK | X_OK, AT_EACCESS) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Remember the first failure: its errno and its name. */
static void note(int *first, int r, const char *name, const char **ret_name)
{
	if (r >= 0 || *first < 0)
		return;
	*first = r;
	*ret_name = name;
}

int records_open(struct records *r, const char **ret_name)
{
	bool is_empty = false;
	int failed = 0;

	if (r->log) {
		r->log_fd = open_lines(r->log, &r->log_is_cut, &is_empty);
		note(&failed, r->log_fd, r->log, ret_name);
	}
	if (failed == 0 && r->joblog) {
		r->joblog_fd = open_lines(r->joblog, &r->joblog_is_cut, &is_empty);
		note(&failed, r->joblog_fd, r->joblog, ret_name);
		if (failed == 0 && is_empty)
			note(&failed,
			     fd_write_all(r->joblog_fd, joblog_header,
					  strlen(joblog_header)),
			     r->joblog, ret_name);
	}
	if (failed == 0 && r->results) {
		r->results_fd = open_folder(r->results);
		note(&failed, r->results_fd, r->results, ret_name);
	}
	if (failed < 0)
		records_close(r);
	return failed;
}

int records_status(const struct map_job *j)
{
	return j->status == 0 && j->failed ? EXIT_OWN_FAILURE : j->status;
}

/* As the user wrote it. */
static const char *program_of(const struct spawn *s)
{
	return s->file ? s->file : s->argv[0];
}

static void write_json(const struct records *r, struct out *o, const struct map_job *j,
		       bool with_output, unsigned tries, int attempts)
{
	const struct spawn_error *e = &j->result.error;
	struct record_item item = {
		.seq = j->seq,
		.slot = j->slot,
		.attempt = j->attempt,
		.item = j->item.data ? j->item.data : "",
		.key = j->key,
		.failed = j->failed,
	};
	struct record record = {
		.job = &j->job,
		.result = &j->result,
		.cwd = r->cwd,
		.shell = r->shell,
		.exit_status = records_status(j),
		.deciding_stage = -1,
		.tries = tries,
		.attempts = attempts,
		.item = &item,
		.leave_out_output = !with_output,
		.error_path = e->step == SPAWN_STEP_EXEC ? program_of(&j->stage.spawn)
							 : NULL,
		.error_message = j->error_message,
	};

	record_write(o, &record);
}

void records_write_json(const struct records *r, struct out *o, const struct map_job *j,
			bool with_output)
{
	write_json(r, o, j, with_output, j->attempt, j->attempts);
	out_char(o, '\n');
}

void records_write_attempt(const struct records *r, struct out *o,
			   const struct map_job *j)
{
	write_json(r, o, j, false, 1, -1);
}

/*
 * Write a text that ends with a newline in one write(2), behind a newline where the file
 * ends within a line: 0 or -errno. What a full disk cut is ended by the next one.
 */
static int append(int fd, const struct out *text, bool *is_cut)
{
	if (text->error)
		return text->error;

	/* The newline that may be needed stands before the text already. */
	size_t skip = *is_cut ? 0 : 1;
	const char *data = text->buf.data + skip;
	size_t len = text->buf.len - skip;
	int r = fd_write_all(fd, data, len);

	/* Perhaps nothing of it was written: then there will be an empty line, which does
	 * no harm. */
	*is_cut = r < 0;
	return r;
}

static int add_to_log(struct records *r, const struct map_job *j)
{
	struct out text;
	int result;

	out_init(&text, -1);
	out_char(&text, '\n');
	records_write_json(r, &text, j, false);
	result = append(r->log_fd, &text, &r->log_is_cut);
	(void)out_close(&text);
	return result;
}

static int add_to_joblog(struct records *r, const struct map_job *j)
{
	struct out text;
	int result;

	out_init(&text, -1);
	out_char(&text, '\n');
	joblog_write(&text, j);
	result = append(r->joblog_fd, &text, &r->joblog_is_cut);
	(void)out_close(&text);
	return result;
}

/* Make a new file in the place of an old one, which somebody may have open or linked
 * elsewhere: the descriptor, or -errno. */
static int replace_file(int folder, const char *name)
{
	int fd;

	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0666);
	return fd < 0 ? -errno : fd;
}

/* What was captured, as a file: 0 or -errno. */
static int write_stream(int folder, const char *name, const struct capture *c)
{
	auto_fd int fd = replace_file(folder, name);

	return fd < 0 ? fd : capture_write(c, c->size, fd);
}

static int write_record_file(const struct records *r, int folder, const char *name,
			     const struct map_job *j)
{
	struct out o;
	auto_fd int fd = replace_file(folder, name);

	if (fd < 0)
		return fd;
	out_init(&o, fd);
	records_write_json(r, &o, j, false);
	return out_close(&o);
}

/* A job's files: 0, or -errno and the file that it is about. */
static int write_results(const struct records *r, int folder, const struct map_job *j,
			 const char **ret_file)
{
	int result;

	*ret_file = "record.json";
	if (unlinkat(folder, *ret_file, 0) < 0 && errno != ENOENT)
		return -errno;
	*ret_file = "stdout";
	result = write_stream(folder, *ret_file, &j->result.out);
	if (result < 0)
		return result;
	*ret_file = "stderr";
	result = write_stream(folder, *ret_file, &j->result.err);
	if (result < 0)
		return result;
	*ret_file = "record.json";
	return write_record_file(r, folder, *ret_file, j);
}

static int add_to_results(struct records *r, const struct map_job *j,
			  const char **ret_name)
{
	const char *file = "";
	char seq[24];
	int result = 0;

	(void)snprintf(seq, sizeof(seq), "%" PRIu64, j->seq);
	if (mkdirat(r->results_fd, seq, 0777) < 0 && errno != EEXIST)
		result = -errno;

	auto_fd int folder =
		result < 0 ? -1
			   : openat(r->results_fd, seq, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (result == 0 && folder < 0)
		result = -errno;
	if (result == 0)
		result = write_results(r, folder, j, &file);
	if (result == 0)
		return 0;
	r->name.len = 0;
	*ret_name = r->results;
	if (buf_add_format(&r->name, "%s/%s%s%s", r->results, seq, *file ? "/" : "",
			   file) == 0)
		*ret_name = r->name.data;
	return result;
}

int records_add_results(struct records *r, const struct map_job *j, const char **ret_name)
{
	return r->results_fd >= 0 ? add_to_results(r, j, ret_name) : 0;
}

int records_add(struct records *r, const struct map_job *j, const char **ret_name)
{
	int failed = 0;

	if (r->joblog_fd >= 0)
		note(&failed, add_to_joblog(r, j), r->joblog, ret_name);
	if (r->log_fd >= 0)
		note(&failed, add_to_log(r, j), r->log, ret_name);
	return failed;
}

void records_close(struct records *r)
{
	r->log_fd = fd_close(r->log_fd);
	r->joblog_fd = fd_close(r->joblog_fd);
	r->results_fd = fd_close(r->results_fd);
	buf_clear(&r->name);
}
