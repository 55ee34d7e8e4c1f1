#include "config.h"

#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "proc/throttle.h"
#include "tap.h"

#define SECOND NSEC_PER_SEC

/* Any moment but 0. */
static const nsec_t start = 5000 * NSEC_PER_SEC;

static struct throttle open_throttle(struct throttle_limits limits)
{
	struct throttle t;

	throttle_init(&t, &limits);
	t.proc = "proc";
	return t;
}

static void put_pressure(const char *cpu, const char *memory, const char *io)
{
	static const char *const files[] = {"proc/pressure/cpu", "proc/pressure/memory",
					    "proc/pressure/io"};
	const char *const averages[] = {cpu, memory, io};
	char text[256];

	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text),
			 "some avg10=%s avg60=99.00 avg300=99.00 total=1\n"
			 "full avg10=99.00 avg60=99.00 avg300=99.00 total=1\n",
			 averages[i]);
		fixture_put(files[i], text);
	}
}

static void test_nothing(void)
{
	const char *file = NULL;
	struct throttle t = open_throttle((struct throttle_limits){0});

	t.proc = "nowhere";
	is_int(throttle_check(&t, &file), 0, "without limits no file is needed");
	is_int(throttle_wait(&t, start), 0, "without limits nothing waits");
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), 0, "nor does the next one");
	is_int(t.looked_at, 0, "and nothing was read");
}

static void test_load(void)
{
	const char *file = NULL;
	struct throttle t = open_throttle((struct throttle_limits){.load = 1.5});

	fixture_put("proc/loadavg", "1.50 9.00 9.00 2/100 1234\n");
	is_int(throttle_check(&t, &file), 0, "load: the file is there");
	is_int(throttle_wait(&t, start), 0, "load: at the limit it goes");
	fixture_put("proc/loadavg", "1.51 0.00 0.00 2/100 1234\n");
	is_int(throttle_wait(&t, start + SECOND - 1), 0,
	       "load: read no more than once a second");
	is_int(throttle_wait(&t, start + SECOND), SECOND, "load: above it waits");
	fixture_put("proc/loadavg", "1.00 9.00 9.00 2/100 1234\n");
	is_int(throttle_wait(&t, start + SECOND + SECOND / 4), SECOND / 4 * 3,
	       "load: it asks to come again when the file is read again");
	is_int(throttle_wait(&t, start + 2 * SECOND), 0, "load: then it goes");
}

static void test_memory(void)
{
	const char *file = NULL;
	struct throttle t = open_throttle((struct throttle_limits){.mem_free = 4096});

	fixture_put("proc/meminfo",
		    "MemTotal: 9 kB\nMemFree: 9 kB\nMemAvailable: 4 kB\n");
	is_int(throttle_check(&t, &file), 0, "memory: the file is there");
	is_int(throttle_wait(&t, start), 0, "memory: as much as is wanted is enough");
	fixture_put("proc/meminfo",
		    "MemTotal: 9 kB\nMemFree: 9 kB\nMemAvailable: 3 kB\n");
	is_int(throttle_wait(&t, start + SECOND), SECOND, "memory: with less it waits");
	fixture_put("proc/meminfo", "MemTotal: 9 kB\nMemFree: 9 kB\n");
	is_int(throttle_wait(&t, start + 2 * SECOND), 0,
	       "memory: a figure that is gone stops nothing");
	is_int(throttle_check(&t, &file), -ENODATA, "memory: but at the start it counts");
	is_str(file, "/proc/meminfo", "memory: and is named");
}

static void test_pressure(void)
{
	const char *file = NULL;
	struct throttle t = open_throttle((struct throttle_limits){.pressure = 20});

	put_pressure("20.00", "0.00", "0.00");
	is_int(throttle_check(&t, &file), 0, "pressure: the files are there");
	is_int(throttle_wait(&t, start), 0, "pressure: at the limit it goes");
	put_pressure("20.01", "0.00", "0.00");
	is_int(throttle_wait(&t, start + SECOND), SECOND, "pressure: of CPUs");
	put_pressure("0.00", "20.01", "0.00");
	is_int(throttle_wait(&t, start + 2 * SECOND), SECOND, "pressure: of memory");
	put_pressure("0.00", "0.00", "20.01");
	is_int(throttle_wait(&t, start + 3 * SECOND), SECOND, "pressure: of devices");
	put_pressure("0.00", "0.00", "0.00");
	is_int(throttle_wait(&t, start + 4 * SECOND), 0, "pressure: of none");
	unlink("proc/pressure/io");
	is_int(throttle_check(&t, &file), -ENOENT, "pressure: one file is missing");
	is_str(file, "/proc/pressure/io", "pressure: and is named");
}

static void test_missing(void)
{
	const char *file = NULL;
	struct throttle t =
		open_throttle((struct throttle_limits){.load = 1, .mem_free = 4096});

	fixture_put("proc/loadavg", "2.00 1.00 1.00 2/100 1234\n");
	unlink("proc/meminfo");
	is_int(throttle_check(&t, &file), -ENOENT, "missing: told at the start");
	is_str(file, "/proc/meminfo", "missing: by name");
	is_int(throttle_wait(&t, start), SECOND, "missing: the other limit holds");
	fixture_put("proc/loadavg", "2.0");
	is_int(throttle_check(&t, &file), -ENODATA, "missing: a file that was cut");
	is_str(file, "/proc/loadavg", "missing: is named, the first of two");
	t.proc = "nowhere";
	is_int(throttle_check(&t, &file), -ENOENT, "missing: all of /proc");
}

static void test_delay(void)
{
	struct throttle t = open_throttle((struct throttle_limits){.delay = SECOND});

	is_int(throttle_wait(&t, start), 0, "delay: the first goes at once");
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), SECOND, "delay: the second waits");
	is_int(throttle_wait(&t, start + SECOND - 1), 1, "delay: to the end");
	is_int(throttle_wait(&t, start + SECOND), 0, "delay: and goes");
	throttle_started(&t, start + SECOND + 7);
	is_int(throttle_wait(&t, start + 2 * SECOND), 7,
	       "delay: counts from the start, however late");
	t = open_throttle((struct throttle_limits){.delay = NSEC_FOREVER});
	throttle_started(&t, start);
	ok(throttle_wait(&t, start) == NSEC_FOREVER, "delay: for ever");
}

static void test_rate(void)
{
	struct throttle t = open_throttle((struct throttle_limits){.rate = 4});
	nsec_t turn = SECOND / 4;

	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), turn, "rate: evenly spread");
	throttle_started(&t, start + turn + 5);
	is_int(throttle_wait(&t, start + turn + 5), turn - 5,
	       "rate: a late start does not delay the next");
	throttle_started(&t, start + 10 * turn);
	is_int(throttle_wait(&t, start + 10 * turn), turn,
	       "rate: what was not used is no burst later");
	t = open_throttle((struct throttle_limits){.rate = 3});
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), 333333334, "rate: rounded to less, not to more");
	t = open_throttle((struct throttle_limits){.rate = 1e-5});
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), 100000 * SECOND,
	       "rate: slower than the machine is up");
	t = open_throttle((struct throttle_limits){.rate = 1e-300});
	throttle_started(&t, start);
	ok(throttle_wait(&t, start) == NSEC_FOREVER, "rate: so slow that it never comes");
	t = open_throttle((struct throttle_limits){.rate = 4, .delay = SECOND});
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), SECOND, "rate: the longer of both counts");
}

static void test_both(void)
{
	struct throttle t =
		open_throttle((struct throttle_limits){.delay = SECOND, .load = 1});

	fixture_put("proc/loadavg", "0.50 0.50 0.50 2/100 1234\n");
	throttle_started(&t, start);
	is_int(throttle_wait(&t, start), SECOND, "pace first");
	is_int(t.looked_at, 0, "no file is read before its time");
	fixture_put("proc/loadavg", "1.50 0.50 0.50 2/100 1234\n");
	is_int(throttle_wait(&t, start + SECOND), SECOND, "then the machine");
}

int main(void)
{
	fixture_open();
	test_nothing();
	test_load();
	test_memory();
	test_pressure();
	test_missing();
	test_delay();
	test_rate();
	test_both();
	fixture_close();
	return tap_done();
}
