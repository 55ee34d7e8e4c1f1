#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "map/key.h"
#include "map/resume.h"
#include "proc/spawn.h"
#include "record/record.h"
#include "tap.h"

enum { MANY = 100000, LONG_LINE = 3 << 20 };

#define LINE(key, failed) \
	"{\"schema\":1,\"seq\":1,\"key\":\"" key "\",\"failed\":" failed "}"
#define A "0123456789abcdef0123456789abcdef"
#define B "0123456789abcdef0123456789abcdea"

static void write_whole(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		ok(false, "%s can be written", path);
}

/* Write a log of such lines and read it. */
static struct resume resume_of(const char *text)
{
	struct resume r = {0};

	write_whole("old", text);
	is_int(resume_read(&r, "old"), 0, "a log can be read");
	return r;
}

static void is_state(struct resume *r, const char *key, bool succeeded, bool failed,
		     const char *what)
{
	ok(resume_has_succeeded(r, key) == succeeded &&
		   resume_has_failed(r, key) == failed,
	   "%s", what);
}

static void test_resume(void)
{
	struct resume r = {0};

	is_int(resume_read(&r, "nosuch"), 0, "a log that is not there is empty");
	is_state(&r, A, false, false, "nothing is known then");
	is_int(resume_read(&r, "."), -EISDIR, "a folder is no log");

	r = resume_of(LINE(A, "false") "\n" LINE(B, "true") "\n");
	is_state(&r, A, true, false, "one has succeeded");
	is_state(&r, B, false, true, "one has failed");
	resume_clear(&r);
	is_int((long long)r.n_slots, 0, "nothing is left");
}

static void test_resume_lines(void)
{
	struct resume r = resume_of(LINE("11111111111111111111111111111111", "false") "\n" LINE(
		"22222222222222222222222222222222",
		"true") "\n"
			"\n" LINE("33333333333333333333333333333333", "true") "\n" LINE(
				"33333333333333333333333333333333",
				"false") "\r\n" LINE("44444444444444444444444444444444",
						     "false") "  \n" LINE("44444444444444444444444444444444",
									  "true") "\n"
										  "{\"failed\":false,\"a\":[1,{\"b\":\"}\\\\\\\"{\"}],\"c\":1,\"d\":2,\"e\":3,"
										  "\"f\":4,\"g\":5,\"h\":6,\"i\":7,\"key\":\"55555555555555555555555555555555\"}\n" LINE(
											  "66666666666666666666666666666666",
											  "false"));

	is_int((long long)r.bad_lines, 0, "all lines are good, empty ones too");
	is_int((long long)r.n, 6, "each key counts once");
	is_state(&r, "11111111111111111111111111111111", true, false, "succeeded");
	is_state(&r, "22222222222222222222222222222222", false, true, "failed");
	is_state(&r, "33333333333333333333333333333333", true, false,
		 "the last one counts");
	is_state(&r, "44444444444444444444444444444444", false, true, "both ways");
	is_state(&r, "55555555555555555555555555555555", true, false, "in any order");
	is_state(&r, "66666666666666666666666666666666", true, false,
		 "the last line needs no newline");
	is_state(&r, "77777777777777777777777777777777", false, false, "not seen");
	is_state(&r, "", false, false, "no key");

	write_whole("more", LINE("11111111111111111111111111111111", "true") "\n");
	is_int(resume_read(&r, "more"), 0, "another log is read behind the first");
	is_state(&r, "11111111111111111111111111111111", false, true, "and counts more");
	resume_clear(&r);
}

static const char *const bad_lines[] = {
	"x",
	"1",
	"null",
	"[]",
	"[" LINE(A, "false") "]",
	"{}",
	"{\"key\":\"" A "\"}",
	"{\"failed\":false}",
	"{\"key\":\"" A "\",\"failed\":0}",
	"{\"key\":\"" A "\",\"failed\":null}",
	"{\"key\":1,\"failed\":false}",
	"{\"key\":\"" A "0\",\"failed\":false}",
	"{\"key\":\"0123\",\"failed\":false}",
	"{\"key\":\"g123456789abcdef0123456789abcdef\",\"failed\":false}",
	"{\"attempts\":[" LINE(A, "false") "]}",
	LINE(A, "false") LINE(A, "false"),
	LINE(A, "false") "x",
	LINE(A, "false") "}",
	"{\"schema\":1," LINE(A, "false"),
	"{\"schema\":\"" LINE(A, "false"),
	"{\"schema\":1,\"seq\":\"\\",
};

static void test_resume_bad_lines(void)
{
	static const char whole[] = LINE(A, "false");
	struct resume r;

	for (size_t i = 0; i < ARRAY_SIZE(bad_lines); i++) {
		write_whole("old", bad_lines[i]);
		r = (struct resume){0};
		ok(resume_read(&r, "old") == 0 && r.bad_lines == 1 && r.n == 0,
		   "a bad line: %s", bad_lines[i]);
		resume_clear(&r);
	}

	/* A kill may cut a line anywhere; what stands behind it is whole. */
	int wrong = 0;

	for (size_t len = 1; len < sizeof(whole) - 1; len++) {
		auto_free char *text = NULL;

		if (asprintf(&text, "%.*s\n%s\n", (int)len, whole,
			     LINE("11111111111111111111111111111111", "true")) < 0)
			return;
		write_whole("old", text);
		r = (struct resume){0};
		wrong += resume_read(&r, "old") != 0 || r.bad_lines != 1 || r.n != 1 ||
			 !resume_has_failed(&r, "11111111111111111111111111111111");
		resume_clear(&r);
	}
	is_int(wrong, 0, "a line cut anywhere is one bad line");

	auto_fd int fd = open("old", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	(void)fd_write_all(fd, "{\"key\":\"\0\",\"failed\":false}\n", 27);
	(void)fd_write_all(fd, whole, sizeof(whole) - 1);
	r = (struct resume){0};
	ok(resume_read(&r, "old") == 0 && r.bad_lines == 1 && r.n == 1,
	   "a NUL is no JSON");
	resume_clear(&r);
}

/* What map writes, read back: a record with output, and one without. */
static void test_resume_of_records(void)
{
	struct resume r = {0};
	auto_free char *text = malloc(LONG_LINE);
	const char *const words[] = {"printf", "{\"\\", NULL};
	struct record_item item = {
		.seq = 1, .item = "\xff{\"\\", .key = A, .failed = true};
	struct record record = {.item = &item, .attempts = -1};
	struct job_stage stage = {0};
	struct result result;
	struct job job;
	struct out o;
	auto_fd int fd = open("old", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (!text)
		return;
	for (size_t i = 0; i < LONG_LINE; i++)
		text[i] = "{\"\\}\n"[i % 5];
	job_init(&job);
	spawn_init(&stage.spawn);
	stage.spawn.argv = (char *const *)words;
	job.stages = &stage;
	job.n_stages = 1;
	result_init(&result);
	result.out.enabled = true;
	(void)buf_add(&result.out.mem, text, LONG_LINE);
	result.out.size = LONG_LINE;
	record.job = &job;
	record.result = &result;
	out_init(&o, fd);
	record_write(&o, &record);
	out_char(&o, '\n');
	item.key = B;
	item.failed = false;
	record.leave_out_output = true;
	record_write(&o, &record);
	is_int(out_close(&o), 0, "records are written");
	is_int(resume_read(&r, "old"), 0, "and read");
	is_int((long long)r.bad_lines, 0, "all of them");
	is_state(&r, A, false, true, "however long it is: failed");
	is_state(&r, B, true, false, "succeeded");
	resume_clear(&r);
	result_clear(&result);
}

static void key_of(unsigned i, char key[KEY_SIZE])
{
	unsigned __int128 hash =
		(unsigned __int128)i * 0x9e3779b97f4a7c15 * 0x9e3779b97f4a7c15;

	(void)snprintf(key, KEY_SIZE, "%016llx%016llx", (unsigned long long)(hash >> 64),
		       (unsigned long long)hash & ~3ULL);
}

static void test_resume_many(void)
{
	struct resume r = {0};
	struct out o;
	char key[KEY_SIZE];
	int wrong = 0;
	auto_fd int fd = open("old", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	out_init(&o, fd);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		key_of(i % MANY, key);
		/* At first all fail, then those that are not multiples of three succeed.
		 */
		out_format(&o, "{\"schema\":1,\"key\":\"%s\",\"failed\":%s}\n", key,
			   i < MANY || i % MANY % 3 == 0 ? "true" : "false");
	}
	is_int(out_close(&o), 0, "a log of many lines is written");
	is_int(resume_read(&r, "old"), 0, "and read");
	is_int((long long)r.n, MANY, "each key counts once");
	for (unsigned i = 0; i < MANY; i++) {
		key_of(i, key);
		wrong += resume_has_succeeded(&r, key) != (i % 3 != 0) ||
			 resume_has_failed(&r, key) != (i % 3 == 0);
	}
	is_int(wrong, 0, "the last line of each counts");
	for (unsigned i = MANY; i < 2 * MANY; i++) {
		key_of(i, key);
		wrong += resume_has_succeeded(&r, key) || resume_has_failed(&r, key);
	}
	is_int(wrong, 0, "and no other key is known");
	ok(r.n_slots * 16 < r.n * 26, "a key takes less than 26 bytes");
	resume_clear(&r);
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
	char folder[] = "/tmp/prockit-resume.XXXXXX";

	if (!mkdtemp(folder) || chdir(folder) < 0) {
		perror(folder);
		return 1;
	}
	test_resume();
	test_resume_lines();
	test_resume_bad_lines();
	test_resume_of_records();
	test_resume_many();
	if (chdir("/") < 0 || nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
		ok(false, "%s can be removed", folder);
	return tap_done();
}
