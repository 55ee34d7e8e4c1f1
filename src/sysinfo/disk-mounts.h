/*
 * Which mounts are disks: those that disk-partitions and disk-usage show without --all.
 *
 * psutil's rule, a file system that /proc/filesystems does not call "nodev" (it needs a
 * block device), or ZFS; and besides
 * - what keeps its files on flash memory without a block device: UBIFS, JFFS2;
 * - the mount on /, whatever it is. In a container that is an overlay, which psutil
 * leaves out; but it is where the files of the container are, and df shows it. The
 * overlays of other containers, as their host has them, are left out.
 *
 * A mount that a later one covers at the same place is never shown: no path leads to it.
 */
#ifndef SYSINFO_DISK_MOUNTS_H
#define SYSINFO_DISK_MOUNTS_H

#include "proc/mountinfo.h"
#include "sysinfo/topic.h"
#include "sysinfo/value.h"

/* The mounts to show, with r->all every one that can be reached: 0 or -errno. Uses
 * r->buf.
 */
int disk_mounts_read(struct reading *r, struct mounts *ret);

/*
 * Set a column to the device of a mount. "/dev/root" is what the kernel calls the device
 * that it was booted from, and nothing has that name: then its real one, by its number.
 */
void disk_mounts_device(struct reading *r, const struct mount *mount, struct row *row,
			size_t column);

#endif
