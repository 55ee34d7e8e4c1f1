/*
 * memory and swap: psutil's virtual_memory() and swap_memory().
 *
 * The formulas are those of psutil since 7.1 and of free since 4.0.1: what is used is
 * what is not available, so that used and percent tell the same story. (Before, psutil
 * took buffers and caches away from what is not free, and its used was too small.)
 */
#include "config.h"

#include "base/cleanup.h"
#include "base/keyed.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	MEMORY_TOTAL,
	MEMORY_AVAILABLE,
	MEMORY_PERCENT,
	MEMORY_USED,
	MEMORY_FREE,
	MEMORY_ACTIVE,
	MEMORY_INACTIVE,
	MEMORY_BUFFERS,
	MEMORY_CACHED,
	MEMORY_SHARED,
	MEMORY_SLAB,
};

static const struct column memory_columns[] = {
	[MEMORY_TOTAL] = {.name = "total",
			  .type = COLUMN_BYTES,
			  .metric = "node_memory_MemTotal_bytes",
			  .help = "what the kernel manages"},
	[MEMORY_AVAILABLE] = {.name = "available",
			      .type = COLUMN_BYTES,
			      .metric = "node_memory_MemAvailable_bytes",
			      .help = "what new programs can get without swapping"},
	[MEMORY_PERCENT] = {.name = "percent",
			    .type = COLUMN_PERCENT,
			    .help = "share that is not available"},
	[MEMORY_USED] = {.name = "used",
			 .type = COLUMN_BYTES,
			 .help = "total less available, as free(1) has it"},
	[MEMORY_FREE] = {.name = "free",
			 .type = COLUMN_BYTES,
			 .metric = "node_memory_MemFree_bytes",
			 .help = "what nothing uses at all"},
	[MEMORY_ACTIVE] = {.name = "active",
			   .type = COLUMN_BYTES,
			   .metric = "node_memory_Active_bytes",
			   .help = "used lately, reclaimed late"},
	[MEMORY_INACTIVE] = {.name = "inactive",
			     .type = COLUMN_BYTES,
			     .metric = "node_memory_Inactive_bytes",
			     .help = "not used lately, reclaimed first"},
	[MEMORY_BUFFERS] = {.name = "buffers",
			    .type = COLUMN_BYTES,
			    .metric = "node_memory_Buffers_bytes",
			    .help = "cache of block devices"},
	[MEMORY_CACHED] = {.name = "cached",
			   .type = COLUMN_BYTES,
			   .help = "cache of files, with reclaimable slab"},
	[MEMORY_SHARED] = {.name = "shared",
			   .type = COLUMN_BYTES,
			   .metric = "node_memory_Shmem_bytes",
			   .help = "shared memory and tmpfs"},
	[MEMORY_SLAB] = {.name = "slab",
			 .type = COLUMN_BYTES,
			 .metric = "node_memory_Slab_bytes",
			 .help = "the kernel's own data structures"},
};

/* The lines of /proc/meminfo that we look at. */
enum {
	INFO_TOTAL,
	INFO_FREE,
	INFO_AVAILABLE,
	INFO_BUFFERS,
	INFO_CACHED,
	INFO_SRECLAIMABLE,
	INFO_SHMEM,
	INFO_MEMSHARED,
	INFO_ACTIVE,
	INFO_INACTIVE,
	INFO_INACT_DIRTY,
	INFO_INACT_CLEAN,
	INFO_INACT_LAUNDRY,
	INFO_ACTIVE_FILE,
	INFO_INACTIVE_FILE,
	INFO_SLAB,
	INFO_KEYS,
};

static const struct keyed info_keys[INFO_KEYS] = {
	[INFO_TOTAL] = {.key = "MemTotal"},
	[INFO_FREE] = {.key = "MemFree"},
	[INFO_AVAILABLE] = {.key = "MemAvailable"},
	[INFO_BUFFERS] = {.key = "Buffers"},
	[INFO_CACHED] = {.key = "Cached"},
	[INFO_SRECLAIMABLE] = {.key = "SReclaimable"},
	[INFO_SHMEM] = {.key = "Shmem"},
	/* These stand for Shmem and Inactive in old kernels. */
	[INFO_MEMSHARED] = {.key = "MemShared"},
	[INFO_ACTIVE] = {.key = "Active"},
	[INFO_INACTIVE] = {.key = "Inactive"},
	[INFO_INACT_DIRTY] = {.key = "Inact_dirty"},
	[INFO_INACT_CLEAN] = {.key = "Inact_clean"},
	[INFO_INACT_LAUNDRY] = {.key = "Inact_laundry"},
	[INFO_ACTIVE_FILE] = {.key = "Active(file)"},
	[INFO_INACTIVE_FILE] = {.key = "Inactive(file)"},
	[INFO_SLAB] = {.key = "Slab"},
};

/* These lines are in KiB, whether they say so or not; too large a number is none. */
static void scale_to_bytes(struct keyed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(list[i].value, 1024, &list[i].value))
			list[i].known = false;
}

static int read_info(struct reading *r, struct keyed *list, size_t n)
{
	int error = source_read_proc_whole(r->source, "meminfo", &r->buf);

	if (error < 0)
		return reading_fail(r, "meminfo", error);
	keyed_find(r->buf.data, list, n);
	scale_to_bytes(list, n);
	return 0;
}

static void set_known(struct row *row, size_t column, const struct keyed *k)
{
	if (k->known)
		row_uint(row, column, k->value);
}

/* The sum of those that are known, in place of the first. */
static void add_known(struct keyed *sum, const struct keyed *k)
{
	uint64_t value = sum->known ? sum->value : 0;

	if (k->known && !__builtin_add_overflow(value, k->value, &sum->value))
		sum->known = true;
}

static uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * The low watermarks of all zones, which the kernel keeps for itself: the lines
 * "        low      12345" of /proc/zoneinfo, in pages. False where there are none.
 */
static bool read_low_watermark(struct reading *r, uint64_t *ret_bytes)
{
	uint64_t pages = 0;
	bool found = false;

	if (source_read_proc(r->source, "zoneinfo", &r->buf) < 0)
		return false;

	char *cursor = r->buf.data;
	char *line;

	while ((line = text_line(&cursor))) {
		char *word = text_word(&line);
		const char *number = line;
		uint64_t value;

		if (!word || strcmp(word, "low") != 0 || !text_uint(&number, &value))
			continue;
		found = true;
		if (__builtin_add_overflow(pages, value, &pages))
			return false;
	}
	return found &&
	       !__builtin_mul_overflow(pages, (uint64_t)sysconf(_SC_PAGESIZE), ret_bytes);
}

/*
 * What Linux before 3.14 did not tell: the kernel's own estimate, worked out here as
 * psutil does; and where not even the means for that are there, free and file cache.
 */
static void estimate_available(struct reading *r, struct keyed *info)
{
	const struct keyed *free_ = &info[INFO_FREE];
	const struct keyed *active = &info[INFO_ACTIVE_FILE];
	const struct keyed *inactive = &info[INFO_INACTIVE_FILE];
	const struct keyed *slab = &info[INFO_SRECLAIMABLE];
	struct keyed *available = &info[INFO_AVAILABLE];
	uint64_t low;
	uint64_t cache;
	uint64_t sum;

	*available = *free_;
	if (!free_->known)
		return;
	if (!active->known || !inactive->known || !slab->known ||
	    __builtin_add_overflow(active->value, inactive->value, &cache) ||
	    !read_low_watermark(r, &low)) {
		add_known(available, &info[INFO_CACHED]);
		return;
	}
	cache -= smaller(cache / 2, low);
	if (__builtin_add_overflow(free_->value, cache, &sum) ||
	    __builtin_add_overflow(sum, slab->value - smaller(slab->value / 2, low),
				   &sum)) {
		available->known = false;
		return;
	}
	available->value = less(sum, low);
}

/* available, and what follows from it. */
static void set_available(struct reading *r, struct row *row, struct keyed *info)
{
	const struct keyed *total = &info[INFO_TOTAL];
	struct keyed *available = &info[INFO_AVAILABLE];

	if (!available->known || available->value == 0)
		estimate_available(r, info);
	/* In an LXC container one figure may be the host's and the other not. */
	if (available->known && total->known && available->value > total->value)
		*available = info[INFO_FREE];
	set_known(row, MEMORY_AVAILABLE, available);
	if (!available->known || !total->known || available->value > total->value)
		return;

	uint64_t used = total->value - available->value;

	row_uint(row, MEMORY_USED, used);
	if (total->value > 0)
		row_real(row, MEMORY_PERCENT,
			 100 * ((double)used / (double)total->value));
	else
		row_null(row, MEMORY_PERCENT, WHY_NOT_APPLICABLE);
}

static int memory_read(struct reading *r, struct table *t)
{
	struct keyed info[INFO_KEYS];

	memcpy(info, info_keys, sizeof(info));

	int error = read_info(r, info, INFO_KEYS);

	if (error < 0)
		return error;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	if (!info[INFO_INACTIVE].known) {
		add_known(&info[INFO_INACTIVE], &info[INFO_INACT_DIRTY]);
		add_known(&info[INFO_INACTIVE], &info[INFO_INACT_CLEAN]);
		add_known(&info[INFO_INACTIVE], &info[INFO_INACT_LAUNDRY]);
	}
	set_known(row, MEMORY_TOTAL, &info[INFO_TOTAL]);
	set_known(row, MEMORY_FREE, &info[INFO_FREE]);
	set_known(row, MEMORY_ACTIVE, &info[INFO_ACTIVE]);
	set_known(row, MEMORY_INACTIVE, &info[INFO_INACTIVE]);
	set_known(row, MEMORY_BUFFERS, &info[INFO_BUFFERS]);
	set_known(row, MEMORY_SHARED,
		  &info[info[INFO_SHMEM].known ? INFO_SHMEM : INFO_MEMSHARED]);
	set_known(row, MEMORY_SLAB, &info[INFO_SLAB]);
	set_available(r, row, info);
	/* Linux before 2.6.19 does not tell apart what of its slab is reclaimable. */
	if (info[INFO_CACHED].known)
		add_known(&info[INFO_CACHED], &info[INFO_SRECLAIMABLE]);
	set_known(row, MEMORY_CACHED, &info[INFO_CACHED]);
	return t->error;
}

const struct topic topic_memory = {
	.name = "memory",
	.aliases = "virtual_memory mem",
	.summary = "memory in use and available",
	.columns = memory_columns,
	.n_columns = ARRAY_SIZE(memory_columns),
	.read = memory_read,
};

enum {
	SWAP_TOTAL,
	SWAP_USED,
	SWAP_FREE,
	SWAP_PERCENT,
	SWAP_SIN,
	SWAP_SOUT,
};

static const struct column swap_columns[] = {
	[SWAP_TOTAL] = {.name = "total",
			.type = COLUMN_BYTES,
			.metric = "node_memory_SwapTotal_bytes",
			.help = "all swap space"},
	[SWAP_USED] = {.name = "used", .type = COLUMN_BYTES, .help = "total less free"},
	[SWAP_FREE] = {.name = "free",
		       .type = COLUMN_BYTES,
		       .metric = "node_memory_SwapFree_bytes",
		       .help = "not in use"},
	[SWAP_PERCENT] = {.name = "percent",
			  .type = COLUMN_PERCENT,
			  .help = "share that is in use; 0 without any swap"},
	/* node_exporter counts these in pages, of a size that it does not tell. */
	[SWAP_SIN] = {.name = "sin",
		      .type = COLUMN_BYTES,
		      .flags = COLUMN_COUNTER,
		      .metric = "prockit_swap_in_bytes_total",
		      .help = "read in from swap since boot"},
	[SWAP_SOUT] = {.name = "sout",
		       .type = COLUMN_BYTES,
		       .flags = COLUMN_COUNTER,
		       .metric = "prockit_swap_out_bytes_total",
		       .help = "written out to swap since boot"},
};

static void set_space(struct row *row, const struct keyed *total,
		      const struct keyed *unused)
{
	set_known(row, SWAP_TOTAL, total);
	set_known(row, SWAP_FREE, unused);
	if (total->known && total->value == 0 && !unused->known)
		row_real(row, SWAP_PERCENT, 0);
	if (!total->known || !unused->known || unused->value > total->value)
		return;

	uint64_t used = total->value - unused->value;

	row_uint(row, SWAP_USED, used);
	row_real(row, SWAP_PERCENT,
		 total->value > 0 ? 100 * ((double)used / (double)total->value) : 0);
}

/* A kernel without swap lacks these lines. */
static void set_traffic(struct reading *r, struct row *row)
{
	struct keyed pages[] = {{.key = "pswpin"}, {.key = "pswpout"}};
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int error = source_read_proc(r->source, "vmstat", &r->buf);

	if (error < 0) {
		row_null(row, SWAP_SIN, why_of_file(error));
		row_null(row, SWAP_SOUT, why_of_file(error));
		return;
	}
	keyed_find(r->buf.data, pages, ARRAY_SIZE(pages));
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		if (__builtin_mul_overflow(pages[i].value, page, &pages[i].value))
			pages[i].known = false;
		set_known(row, i == 0 ? SWAP_SIN : SWAP_SOUT, &pages[i]);
	}
}

static int swap_read(struct reading *r, struct table *t)
{
	struct keyed info[] = {{.key = "SwapTotal"}, {.key = "SwapFree"}};
	int error = read_info(r, info, ARRAY_SIZE(info));

	if (error < 0)
		return error;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	set_space(row, &info[0], &info[1]);
	if (r->wanted[SWAP_SIN] || r->wanted[SWAP_SOUT])
		set_traffic(r, row);
	return t->error;
}

const struct topic topic_swap = {
	.name = "swap",
	.aliases = "swap_memory",
	.summary = "swap space, and what went in and out",
	.columns = swap_columns,
	.n_columns = ARRAY_SIZE(swap_columns),
	.read = swap_read,
};
