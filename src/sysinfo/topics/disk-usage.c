/*
 * disk-usage: how full the mounted disks are, or the file systems that the named paths
 * lie on.
 *
 * df's formulas. A size counts in f_frsize; used is all that is not free, free what an
 * ordinary user may still take, and percent the share of used in these two: what is
 * reserved for root is in neither, so at 100 percent nobody but root can write.
 *
 * The figures are those of the system that we run on, whatever --proc says: they are in
 * no file, only the list of mounts is.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/disk-mounts.h"
#include "sysinfo/mount-guard.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <string.h>

enum {
	USAGE_PATH,
	USAGE_DEVICE,
	USAGE_FSTYPE,
	USAGE_TOTAL,
	USAGE_USED,
	USAGE_FREE,
	USAGE_PERCENT,
	USAGE_MOUNTPOINT,
	USAGE_FREE_ROOT,
	USAGE_INODES_TOTAL,
	USAGE_INODES_USED,
	USAGE_INODES_FREE,
	USAGE_INODES_PERCENT,
	USAGE_COLUMNS,
};

static const struct column usage_columns[] = {
	[USAGE_PATH] = {.name = "path",
			.type = COLUMN_TEXT,
			.flags = COLUMN_ID,
			.label = "mountpoint",
			.help = "the path that was named, else the mount point"},
	[USAGE_DEVICE] = {.name = "device",
			  .type = COLUMN_TEXT,
			  .flags = COLUMN_ID,
			  .aliases = "source",
			  .help = "what is mounted there"},
	[USAGE_FSTYPE] = {.name = "fstype",
			  .type = COLUMN_TEXT,
			  .flags = COLUMN_ID,
			  .help = "the file system"},
	[USAGE_TOTAL] = {.name = "total",
			 .type = COLUMN_BYTES,
			 .cost = COST_CHEAP,
			 .aliases = "size",
			 .metric = "node_filesystem_size_bytes",
			 .help = "size of the file system"},
	[USAGE_USED] = {.name = "used",
			.type = COLUMN_BYTES,
			.cost = COST_CHEAP,
			.help = "taken"},
	[USAGE_FREE] = {.name = "free",
			.type = COLUMN_BYTES,
			.cost = COST_CHEAP,
			.aliases = "avail",
			.metric = "node_filesystem_avail_bytes",
			.help = "left for ordinary users"},
	[USAGE_PERCENT] = {.name = "percent",
			   .type = COLUMN_PERCENT,
			   .cost = COST_CHEAP,
			   .aliases = "pcent",
			   .help = "used of used and free"},
	[USAGE_MOUNTPOINT] = {.name = "mountpoint",
			      .type = COLUMN_TEXT,
			      .flags = COLUMN_HIDDEN,
			      .aliases = "target",
			      .help = "the mount point that the path lies below"},
	[USAGE_FREE_ROOT] = {.name = "free_root",
			     .type = COLUMN_BYTES,
			     .flags = COLUMN_HIDDEN,
			     .cost = COST_CHEAP,
			     .metric = "node_filesystem_free_bytes",
			     .help = "left for root, who may take what is reserved"},
	[USAGE_INODES_TOTAL] = {.name = "inodes_total",
				.type = COLUMN_NUMBER,
				.flags = COLUMN_HIDDEN,
				.cost = COST_CHEAP,
				.aliases = "itotal",
				.metric = "node_filesystem_files",
				.help = "how many files there can be"},
	[USAGE_INODES_USED] = {.name = "inodes_used",
			       .type = COLUMN_NUMBER,
			       .flags = COLUMN_HIDDEN,
			       .cost = COST_CHEAP,
			       .aliases = "iused",
			       .help = "how many there are"},
	[USAGE_INODES_FREE] = {.name = "inodes_free",
			       .type = COLUMN_NUMBER,
			       .flags = COLUMN_HIDDEN,
			       .cost = COST_CHEAP,
			       .aliases = "iavail",
			       .metric = "node_filesystem_files_free",
			       .help = "how many more there can be"},
	[USAGE_INODES_PERCENT] = {.name = "inodes_percent",
				  .type = COLUMN_PERCENT,
				  .flags = COLUMN_HIDDEN,
				  .cost = COST_CHEAP,
				  .aliases = "ipcent",
				  .help = "inodes_used of inodes_total"},
};

/* What every file system has to fill, null for this reason. */
static void set_unknown(struct row *row, enum why why)
{
	for (size_t c = 0; c < USAGE_COLUMNS; c++)
		if (usage_columns[c].cost == COST_CHEAP)
			row_null(row, c, why);
}

static void set_percent(struct row *row, size_t column, double used, double free)
{
	if (used + free > 0)
		row_real(row, column, 100 * used / (used + free));
	else
		row_null(row, column, WHY_NOT_APPLICABLE);
}

static void set_bytes(struct row *row, const struct statvfs *fs)
{
	uint64_t unit = fs->f_frsize > 0 ? fs->f_frsize : fs->f_bsize;
	/* Where root has taken of the reserve, some file systems give it as negative. */
	uint64_t available = (int64_t)fs->f_bavail < 0 ? 0 : fs->f_bavail;
	uint64_t total;
	uint64_t left;
	uint64_t free;

	/* What a broken file system says. */
	if (__builtin_mul_overflow(fs->f_blocks, unit, &total) ||
	    __builtin_mul_overflow(fs->f_bfree, unit, &left) ||
	    __builtin_mul_overflow(available, unit, &free) || left > total)
		return;
	row_uint(row, USAGE_TOTAL, total);
	row_uint(row, USAGE_USED, total - left);
	row_uint(row, USAGE_FREE, free);
	row_uint(row, USAGE_FREE_ROOT, left);
	set_percent(row, USAGE_PERCENT, (double)(total - left), (double)free);
}

/* Many file systems (btrfs, FAT) have no limit, and say 0. */
static void set_inodes(struct row *row, const struct statvfs *fs)
{
	if (fs->f_files == 0 || fs->f_ffree > fs->f_files) {
		enum why why = fs->f_files == 0 ? WHY_NOT_APPLICABLE : WHY_UNSUPPORTED;

		for (size_t c = USAGE_INODES_TOTAL; c <= USAGE_INODES_PERCENT; c++)
			row_null(row, c, why);
		return;
	}
	row_uint(row, USAGE_INODES_TOTAL, fs->f_files);
	row_uint(row, USAGE_INODES_USED, fs->f_files - fs->f_ffree);
	row_uint(row, USAGE_INODES_FREE, fs->f_ffree);
	set_percent(row, USAGE_INODES_PERCENT, (double)(fs->f_files - fs->f_ffree),
		    (double)fs->f_ffree);
}

/* One row: mount may be NULL where nothing is known of it. */
static int add_row(struct reading *r, struct table *t, const struct mount_question *q,
		   const struct mount *mount)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, USAGE_PATH, q->path);
	if (mount) {
		disk_mounts_device(r, mount, row, USAGE_DEVICE);
		row_text(row, USAGE_FSTYPE, mount->fstype);
		row_text(row, USAGE_MOUNTPOINT, mount->point);
	}
	if (q->error == 0) {
		set_bytes(row, &q->fs);
		set_inodes(row, &q->fs);
	} else if (q->error == -ETIMEDOUT) {
		set_unknown(row, WHY_GONE);
	} else {
		set_unknown(row, why_from_error(q->error));
	}
	return 0;
}

/* Whether a path without "..", "." and links lies at or below a mount point. */
static bool lies_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/*
 * The mount that a path lies on: the deepest that can be reached; or NULL. Where the path
 * could not be resolved, it may still be a mount point itself.
 */
static const struct mount *mount_of(const struct mounts *mounts,
				    const struct mount_question *q)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *mount = &mounts->list[i];

		if (mount->hidden)
			continue;
		if (q->resolved ? !lies_below(q->resolved, mount->point)
				: strcmp(q->path, mount->point) != 0)
			continue;
		if (!best || strlen(mount->point) >= strlen(best->point))
			best = mount;
	}
	return best;
}

/* What does not exist, as opposed to what cannot be looked at. */
static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP ||
	       error == -ENAMETOOLONG;
}

static int add_operands(struct reading *r, struct table *t,
			const struct mount_question *questions, size_t n)
{
	auto_mounts struct mounts mounts = {0};
	int error = 0;

	/* Without them the figures are there all the same. */
	(void)mounts_read(r->source->proc, &mounts);
	for (size_t i = 0; i < n && error == 0; i++) {
		const struct mount_question *q = &questions[i];

		if (is_missing(q->error))
			error = reading_add_missing(r, q->path, q->error);
		else
			error = add_row(r, t, q, mount_of(&mounts, q));
	}
	return error;
}

static int read_operands(struct reading *r, struct table *t)
{
	size_t n = 0;

	while (r->operands[n])
		n++;

	auto_free struct mount_question *questions = calloc(n, sizeof(*questions));

	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		questions[i] =
			(struct mount_question){.path = r->operands[i], .resolve = true};
	mount_guard_ask(questions, n);

	int error = add_operands(r, t, questions, n);

	mount_guard_clear(questions, n);
	return error;
}

/* Asking an automounter how full it is would mount what is behind it. */
static bool is_automounter(const struct mount *mount)
{
	return strcmp(mount->fstype, "autofs") == 0;
}

static int read_mounts(struct reading *r, struct table *t)
{
	auto_mounts struct mounts mounts = {0};
	static const struct mount root = {.point = "/"};
	bool has_root = false;

	/* In a chroot no mount may be on /, and without a list / is there, too. */
	(void)disk_mounts_read(r, &mounts);

	auto_free struct mount_question *questions =
		calloc(mounts.n + 1, sizeof(*questions));
	auto_free const struct mount **asked = calloc(mounts.n + 1, sizeof(*asked));
	size_t n = 0;

	if (!questions || !asked)
		return -ENOMEM;
	for (size_t i = 0; i < mounts.n; i++)
		has_root |= strcmp(mounts.list[i].point, "/") == 0;
	if (!has_root)
		asked[n++] = &root;
	for (size_t i = 0; i < mounts.n; i++)
		if (!is_automounter(&mounts.list[i]))
			asked[n++] = &mounts.list[i];
	for (size_t i = 0; i < n; i++)
		questions[i].path = asked[i]->point;
	mount_guard_ask(questions, n);

	int error = 0;

	for (size_t i = 0; i < n && error == 0; i++)
		error = add_row(r, t, &questions[i], asked[i] == &root ? NULL : asked[i]);
	return error;
}

static int usage_read(struct reading *r, struct table *t)
{
	int error = r->operands[0] ? read_operands(r, t) : read_mounts(r, t);

	return error < 0 ? error : t->error;
}

const struct topic topic_disk_usage = {
	.name = "disk-usage",
	.aliases = "disk_usage df",
	.summary = "how full the mounted disks are",
	.columns = usage_columns,
	.n_columns = ARRAY_SIZE(usage_columns),
	.flags = TOPIC_LIST | TOPIC_PATHS | TOPIC_ALL,
	.read = usage_read,
};
