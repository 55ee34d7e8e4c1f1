#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "map/joblog.h"
#include "map/records.h"
#include "proc/spawn.h"
#include "tap.h"

static const char key_a[] = "0123456789abcdef0123456789abcdef";

/* A job as it is once it has ended: what it was, and how it ended. */
struct ended {
	struct map_job j;
	struct result_stage stage;
	const char *words[8];
};

static void ended_init(struct ended *e, const char *script)
{
	*e = (struct ended){.words = {"sh", "-c", script}};
	struct map_job *j = &e->j;

	j->seq = 7;
	j->slot = 2;
	j->attempt = 1;
	j->attempts = -1;
	memcpy(j->key, key_a, sizeof(key_a));
	(void)buf_add_string(&j->item, "an item");
	job_init(&j->job);
	j->job.stages = &j->stage;
	j->job.n_stages = 1;
	spawn_init(&j->stage.spawn);
	j->stage.spawn.argv = (char *const *)e->words;
	result_init(&j->result);
	e->stage = (struct result_stage){.child = CHILD_INIT, .outcome = OUTCOME_EXITED};
	e->stage.child.pid = 4242;
	e->stage.child.ended = true;
	e->stage.child.started_at =
		(struct timespec){.tv_sec = 1700000000, .tv_nsec = 123999999};
	j->result.stages = &e->stage;
	j->result.n_stages = 1;
	j->result.outcome = OUTCOME_EXITED;
	j->result.started = 1;
	j->result.started_at = e->stage.child.started_at;
	j->result.duration = 1234567890;
}

static void ended_capture(struct capture *c, const char *text)
{
	c->enabled = true;
	(void)buf_add_string(&c->mem, text);
	c->size = c->mem.len;
}

static void ended_clear(struct ended *e)
{
	e->j.result.stages = NULL;
	e->j.result.n_stages = 0;
	result_clear(&e->j.result);
	buf_clear(&e->j.item);
	(void)fd_close(e->j.attempts);
}

static void ended_signaled(struct ended *e, int signal)
{
	e->stage.child.status = (struct wait_status){.code = -1, .signal = signal};
	e->stage.outcome = OUTCOME_SIGNALED;
	e->j.result.outcome = OUTCOME_SIGNALED;
	e->j.status = 128 + signal;
	e->j.failed = true;
}

static void ended_exited(struct ended *e, int code)
{
	e->stage.child.status.code = code;
	e->j.status = code;
	e->j.failed = code != 0;
}

static void ended_timed_out(struct ended *e)
{
	ended_signaled(e, SIGTERM);
	e->j.status = 124;
	e->j.result.outcome = OUTCOME_TIMED_OUT;
	e->j.result.limit_struck = true;
}

static void ended_not_found(struct ended *e)
{
	e->j.result.stages = NULL;
	e->j.result.n_stages = 0;
	e->j.result.outcome = OUTCOME_NOT_STARTED;
	e->j.result.started = 0;
	e->j.result.error.step = SPAWN_STEP_EXEC;
	e->j.result.error.error = ENOENT;
	e->j.error_message = "command not found";
	e->j.status = 127;
	e->j.failed = true;
}

/* A whole file, with a NUL behind it; NULL where there is none. */
static char *read_whole(const char *path, size_t *ret_len)
{
	struct buf b = BUF_INIT;
	char data[4096];
	ssize_t n;
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || buf_reserve(&b, 1) < 0)
		return NULL;
	while ((n = read(fd, data, sizeof(data))) > 0)
		(void)buf_add(&b, data, (size_t)n);
	if (ret_len)
		*ret_len = b.len;
	return b.data;
}

static void write_whole(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		ok(false, "%s can be written", path);
}

static bool has_text(const char *path, const char *wanted)
{
	auto_free char *text = read_whole(path, NULL);

	return is_str(text, wanted, "%s is as it should be", path);
}

static json_t *record_of(const struct records *r, const struct ended *e, bool with_output)
{
	struct out o;
	json_t *record;

	out_init(&o, -1);
	records_write_json(r, &o, &e->j, with_output);
	ok(o.buf.len && o.buf.data[o.buf.len - 1] == '\n' &&
		   memchr(o.buf.data, '\n', o.buf.len) == o.buf.data + o.buf.len - 1,
	   "a record is one line");
	record = json_loadb(o.buf.data, o.buf.len, JSON_REJECT_DUPLICATES, NULL);
	ok(record != NULL, "it is JSON");
	(void)out_close(&o);
	return record;
}

static const char *text_of(const json_t *record, const char *key)
{
	return json_string_value(json_object_get(record, key));
}

static long long number_of(const json_t *record, const char *key)
{
	const json_t *value = json_object_get(record, key);

	return json_is_integer(value) ? json_integer_value(value) : -99999;
}

static void test_record(void)
{
	static const char *const first[] = {"schema", "seq", "slot",   "attempt",
					    "item",   "key", "failed", "argv"};
	struct records r = RECORDS_INIT;
	struct ended e;
	size_t i = 0;
	const char *key;
	json_t *value;

	r.cwd = "/some/where";
	ended_init(&e, "echo hallo");
	ended_capture(&e.j.result.out, "hallo\n");

	json_t *record = record_of(&r, &e, true);

	json_object_foreach(record, key, value)
	{
		if (i < ARRAY_SIZE(first))
			is_str(key, first[i], "key %zu", i + 1);
		i++;
	}
	is_int(number_of(record, "seq"), 7, "seq");
	is_int(number_of(record, "slot"), 2, "slot");
	is_int(number_of(record, "attempt"), 1, "attempt");
	is_str(text_of(record, "item"), "an item", "item");
	is_str(text_of(record, "key"), key_a, "key");
	is_str(text_of(record, "cwd"), "/some/where", "cwd");
	ok(json_is_false(json_object_get(record, "failed")), "it has not failed");
	is_str(text_of(record, "stdout"), "hallo\n", "with its output");
	is_int(number_of(record, "tries"), 1, "one try");
	ok(json_is_null(json_object_get(record, "attempts")), "and none before");
	json_decref(record);

	record = record_of(&r, &e, false);
	ok(json_is_null(json_object_get(record, "stdout")) &&
		   json_is_null(json_object_get(record, "stdout_encoding")),
	   "without its output");
	is_int(number_of(record, "stdout_bytes"), 6, "but with its size");
	json_decref(record);

	/* A full disk: the command was well, its output is not whole. */
	e.j.failed = true;
	record = record_of(&r, &e, false);
	ok(json_is_true(json_object_get(record, "failed")),
	   "what map counts as failed is");
	is_int(number_of(record, "exit_status"), 125, "and its status is not 0");
	is_int(number_of(record, "exit_code"), 0, "whatever the command's was");
	json_decref(record);

	e.j.item.len = 0;
	(void)buf_add_string(&e.j.item, "\xff");
	record = record_of(&r, &e, false);
	is_str(text_of(record, "item"), "\xef\xbf\xbd", "an item that is not UTF-8");
	is_str(text_of(record, "item_b64"), "/w==", "has its bytes beside it");
	json_decref(record);
	ended_clear(&e);
}

static void test_attempts(void)
{
	struct records r = RECORDS_INIT;
	struct ended e;
	struct out o;

	ended_init(&e, "exit 3");
	ended_exited(&e, 3);
	ended_capture(&e.j.result.out, "once\n");
	e.j.attempts = open("attempts", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	out_init(&o, e.j.attempts);
	records_write_attempt(&r, &o, &e.j);
	out_char(&o, ',');
	e.j.attempt = 2;
	records_write_attempt(&r, &o, &e.j);
	is_int(out_close(&o), 0, "tries are kept");
	e.j.attempt = 3;

	json_t *record = record_of(&r, &e, true);
	const json_t *attempts = json_object_get(record, "attempts");

	is_int(number_of(record, "tries"), 3, "there were three tries");
	is_int((long long)json_array_size(attempts), 2, "two before");
	for (size_t i = 0; i < 2; i++) {
		const json_t *attempt = json_array_get(attempts, i);

		is_int(number_of(attempt, "attempt"), (long long)i + 1,
		       "each its number");
		is_int(number_of(attempt, "exit_code"), 3, "each its status");
		ok(json_is_null(json_object_get(attempt, "attempts")),
		   "none its own tries");
		ok(json_is_null(json_object_get(attempt, "stdout")), "nor output");
	}
	json_decref(record);
	ended_clear(&e);
}

static void is_job_line(struct ended *e, const char *wanted)
{
	struct out o;

	out_init(&o, -1);
	joblog_write(&o, &e->j);
	is_str(o.buf.data, wanted, "joblog: %s", e->words[2]);
	(void)out_close(&o);
}

/* The fields as GNU parallel 20221122 writes them for such jobs. */
static void test_joblog(void)
{
	struct ended e;
	struct out o;

	ended_init(&e, "echo it's");
	ended_capture(&e.j.result.out, "hallo\n");
	is_job_line(
		&e,
		"7\t:\t1700000000.123\t     1.234\t0\t6\t0\t0\tsh -c 'echo it'\\''s'\n");
	ended_exited(&e, 3);
	is_job_line(
		&e,
		"7\t:\t1700000000.123\t     1.234\t0\t6\t3\t0\tsh -c 'echo it'\\''s'\n");
	ended_signaled(&e, SIGKILL);
	is_job_line(
		&e,
		"7\t:\t1700000000.123\t     1.234\t0\t6\t0\t9\tsh -c 'echo it'\\''s'\n");
	ended_timed_out(&e);
	is_job_line(
		&e,
		"7\t:\t1700000000.123\t     1.234\t0\t6\t-1\t15\tsh -c 'echo it'\\''s'\n");
	ended_clear(&e);

	ended_init(&e, "true");
	e.j.failed = true;
	is_job_line(&e, "7\t:\t1700000000.123\t     1.234\t0\t0\t125\t0\tsh -c true\n");
	e.j.result.duration = INT64_C(1234567) * NSEC_PER_SEC;
	e.j.failed = false;
	is_job_line(&e, "7\t:\t1700000000.123\t1234567.000\t0\t0\t0\t0\tsh -c true\n");
	ended_not_found(&e);
	e.j.result.started_at = (struct timespec){0};
	e.j.result.duration = 0;
	out_init(&o, -1);
	joblog_write(&o, &e.j);
	ok(strstr(o.buf.data, "\t     0.000\t0\t0\t127\t0\tsh -c true\n") != NULL &&
		   strncmp(o.buf.data, "7\t:\t0.", 6) != 0,
	   "joblog: what was not found has 127 and a time");
	(void)out_close(&o);
	ended_clear(&e);

	ended_init(&e, "a\nb\tc");
	out_init(&o, -1);
	joblog_write(&o, &e.j);
	ok(o.buf.len > 16 &&
		   memcmp(o.buf.data + o.buf.len - 15, "\tsh -c 'a\0b\tc'\n", 15) == 0,
	   "joblog: a newline in a command is a NUL");
	(void)out_close(&o);
	ended_clear(&e);
}

/* All that is written when a job has ended; the first failure counts. */
static int records_add_all(struct records *r, const struct map_job *j,
			   const char **ret_name)
{
	int files = records_add_results(r, j, ret_name);
	const char *unused;
	int lines = records_add(r, j, files < 0 ? &unused : ret_name);

	return files < 0 ? files : lines;
}

static void test_files(void)
{
	struct records r = RECORDS_INIT;
	struct ended e;
	struct stat st;
	const char *name = "";

	write_whole("log", "{\"cut\":");
	r.log = "log";
	r.joblog = "joblog";
	r.results = "made/on/the/way";
	ended_init(&e, "echo hallo");
	ended_capture(&e.j.result.out, "hallo\n");
	ended_capture(&e.j.result.err, "ach\n");
	for (int run = 0; run < 2; run++) {
		is_int(records_open(&r, &name), 0, "all files can be opened");
		is_int(records_add_all(&r, &e.j, &name), 0, "a job can be added");
		records_close(&r);
	}

	size_t len;
	auto_free char *log = read_whole("log", &len);
	const char *second = strchr(log, '\n');

	ok(second && strncmp(log, "{\"cut\":\n{\"schema\":1,", 20) == 0,
	   "the line that was cut off is ended, and the record stands behind it");
	ok(strstr(second, "\n\n") == NULL && log[len - 1] == '\n', "no line is empty");
	ok(strstr(second, "\"stdout\":null") && strstr(second, "\"stdout_bytes\":6"),
	   "no output is in it");
	has_text(
		"joblog",
		"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
		"7\t:\t1700000000.123\t     1.234\t0\t6\t0\t0\tsh -c 'echo hallo'\n"
		"7\t:\t1700000000.123\t     1.234\t0\t6\t0\t0\tsh -c 'echo hallo'\n");
	has_text("made/on/the/way/7/stdout", "hallo\n");
	has_text("made/on/the/way/7/stderr", "ach\n");

	auto_free char *record = read_whole("made/on/the/way/7/record.json", NULL);
	const char *of_log = second ? strstr(second + 1, "\n") : NULL;

	ok(record && of_log && strcmp(of_log + 1, record) == 0,
	   "record.json is the line of the log");

	/* What stood there before, and is linked elsewhere, stays as it was. */
	(void)link("made/on/the/way/7/stdout", "kept");
	e.j.result.out.mem.len = e.j.result.out.size = 2;
	is_int(records_open(&r, &name), 0, "once more");
	is_int(records_add_all(&r, &e.j, &name), 0, "and shorter");
	records_close(&r);
	has_text("made/on/the/way/7/stdout", "ha");
	has_text("kept", "hallo\n");
	(void)umask(022);
	ok(stat("made/on/the/way/7", &st) == 0 && (st.st_mode & 07777) == 0755,
	   "modes are the usual ones");
	ended_clear(&e);
}

static void test_faults(void)
{
	struct records r = RECORDS_INIT;
	struct ended e;
	const char *name = "";

	ended_init(&e, "true");
	r.log = "/dev/full";
	is_int(records_open(&r, &name), 0, "a full disk can be opened");
	is_int(records_add_all(&r, &e.j, &name), -ENOSPC, "but not written");
	is_str(name, "/dev/full", "and has a name");
	records_close(&r);

	r = RECORDS_INIT;
	r.joblog = "/dev/full";
	is_int(records_open(&r, &name), -ENOSPC,
	       "the joblog's header is written at once");
	is_int(r.joblog_fd, -1, "and nothing stays open");

	r = RECORDS_INIT;
	r.log = "log";
	r.joblog = "nosuch/joblog";
	is_int(records_open(&r, &name), -ENOENT, "a folder that is not there");
	is_str(name, "nosuch/joblog", "is said with the file's name");
	is_int(r.log_fd, -1, "and nothing stays open");

	r = RECORDS_INIT;
	r.results = "log/results";
	is_int(records_open(&r, &name), -ENOTDIR, "results below a file");
	is_str(name, "log/results", "have a name");
	r.results = "log";
	is_int(records_open(&r, &name), -ENOTDIR, "results that are a file");

	r = RECORDS_INIT;
	r.results = "results";
	is_int(records_open(&r, &name), 0, "results");
	(void)mkdir("results/7", 0777);
	(void)mkdir("results/7/stderr", 0777);
	is_int(records_add_all(&r, &e.j, &name), -EISDIR,
	       "a folder in the place of a file");
	is_str(name, "results/7/stderr", "is named");
	e.j.seq = 8;
	write_whole("results/8", "");
	is_int(records_add_all(&r, &e.j, &name), -ENOTDIR,
	       "a file in the place of a folder");
	is_str(name, "results/8", "is named");
	records_close(&r);
	ended_clear(&e);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	char folder[] = "/tmp/prockit-records.XXXXXX";

	if (!mkdtemp(folder) || chdir(folder) < 0) {
		perror(folder);
		return 1;
	}
	(void)umask(022);
	test_record();
	test_attempts();
	test_joblog();
	test_files();
	test_faults();
	if (chdir("/") < 0 || nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
		ok(false, "%s can be removed", folder);
	return tap_done();
}
