#include "config.h"

#include "sysinfo/disk-stats.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The counters that a partition has in Linux 2.6, in order. */
static const enum disk_counter partition_counters[] = {
	DISK_READS,
	DISK_SECTORS_READ,
	DISK_WRITES,
	DISK_SECTORS_WRITTEN,
};

static struct disk *add_disk(struct disk_stats *stats)
{
	if (stats->n == stats->cap) {
		size_t cap = stats->cap > 0 ? stats->cap * 2 : 32;
		struct disk *list = reallocarray(stats->list, cap, sizeof(*list));

		if (!list)
			return NULL;
		stats->list = list;
		stats->cap = cap;
	}
	stats->list[stats->n] = (struct disk){0};
	return &stats->list[stats->n++];
}

/* The numbers behind the name. More of them, of kernels to come, are not looked at. */
static void parse_counters(const char *text, bool is_cut, struct disk *ret)
{
	uint64_t values[DISK_COUNTERS];
	size_t n = 0;

	while (n < DISK_COUNTERS && text_uint(&text, &values[n]))
		n++;
	if (n == ARRAY_SIZE(partition_counters) && !is_cut) {
		for (size_t i = 0; i < n; i++) {
			ret->counters[partition_counters[i]] = values[i];
			ret->known[partition_counters[i]] = true;
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		ret->counters[i] = values[i];
		ret->known[i] = true;
	}
}

/* "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11": 0 or -ENOMEM. */
static int parse_line(char *line, bool is_cut, struct disk_stats *stats)
{
	char *cursor = line;
	const char *major = text_word(&cursor);
	const char *minor = text_word(&cursor);
	const char *name = text_word(&cursor);
	uint64_t number;

	if (!name || !text_uint(&major, &number) || !text_uint(&minor, &number))
		return 0;

	struct disk *disk = add_disk(stats);

	if (!disk)
		return -ENOMEM;
	disk->name = name;
	parse_counters(cursor, is_cut, disk);
	return 0;
}

/* A text that was cut off may have lost digits of its last number, which is none then. */
static bool drop_cut_word(struct buf *text)
{
	bool is_cut = text->len > 0 && text->data[text->len - 1] != '\n';

	while (text->len > 0 && !strchr(" \t\n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
	return is_cut;
}

static int read_diskstats(struct reading *r, struct disk_stats *stats)
{
	int error = source_read_proc(r->source, "diskstats", &stats->text);

	if (error < 0)
		return error;

	bool is_cut = drop_cut_word(&stats->text);
	char *cursor = stats->text.data;
	char *line;

	while (error == 0 && (line = text_line(&cursor)))
		error = parse_line(line, is_cut && *cursor == '\0', stats);
	return error;
}

/* The same numbers, from a file for each device; in their folders' names a slash is "!".
 */
static int read_class_block(struct reading *r, struct disk_stats *stats)
{
	auto_buf struct buf path = BUF_INIT;
	int error = folder_list(r->source, "class/block", &stats->folder);

	for (size_t i = 0; error == 0 && i < stats->folder.n; i++) {
		char *name = stats->folder.names[i];

		path.len = 0;
		if (buf_add_format(&path, "class/block/%s/stat", name) < 0)
			return -ENOMEM;
		/* Gone since, or no device. */
		if (source_read_sys(r->source, path.data, &r->buf) < 0)
			continue;

		struct disk *disk = add_disk(stats);

		if (!disk)
			return -ENOMEM;
		for (char *p = name; (p = strchr(p, '!'));)
			*p = '/';
		disk->name = name;

		bool is_cut = drop_cut_word(&r->buf);

		parse_counters(r->buf.data, is_cut, disk);
	}
	return error;
}

/* Whether a name is that of a disk and behind it the number of a partition: sda1 of sda,
 * nvme0n1p1 of nvme0n1. */
static bool is_part_of(const char *name, const char *disk)
{
	size_t len = strlen(disk);

	if (len == 0 || strncmp(name, disk, len) != 0)
		return false;
	name += len;
	if (strchr("0123456789", disk[len - 1]) && *name++ != 'p')
		return false;
	return *name && name[strspn(name, "0123456789")] == '\0';
}

static bool is_whole_by_name(const struct disk_stats *stats, const char *name)
{
	for (size_t i = 0; i < stats->n; i++)
		if (is_part_of(name, stats->list[i].name))
			return false;
	return true;
}

/* As /sys/block has it. */
static bool is_entry(const struct folder *folder, const char *name, struct buf *scratch)
{
	scratch->len = 0;
	if (buf_add_string(scratch, name) < 0)
		return false;
	for (char *p = scratch->data; (p = strchr(p, '/'));)
		*p = '!';
	return folder_has(folder, scratch->data);
}

/* A tree that stands for /proc alone must not be completed from this machine's /sys. */
static bool sys_belongs_to_proc(struct source *s)
{
	return s->other_sys || !s->other_proc;
}

/* Disks are in /sys/block, and partitions beside them in /sys/class/block; of what is in
 * neither, the name tells. */
static int find_whole_disks(struct reading *r, struct disk_stats *stats)
{
	auto_folder struct folder disks = {0};
	auto_folder struct folder all = {0};

	if (stats->n == 0)
		return 0;
	if (sys_belongs_to_proc(r->source) &&
	    (folder_list(r->source, "block", &disks) == -ENOMEM ||
	     (disks.n > 0 && folder_list(r->source, "class/block", &all) == -ENOMEM)))
		return -ENOMEM;
	for (size_t i = 0; i < stats->n; i++) {
		struct disk *disk = &stats->list[i];

		if (is_entry(&disks, disk->name, &r->buf))
			disk->whole = true;
		else
			disk->whole = !is_entry(&all, disk->name, &r->buf) &&
				      is_whole_by_name(stats, disk->name);
	}
	return 0;
}

int disk_stats_read(struct reading *r, struct disk_stats *ret)
{
	struct disk_stats stats = {0};
	int error = read_diskstats(r, &stats);

	if (error < 0 && error != -ENOMEM && sys_belongs_to_proc(r->source)) {
		int other = read_class_block(r, &stats);

		if (other != -ENOENT)
			error = other;
	}
	/* A kernel without block devices has neither, and nothing is wrong. */
	if (error == -ENOENT)
		error = 0;
	if (error == 0)
		error = find_whole_disks(r, &stats);
	if (error < 0) {
		disk_stats_clear(&stats);
		return reading_fail(r, "diskstats", error);
	}
	*ret = stats;
	return 0;
}

void disk_stats_clear(struct disk_stats *stats)
{
	free(stats->list);
	folder_clear(&stats->folder);
	buf_clear(&stats->text);
	*stats = (struct disk_stats){0};
}
