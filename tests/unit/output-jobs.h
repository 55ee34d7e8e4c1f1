/*
 * What the tests of the output share: jobs that print to two pipes.
 */
#ifndef TESTS_UNIT_OUTPUT_JOBS_H
#define TESTS_UNIT_OUTPUT_JOBS_H

#include "map/output.h"
#include "streams.h"

enum { LARGE = 3 << 20, ALL = 1 << 20, JOBS_MOST = 32 };

static char *pattern; /* LARGE bytes */

struct test {
	struct streams streams;
	struct output output;
	struct output_job jobs[JOBS_MOST + 1];
	int descriptors; /* before */
};

static inline void begin(struct test *t, enum output_mode mode, bool keep_order,
			 size_t memory)
{
	*t = (struct test){.descriptors = count_descriptors()};
	streams_open_pipes(&t->streams);
	if (output_init(&t->output, mode, keep_order, &t->streams.loop, streams_drained,
			&t->streams) < 0)
		exit(99);
	if (memory)
		t->output.waiting.memory = memory;
}

/* Whether nothing is left behind, too. */
static inline void end(struct test *t, const char *name)
{
	is_int((long long)t->output.spool.held, 0, "%s: nothing stays in the spool",
	       name);
	is_int((long long)t->output.waiting.used, 0, "%s: nor in memory", name);
	output_clear(&t->output);
	streams_close(&t->streams);
	is_int(count_descriptors(), t->descriptors, "%s: no descriptor is left open",
	       name);
}

static inline struct output_job *start(struct test *t, unsigned i, const char *tag)
{
	struct output_job *j = &t->jobs[i];

	j->order = i;
	if (output_begin(&t->output, j, tag, tag ? strlen(tag) : 0) < 0)
		exit(99);
	return j;
}

static inline struct block memory(const char *data, size_t len)
{
	struct block b = BLOCK_INIT;

	if (len && buf_add(&b.mem, data, len) < 0)
		exit(99);
	return b;
}

static inline struct block file(const char *data, size_t len)
{
	return (struct block){.file = make_file(data, len, 7), .at = 7, .len = len};
}

static inline int finish(struct test *t, unsigned i, struct block out, struct block err)
{
	struct block blocks[2] = {out, err};

	return output_end(&t->output, &t->jobs[i], blocks);
}

static inline int finish_text(struct test *t, unsigned i, const char *out,
			      const char *err)
{
	return finish(t, i, memory(out, strlen(out)), memory(err, strlen(err)));
}

static inline int live(struct test *t, unsigned i, unsigned stream, const char *text)
{
	return output_live(&t->output, &t->jobs[i], stream, text, strlen(text));
}

/* What has come since the last time. */
static inline bool came(struct test *t, const char *out, const char *err)
{
	bool same;

	streams_settle(&t->streams, ALL);
	(void)buf_add(&t->streams.got[0], "", 0);
	(void)buf_add(&t->streams.got[1], "", 0);
	same = strcmp(t->streams.got[0].data, out) == 0 &&
	       strcmp(t->streams.got[1].data, err) == 0;
	if (!same)
		printf("# came: \"%.200s\" \"%.200s\"\n", t->streams.got[0].data,
		       t->streams.got[1].data);
	t->streams.got[0].len = t->streams.got[1].len = 0;
	return same;
}

static inline void output_jobs_init(unsigned seed)
{
	streams_init();
	pattern = malloc(LARGE);
	if (!pattern)
		exit(99);
	fill_pattern(pattern, LARGE, seed);
}

#endif
