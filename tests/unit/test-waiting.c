#include "config.h"

#include <malloc.h>

#include "base/nsec.h"
#include "output-jobs.h"

static void test_group_order(size_t threshold)
{
	struct test t;

	begin(&t, OUTPUT_GROUP, true, threshold);
	for (unsigned i = 1; i <= 6; i++)
		(void)start(&t, i, i == 3 ? "3:" : NULL);
	(void)finish_text(&t, 3, "c\nc\n", "C\n");
	(void)finish_text(&t, 2, "b", "");
	(void)finish_text(&t, 5, "e", "E");
	ok(came(&t, "", ""), "memory %zu: all wait for the first", threshold);
	(void)finish_text(&t, 1, "a", "A");
	ok(came(&t, "ab3:c\n3:c\n", "A3:C\n"), "memory %zu: in their order", threshold);
	(void)finish_text(&t, 4, "", "");
	ok(came(&t, "e", "E"), "memory %zu: one that printed nothing too", threshold);
	(void)finish_text(&t, 6, "f", "F");
	ok(came(&t, "f", "F"), "memory %zu: and the last", threshold);
	end(&t, "group, in order");
}

static struct block any_block(const char *data, size_t len, bool in_file)
{
	return in_file ? file(data, len) : memory(data, len);
}

/* Blocks of all kinds and sizes, that wait. */
static void test_blocks(size_t threshold, const char *tag, size_t most)
{
	static const size_t sizes[] = {0, 1, 100, 65536, 65537, 200000};
	auto_buf struct buf want = BUF_INIT;
	struct test t;
	int descriptors;

	begin(&t, OUTPUT_GROUP, true, threshold);
	descriptors = count_descriptors();
	for (unsigned i = 1; i <= JOBS_MOST; i++)
		(void)start(&t, i, tag);
	for (unsigned i = JOBS_MOST; i >= 1; i--) {
		size_t out = sizes[i % ARRAY_SIZE(sizes)];
		size_t err = sizes[i / 2 % ARRAY_SIZE(sizes)];

		if (finish(&t, i, any_block(pattern + i, out, i % 3 != 0),
			   any_block(pattern + 2 * i, err, i % 4 != 0)) != 0)
			ok(false, "it can be kept");
	}
	ok(count_descriptors() <= descriptors + WAITING_FILES + 20,
	   "few files are held open");
	streams_settle(&t.streams, most);
	for (unsigned stream = 0; stream < 2; stream++) {
		want.len = 0;
		for (unsigned i = 1; i <= JOBS_MOST; i++) {
			size_t len = sizes[(stream ? i / 2 : i) % ARRAY_SIZE(sizes)];
			const char *data = pattern + (stream ? 2 * i : i);

			for (size_t at = 0; at < len; at++) {
				if (tag && (at == 0 || data[at - 1] == '\n'))
					(void)buf_add_string(&want, tag);
				(void)buf_add_char(&want, data[at]);
			}
		}
		ok(t.streams.got[stream].len == want.len &&
			   !memcmp(t.streams.got[stream].data, want.data, want.len),
		   "memory %zu, tag %s: stream %u has all in order", threshold,
		   tag ? tag : "-", stream);
	}
	end(&t, "blocks");
}

static void test_lines_order(size_t threshold)
{
	struct test t;

	begin(&t, OUTPUT_LINES, true, threshold);
	for (unsigned i = 1; i <= 4; i++)
		(void)start(&t, i, i == 3 ? "3:" : NULL);
	(void)live(&t, 2, 0, "b1\nb");
	(void)live(&t, 1, 0, "a1\n");
	(void)live(&t, 3, 0, "c1\n");
	(void)live(&t, 3, 1, "C1\n");
	ok(came(&t, "a1\n", ""), "memory %zu: the first is live", threshold);
	(void)live(&t, 3, 0, "c2");
	(void)finish_text(&t, 3, "", "");
	(void)live(&t, 2, 0, "2\n");
	(void)finish_text(&t, 1, "", "");
	ok(came(&t, "b1\nb2\n", ""), "memory %zu: then what the second had", threshold);
	(void)live(&t, 2, 0, "b3\n");
	ok(came(&t, "b3\n", ""), "memory %zu: and it goes on live", threshold);
	(void)live(&t, 4, 0, "d1\n");
	(void)finish_text(&t, 2, "", "");
	ok(came(&t, "3:c1\n3:c2\nd1\n", "3:C1\n"), "memory %zu: and so on", threshold);
	(void)finish_text(&t, 4, "", "D");
	ok(came(&t, "", "D\n"), "memory %zu: to the end", threshold);
	end(&t, "lines, in order");
}

static void test_forget(enum output_mode mode, size_t threshold)
{
	struct test t;

	begin(&t, mode, true, threshold);
	(void)start(&t, 1, NULL);
	(void)start(&t, 2, "try 1:");
	if (mode == OUTPUT_LINES) {
		(void)live(&t, 2, 0, "wrong\nwro");
		(void)live(&t, 2, 1, "wrong\n");
		(void)output_live(&t.output, &t.jobs[2], 0, pattern, 200000);
		(void)output_live(&t.output, &t.jobs[2], 1, pattern, 200000);
		for (size_t len = 0; len < 100000; len += 10)
			(void)live(&t, 2, 0, "a long one");
		(void)live(&t, 2, 0, "\n");
		is_int((long long)t.output.waiting.n_files, 1,
		       "a long line is in a file");
	}
	output_forget(&t.output, &t.jobs[2]);
	is_int((long long)t.output.waiting.n_files, 0, "which is closed");
	is_int((long long)t.output.spool.held, 0, "a forgotten try leaves nothing");
	(void)start(&t, 2, "try 2:");
	if (mode == OUTPUT_LINES)
		(void)live(&t, 2, 0, "right\n");
	(void)finish_text(&t, 2, mode == OUTPUT_LINES ? "" : "right\n", "R\n");
	(void)start(&t, 3, NULL);
	(void)finish_text(&t, 1, "first\n", "");
	ok(came(&t, "first\ntry 2:right\n", "try 2:R\n"), "only the last try is shown");
	if (mode == OUTPUT_LINES) {
		(void)live(&t, 3, 0, "shown\nhalf");
		output_forget(&t.output, &t.jobs[3]);
		(void)start(&t, 3, NULL);
		(void)live(&t, 3, 0, "again\n");
	}
	(void)finish_text(&t, 3, "", "");
	ok(came(&t, mode == OUTPUT_LINES ? "shown\nagain\n" : "", ""),
	   "but what was live stays");
	end(&t, "forget");
}

/* Forgotten while some of it has been shown, and the rest is next. */
static void test_forget_shown(void)
{
	struct test t;

	begin(&t, OUTPUT_LINES, true, 1 << 20);
	(void)start(&t, 1, NULL);
	(void)start(&t, 2, "tag:");
	for (int i = 0; i < 4; i++)
		(void)output_live(&t.output, &t.jobs[2], i & 1, pattern, 60000);
	(void)finish_text(&t, 1, "", "");
	ok(output_is_busy(&t.output), "what waited is more than the pipe takes");
	output_forget(&t.output, &t.jobs[2]);
	streams_settle(&t.streams, ALL);
	/* The third was begun, the fourth is stderr's second. */
	ok(t.streams.got[1].len > 50000 && t.streams.got[1].len < 100000,
	   "what had not gone out is forgotten");
	t.streams.got[0].len = t.streams.got[1].len = 0;
	(void)start(&t, 2, NULL);
	(void)live(&t, 2, 0, "again\n");
	(void)finish_text(&t, 2, "", "");
	ok(came(&t, "again\n", ""), "and the next try is live");
	end(&t, "forget what is shown");
}

/* A pipe must not hold pages of the spool, which are written again. */
static void test_spool_again(void)
{
	enum { LEN = 200000 };
	struct test t;

	begin(&t, OUTPUT_GROUP, true, 0);
	if (fcntl(1, F_SETPIPE_SZ, 1 << 20) < 0)
		printf("# no large pipe\n");
	for (unsigned i = 1; i <= 4; i++)
		(void)start(&t, i, NULL);
	(void)finish(&t, 2, memory(pattern, LEN), memory("", 0));
	(void)finish_text(&t, 1, "", "");
	is_int((long long)t.output.spool.held, 0, "the pipe has it");
	(void)finish(&t, 4, memory(pattern + LEN, LEN), memory("", 0));
	streams_settle(&t.streams, ALL);
	ok(t.streams.got[0].len == LEN && !memcmp(t.streams.got[0].data, pattern, LEN),
	   "what comes later does not change it");
	(void)finish_text(&t, 3, "", "");
	streams_settle(&t.streams, ALL);
	end(&t, "spool again");
}

/* Small pieces are no more than their bytes. */
static void test_small_pieces(void)
{
	struct test t;
	static char tag[1001];

	memset(tag, 't', sizeof(tag) - 1);
	begin(&t, OUTPUT_LINES, true, 0);
	(void)start(&t, 1, NULL);
	(void)start(&t, 2, tag);
	for (int i = 0; i < 10000; i++)
		(void)live(&t, 2, 0, "x\n");
	ok(t.output.waiting.used < 60000 && t.output.spool.held == 0,
	   "10,000 pieces of two bytes take %zu", t.output.waiting.used);
	(void)finish_text(&t, 1, "", "");
	(void)finish_text(&t, 2, "", "");
	streams_settle(&t.streams, ALL);
	is_int((long long)t.streams.got[0].len, 10000 * (1000 + 2),
	       "and all have their tag");
	end(&t, "small pieces");
}

static void test_many(const char *tag)
{
	enum { N = 100000 };
	struct test t;
	struct output_job first = {.order = 1};
	struct block blocks[2] = {BLOCK_INIT, BLOCK_INIT};
	auto_buf struct buf want = BUF_INIT;
	char text[64];
	size_t before;
	size_t used;
	nsec_t start_time = nsec_now();
	nsec_t took;

	begin(&t, OUTPUT_GROUP, true, 0);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	(void)output_begin(&t.output, &first, NULL, 0);
	for (uint64_t i = 2; i <= N; i++) {
		struct output_job j = {.order = i};
		int len = snprintf(text, sizeof(text), "result %u\n", (unsigned)i);

		blocks[0] = memory(text, (size_t)len);
		(void)output_begin(&t.output, &j, tag, tag ? strlen(tag) : 0);
		(void)output_end(&t.output, &j, blocks);
	}
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	ok(used < (5 << 20), "100,000 results that wait take %zu KB", used >> 10);
	(void)output_end(&t.output, &first, blocks);
	while (output_is_busy(&t.output)) {
		(void)streams_read(&t.streams, 0, 65536);
		(void)loop_step(&t.streams.loop);
	}
	streams_settle(&t.streams, 65536);
	took = nsec_now() - start_time;
	for (unsigned i = 2; i <= N; i++)
		(void)buf_add_format(&want, "%sresult %u\n", tag ? tag : "", i);
	ok(t.streams.got[0].len == want.len &&
		   !memcmp(t.streams.got[0].data, want.data, want.len),
	   "and come in order");
	ok(took < 20 * NSEC_PER_SEC, "quickly (%lld ms)",
	   (long long)(took / NSEC_PER_MS));
	end(&t, "many");
}

static void test_full_disk(void)
{
	struct test t;
	auto_buf struct buf want = BUF_INIT;
	rlim_t old;

	begin(&t, OUTPUT_GROUP, true, 0);
	for (unsigned i = 1; i <= 4; i++)
		(void)start(&t, i, NULL);
	old = limit_files(100000);
	is_int(finish(&t, 3, memory(pattern, 200000), memory("C\n", 2)), -EFBIG,
	       "what cannot be kept is said");
	is_int(finish_text(&t, 2, "b\n", "B\n"), 0, "other jobs are kept");
	(void)limit_files(old);
	(void)finish_text(&t, 1, "a\n", "");
	is_int(finish(&t, 4, memory(pattern, 200000), memory("", 0)), 0,
	       "and later ones");
	streams_settle(&t.streams, ALL);
	(void)buf_add_string(&want, "a\nb\n");
	(void)buf_add(&want, pattern, 200000);
	ok(t.streams.got[0].len == want.len &&
		   !memcmp(t.streams.got[0].data, want.data, want.len),
	   "and shown");
	end(&t, "full disk");

	begin(&t, OUTPUT_LINES, true, 50000);
	for (unsigned i = 1; i <= 3; i++)
		(void)start(&t, i, NULL);
	old = limit_files(100000);

	int r = 0;

	for (int i = 0; r == 0 && i < 10; i++)
		r = output_live(&t.output, &t.jobs[2], 0, pattern + i * 40000, 40000);
	is_int(r, -EFBIG, "the same with lines");
	is_int(live(&t, 2, 0, "more\n"), -EFBIG, "once for all");
	for (int i = 0; i < 2; i++) {
		static char xs[50000];

		memset(xs, 'x', sizeof(xs));
		is_int(output_live(&t.output, &t.jobs[1], 0, xs, sizeof(xs)), 0,
		       "a line that fills the disk");
	}
	is_int(finish_text(&t, 1, "", ""), -ENOSPC, "cannot be ended without a loss");
	is_int(finish_text(&t, 2, "no", ""), -EFBIG, "and the other");
	(void)live(&t, 3, 0, "third\n");
	(void)finish_text(&t, 3, "", "");
	streams_settle(&t.streams, ALL);
	(void)limit_files(old);

	const char *got = t.streams.got[0].data;
	const char *newline = got ? strchr(got, '\n') : NULL;
	size_t tail = newline ? strlen(newline + 1) : 0;

	ok(newline && newline > got + 50000 &&
		   strspn(got, "x") == (size_t)(newline - got),
	   "as much of the line as there was room for");
	ok(tail > 6 + 10000 && !memcmp(newline + 1, pattern, tail - 6 - 1),
	   "what the second had until then");
	ok(tail > 6 && !strcmp(newline + 1 + tail - 6, "third\n"), "and the third");
	end(&t, "full disk, lines");
}

int main(void)
{
	output_jobs_init(3);
	for (size_t threshold = 1; threshold <= 1 << 18; threshold *= 512) {
		test_group_order(threshold);
		test_lines_order(threshold);
		test_forget(OUTPUT_GROUP, threshold);
		test_forget(OUTPUT_LINES, threshold);
		test_blocks(threshold, NULL, 65536);
		test_blocks(threshold, "tag\t", 5000);
	}
	test_forget_shown();
	test_spool_again();
	test_small_pieces();
	test_many(NULL);
	test_many("tag\t");
	test_full_disk();
	free(pattern);
	return tap_done();
}
