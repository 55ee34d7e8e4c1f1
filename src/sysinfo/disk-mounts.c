#include "config.h"

#include "sysinfo/disk-mounts.h"

#include <string.h>

/* Whether a line of /proc/filesystems ("nodev\tproc", "\text4") is of this type. */
static bool names_type(const char *line, size_t len, const char *type, size_t type_len)
{
	while (len > 0 && strchr(" \t", *line)) {
		line++;
		len--;
	}
	return len == type_len && memcmp(line, type, len) == 0;
}

/* "nodev" itself cannot be the name of a type, and lines that begin with it match none.
 */
static bool needs_device(const char *filesystems, const char *type, size_t type_len)
{
	for (const char *line = filesystems; *line;) {
		size_t len = strcspn(line, "\n");

		if (names_type(line, len, type, type_len))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

static bool is_disk(const char *filesystems, const struct mount *mount)
{
	static const char *const without_device[] = {"zfs", "ubifs", "jffs2"};
	/* "fuseblk.ntfs": the kernel knows what stands before the point. */
	size_t len = strcspn(mount->fstype, ".");

	if (strcmp(mount->point, "/") == 0)
		return true;
	for (size_t i = 0; i < sizeof(without_device) / sizeof(without_device[0]); i++)
		if (strcmp(mount->fstype, without_device[i]) == 0)
			return true;
	/* Where the list cannot be read, devices that are paths stand for disks. */
	if (!filesystems)
		return mount->device[0] == '/';
	return len > 0 && needs_device(filesystems, mount->fstype, len);
}

int disk_mounts_read(struct reading *r, struct mounts *ret)
{
	const char *filesystems = NULL;
	size_t n = 0;
	int error = mounts_read(r->source->proc, ret);

	if (error < 0)
		return error;
	if (!r->all && source_read_proc_whole(r->source, "filesystems", &r->buf) == 0)
		filesystems = r->buf.data;
	for (size_t i = 0; i < ret->n; i++) {
		const struct mount *mount = &ret->list[i];

		if (!mount->hidden && (r->all || is_disk(filesystems, mount)))
			ret->list[n++] = *mount;
	}
	ret->n = n;
	return 0;
}

void disk_mounts_device(struct reading *r, const struct mount *mount, struct row *row,
			size_t column)
{
	row_text(row, column, mount->device);
	if (strcmp(mount->device, "/dev/root") != 0 &&
	    strcmp(mount->device, "rootfs") != 0)
		return;
	if (source_device_name(r->source, "block", mount->major, mount->minor, &r->buf) ==
		    0 &&
	    r->buf.len < 256)
		row_format(row, column, "/dev/%s", r->buf.data);
}
