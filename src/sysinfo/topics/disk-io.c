/*
 * disk-io: what disks have read and written.
 *
 * The total is that of whole disks: what goes through a partition is counted at its disk
 * as well. Devices that are made of others (dm-0, md0, a loop over a file) are whole
 * disks too, as psutil has it, so behind LVM or RAID the total has a transfer twice;
 * --perdisk tells them apart.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/disk-stats.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <string.h>

/* What the column "type" has of those that are part of the total. */
static const char whole_disk[] = "disk";

enum {
	IO_NAME,
	IO_READ_COUNT,
	IO_WRITE_COUNT,
	IO_READ_BYTES,
	IO_WRITE_BYTES,
	IO_READ_TIME,
	IO_WRITE_TIME,
	IO_READ_MERGED_COUNT,
	IO_WRITE_MERGED_COUNT,
	IO_BUSY_TIME,
	IO_TYPE,
	IO_IN_FLIGHT,
	IO_WEIGHTED_TIME,
	IO_DISCARD_COUNT,
	IO_DISCARD_MERGED_COUNT,
	IO_DISCARD_BYTES,
	IO_DISCARD_TIME,
	IO_FLUSH_COUNT,
	IO_FLUSH_TIME,
	IO_COLUMNS,
};

#define COUNT_COLUMN(name_, flags_, metric_, help_)                       \
	{                                                                 \
		.name = (name_), .type = COLUMN_NUMBER,                   \
		.flags = COLUMN_COUNTER | (flags_),                       \
		.metric = "node_disk_" metric_ "_total", .help = (help_), \
	}

#define BYTES_COLUMN(name_, flags_, metric_, scale_, help_)                        \
	{                                                                          \
		.name = (name_), .type = COLUMN_BYTES,                             \
		.flags = COLUMN_COUNTER | (flags_),                                \
		.metric = "node_disk_" metric_ "_total", .metric_scale = (scale_), \
		.help = (help_),                                                   \
	}

#define TIME_COLUMN(name_, flags_, metric_, help_)                                      \
	{                                                                               \
		.name = (name_), .type = COLUMN_MS, .flags = COLUMN_COUNTER | (flags_), \
		.metric = "node_disk_" metric_ "_seconds_total", .metric_scale = 0.001, \
		.help = (help_),                                                        \
	}

static const struct column io_columns[] = {
	[IO_NAME] = {.name = "name",
		     .type = COLUMN_TEXT,
		     .flags = COLUMN_ID,
		     .label = "device",
		     .help = "the disk or partition, as in /dev"},
	[IO_READ_COUNT] = COUNT_COLUMN("read_count", 0, "reads_completed", "reads"),
	[IO_WRITE_COUNT] = COUNT_COLUMN("write_count", 0, "writes_completed", "writes"),
	[IO_READ_BYTES] = BYTES_COLUMN("read_bytes", 0, "read_bytes", 0, "bytes read"),
	[IO_WRITE_BYTES] =
		BYTES_COLUMN("write_bytes", 0, "written_bytes", 0, "bytes written"),
	[IO_READ_TIME] = TIME_COLUMN("read_time", 0, "read_time",
				     "time of all reads; they may overlap"),
	[IO_WRITE_TIME] = TIME_COLUMN("write_time", 0, "write_time",
				      "time of all writes; they may overlap"),
	[IO_READ_MERGED_COUNT] =
		COUNT_COLUMN("read_merged_count", 0, "reads_merged",
			     "reads that were made part of a neighbouring one"),
	[IO_WRITE_MERGED_COUNT] =
		COUNT_COLUMN("write_merged_count", 0, "writes_merged",
			     "writes that were made part of a neighbouring one"),
	[IO_BUSY_TIME] = TIME_COLUMN("busy_time", 0, "io_time",
				     "time during which there was something to do"),
	[IO_TYPE] = {.name = "type",
		     .type = COLUMN_TEXT,
		     .flags = COLUMN_HIDDEN,
		     .help = "disk, which the total has, or partition"},
	[IO_IN_FLIGHT] = {.name = "in_flight",
			  .type = COLUMN_NUMBER,
			  .flags = COLUMN_HIDDEN,
			  .metric = "node_disk_io_now",
			  .help = "reads and writes at this moment"},
	[IO_WEIGHTED_TIME] = TIME_COLUMN("weighted_time", COLUMN_HIDDEN,
					 "io_time_weighted",
					 "time, counted for each of those in flight"),
	[IO_DISCARD_COUNT] = COUNT_COLUMN("discard_count", COLUMN_HIDDEN,
					  "discards_completed", "discards"),
	[IO_DISCARD_MERGED_COUNT] =
		COUNT_COLUMN("discard_merged_count", COLUMN_HIDDEN, "discards_merged",
			     "discards that were made part of a neighbouring one"),
	/* node_exporter has sectors here. */
	[IO_DISCARD_BYTES] = BYTES_COLUMN("discard_bytes", COLUMN_HIDDEN,
					  "discarded_sectors", 1.0 / 512,
					  "bytes discarded"),
	[IO_DISCARD_TIME] = TIME_COLUMN("discard_time", COLUMN_HIDDEN, "discard_time",
					"time of all discards"),
	[IO_FLUSH_COUNT] =
		COUNT_COLUMN("flush_count", COLUMN_HIDDEN, "flush_requests", "flushes"),
	[IO_FLUSH_TIME] = TIME_COLUMN("flush_time", COLUMN_HIDDEN, "flush_requests_time",
				      "time of all flushes"),
};

static const struct source_counter {
	size_t column;
	uint64_t scale;
} sources[DISK_COUNTERS] = {
	[DISK_READS] = {IO_READ_COUNT, 1},
	[DISK_READS_MERGED] = {IO_READ_MERGED_COUNT, 1},
	[DISK_SECTORS_READ] = {IO_READ_BYTES, 512},
	[DISK_READ_MS] = {IO_READ_TIME, 1},
	[DISK_WRITES] = {IO_WRITE_COUNT, 1},
	[DISK_WRITES_MERGED] = {IO_WRITE_MERGED_COUNT, 1},
	[DISK_SECTORS_WRITTEN] = {IO_WRITE_BYTES, 512},
	[DISK_WRITE_MS] = {IO_WRITE_TIME, 1},
	[DISK_IN_FLIGHT] = {IO_IN_FLIGHT, 1},
	[DISK_BUSY_MS] = {IO_BUSY_TIME, 1},
	[DISK_WEIGHTED_MS] = {IO_WEIGHTED_TIME, 1},
	[DISK_DISCARDS] = {IO_DISCARD_COUNT, 1},
	[DISK_DISCARDS_MERGED] = {IO_DISCARD_MERGED_COUNT, 1},
	[DISK_SECTORS_DISCARDED] = {IO_DISCARD_BYTES, 512},
	[DISK_DISCARD_MS] = {IO_DISCARD_TIME, 1},
	[DISK_FLUSHES] = {IO_FLUSH_COUNT, 1},
	[DISK_FLUSH_MS] = {IO_FLUSH_TIME, 1},
};

static int add_row(struct table *t, const struct disk *disk)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, IO_NAME, disk->name);
	row_text(row, IO_TYPE, disk->whole ? whole_disk : "partition");
	for (size_t i = 0; i < DISK_COUNTERS; i++) {
		uint64_t value;

		if (disk->known[i] &&
		    !__builtin_mul_overflow(disk->counters[i], sources[i].scale, &value))
			row_uint(row, sources[i].column, value);
	}
	return 0;
}

static int io_read(struct reading *r, struct table *t)
{
	auto_disk_stats struct disk_stats stats = {0};
	int error = disk_stats_read(r, &stats);

	if (error < 0)
		return error;
	for (size_t i = 0; i < stats.n && error == 0; i++)
		error = add_row(t, &stats.list[i]);
	return error < 0 ? error : t->error;
}

static bool is_whole(const struct row *row)
{
	const struct value *type = &row->values[IO_TYPE];

	return !value_is_null(type) && strcmp(type->text, whole_disk) == 0;
}

/*
 * Of all whole disks; those that lack a counter are left out of its sum, because one kind
 * of device that has no discards must not hide those of the others.
 */
static int io_total(const struct table *devices, struct table *t)
{
	struct row *row = table_sum(t, devices, is_whole, true);

	if (!row)
		return -ENOMEM;
	row_null(row, IO_NAME, WHY_NOT_APPLICABLE);
	row_null(row, IO_TYPE, WHY_NOT_APPLICABLE);
	return 0;
}

const struct topic topic_disk_io = {
	.name = "disk-io",
	.aliases = "disk_io disk_io_counters",
	.summary = "what disks have read and written",
	.per_option = "perdisk",
	.columns = io_columns,
	.n_columns = ARRAY_SIZE(io_columns),
	.flags = TOPIC_PER,
	.read = io_read,
	.total = io_total,
};
