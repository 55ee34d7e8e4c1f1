/*
 * One process, or one thread of it, read file by file as its columns ask for it.
 *
 *	struct process_host host = {0};      what all processes of a moment share
 *	process_host_begin(&host, source);   once for each moment
 *	r = process_open(&p, &host, pid, 0, PROCESS_OPEN_FOLDER);
 *	... process_sources[i].get(&p, row, i) ...
 *	process_close(&p);
 *	if (host.error) ...                  what was read is not the whole truth
 *	process_host_clear(&host);           once, at the end
 *
 * Only ESRCH and ENOENT tell that a process has gone. Where we run out of descriptors,
 * each process would look as if it had: that is kept in host.error.
 *
 * libproc2's pids are not used: they split argv, environ and cgroups at newlines, replace
 * bytes in names, show what is denied as 0, take no more than 255 PIDs at once, and know
 * neither descriptors, limits, context switches nor namespaces.
 *
 * All files of a process are opened through one descriptor of its folder, so that what is
 * read is of this very process even when its pid has become somebody else's: then every
 * file is gone. stat is read first, always; each of the others only when it is asked for,
 * and once.
 */
#ifndef SYSINFO_PROCESS_H
#define SYSINFO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/nsec.h"
#include "base/out.h"
#include "proc/procfs.h"
#include "sysinfo/source.h"
#include "sysinfo/value.h"

struct family;

/* What the processes of one moment have in common; all zero to begin. */
struct process_host {
	struct source *source;
	const struct family *family; /* who is whose child, for the column children */
	bool windowed;	 /* two moments will be compared: cpu_percent has to wait */
	bool is_foreign; /* its numbers mean nothing to our system calls */
	double ticks;	 /* a second */
	uint64_t page_size;

	/* Of the folder that stands for /proc; of the system's own, the clocks say it. */
	double uptime; /* seconds since boot; NAN: unknown */
	double booted; /* seconds since the epoch; NAN: unknown */

	/* What failed first in this moment, though it is no process's end: 0 or -errno.
	 */
	int error;
	char failed_path[96]; /* below /proc, or absolute */

	/* Found out when first asked for, and kept for this moment. */
	bool has_memory_total;
	uint64_t memory_total; /* bytes; 0: unknown */
	uint64_t tty;	       /* the last one looked up... */
	char tty_name[64];     /* ...and its path, or "" */

	/* The same, of the kernel: kept for good. */
	int counts_fds;	    /* 1: the size of fd/ is the number of files in it; -1: not */
	int delays;	    /* 1: the kernel counts delays of I/O; -1: not */
	bool no_pidfd_info; /* the kernel does not tell whose a pidfd is */

	struct buf file; /* scratch */
	struct buf status;
	struct buf cmdline;
	struct out words;
};

void process_host_begin(struct process_host *host, struct source *source);
/* The same moment, for another thread of ours: with buffers of its own. */
void process_host_share(struct process_host *host, const struct process_host *from);
void process_host_clear(struct process_host *host);

/* Remember a failure that is not the end of a process, if it is the first: returns
 * error. */
int process_host_fail(struct process_host *host, const char *path, int error);
/* The same where error is a lack of descriptors. Other errors, and 0, are the file's: its
 * column is null. */
int process_host_note(struct process_host *host, const char *path, int error);
/* Read a file of /proc whole: 0 or -errno, which was noted. */
int process_host_read(struct process_host *host, const char *path, struct buf *b);

/* Seconds since boot, now. */
double process_host_uptime(const struct process_host *host);

/* What io holds, in its order. */
enum process_io {
	IO_READ_CHARS,
	IO_WRITE_CHARS,
	IO_READ_COUNT,
	IO_WRITE_COUNT,
	IO_READ_BYTES,
	IO_WRITE_BYTES,
	IO_N,
};

enum process_statm {
	STATM_SIZE,
	STATM_RESIDENT,
	STATM_SHARED,
	STATM_TEXT,
	STATM_DATA = 5
};

enum process_smaps { SMAPS_PSS, SMAPS_USS, SMAPS_SWAP, SMAPS_N };

/* Real, effective, saved. */
struct process_ids {
	uint32_t uid[3];
	uint32_t gid[3];
};

/* What was read, or tried: a positive value means not yet. */
enum { PROCESS_UNREAD = 1 };

struct process {
	struct process_host *host;
	pid_t pid;
	pid_t tid;	/* of the thread, or the pid */
	bool is_thread; /* one thread, not the whole; the first has the pid as its tid */
	int dirfd;	/* its folder; -1: not opened yet */
	int pidfd;	/* -1: not opened yet */
	bool gone;	/* it ended while it was read */
	bool denied;	/* not even stat could be read (hidepid) */
	struct procfs_fields stat;
	bool is_kernel; /* a thread of the kernel */
	bool is_bare;	/* that, or ended: there is no memory any more */

	/* Each PROCESS_UNREAD, 0, or -errno. */
	int status_error;
	int statm_error;
	int io_error;
	int smaps_error;
	int cmdline_error;
	int ids_error;
	uint64_t statm[6]; /* pages */
	unsigned n_statm;
	uint64_t io[IO_N];
	bool has_io[IO_N];
	uint64_t smaps[SMAPS_N]; /* bytes */
	bool has_smaps[SMAPS_N];
	struct process_ids ids;
	char name[256]; /* "": not worked out yet */
};

enum process_open {
	PROCESS_OPEN_STAT,   /* stat is most likely all that is needed */
	PROCESS_OPEN_FOLDER, /* other files will be read */
};

/*
 * Open a process (tid 0) or a thread, and read its stat. 0; -ESRCH, when there is none;
 * -errno, and the host has it. Where stat may not be read that is a success, and
 * p->denied.
 */
int process_open(struct process *p, struct process_host *host, pid_t pid, pid_t tid,
		 enum process_open how);
void process_close(struct process *p);

/* When it started, in ticks since boot; 0 where it is not known. */
procfs_ticks_t process_start(const struct process *p);
/* CPU time so far, in ticks. */
uint64_t process_cpu_ticks(const struct process *p);

/* The descriptor of its folder, opened if need be; or -errno. */
int process_folder(struct process *p);
/* A pidfd for it, kept until it is closed; or -errno. Not of a foreign host. */
int process_pidfd(struct process *p);

/* Read a file of its folder whole: 0 or -errno, which was noted. */
int process_read(struct process *p, const char *file, struct buf *b);
/* The numbers that the entries of a folder in it are called: likewise. */
int process_list(struct process *p, const char *folder, struct pid_list *list);
/* process_host_note() for a file of its folder that was read otherwise. */
int process_note(struct process *p, const char *file, int error);
/* Remember that it cannot be told whether it is there, or what: returns error. */
int process_fail(struct process *p, int error);

/* Read these once: 0 or -errno. */
int process_read_statm(struct process *p);
int process_read_io(struct process *p);
int process_read_smaps(struct process *p);
int process_read_cmdline(struct process *p); /* into host->cmdline */
int process_read_ids(struct process *p);

/* The text behind "Key:" and blanks in status, or NULL: then *ret_error says why. It is
 * there until the next process is opened. */
const char *process_status(struct process *p, const char *key, int *ret_error);

/* The link's target, into host->file: 0 or -errno. What the kernel adds to the path of a
 * file that was removed is cut off, and *ret_deleted set. */
int process_link(struct process *p, const char *file, bool *ret_deleted);

/* Its name: as top shows it, but longer than 15 bytes if the first word of its command
 * line tells. */
const char *process_name(struct process *p);

/* The numbers that the entries of a folder are called, in order: 0 or -errno. dirfd and
 * path as for openat(2). */
int process_list_numbers(int dirfd, const char *path, struct pid_list *list,
			 struct buf *scratch);

/*
 * Make a value null because its file could not be read. ENOENT has three meanings: what
 * was asked for makes no sense for a kernel's thread or a zombie; the process has gone
 * (p->gone); or this kernel has no such file.
 */
void process_null(struct process *p, struct value *v, int error);

#endif
