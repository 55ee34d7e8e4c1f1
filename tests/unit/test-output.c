#include "config.h"

#include <malloc.h>

#include "output-jobs.h"

static void test_group(void)
{
	struct test t;

	begin(&t, OUTPUT_GROUP, false, 0);
	for (unsigned i = 1; i <= 3; i++)
		(void)start(&t, i, i == 2 ? "two\t" : NULL);
	is_int(finish_text(&t, 3, "c1\nc2", "C\n"), 0, "a group");
	ok(came(&t, "c1\nc2", "C\n"), "a job is shown when it ends, as it is");
	(void)finish_text(&t, 2, "b\n\nb", "");
	ok(came(&t, "two\tb\ntwo\t\ntwo\tb", ""), "each line with its tag");
	(void)finish(&t, 1, file(pattern, LARGE), memory("A", 1));
	streams_settle(&t.streams, 20000);
	ok(t.streams.got[0].len == LARGE &&
		   !memcmp(t.streams.got[0].data, pattern, LARGE),
	   "a large one");
	is_str(t.streams.got[1].data, "A", "with its errors behind");
	end(&t, "group");
}

static void test_lines(void)
{
	struct test t;

	begin(&t, OUTPUT_LINES, false, 0);
	(void)start(&t, 1, NULL);
	(void)start(&t, 2, "2:");
	(void)live(&t, 1, 0, "one");
	(void)live(&t, 2, 0, "zwei\ndr");
	(void)live(&t, 1, 1, "err\n");
	ok(came(&t, "2:zwei\n", "err\n"), "no half lines");
	(void)live(&t, 1, 0, " two\nthree\nfo");
	(void)live(&t, 2, 0, "ei\n");
	ok(came(&t, "one two\nthree\n2:drei\n", ""), "whole ones as they come");
	(void)live(&t, 2, 0, "");
	(void)live(&t, 2, 1, "last");
	(void)finish_text(&t, 1, "ur\nfive", "E");
	ok(came(&t, "four\nfive\n", "E\n"), "a last line is ended");
	(void)finish(&t, 2, file("x\ny", 3), file("\nz\n", 3));
	ok(came(&t, "2:x\n2:y\n", "2:last\n2:z\n"),
	   "what comes at the end goes on where it was");
	end(&t, "lines");
}

/* A text of its own for each job: lines that begin with its number. */
static void make_text(struct buf *text, unsigned i, unsigned stream, size_t len)
{
	unsigned x = i * 2 + stream;
	unsigned n = 0;

	while (text->len < len) {
		x = x * 1103515245U + 12345U;

		size_t line = (x >> 8) % 50 == 0 ? (x >> 12) % 150000 : (x >> 12) % 60;

		(void)buf_add_format(text, "%u.%u %u ", i, stream, n++);
		for (size_t k = 0; k < line; k++)
			(void)buf_add_char(text, (char)('a' + k % 26));
		(void)buf_add_char(text, '\n');
	}
	if (i % 2)
		text->len--; /* the last newline */
}

enum { MIXED_JOBS = 12, MIXED_LEN = 200000 };

struct mixed {
	struct buf texts[MIXED_JOBS + 1][2];
	size_t at[MIXED_JOBS + 1][2];
	bool ended[MIXED_JOBS + 1];
};

/* Have a job print some more, or end: whether it ended. */
static bool print_more(struct test *t, struct mixed *m, unsigned i, unsigned stream,
		       size_t n)
{
	struct buf *text = &m->texts[i][stream];

	if (n > text->len - m->at[i][stream])
		n = text->len - m->at[i][stream];
	(void)output_live(&t->output, &t->jobs[i], stream, text->data + m->at[i][stream],
			  n);
	m->at[i][stream] += n;
	if (m->at[i][0] < m->texts[i][0].len || m->at[i][1] < m->texts[i][1].len)
		return false;
	m->ended[i] = true;
	(void)finish_text(t, i, "", "");
	return true;
}

/* Whether a stream got whole lines, each job's in order, and all of them. */
static bool is_whole(const struct buf *got, struct mixed *m, unsigned stream,
		     bool keep_order)
{
	const char *p = got->data;
	const char *stop = p + got->len;
	unsigned before = 0;

	for (unsigned i = 1; i <= MIXED_JOBS; i++) {
		m->at[i][stream] = 0;
		if (i % 2)
			m->texts[i][stream].data[m->texts[i][stream].len++] = '\n';
	}
	while (p < stop) {
		const char *newline = memchr(p, '\n', (size_t)(stop - p));
		size_t len = newline ? (size_t)(newline + 1 - p) : 0;
		unsigned i = (unsigned)strtoul(p, NULL, 10);

		if (!len || i < 1 || i > MIXED_JOBS || (keep_order && i < before) ||
		    len > m->texts[i][stream].len - m->at[i][stream] ||
		    memcmp(m->texts[i][stream].data + m->at[i][stream], p, len) != 0)
			return false;
		m->at[i][stream] += len;
		p += len;
		before = i;
	}
	for (unsigned i = 1; i <= MIXED_JOBS; i++)
		if (m->at[i][stream] != m->texts[i][stream].len)
			return false;
	return true;
}

/* Many jobs print at the same time, in pieces of any size, to a slow reader. */
static void test_mixed(bool keep_order, size_t threshold, size_t most, bool patient)
{
	struct mixed m = {0};
	unsigned left = MIXED_JOBS;
	unsigned x = 99;
	struct test t;

	begin(&t, OUTPUT_LINES, keep_order, threshold);
	for (unsigned i = 1; i <= MIXED_JOBS; i++) {
		(void)start(&t, i, NULL);
		make_text(&m.texts[i][0], i, 0, MIXED_LEN);
		make_text(&m.texts[i][1], i, 1, i % 3 ? 1000 : MIXED_LEN);
	}
	while (left) {
		x = x * 1103515245U + 12345U;

		unsigned i = (x >> 16) % MIXED_JOBS + 1;

		if (!m.ended[i] &&
		    print_more(&t, &m, i, (x >> 10) & 1, (x >> 14) % 30000))
			left--;
		if (patient && output_is_busy(&t.output))
			streams_settle(&t.streams, most);
		else
			(void)streams_read(&t.streams, i & 1, most);
	}
	streams_settle(&t.streams, most);
	ok(t.streams.drained > 0 && !output_is_busy(&t.output), "mixed: all is written");
	for (unsigned stream = 0; stream < 2; stream++)
		ok(is_whole(&t.streams.got[stream], &m, stream, keep_order),
		   "mixed: order %d, memory %zu, reads of %zu: stream %u has whole lines",
		   keep_order, threshold, most, stream);
	for (unsigned i = 1; i <= MIXED_JOBS; i++) {
		buf_clear(&m.texts[i][0]);
		buf_clear(&m.texts[i][1]);
	}
	end(&t, "mixed");
}

/* A line that is far longer than what we hold, between others. */
static void test_long_line(bool keep_order)
{
	enum { PIECE = 65536, COUNT = 3200 }; /* 200 MB */
	static char piece[PIECE];
	struct test t;
	size_t before;
	size_t most = 0;
	uint64_t len = 0;
	bool same = true;

	begin(&t, OUTPUT_LINES, keep_order, 0);
	(void)start(&t, 1, "T:");
	(void)start(&t, 2, NULL);
	memset(piece, 'x', sizeof(piece));
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < COUNT; i++) {
		(void)output_live(&t.output, &t.jobs[1], 0, piece, PIECE);
		if (i == COUNT / 2)
			(void)live(&t, 2, 0, "other\n");
	}
	most = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	ok(most < (1 << 20), "a long line takes no memory (%zu KB)", most >> 10);
	(void)finish_text(&t, 1, "", "");
	(void)finish_text(&t, 2, "", "");

	const char *head = keep_order ? "T:" : "other\nT:";
	const char *tail = keep_order ? "\nother\n" : "\n";
	uint64_t want = (uint64_t)PIECE * COUNT + strlen(head) + strlen(tail);

	while (len < want && same) {
		struct buf *got = &t.streams.got[0];

		while (!streams_read(&t.streams, 0, PIECE))
			(void)loop_step(&t.streams.loop);
		for (size_t i = 0; i < got->len; i++, len++) {
			char c = len < strlen(head) ? head[len]
				 : len >= want - strlen(tail)
					 ? tail[len - (want - strlen(tail))]
					 : 'x';

			if (got->data[i] != c)
				same = false;
		}
		got->len = 0;
	}
	streams_settle(&t.streams, PIECE);
	ok(same && t.streams.got[0].len == 0, "a line of 200 MB is one line");
	end(&t, "long line");
}

static void test_finish(void)
{
	struct test t;

	begin(&t, OUTPUT_LINES, true, 0);
	for (unsigned i = 1; i <= 3; i++)
		(void)start(&t, i, NULL);
	(void)live(&t, 2, 0, "b\n");
	(void)finish_text(&t, 3, "c\n", "");
	ok(came(&t, "", ""), "a job that never ends holds the others up");
	output_finish(&t.output);
	ok(came(&t, "b\nc\n", ""), "until no more will come");
	(void)live(&t, 1, 0, "late\n");
	ok(came(&t, "late\n", ""), "what it prints yet is shown");
	output_forget(&t.output, &t.jobs[1]);
	(void)start(&t, 1, NULL);
	(void)finish_text(&t, 1, "later", "");
	(void)finish_text(&t, 2, "", "");
	ok(came(&t, "later\n", ""), "to its end");
	end(&t, "finish");
}

static void test_errors(void)
{
	struct test t;

	begin(&t, OUTPUT_GROUP, true, 0);
	t.streams.ends[0] = fd_close(t.streams.ends[0]);
	for (unsigned i = 1; i <= 3; i++)
		(void)start(&t, i, NULL);
	(void)finish(&t, 2, memory(pattern, LARGE), memory("B", 1));
	(void)finish(&t, 3, file(pattern, LARGE), memory("C", 1));
	(void)finish(&t, 1, memory("a", 1), memory("A", 1));
	is_int(output_error(&t.output, 0), EPIPE, "a reader that went away");
	is_int(output_error(&t.output, 1), 0, "and one that did not");
	streams_settle(&t.streams, ALL);
	is_str(t.streams.got[1].data, "ABC", "gets all");
	ok(t.streams.drained > 0, "and it is said");
	end(&t, "errors");

	begin(&t, OUTPUT_LINES, true, 100);
	(void)start(&t, 1, NULL);
	(void)start(&t, 2, NULL);
	for (int i = 0; i < 100; i++)
		(void)live(&t, 2, 0, "lost\n");
	(void)ftruncate(t.output.spool.fd, 0);
	(void)live(&t, 1, 0, "a\n");
	(void)finish_text(&t, 1, "", "");
	(void)finish_text(&t, 2, "", "");
	streams_settle(&t.streams, ALL);
	is_int(output_error(&t.output, 0), EIO,
	       "a spool that cannot be read is an error");
	t.output.spool.held = 0;
	end(&t, "bad spool");
}

int main(void)
{
	output_jobs_init(2);
	test_group();
	test_lines();
	test_mixed(false, 0, 1000, true);
	test_mixed(false, 0, 5000, false);
	for (size_t threshold = 1; threshold <= 1 << 18; threshold *= 512) {
		test_mixed(true, threshold, 70000, true);
		test_mixed(true, threshold, 3000, false);
	}
	test_long_line(false);
	test_long_line(true);
	test_finish();
	test_errors();
	free(pattern);
	return tap_done();
}
