/*
 * cpu-percent and cpu-times-percent: how busy CPUs were in a window of time.
 *
 * The rules, each for a trap that other tools fall into:
 *
 * - CPUs are matched by number. One that was not there before is null, not its whole
 *   life.
 * - No counter counts backwards. iowait and steal do, now and then; such a state has
 *   had no time, and the others keep theirs.
 * - Where a CPU waits for a disk, the kernel may move time between idle and iowait, so
 *   that one of them goes back as the other jumps. When idle goes back by far more than
 *   that explains, the CPU was offline and counts anew: nothing is known of this
 *   window.
 * - Guest time is inside user time, and counts once. Stolen time was wanted: it is
 *   busy.
 * - The whole is the time that was counted, not the clock's, which differs by some
 *   ticks. Where none was counted there is nothing to divide by, which is null and not
 *   0.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/topic.h"

#include <errno.h>

/* As node_exporter has it: jumps back by less are jitter. */
enum { JITTER_SECONDS = 3 };

enum { PERCENT_CPU, PERCENT_PERCENT };

static const struct column percent_columns[] = {
	[PERCENT_CPU] = {.name = "cpu",
			 .type = COLUMN_NUMBER,
			 .flags = COLUMN_ID,
			 .help = "the kernel's number of the CPU"},
	[PERCENT_PERCENT] = {.name = "percent",
			     .type = COLUMN_PERCENT,
			     .help = "share of the time that was not idle or iowait"},
};

#define SHARE_COLUMN(state, name_, help_) \
	[CPU_COLUMN_STATE + (state)] = {  \
		.name = (name_),          \
		.type = COLUMN_PERCENT,   \
		.help = (help_),          \
	}

static const struct column share_columns[] = {
	[CPU_COLUMN_ID] = {.name = "cpu",
			   .type = COLUMN_NUMBER,
			   .flags = COLUMN_ID,
			   .help = "the kernel's number of the CPU"},
	SHARE_COLUMN(CPU_USER, "user", "programs, and guests of virtual machines"),
	SHARE_COLUMN(CPU_NICE, "nice",
		     "programs of low priority, and guests of low priority"),
	SHARE_COLUMN(CPU_SYSTEM, "system", "the kernel on behalf of programs"),
	SHARE_COLUMN(CPU_IDLE, "idle", "nothing to do"),
	SHARE_COLUMN(CPU_IOWAIT, "iowait", "idle while something waits for a disk"),
	SHARE_COLUMN(CPU_IRQ, "irq", "interrupts"),
	SHARE_COLUMN(CPU_SOFTIRQ, "softirq", "soft interrupts"),
	SHARE_COLUMN(CPU_STEAL, "steal", "wanted, but taken by other virtual machines"),
	SHARE_COLUMN(CPU_GUEST, "guest",
		     "of user, not beside it: guests of virtual machines"),
	SHARE_COLUMN(CPU_GUEST_NICE, "guest_nice",
		     "of nice, not beside it: guests of low priority"),
};

/* What a CPU did between two rows of cpu-times. */
struct window {
	bool known;
	enum why why; /* not known */
	double ticks[CPU_STATES];
	double total;
};

static void not_known(struct window *w, enum why why)
{
	*w = (struct window){.why = why};
}

/* Ticks between two rows; negative where the counter went back. Seconds are ticks
 * divided, so what is less than half a tick is nothing. */
static double difference(const struct row *before, const struct row *after,
			 enum cpu_state state)
{
	double a = value_number(&before->values[CPU_COLUMN_STATE + state]);
	double b = value_number(&after->values[CPU_COLUMN_STATE + state]);
	double ticks = (b - a) * source_ticks();

	return ticks > -0.5 && ticks < 0.5 ? 0 : ticks;
}

/*
 * Whether enough is known of both rows: an old kernel has fewer states, but has those
 * up to idle, and has the same ones in both. What a cut file has lost could be
 * anything.
 */
static bool is_complete(const struct row *before, const struct row *after, enum why *ret)
{
	for (size_t i = 0; i < CPU_STATES; i++) {
		const struct value *a = &before->values[CPU_COLUMN_STATE + i];
		const struct value *b = &after->values[CPU_COLUMN_STATE + i];
		const struct value *missing = value_is_null(b) ? b : a;

		if (!value_is_null(missing))
			continue;
		if (value_is_null(a) != value_is_null(b) || missing->why == WHY_GONE ||
		    i <= CPU_IDLE) {
			*ret = missing->why;
			return false;
		}
	}
	return true;
}

static void measure(const struct row *before, const struct row *after, struct window *ret)
{
	double idle;
	double iowait;
	enum why why;

	*ret = (struct window){.known = true};
	if (!before) {
		not_known(ret, WHY_NOT_APPLICABLE);
		return;
	}
	if (!is_complete(before, after, &why)) {
		not_known(ret, why);
		return;
	}
	idle = difference(before, after, CPU_IDLE);
	iowait = difference(before, after, CPU_IOWAIT);
	if (idle < 0 && idle + iowait < -JITTER_SECONDS * source_ticks()) {
		not_known(ret, WHY_NOT_APPLICABLE);
		return;
	}

	for (size_t i = 0; i < CPU_STATES; i++) {
		double ticks = difference(before, after, i);

		ret->ticks[i] = ticks > 0 ? ticks : 0;
	}
	/* The kernel adds to the two one after the other. */
	if (ret->ticks[CPU_GUEST] > ret->ticks[CPU_USER])
		ret->ticks[CPU_GUEST] = ret->ticks[CPU_USER];
	if (ret->ticks[CPU_GUEST_NICE] > ret->ticks[CPU_NICE])
		ret->ticks[CPU_GUEST_NICE] = ret->ticks[CPU_NICE];
	for (size_t i = 0; i < CPU_GUEST; i++)
		ret->total += ret->ticks[i];
	if (ret->total <= 0)
		not_known(ret, WHY_NOT_APPLICABLE);
}

/* The row of the same CPU, or NULL. Both tables are in the order of their numbers, and
 * *at goes along in before. */
static const struct row *same_cpu(const struct table *before, size_t *at,
				  const struct row *after)
{
	const struct value *cpu = &after->values[CPU_COLUMN_ID];

	for (; before && *at < before->n; ++*at) {
		const struct row *row = before->rows[*at];
		int order = value_compare(&row->values[CPU_COLUMN_ID], cpu);

		if (order >= 0)
			return order == 0 ? row : NULL;
	}
	return NULL;
}

typedef void set_window(struct row *row, const struct window *w, const struct row *after);

/* A row for each CPU that is there now. */
static int derive_windows(const struct table *before, const struct table *after,
			  struct table *t, set_window *set)
{
	size_t at = 0;

	for (size_t i = 0; i < after->n; i++) {
		const struct row *from = after->rows[i];
		struct row *row = table_add(t);
		struct window w;

		if (!row)
			return -ENOMEM;
		row->values[CPU_COLUMN_ID] = from->values[CPU_COLUMN_ID];
		measure(same_cpu(before, &at, from), from, &w);
		set(row, &w, from);
	}
	return t->error;
}

static void set_percent(struct row *row, const struct window *w, const struct row *after)
{
	double busy = 0;

	(void)after;
	for (size_t i = 0; i < CPU_GUEST; i++)
		if (i != CPU_IDLE && i != CPU_IOWAIT)
			busy += w->ticks[i];
	if (w->known)
		row_real(row, PERCENT_PERCENT, 100 * busy / w->total);
	else
		row_null(row, PERCENT_PERCENT, w->why);
}

static void set_shares(struct row *row, const struct window *w, const struct row *after)
{
	for (size_t i = CPU_COLUMN_STATE; i < ARRAY_SIZE(share_columns); i++) {
		if (value_is_null(&after->values[i]))
			row->values[i] = after->values[i];
		else if (w->known)
			row_real(row, i, 100 * w->ticks[i - CPU_COLUMN_STATE] / w->total);
		else
			row_null(row, i, w->why);
	}
}

static int percent_derive(struct reading *r, const struct table *before,
			  const struct table *after, double seconds, struct table *t)
{
	(void)r;
	(void)seconds;
	return derive_windows(before, after, t, set_percent);
}

static int shares_derive(struct reading *r, const struct table *before,
			 const struct table *after, double seconds, struct table *t)
{
	(void)r;
	(void)seconds;
	return derive_windows(before, after, t, set_shares);
}

const struct topic topic_cpu_percent = {
	.name = "cpu-percent",
	.summary = "how busy CPUs are, over a window of time",
	.per_option = "percpu",
	.columns = percent_columns,
	.n_columns = ARRAY_SIZE(percent_columns),
	.flags = TOPIC_PER | TOPIC_SAMPLES,
	.raw = &topic_cpu_times,
	.derive = percent_derive,
};

const struct topic topic_cpu_times_percent = {
	.name = "cpu-times-percent",
	.summary = "shares of the states of CPUs, over a window of time",
	.per_option = "percpu",
	.columns = share_columns,
	.n_columns = ARRAY_SIZE(share_columns),
	.flags = TOPIC_PER | TOPIC_SAMPLES,
	.raw = &topic_cpu_times,
	.derive = shares_derive,
};
