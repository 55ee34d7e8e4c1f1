/*
 * disk-partitions: the disks that are mounted, and with --all every mount.
 *
 * Nothing here touches a mounted file system, so a dead one costs nothing.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/disk-mounts.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <string.h>

enum {
	PARTITION_DEVICE,
	PARTITION_MOUNTPOINT,
	PARTITION_FSTYPE,
	PARTITION_OPTS,
	PARTITION_ROOT,
	PARTITION_READ_ONLY,
};

static const struct column partition_columns[] = {
	[PARTITION_DEVICE] =
		{.name = "device",
		 .type = COLUMN_TEXT,
		 .flags = COLUMN_ID,
		 .aliases = "source",
		 .help = "what is mounted: a device, a remote folder, or the "
			 "name of a pseudo file system"},
	[PARTITION_MOUNTPOINT] = {.name = "mountpoint",
				  .type = COLUMN_TEXT,
				  .flags = COLUMN_ID,
				  .aliases = "target",
				  .help = "where it is mounted"},
	[PARTITION_FSTYPE] = {.name = "fstype",
			      .type = COLUMN_TEXT,
			      .help = "the file system"},
	[PARTITION_OPTS] = {.name = "opts",
			    .type = COLUMN_TEXT,
			    .aliases = "options",
			    .help = "options of the mount and of the file system, by "
				    "commas, as the kernel writes them"},
	[PARTITION_ROOT] = {.name = "root",
			    .type = COLUMN_TEXT,
			    .flags = COLUMN_HIDDEN,
			    .aliases = "fsroot",
			    .help = "the part of the file system that is mounted: / but "
				    "for bind mounts and subvolumes"},
	[PARTITION_READ_ONLY] = {.name = "read_only",
				 .type = COLUMN_BOOL,
				 .flags = COLUMN_HIDDEN,
				 .metric = "node_filesystem_readonly",
				 .help = "whether nothing can be written to it"},
};

/* Whether the first of the options, which is "rw" or "ro", is this word; what stands
 * behind it. */
static bool begins_with(const char *options, const char *word, const char **ret_rest)
{
	size_t len = strcspn(options, ",");

	*ret_rest = options + len;
	return len == strlen(word) && memcmp(options, word, len) == 0;
}

/* As /proc/mounts has them: read-only if either is, and then the options of both. */
static int set_options(struct reading *r, const struct mount *mount, struct row *row)
{
	const char *of_mount;
	const char *of_super;
	bool mount_ro = begins_with(mount->options, "ro", &of_mount);
	bool super_ro = begins_with(mount->super_options, "ro", &of_super);

	row_bool(row, PARTITION_READ_ONLY, mount_ro || super_ro);
	r->buf.len = 0;
	if (buf_add_format(&r->buf, "%s%s%s", mount_ro || super_ro ? "ro" : "rw",
			   of_mount, of_super) < 0)
		return -ENOMEM;
	row_text(row, PARTITION_OPTS, r->buf.data);
	return 0;
}

static int partitions_read(struct reading *r, struct table *t)
{
	auto_mounts struct mounts mounts = {0};
	int error = disk_mounts_read(r, &mounts);

	if (error < 0)
		return reading_fail(r, "self/mountinfo", error);
	for (size_t i = 0; i < mounts.n; i++) {
		const struct mount *mount = &mounts.list[i];
		struct row *row = table_add(t);

		if (!row)
			return -ENOMEM;
		disk_mounts_device(r, mount, row, PARTITION_DEVICE);
		row_text(row, PARTITION_MOUNTPOINT, mount->point);
		row_text(row, PARTITION_FSTYPE, mount->fstype);
		row_text(row, PARTITION_ROOT, mount->root);
		if (set_options(r, mount, row) < 0)
			return -ENOMEM;
	}
	return t->error;
}

const struct topic topic_disk_partitions = {
	.name = "disk-partitions",
	.aliases = "disk_partitions mounts",
	.summary = "disks that are mounted, where, and how",
	.columns = partition_columns,
	.n_columns = ARRAY_SIZE(partition_columns),
	.flags = TOPIC_LIST | TOPIC_ALL,
	.read = partitions_read,
};
