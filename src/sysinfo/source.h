/*
 * Where the figures come from: /proc and /sys, or the trees that stand for them.
 *
 * source_open() takes two folders; every reader goes through the two descriptors with
 * paths relative to them, so a saved tree, a host's mounted into a container and a test's
 * fixture are read by the same code. Nothing is cached. The descriptors stay until the
 * program ends.
 *
 * Files are read whole, with one large read(2) where they fit into it (/proc makes its
 * text anew for each read, and a reader that comes back for the rest may get another
 * moment's).
 */
#ifndef SYSINFO_SOURCE_H
#define SYSINFO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct source {
	int proc;
	int sys;	       /* negative: not opened; ask source_sys() */
	const char *proc_path; /* "/proc", or what --proc says */
	const char *sys_path;
	bool other_proc; /* --proc was given */
	bool other_sys;
	bool mounted; /* source_mount_proc() has been here */
};

/* proc and sys may be NULL for the system's own. 0; -errno, and *ret_failed is the path.
 * Only a folder that was named has to be there: /sys may be missing. */
int source_open(struct source *s, const char *proc, const char *sys,
		const char **ret_failed);

/* The descriptor of /sys, which is opened when it is first asked for: most readers need
 * /proc alone. Negative: there is none. */
int source_sys(struct source *s);

/*
 * Read a whole file: b holds it, NUL-terminated (b->len without that), and what it held
 * before is gone. 0 or -errno; b is empty (and its data "") on failure.
 */
int source_read_at(int dirfd, const char *path, struct buf *b);
int source_read_proc(struct source *s, const char *path, struct buf *b);
int source_read_sys(struct source *s, const char *path, struct buf *b);

/*
 * The same with one call less, for files whose text the kernel makes in one piece: those
 * of /sys, and of /proc those that show one thing (stat, meminfo, loadavg) and are no
 * lists. A list comes in pages, and a short one need not be the last.
 */
int source_read_whole_at(int dirfd, const char *path, struct buf *b);
int source_read_proc_whole(struct source *s, const char *path, struct buf *b);

/* One number of a small file; 0 or -errno, -EINVAL when there is none. */
int source_sys_int(struct source *s, const char *path, int64_t *ret);
/* One line of a small file without its newline and trailing blanks, into b: 0 or -errno.
 */
int source_sys_line(struct source *s, const char *path, struct buf *b);
/* What the kernel calls a device, "block" or "char", below /dev: b has it; 0 or -errno,
 * -ENODATA where it is not said. */
int source_device_name(struct source *s, const char *kind, unsigned major, unsigned minor,
		       struct buf *b);

/*
 * libproc2 has the path /proc built in. With --proc, put that folder in the place of
 * /proc, for this process alone, in a mount namespace of its own (in a user namespace
 * where we are not root): 0, or -errno where that is not allowed. Nothing to do without
 * --proc. Call it right before a libproc2 call; readers with descriptors are not
 * concerned.
 */
int source_mount_proc(struct source *s);

/* Text, as the kernel's files have it. */

/* The next line of *cursor, ended with a NUL in place of its newline, or NULL; moves
 * *cursor behind it. */
char *text_line(char **cursor);
/* The next word between blanks and tabs, ended likewise, or NULL. */
char *text_word(char **cursor);
/* A decimal number at *cursor behind blanks: moves behind it. false, and nothing moves,
 * where there is none or it does not fit. */
bool text_uint(const char **cursor, uint64_t *ret);
bool text_int(const char **cursor, int64_t *ret);
/* A decimal fraction ("12.34"), whatever the locale. */
bool text_real(const char **cursor, double *ret);
/* Undo mountinfo's \040 \011 \012 \134, in place. */
void text_unescape_octal(char *text);

/*
 * Lists of CPUs: "0-3,8". Calls visit for each number; 0 or -EINVAL. The kernel writes
 * them in order and below 65536: what is not like that is refused, so that no file makes
 * more than 65536 calls. What was visited before means nothing then.
 */
int text_cpu_list(const char *text, void (*visit)(unsigned cpu, void *data), void *data);
/* How many such a list has: 0, or -EINVAL where it is none, or empty. */
int text_cpu_count(const char *text, uint64_t *ret);

/* Ticks per second of /proc's clock figures. */
double source_ticks(void);

#endif
