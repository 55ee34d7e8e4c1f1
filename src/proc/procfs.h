/*
 * What /proc says of a process, as far as ending trees and naming processes need it.
 *
 * A process may vanish between any two reads: that is -ESRCH, never an error to report.
 * Start times are in clock ticks since boot (field 22 of /proc/PID/stat, proc(5)); pid
 * and start time together name one process.
 */
#ifndef PROC_PROCFS_H
#define PROC_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

typedef unsigned long long procfs_ticks_t;

struct procfs_stat {
	pid_t pid;
	pid_t ppid;
	char state; /* R S D T t Z X I */
	long threads;
	procfs_ticks_t start;
	char comm[64];
};

/* Numbers of /proc/PID/stat by their place in it (proc(5)). */
enum procfs_field {
	PROCFS_PPID = 4,
	PROCFS_TTY = 7,
	PROCFS_FLAGS = 9,
	PROCFS_MINOR_FAULTS = 10,
	PROCFS_CHILDREN_MINOR_FAULTS = 11,
	PROCFS_MAJOR_FAULTS = 12,
	PROCFS_CHILDREN_MAJOR_FAULTS = 13,
	PROCFS_USER_TIME = 14,
	PROCFS_SYSTEM_TIME = 15,
	PROCFS_CHILDREN_USER_TIME = 16,
	PROCFS_CHILDREN_SYSTEM_TIME = 17,
	PROCFS_PRIORITY = 18,
	PROCFS_NICE = 19,
	PROCFS_THREADS = 20,
	PROCFS_START = 22,
	PROCFS_VSIZE = 23,
	PROCFS_RSS = 24,
	PROCFS_CPU = 39,
	PROCFS_POLICY = 41,
	PROCFS_IO_DELAY = 42,
	PROCFS_FIELDS = 45, /* none of these is behind field 44 */
};

/* The whole of such a file. A number that may be negative is stored as an int64_t is. */
struct procfs_fields {
	char comm[64];
	char state; /* 0: not there */
	unsigned n; /* the last field that is there: 2 is the name, 3 the state */
	uint64_t value[PROCFS_FIELDS]; /* by field */
};

/*
 * Take the text of a stat file apart: 0, or -EINVAL where there is not even a name in
 * parentheses. A text that was cut, or goes on with something else, has fewer fields.
 */
int procfs_parse_stat(const char *text, struct procfs_fields *ret);

static inline bool procfs_has(const struct procfs_fields *f, enum procfs_field field)
{
	return f->n >= (unsigned)field;
}

/* A growing list of pids; all zero to begin, free(list.pids) to end. */
struct pid_list {
	pid_t *pids;
	size_t n;
	size_t cap;
};

int pid_list_add(struct pid_list *list, pid_t pid); /* 0 or -ENOMEM */

/* Read /proc/PID/stat: 0, -ESRCH when there is no such process, or -errno. */
int procfs_stat(pid_t pid, struct procfs_stat *ret);

/* Whether it can still run: not a zombie, unless it is one whose other threads live on.
 */
bool procfs_is_alive(const struct procfs_stat *st);

/*
 * Add the children of a process to the list: 0, -ESRCH, -ENOMEM; -ENOTSUP where the
 * kernel was built without CONFIG_PROC_CHILDREN. threads: 1 saves listing the task
 * folder; children belong to the thread that forked them.
 */
int procfs_children(pid_t pid, long threads, struct pid_list *list);

/* Add every pid of the system to the list: 0 or -errno. */
int procfs_all(struct pid_list *list);

/* The number that a name is, as PIDs are written; -1 where it is none. */
pid_t procfs_number(const char *name);

/*
 * Add every entry of a folder that is called by a number, in order: the processes of
 * /proc, the threads of task/, the descriptors of fd/. fd is the folder, open and not
 * read yet; scratch is for its entries. 0 or -errno.
 */
int procfs_list(int fd, struct pid_list *list, struct buf *scratch);

/* Whether process pid has the pipe with this inode open for writing, or for reading. */
bool procfs_holds_pipe(pid_t pid, unsigned long inode, bool for_writing);

#endif
