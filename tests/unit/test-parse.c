#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "tap.h"

enum { S = 1000000000 };

static const struct {
	const char *word;
	nsec_t value;
} durations[] = {
	/* What GNU timeout takes. */
	{"0", 0},
	{"0s", 0},
	{"0x0", 0},
	{"0x0p-5000", 0},
	{"0x.0", 0},
	{"0e5000", 0},
	{"0.000d", 0},
	{"+0", 0},
	{"5", 5LL * S},
	{"5.", 5LL * S},
	{"007", 7LL * S},
	{"0x1", S},
	{"0x1d", 29LL * S},
	{"0x1dd", 477LL * S},
	{"0x1p0d", 86400LL * S},
	{"0X1P-3", 125000000},
	{"0x1p-3", 125000000},
	{"inf", NSEC_FOREVER},
	{"INF", NSEC_FOREVER},
	{"+inf", NSEC_FOREVER},
	{"infinity", NSEC_FOREVER},
	{"infd", NSEC_FOREVER},
	{"1e-3", 1000000},
	{"1E-3", 1000000},
	{"1e+1", 10LL * S},
	{".1", 100000000},
	{"+0.1", 100000000},
	{" 1", S},
	{"\t\n 1", S},
	{"1.5m", 90LL * S},
	{"1s", S},
	{"1m", 60LL * S},
	{"1h", 3600LL * S},
	{"1d", 86400LL * S},
	{"1e400", NSEC_FOREVER},
	{"0x1p20000", NSEC_FOREVER},
	{"1e99999999999999999999", NSEC_FOREVER},
	/* And what prockit adds. */
	{"1ms", 1000000},
	{"2us", 2000},
	{"3ns", 3},
	{"0.5ms", 500000},
	{"0x10ms", 16000000},
	/* Up to the next nanosecond, and only where there is a rest. */
	{"0.1ns", 1},
	{"1.0ns", 1},
	{"1.0000000000000000000000000000000000000000000000000000000000001ns", 2},
	{"0.0000000001", 1},
	{"0.3", 300000000},
	{"0.7d", 60480LL * S},
	{"1.1h", 3960LL * S},
	{"0.000000001d", 86400},
	{"0.00000000000001d", 1},
	{"123456789e-9", 123456789},
	{"1234567891e-10", 123456790},
	{"1e-9", 1},
	{"1e-10", 1},
	{"1e-5000", 1},
	{"1e-99999999999999999999", 1},
	{"0x1p-20000", 1},
	{"0x.8p-30", 1},
	{"0x1.8p-29ns", 1},
	{"0x1.8ns", 2},
	/* The edge of what fits. */
	{"9223372036854775806ns", NSEC_FOREVER - 1},
	{"9223372036854775807ns", NSEC_FOREVER},
	{"9223372036854775808ns", NSEC_FOREVER},
	{"9223372036854775806.5ns", NSEC_FOREVER},
	{"9223372036.854775806", NSEC_FOREVER - 1},
	{"9223372036.854775808", NSEC_FOREVER},
	{"106751.9d", 9223364160LL * S},
	{"106752d", NSEC_FOREVER},
	{"0x7fffffffffffffffns", NSEC_FOREVER},
	{"0x8000000000000000ns", NSEC_FOREVER},
	{"1000000000000000000000000000000e-30", S},
	{"0.000000000000000000000000000001e30", S},
};

static const char *const bad_durations[] = {
	"",    "nan",  "NAN",  "nan(1)", "-1",	 "-0",	    "-inf", " -1", "1s2",
	"1S",  "0.1 ", "1_0",  "1,5",	 "1 s",	 "s",	    "ms",   ".",   "e5",
	"1e",  "1e+",  "0x",   "0xg",	 "1mm",	 "1sec",    "1min", "1MS", "1D",
	"+-1", "--1",  "1..2", "1.2.3",	 "infx", "infinit", "1\n",
};

static void test_durations(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		nsec_t value = -7;
		int r = parse_duration(durations[i].word, &value);

		if (ok(r == 0, "duration %zu: accepted", i))
			is_int(value, durations[i].value, "duration %zu: its value", i);
		else
			printf("# '%s'\n", durations[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_durations); i++) {
		nsec_t value = -7;
		int r = parse_duration(bad_durations[i], &value);

		ok(r == -EINVAL && value == -7, "bad duration %zu: refused", i);
		if (r != -EINVAL)
			printf("# '%s'\n", bad_durations[i]);
	}
}

/* Every number of microseconds up to a second, typed with a point, is exactly itself. */
static void test_exact_durations(void)
{
	int wrong = 0;

	for (int i = 0; i < 1000000; i += 7) {
		char word[32];
		nsec_t value;

		snprintf(word, sizeof(word), "3.%06d", i);
		if (parse_duration(word, &value) < 0 || value != 3LL * S + i * 1000LL)
			wrong++;
	}
	is_int(wrong, 0, "durations with six decimals are exact");
}

static const struct {
	const char *word;
	int r;
	uint64_t value;
} sizes[] = {
	{"0", 0, 0},
	{"4096", 0, 4096},
	{"0064", 0, 64},
	{"1K", 0, 1024},
	{"1KiB", 0, 1024},
	{"64K", 0, 65536},
	{"1M", 0, 1 << 20},
	{"1MiB", 0, 1 << 20},
	{"2G", 0, UINT64_C(2) << 30},
	{"2GiB", 0, UINT64_C(2) << 30},
	{"3T", 0, UINT64_C(3) << 40},
	{"3P", 0, UINT64_C(3) << 50},
	{"15E", 0, UINT64_C(15) << 60},
	{"15EiB", 0, UINT64_C(15) << 60},
	{"1kB", 0, 1000},
	{"1MB", 0, 1000000},
	{"1GB", 0, 1000000000},
	{"1TB", 0, UINT64_C(1000000000000)},
	{"1PB", 0, UINT64_C(1000000000000000)},
	{"18EB", 0, UINT64_C(18000000000000000000)},
	{"0E", 0, 0},
	{"18446744073709551615", 0, UINT64_MAX},
	{"18446744073709551616", -ERANGE, 0},
	{"99999999999999999999999999", -ERANGE, 0},
	{"16E", -ERANGE, 0},
	{"19EB", -ERANGE, 0},
	{"18014398509481984K", -ERANGE, 0},
	{"", -EINVAL, 0},
	{"K", -EINVAL, 0},
	{"-1", -EINVAL, 0},
	{"+1", -EINVAL, 0},
	{" 1", -EINVAL, 0},
	{"1 ", -EINVAL, 0},
	{"1 K", -EINVAL, 0},
	{"1.5K", -EINVAL, 0},
	{"0x10", -EINVAL, 0},
	{"1k", -EINVAL, 0},
	{"1m", -EINVAL, 0},
	{"1KB", -EINVAL, 0},
	{"1kiB", -EINVAL, 0},
	{"1Kib", -EINVAL, 0},
	{"1KiBs", -EINVAL, 0},
	{"1B", -EINVAL, 0},
	{"1Z", -EINVAL, 0},
	{"1KK", -EINVAL, 0},
	{"99999999999999999999999999x", -EINVAL, 0},
};

static void test_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t value = 77;

		is_int(parse_size(sizes[i].word, &value), sizes[i].r, "size '%s'",
		       sizes[i].word);
		ok(value == (sizes[i].r ? 77 : sizes[i].value), "size '%s': its value",
		   sizes[i].word);
	}
}

static const struct {
	const char *word;
	int64_t min, max;
	int r;
	int64_t value;
} numbers[] = {
	{"0", 0, 0, 0, 0},
	{"-0", 0, 0, 0, 0},
	{"+5", 0, 5, 0, 5},
	{"005", 0, 5, 0, 5},
	{"-20", -20, 19, 0, -20},
	{"-21", -20, 19, -EINVAL, 0},
	{"20", -20, 19, -EINVAL, 0},
	{"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
	{"9223372036854775808", INT64_MIN, INT64_MAX, -EINVAL, 0},
	{"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
	{"-9223372036854775809", INT64_MIN, INT64_MAX, -EINVAL, 0},
	{"18446744073709551616", INT64_MIN, INT64_MAX, -EINVAL, 0},
	{"", 0, 9, -EINVAL, 0},
	{"-", 0, 9, -EINVAL, 0},
	{"+", 0, 9, -EINVAL, 0},
	{"+-1", -9, 9, -EINVAL, 0},
	{" 1", 0, 9, -EINVAL, 0},
	{"1 ", 0, 9, -EINVAL, 0},
	{"1.0", 0, 9, -EINVAL, 0},
	{"1e0", 0, 9, -EINVAL, 0},
	{"0x1", 0, 9, -EINVAL, 0},
	{"one", 0, 9, -EINVAL, 0},
};

static void test_numbers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t value = 77;
		int r = parse_number(numbers[i].word, numbers[i].min, numbers[i].max,
				     &value);

		is_int(r, numbers[i].r, "number '%s'", numbers[i].word);
		is_int(value, r ? 77 : numbers[i].value, "number '%s': its value",
		       numbers[i].word);
	}
}

static const struct {
	const char *word;
	int signal;
} signals[] = {
	{"0", 0},	   {"EXIT", 0},	      {"exit", 0},	    {"SIGEXIT", 0},
	{"TERM", SIGTERM}, {"term", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM},
	{"SigTerm", 15},   {"15", 15},	      {"015", 15},	    {"9", SIGKILL},
	{"KILL", SIGKILL}, {"IOT", SIGABRT},  {"ABRT", SIGABRT},    {"CLD", SIGCHLD},
	{"CHLD", SIGCHLD}, {"IO", SIGIO},     {"POLL", SIGIO},	    {"SIGPOLL", SIGIO},
	{"STKFLT", 16},	   {"64", 64},	      {"32", 32},	    {"SIG32", 32},
};

static const char *const bad_signals[] = {
	"",	    "SIG",	"SIGSIGTERM",
	"TERMS",    "TER",	" TERM",
	"TERM ",    "-1",	"-TERM",
	"+9",	    "65",	"143",
	"9x",	    "0x9",	"1.0",
	"RTMIN+",   "RTMIN-1",	"RTMAX+1",
	"RTMIN+99", "RTMAX-99", "RTMIN 1",
	"RTMIN++",  "RTMIN+-0", "RTMINx",
	"RT",	    "NOSUCH",	"99999999999999999999",
};

static void test_signals(void)
{
	char name[16];

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int value = -7;

		ok(parse_signal(signals[i].word, &value) == 0, "signal '%s'",
		   signals[i].word);
		is_int(value, signals[i].signal, "signal '%s': its number",
		       signals[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_signals); i++) {
		int value = -7;

		is_int(parse_signal(bad_signals[i], &value), -EINVAL, "bad signal '%s'",
		       bad_signals[i]);
		is_int(value, -7, "bad signal '%s' leaves the value alone",
		       bad_signals[i]);
	}
	for (int i = 0; i <= SIGRTMAX; i++) {
		int value = -7;

		signal_name(i, name);
		ok(parse_signal(name, &value) == 0 && value == i,
		   "signal %d: %s reads back", i, name);
		if (i && i < 32)
			ok(parse_signal(name + 3, &value) == 0 && value == i,
			   "signal %d: %s", i, name + 3);
	}
	for (int i = 0; i <= SIGRTMAX - SIGRTMIN; i++) {
		char word[32];
		int low = -7;
		int high = -7;

		snprintf(word, sizeof(word), "rtmin+%d", i);
		ok(parse_signal(word, &low) == 0 && low == SIGRTMIN + i, "signal %s",
		   word);
		snprintf(word, sizeof(word), "SIGRTMAX-%d", i);
		ok(parse_signal(word, &high) == 0 && high == SIGRTMAX - i, "signal %s",
		   word);
	}
	is_str(signal_name(0, name), "0", "the name of signal 0");
	is_str(signal_name(SIGTERM, name), "SIGTERM", "the name of signal 15");
	is_str(signal_name(SIGIO, name), "SIGIO",
	       "the name of signal 29 is bash's and Python's");
	is_str(signal_name(SIGRTMIN, name), "SIGRTMIN",
	       "the name of the first real-time signal");
	is_str(signal_name(SIGRTMIN + 3, name), "SIGRTMIN+3", "the name of the fourth");
	is_str(signal_name(SIGRTMAX, name), "SIGRTMAX", "the name of the last");
	is_str(signal_name(33, name), "SIG33", "the name of a signal without one");
	is_str(signal_name(77, name), "SIG77", "the name of no signal");
	is_str(signal_name(-1, name), "SIG-1", "the name of a negative number");
}

/* Ranges of what has to be in the set; a -1 ends them. */
static const struct {
	const char *word;
	int ranges[8];
} codes[] = {
	{"0", {0, 0, -1}},
	{"0,1", {0, 1, -1}},
	{"0-2,77", {0, 2, 77, 77, -1}},
	{"255,0", {0, 0, 255, 255, -1}},
	{"0-255", {0, 255, -1}},
	{"3-3", {3, 3, -1}},
	{"1,1,1-2", {1, 2, -1}},
	{"007", {7, 7, -1}},
};

static const char *const bad_codes[] = {
	"",
	"256",
	"0,",
	",0",
	"0,,1",
	"-",
	"1-",
	"-1",
	"2-1",
	"0-256",
	"1-2-3",
	"0 1",
	" 0",
	"0, 1",
	"a",
	"+1",
	"0x1",
	"1.0",
	"99999999999999999999",
};

static void test_codes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct code_set wanted = {0};
		struct code_set is = {0};

		for (const int *p = codes[i].ranges; *p >= 0; p += 2)
			for (int c = p[0]; c <= p[1]; c++)
				wanted.has[c] = true;
		/* Leftovers of an earlier list must not stay. */
		is.has[100] = true;
		is_int(parse_codes(codes[i].word, &is), 0, "statuses '%s'",
		       codes[i].word);
		ok(memcmp(&is, &wanted, sizeof(is)) == 0, "statuses '%s': the set",
		   codes[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_codes); i++) {
		struct code_set is = {0};

		is.has[100] = true;
		is_int(parse_codes(bad_codes[i], &is), -EINVAL, "bad statuses '%s'",
		       bad_codes[i]);
		ok(is.has[100] && !is.has[0], "bad statuses '%s' leave the set alone",
		   bad_codes[i]);
	}
}

int main(void)
{
	test_durations();
	test_exact_durations();
	test_sizes();
	test_numbers();
	test_signals();
	test_codes();
	return tap_done();
}
