/*
 * The kernel's counters of block devices: /proc/diskstats, or /sys/class/block where that
 * is missing.
 *
 * Not libproc2's diskstats, which is lossy. In 4.0.2, with a made-up /proc/diskstats:
 * - one line that is not of the newest form makes all devices unreadable (ERANGE): the
 *   partitions of Linux 2.6 with their 4 counters, or a name of more than 34 bytes;
 * - "cciss/c0d0" counts as a partition, because /sys/block, where the slash is a "!", is
 *   searched for it as it stands;
 * - it opens and lists /sys/block once for each device, 4 system calls for each, and that
 *   folder is built in, so that --sys could not replace it;
 * - it has neither discards nor flushes.
 *
 *	auto_disk_stats struct disk_stats stats = {0};
 *	r = disk_stats_read(reading, &stats);
 */
#ifndef SYSINFO_DISK_STATS_H
#define SYSINFO_DISK_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sysinfo/folder.h"
#include "sysinfo/topic.h"

/* In the kernel's order, and in its units: sectors are of 512 bytes on every disk, times
 * are milliseconds. */
enum disk_counter {
	DISK_READS,
	DISK_READS_MERGED,
	DISK_SECTORS_READ,
	DISK_READ_MS,
	DISK_WRITES,
	DISK_WRITES_MERGED,
	DISK_SECTORS_WRITTEN,
	DISK_WRITE_MS,
	DISK_IN_FLIGHT,
	DISK_BUSY_MS,
	DISK_WEIGHTED_MS,
	DISK_DISCARDS, /* Linux 4.18 */
	DISK_DISCARDS_MERGED,
	DISK_SECTORS_DISCARDED,
	DISK_DISCARD_MS,
	DISK_FLUSHES, /* Linux 5.5 */
	DISK_FLUSH_MS,
	DISK_COUNTERS,
};

struct disk {
	const char *name; /* as in /dev: "sda1", "cciss/c0d0" */
	uint64_t counters[DISK_COUNTERS];
	bool known[DISK_COUNTERS];
	/*
	 * A whole disk, and no partition of one: it has a folder in /sys/block. Loop and
	 * RAM disks are whole, and so are those made of other disks (dm-0, md0), whose
	 * transfers are counted there once more. Where none of the devices is in
	 * /sys/block, it is not the /sys of this /proc, or there is none; then "sda1" is
	 * a partition if there is an "sda".
	 */
	bool whole;
};

struct disk_stats {
	struct disk *list;
	size_t n;
	size_t cap;
	struct buf text;      /* what the names point into: this, */
	struct folder folder; /* or this */
};

/* 0, and no disks where the kernel has none of it; -errno, after reading_fail(). */
int disk_stats_read(struct reading *r, struct disk_stats *ret);
void disk_stats_clear(struct disk_stats *stats);

#define auto_disk_stats __attribute__((cleanup(disk_stats_clear)))

#endif
