#include "config.h"

#include "proc/throttle.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/keyed.h"
#include "base/text.h"
#include "proc/pressure.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

enum { LOOK_INTERVAL_SECONDS = 1 };

#define LOOK_INTERVAL (LOOK_INTERVAL_SECONDS * NSEC_PER_SEC)

/* One figure of the machine, and whether it is beyond its limit: 0 or -errno. */
typedef int look(const struct throttle_limits *limits, int proc, const char *path,
		 struct buf *b, bool *ret_busy);

static int look_at_load(const struct throttle_limits *limits, int proc, const char *path,
			struct buf *b, bool *ret_busy)
{
	double load;
	int r = file_read_whole_at(proc, path, b);

	if (r < 0)
		return r;

	const char *text = b->data;

	/* What a blank does not end may have been cut. */
	if (!text_real(&text, &load) || *text != ' ')
		return -ENODATA;
	*ret_busy = load > limits->load;
	return 0;
}

static int look_at_memory(const struct throttle_limits *limits, int proc,
			  const char *path, struct buf *b, bool *ret_busy)
{
	struct keyed available = {.key = "MemAvailable"};
	uint64_t bytes;
	int r = file_read_whole_at(proc, path, b);

	if (r < 0)
		return r;
	keyed_find(b->data, &available, 1);
	if (!available.known || __builtin_mul_overflow(available.value, 1024, &bytes))
		return -ENODATA;
	*ret_busy = bytes < limits->mem_free;
	return 0;
}

static int look_at_pressure(const struct throttle_limits *limits, int proc,
			    const char *path, struct buf *b, bool *ret_busy)
{
	struct pressure line;
	int r = pressure_fetch(proc, path, b);

	if (r < 0)
		return r;
	for (char *cursor = b->data; pressure_next(&cursor, &line);)
		if (strcmp(line.kind, "some") == 0 && line.has_average[PRESSURE_10]) {
			*ret_busy = line.average[PRESSURE_10] > limits->pressure;
			return 0;
		}
	return -ENODATA;
}

/* The figures, and which limit needs them. */
enum limit { LIMIT_LOAD, LIMIT_MEMORY, LIMIT_PRESSURE };

static const struct figure {
	enum limit limit;
	look *look;
	const char *name; /* what throttle_check() returns */
} figures[] = {
	{LIMIT_LOAD, look_at_load, "/proc/loadavg"},
	{LIMIT_MEMORY, look_at_memory, "/proc/meminfo"},
	{LIMIT_PRESSURE, look_at_pressure, "/proc/pressure/cpu"},
	{LIMIT_PRESSURE, look_at_pressure, "/proc/pressure/memory"},
	{LIMIT_PRESSURE, look_at_pressure, "/proc/pressure/io"},
};

static bool has_limit(const struct throttle_limits *limits, enum limit limit)
{
	switch (limit) {
	case LIMIT_LOAD:
		return limits->load > 0;
	case LIMIT_MEMORY:
		return limits->mem_free > 0;
	case LIMIT_PRESSURE:
		return limits->pressure > 0;
	}
	return false;
}

static bool needs_files(const struct throttle_limits *limits)
{
	return has_limit(limits, LIMIT_LOAD) || has_limit(limits, LIMIT_MEMORY) ||
	       has_limit(limits, LIMIT_PRESSURE);
}

/*
 * Look at every figure that has a limit. ret_busy: whether one of them is beyond it. The
 * first that cannot be read: -errno, and its name; the others count nevertheless.
 */
static int look_around(const struct throttle *t, bool *ret_busy, const char **ret_file)
{
	auto_fd int proc = open(t->proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf b = BUF_INIT;
	int result = 0;

	*ret_busy = false;
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct figure *f = &figures[i];
		bool busy = false;

		if (!has_limit(&t->limits, f->limit))
			continue;

		int r = proc < 0 ? -ENOENT
				 : f->look(&t->limits, proc, f->name + strlen("/proc/"),
					   &b, &busy);

		if (r < 0 && result == 0) {
			result = r;
			*ret_file = f->name;
		}
		*ret_busy |= busy;
	}
	return result;
}

bool throttle_is_on(const struct throttle_limits *limits)
{
	return limits->load > 0 || limits->mem_free || limits->pressure > 0 ||
	       limits->delay || limits->rate > 0;
}

void throttle_init(struct throttle *t, const struct throttle_limits *limits)
{
	*t = (struct throttle){.limits = *limits, .proc = "/proc"};
}

int throttle_check(const struct throttle *t, const char **ret_file)
{
	bool busy;

	return needs_files(&t->limits) ? look_around(t, &busy, ret_file) : 0;
}

nsec_t throttle_wait(struct throttle *t, nsec_t now)
{
	const char *file;

	if (t->next_start > now)
		return t->next_start == NSEC_FOREVER ? NSEC_FOREVER : t->next_start - now;
	if (!needs_files(&t->limits))
		return 0;
	if (t->looked_at == 0 || now - t->looked_at >= LOOK_INTERVAL) {
		/* A file that could be read at the start and now cannot must not stop
		 * everything. */
		(void)look_around(t, &t->busy, &file);
		t->looked_at = now;
	}
	return t->busy ? t->looked_at + LOOK_INTERVAL - now : 0;
}

/* The time from one start to the next, rounded up: never more than the rate. */
static nsec_t rate_interval(double rate)
{
	double interval = ceil((double)NSEC_PER_SEC / rate);

	return interval < (double)NSEC_FOREVER ? (nsec_t)interval : NSEC_FOREVER;
}

void throttle_started(struct throttle *t, nsec_t now)
{
	t->next_start = 0;
	if (t->limits.delay > 0)
		t->next_start = nsec_add(now, t->limits.delay);
	if (t->limits.rate > 0) {
		nsec_t interval = rate_interval(t->limits.rate);

		nsec_t turn = nsec_add(t->next_turn, interval);

		/* The first one, or a whole turn late. */
		if (t->next_turn == 0 || turn <= now)
			turn = nsec_add(now, interval);
		t->next_turn = turn;
		if (t->next_turn > t->next_start)
			t->next_start = t->next_turn;
	}
}
