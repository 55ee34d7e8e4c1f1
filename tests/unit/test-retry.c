#include "config.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "proc/retry.h"
#include "tap.h"

static const struct {
	const char *word;
	nsec_t first;
	double factor;
	nsec_t max;
	double jitter;
} good[] = {
	{"5", 5 * NSEC_PER_SEC, 2, NSEC_FOREVER, 0},
	{"0", 0, 2, NSEC_FOREVER, 0},
	{"inf", NSEC_FOREVER, 2, NSEC_FOREVER, 0},
	{"500ms", 500 * NSEC_PER_MS, 2, NSEC_FOREVER, 0},
	{"1s,x3", NSEC_PER_SEC, 3, NSEC_FOREVER, 0},
	{"1s,x1", NSEC_PER_SEC, 1, NSEC_FOREVER, 0},
	{"1s,x1.5", NSEC_PER_SEC, 1.5, NSEC_FOREVER, 0},
	{"1s,max=1m", NSEC_PER_SEC, 2, 60 * NSEC_PER_SEC, 0},
	{"1s,max=inf", NSEC_PER_SEC, 2, NSEC_FOREVER, 0},
	{"1s,jitter=0", NSEC_PER_SEC, 2, NSEC_FOREVER, 0},
	{"1s,jitter=1", NSEC_PER_SEC, 2, NSEC_FOREVER, 1},
	{"1s,x2,max=1m,jitter=0.2", NSEC_PER_SEC, 2, 60 * NSEC_PER_SEC, .2},
	{"1s,jitter=.2,max=1m,x4", NSEC_PER_SEC, 4, 60 * NSEC_PER_SEC, .2},
};

static const char *const junk[] = {
	"",
	",",
	"x2",
	",x2",
	"max=1m",
	"1s,",
	"1s,,x2",
	"1s,x2,",
	"1s x2",
	"1s, x2",
	"1s,2",
	"1s,x",
	"1s,x0.5",
	"1s,x0",
	"1s,x-2",
	"1s,x+2",
	"1s,x 2",
	"1s,xinf",
	"1s,xnan",
	"1s,x0x2",
	"1s,x1e3",
	"1s,x1.2.3",
	"1s,x.",
	"1s,X2",
	"1s,x2,x3",
	"1s,max",
	"1s,max=",
	"1s,max=0",
	"1s,max=-1",
	"1s,max=x",
	"1s,max=1m,max=2m",
	"1s,jitter=",
	"1s,jitter=1.1",
	"1s,jitter=-0.1",
	"1s,jitter=20%",
	"1s,jitter=nan",
	"1s,jitter=.1,jitter=.1",
	"1s,min=1s",
	"-1,x2",
	"x,x2",
	"1s,x2\n",
};

static void test_parse(void)
{
	char zeros[300] = "1s,x";

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct retry_delay d = {0};
		int r = retry_delay_parse(good[i].word, &d);

		ok(r == 0 && d.first == good[i].first && d.factor == good[i].factor &&
			   d.max == good[i].max && d.jitter == good[i].jitter,
		   "'%s' is understood", good[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		struct retry_delay d = {.first = 42, .factor = 43};

		is_int(retry_delay_parse(junk[i], &d), -EINVAL, "'%s' is refused",
		       junk[i]);
		ok(d.first == 42 && d.factor == 43, "and changes nothing");
	}

	struct retry_delay d;

	memset(zeros + 4, '1', sizeof(zeros) - 5);
	is_int(retry_delay_parse(zeros, &d), -EINVAL,
	       "a part that is very long is refused");
	memset(zeros, '0', 4);
	is_int(retry_delay_parse(zeros, &d), 0, "a duration that is very long is not");
	is_int(d.first, NSEC_FOREVER, "it lasts");
}

static nsec_t before(const char *word, unsigned try, double random)
{
	struct retry_delay d;

	if (retry_delay_parse(word, &d) < 0)
		return -1;
	return retry_delay_before(&d, try, random);
}

static void test_growth(void)
{
	struct retry_delay nothing = RETRY_DELAY_INIT;

	is_int(retry_delay_before(&nothing, 2, 0), 0, "not given: no wait");
	is_int(before("200ms", 2, .5), 200 * NSEC_PER_MS,
	       "the first wait is what was said");
	is_int(before("200ms", 3, .5), 400 * NSEC_PER_MS, "the second is twice as long");
	is_int(before("1ns", 64, .5), INT64_C(1) << 62, "doublings are exact");
	is_int(before("3333333333ns", 12, .5), INT64_C(3333333333) << 10, "all of them");
	is_int(before("1ns", 65, .5), NSEC_FOREVER, "up to for ever");
	is_int(before("1s", UINT_MAX, .5), NSEC_FOREVER, "which stays for ever");
	is_int(before("0", UINT_MAX, .5), 0, "nothing stays nothing");
	is_int(before("inf", 2, .5), NSEC_FOREVER, "for ever is for ever at once");
	is_int(before("1s,x3", 4, .5), 9 * NSEC_PER_SEC,
	       "x3: the third is nine times as long");
	is_int(before("1s,x1", UINT_MAX, .5), NSEC_PER_SEC, "x1: always the same");
	is_int(before("1s,x1.5", 4, .5), 2250 * NSEC_PER_MS, "x1.5");
	is_int(before("1s,max=3s", 3, .5), 2 * NSEC_PER_SEC,
	       "max: below it nothing changes");
	is_int(before("1s,max=3s", 4, .5), 3 * NSEC_PER_SEC, "max: it is the longest");
	is_int(before("1s,max=3s", UINT_MAX, .5), 3 * NSEC_PER_SEC, "max: for good");
	is_int(before("5s,max=3s", 2, .5), 3 * NSEC_PER_SEC,
	       "max: of the first wait too");
	is_int(before("inf,max=3s", 2, .5), 3 * NSEC_PER_SEC, "max: of for ever too");
}

static void test_jitter(void)
{
	struct retry_delay d;
	nsec_t last = -1;
	int differ = 0;
	bool inside = true;

	is_int(before("1s,jitter=0.25", 2, 0), 750 * NSEC_PER_MS, "jitter: the shortest");
	is_int(before("1s,jitter=0.25", 2, .5), NSEC_PER_SEC, "jitter: the middle");
	is_int(before("1s,jitter=0.25", 3, .75), 2250 * NSEC_PER_MS,
	       "jitter: a longer one");
	is_int(before("9s,max=1s,jitter=0.25", 2, 0), 750 * NSEC_PER_MS,
	       "jitter moves what max allows");
	is_int(before("1s,jitter=1", 2, 0), 0, "jitter: all of it");
	is_int(before("1ns,jitter=1", 65, 0), NSEC_FOREVER, "for ever is not moved");
	is_int(before("9223372036854775806ns,jitter=1", 2, .999), NSEC_FOREVER,
	       "nothing overflows");

	(void)retry_delay_parse("1s,jitter=0.25", &d);
	for (int i = 0; i < 1000; i++) {
		nsec_t wait = retry_delay_draw(&d, 2);

		inside &= wait >= 750 * NSEC_PER_MS && wait < 1250 * NSEC_PER_MS;
		differ += wait != last;
		last = wait;
	}
	ok(inside, "what is drawn stays within a quarter");
	ok(differ > 900, "and is another each time");
	(void)retry_delay_parse("1s,x3", &d);
	is_int(retry_delay_draw(&d, 3), 3 * NSEC_PER_SEC,
	       "without jitter nothing is drawn");
}

int main(void)
{
	test_parse();
	test_growth();
	test_jitter();
	return tap_done();
}
