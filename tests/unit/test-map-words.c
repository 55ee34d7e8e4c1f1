/* The words of a map's options (--halt, -j), and the key of a job. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "map/halt.h"
#include "map/key.h"
#include "map/slots.h"
#include "proc/cpus.h"
#include "tap.h"

static void test_halt_words(void)
{
	static const struct {
		const char *word;
		enum halt_when when;
		enum halt_why why;
		bool is_percentage;
		double value;
	} good[] = {
		{"never", HALT_NEVER, HALT_FAIL, false, 0},
		{"now,fail=1", HALT_NOW, HALT_FAIL, false, 1},
		{"soon,fail=3", HALT_SOON, HALT_FAIL, false, 3},
		{"soon,success=10%", HALT_SOON, HALT_SUCCESS, true, 10},
		{"now,done=50%", HALT_NOW, HALT_DONE, true, 50},
		{"soon,done=100", HALT_SOON, HALT_DONE, false, 100},
		{"now,fail=100%", HALT_NOW, HALT_FAIL, true, 100},
		{"now,success=01", HALT_NOW, HALT_SUCCESS, false, 1},
		{"now,fail=4000000000", HALT_NOW, HALT_FAIL, false, 4e9},
	};
	static const char *const bad[] = {
		"",
		"now",
		"soon",
		"now,",
		"now,fail",
		"soon,fail=",
		"soon,fail=%",
		"soon,fail=0",
		"now,success=0%",
		"soon,fail=-1",
		"soon,fail=+1",
		"soon,fail=101%",
		"soon,fail=1.5",
		"soon,fail=10.5%",
		"soon,fail=1%%",
		"soon,fail=1x",
		"soon,fail= 1",
		"now, fail=1",
		"NOW,fail=1",
		"never,fail=1",
		"nevermore",
		"later,fail=1",
		"now,failed=1",
		"now=fail=1",
		"fail=1",
		"1",
		"50%",
		"now,fail=99999999999999999999",
		"now,fail=0000000000000000000000000001",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct halt h = {0};

		ok(halt_parse(good[i].word, &h) == 0 && h.when == good[i].when &&
			   h.why == good[i].why &&
			   h.is_percentage == good[i].is_percentage &&
			   h.value == good[i].value,
		   "--halt=%s", good[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct halt h = {.value = 42};

		ok(halt_parse(bad[i], &h) == -EINVAL && h.value == 42,
		   "--halt='%s' is refused", bad[i]);
	}
}

static void test_halt_reached(void)
{
	static const struct {
		const char *word;
		struct halt_counts counts; /* failed, succeeded, total */
		bool wanted;
	} moments[] = {
		{"never", {100, 100, 200}, false},
		{"now,fail=1", {0, 50, 100}, false},
		{"now,fail=1", {1, 0, 0}, true},
		{"soon,fail=3", {2, 90, 100}, false},
		{"soon,fail=3", {3, 0, 100}, true},
		{"soon,success=2", {50, 1, 0}, false},
		{"soon,success=2", {0, 2, 0}, true},
		{"soon,done=4", {1, 2, 0}, false},
		{"soon,done=4", {2, 2, 0}, true},
		/* Of all, where their number is known. */
		{"now,fail=10%", {0, 0, 20}, false},
		{"now,fail=10%", {1, 0, 20}, false},
		{"now,fail=10%", {2, 0, 20}, true},
		{"now,fail=1%", {1, 0, 1}, true},
		{"now,fail=34%", {1, 0, 3}, false},
		{"now,fail=33%", {1, 0, 3}, true},
		{"now,success=100%", {1, 9, 10}, false},
		{"now,success=100%", {0, 10, 10}, true},
		{"now,done=50%", {1, 3, 10}, false},
		{"now,done=50%", {2, 3, 10}, true},
		/* Else of those done, from three on. */
		{"now,fail=50%", {2, 0, 0}, false},
		{"now,fail=50%", {1, 2, 0}, false},
		{"now,fail=50%", {2, 1, 0}, true},
		{"now,fail=50%", {2, 3, 0}, false},
		{"now,success=50%", {2, 2, 0}, true},
		{"now,fail=1%", {0, 3, 0}, false},
		/* All that are done are done. */
		{"now,done=50%", {5, 5, 0}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		const struct halt_counts *c = &moments[i].counts;
		struct halt h;

		halt_parse(moments[i].word, &h);
		is_int(halt_is_reached(&h, c), moments[i].wanted,
		       "%s with %d failed, %d succeeded, of %d", moments[i].word,
		       (int)c->failed, (int)c->succeeded, (int)c->total);
	}
}

static long slots_of(double n)
{
	return n < 1 ? 1 : n > SLOTS_MOST ? SLOTS_MOST : (long)(n + 0.5);
}

static void test_slots_words(void)
{
	double cpus = cpus_usable();
	const struct {
		const char *word;
		double wanted;
	} good[] = {
		{"1", 1},
		{"4", 4},
		{"007", 7},
		{"65536", 65536},
		{"65537", 65536},
		{"99999999999999999999999", 65536},
		{"+2", cpus + 2},
		{"+0", cpus},
		{"-0", cpus},
		{"-1", cpus - 1},
		{"-99999999999999999999999", 1},
		{"+99999999999999999999999", 65536},
		{"100%", cpus},
		{"50%", cpus / 2},
		{"150%", cpus * 1.5},
		{"12.5%", cpus / 8},
		{"0.001%", 1},
		{"9999999999999%", 65536},
	};
	static const char *const bad[] = {
		"",   "0",   "00",  "0%",  "0.0%", "-0%", "+50%",	  "-50%", "%",
		"+",  "-",   "1.5", "1.",  "1.%",  ".5%", "4x",		  "4%%",  " 4",
		"4 ", "0x4", "1e3", "inf", "--1",  "+-1", "no such file",
	};
	struct slots s = {0};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		is_int(slots_set(&s, good[i].word), 0, "-j '%s' is understood",
		       good[i].word);
		is_int(slots_get(&s), slots_of(good[i].wanted), "-j '%s'", good[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s.now = 42;
		ok(slots_set(&s, bad[i]) == -EINVAL && s.now == 42, "-j '%s' is refused",
		   bad[i]);
	}
	is_int(slots_set(&s, NULL), 0, "without -j");
	is_int(slots_get(&s), (long)cpus, "without -j: the usable CPUs");
}

/* Write the file anew, in its place, and let it have been changed at this moment. */
static void write_at(const char *path, const char *text, time_t seconds, long nanoseconds)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT},
					 {.tv_sec = seconds, .tv_nsec = nanoseconds}};
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len = (ssize_t)strlen(text);

	if (fd < 0 || write(fd, text, (size_t)len) != len ||
	    (seconds && futimens(fd, times) < 0))
		ok(false, "%s can be written", path);
}

static void test_slots_file_texts(const char *path)
{
	static const struct {
		const char *text;
		unsigned wanted; /* 0: refused */
	} texts[] = {
		{"5\n", 5},	    {"5", 5},	{" \t5 \r\nand more\n", 5},
		{"65537\n", 65536}, {"", 0},	{"\n5", 0},
		{"junk\n", 0},	    {"0\n", 0}, {"/etc\n", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct slots s = {0};

		write_at(path, texts[i].text, 0, 0);
		is_int(slots_set(&s, path), texts[i].wanted ? 0 : -EINVAL,
		       "a file, number %zu", i + 1);
		is_int(s.now, texts[i].wanted, "and what it says");
	}
}

static void test_slots_file_changes(const char *path)
{
	struct slots s = {0};
	auto_buf struct buf other = BUF_INIT;

	write_at(path, "3\n", 0, 0);
	is_int(slots_set(&s, path), 0, "a file names the number");
	is_int(slots_get(&s), 3, "it is read");

	/* Within one step of the file system's time. Later than now, as a clock may be
	 * that was set back, so that this cannot become long ago while we run. */
	time_t soon = time(NULL) + 1000;

	write_at(path, "4\n", soon, 0);
	is_int(slots_get(&s), 4, "changed now");
	write_at(path, "5\n", soon, 0);
	is_int(slots_get(&s), 5, "changed again, at the same time and to the same size");

	write_at(path, "3\n", 1000, 500);
	is_int(slots_get(&s), 3, "an old file");
	write_at(path, "4\n", 1000, 500);
	is_int(slots_get(&s), 3, "one that looks unchanged is not read again");
	write_at(path, "4\n", 1000, 501);
	is_int(slots_get(&s), 4, "a nanosecond is a change");
	write_at(path, "12\n", 1000, 501);
	is_int(slots_get(&s), 12, "another size is one");

	buf_add_format(&other, "%s.new", path);
	write_at(other.data, "13\n", 1000, 501);
	is_int(rename(other.data, path), 0, "a new file takes the place");
	is_int(slots_get(&s), 13, "another file is one");

	write_at(path, "junk\n", 0, 0);
	is_int(slots_get(&s), 13, "junk: the last number stands");
	write_at(path, "", 0, 0);
	is_int(slots_get(&s), 13, "nothing: the last number stands");
	write_at(path, "6\n", 0, 0);
	is_int(slots_get(&s), 6, "and then a number again");
	unlink(path);
	is_int(slots_get(&s), 6, "no file: the last number stands");
	write_at(path, "7\n", 0, 0);
	is_int(slots_get(&s), 7, "and then a file again");
	unlink(path);
}

static void test_slots_file(void)
{
	const char *tmp = getenv("TMPDIR");
	auto_buf struct buf folder = BUF_INIT;
	auto_buf struct buf path = BUF_INIT;
	struct slots s = {.now = 42};

	buf_add_format(&folder, "%s/slots.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!ok(mkdtemp(folder.data) != NULL, "a folder"))
		return;
	buf_add_format(&path, "%s/jobs", folder.data);

	is_int(slots_set(&s, path.data), -ENOENT, "a file that is not there");
	is_int(slots_set(&s, folder.data), -EISDIR, "a folder");
	is_int(s.now, 42, "and nothing is changed");
	is_int(mkfifo(path.data, 0600), 0, "a FIFO");
	is_int(slots_set(&s, path.data), -EINVAL, "is not waited for");
	unlink(path.data);

	test_slots_file_texts(path.data);
	test_slots_file_changes(path.data);

	/* A name without a '/' is a file's if there is such a file and it is no number.
	 */
	if (chdir(folder.data) == 0) {
		write_at("jobs", "8\n", 0, 0);
		write_at("9", "8\n", 0, 0);
		write_at("0", "8\n", 0, 0);
		is_int(slots_set(&s, "jobs"), 0, "a file of the working directory");
		is_int(slots_get(&s), 8, "is read");
		is_int(slots_set(&s, "9"), 0, "a number");
		is_int(slots_get(&s), 9, "is no file");
		is_int(slots_set(&s, "0"), -EINVAL, "nor is 0");
		unlink("jobs");
		unlink("9");
		unlink("0");
		(void)!chdir("/");
	}
	is_int(rmdir(folder.data), 0, "nothing is left");
}

static const char *hash_text(const char *text, char ret[KEY_SIZE])
{
	unsigned __int128 hash = key_hash(KEY_HASH_EMPTY, text, strlen(text));

	snprintf(ret, KEY_SIZE, "%016llx%016llx", (unsigned long long)(hash >> 64),
		 (unsigned long long)hash);
	return ret;
}

struct key {
	const char *words[4];
	const char *cwd;
	struct item items[3];
	size_t n;
};

static void key_of(const struct key *k, char ret[KEY_SIZE])
{
	struct key_base base;
	struct row *row = row_new(k->items, k->n);

	key_begin(&base, (char *const *)k->words, k->cwd);
	key_format(&base, row, ret);
	row_free(row);
}

#define ITEM(s)                                   \
	{                                         \
		.text = (s), .len = sizeof(s) - 1 \
	}

static void test_key(void)
{
	/* No two of these are the same job. */
	static const struct key keys[] = {
		{{"ab", "c"}, "/", {ITEM("x")}, 1},
		{{"a", "bc"}, "/", {ITEM("x")}, 1},
		{{"abc"}, "/", {ITEM("x")}, 1},
		{{"ab", "c", ""}, "/", {ITEM("x")}, 1},
		{{"", "ab", "c"}, "/", {ITEM("x")}, 1},
		{{"ab", "c", "x"}, "/", {ITEM("x")}, 1},
		{{"ab", "c"}, "/tmp", {ITEM("x")}, 1},
		{{"ab", "c"}, "", {ITEM("x")}, 1},
		{{"ab", "c"}, NULL, {ITEM("x")}, 1},
		{{"ab", "c"}, "/", {ITEM("y")}, 1},
		{{"ab", "c"}, "/", {ITEM("")}, 1},
		{{"ab", "c"}, "/", {ITEM("x"), ITEM("")}, 2},
		{{"ab", "c"}, "/", {ITEM(""), ITEM("x")}, 2},
		{{"ab", "c"}, "/", {ITEM("xy"), ITEM("z")}, 2},
		{{"ab", "c"}, "/", {ITEM("x"), ITEM("yz")}, 2},
		{{"ab", "c"}, "/", {ITEM("x yz")}, 1},
		{{"ab", "c"}, "/", {ITEM("x\0y")}, 1},
		{{"ab", "c"}, "/", {ITEM("x\0z")}, 1},
		{{NULL}, NULL, {ITEM("x")}, 1},
	};
	char texts[ARRAY_SIZE(keys)][KEY_SIZE];
	char again[KEY_SIZE];

	/* From the draft of its authors. */
	is_str(hash_text("", again), "6c62272e07bb014262b821756295c58d",
	       "FNV-1a of nothing");
	is_str(hash_text("a", again), "d228cb696f1a8caf78912b704e4a8964", "FNV-1a of a");
	is_str(hash_text("foobar", again), "343e1662793c64bf6f0d3597ba446f18",
	       "FNV-1a of foobar");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		bool differs = true;

		key_of(&keys[i], texts[i]);
		for (size_t k = 0; k < i; k++)
			differs = differs && strcmp(texts[i], texts[k]) != 0;
		ok(differs, "job %zu differs from those before", i + 1);
		key_of(&keys[i], again);
		is_str(again, texts[i], "and has the same key again");
	}

	/* Logs outlive versions and machines, so it may never change: computed by another
	 * program, from numbers of eight bytes, the lowest first. */
	is_str(texts[0], "de1c570950d7e4f53f952cf7a69395bf", "the key of the first job");
	is_int((long long)strlen(texts[0]), 32, "is 32 digits long");
}

int main(void)
{
	/* Should the FIFO hold us, that is a failure and no endless test. */
	alarm(60);
	test_halt_words();
	test_halt_reached();
	test_slots_words();
	test_slots_file();
	test_key();
	return tap_done();
}
