#include "config.h"

#include "map/median.h"
#include "map/progress.h"

#include "tap.h"

static const char *line_of(struct buf *b, uint64_t done, uint64_t total, nsec_t elapsed,
			   unsigned width)
{
	const struct progress_counts counts = {
		.done = done, .running = 4, .failed = 2, .total = total};

	b->len = 0;
	return progress_format(b, &counts, elapsed, width) == 0 ? b->data : NULL;
}

static void test_progress(void)
{
	struct buf b = BUF_INIT;

	is_str(line_of(&b, 360, 1000, 36 * NSEC_PER_SEC, 200),
	       "[#########                ] 36% 360/1000 done, 4 running, 2 failed, 10/s, "
	       "1m04s left",
	       "progress: with a total");
	is_str(line_of(&b, 12, 0, 24 * NSEC_PER_SEC, 200),
	       "12 done, 4 running, 2 failed, 0.5/s", "progress: without a total");
	is_str(line_of(&b, 10, 10, NSEC_PER_SEC, 200),
	       "[#########################] 100% 10/10 done, 4 running, 2 failed, 10/s",
	       "progress: at the end");
	is_str(line_of(&b, 0, 10, 0, 200),
	       "[                         ] 0% 0/10 done, 4 running, 2 failed, 0.0/s",
	       "progress: at the beginning");
	is_str(line_of(&b, 1, 10001, NSEC_PER_SEC, 200) + 27,
	       " 0% 1/10001 done, 4 running, 2 failed, 1.0/s, 2h46m left",
	       "progress: hours");
	is_str(line_of(&b, 360, 1000, NSEC_PER_SEC, 12), "[#########  ",
	       "progress: a narrow terminal");
	buf_clear(&b);
}

/* Within half a step, 1/64, of the truth. */
static void is_near(nsec_t got, nsec_t wanted, const char *name)
{
	nsec_t off = got > wanted ? got - wanted : wanted - got;

	if (!ok(off <= wanted / 64 + 16, "median: %s", name))
		printf("# is %lld, wanted %lld\n", (long long)got, (long long)wanted);
}

static void test_median(void)
{
	struct median m = {0};

	is_int(median_get(&m), 0, "median: none without durations");
	(void)median_add(&m, 5 * NSEC_PER_SEC);
	is_near(median_get(&m), 5 * NSEC_PER_SEC, "of one");
	(void)median_add(&m, NSEC_PER_MS);
	(void)median_add(&m, 2 * NSEC_PER_MS);
	is_near(median_get(&m), 2 * NSEC_PER_MS, "of three");
	for (int i = 0; i < 1000; i++)
		(void)median_add(&m, 700 * NSEC_PER_MS + i);
	is_near(median_get(&m), 700 * NSEC_PER_MS, "of many");
	median_clear(&m);
	for (nsec_t d = 1; d <= 1000001; d++)
		(void)median_add(&m, d * 1000);
	is_near(median_get(&m), 500001 * 1000LL, "of a million");
	median_clear(&m);
	(void)median_add(&m, 0);
	ok(median_get(&m) <= MEDIAN_STEPS + 1, "median: of nothing");
	median_clear(&m);
	(void)median_add(&m, NSEC_FOREVER);
	is_near(median_get(&m), NSEC_FOREVER, "of for ever");
	median_clear(&m);
}

int main(void)
{
	test_progress();
	test_median();
	return tap_done();
}
