/*
 * The columns of ps: what each is called, and how a process is asked for it.
 */
#ifndef SYSINFO_PROCESS_COLUMNS_H
#define SYSINFO_PROCESS_COLUMNS_H

#include <stdbool.h>

#include "sysinfo/process.h"
#include "sysinfo/topic.h"
#include "sysinfo/value.h"

/* In the order of --output-all; those that are shown by default come first. */
enum process_column {
	PS_PID,
	PS_TID,
	PS_PPID,
	PS_USERNAME,
	PS_STATUS,
	PS_CPU_PERCENT,
	PS_RSS,
	PS_CREATE_TIME,
	PS_COMMAND,
	PS_NAME,
	PS_CMDLINE,
	PS_EXE,
	PS_EXE_DELETED,
	PS_CWD,
	PS_ROOT,
	PS_ENVIRON,
	PS_UIDS,
	PS_GIDS,
	PS_EUSER,
	PS_RUID,
	PS_EUID,
	PS_RGID,
	PS_EGID,
	PS_TERMINAL,
	PS_NICE,
	PS_PRIORITY,
	PS_POLICY,
	PS_IONICE,
	PS_RLIMITS,
	PS_NUM_THREADS,
	PS_THREADS,
	PS_NUM_FDS,
	PS_OPEN_FILES,
	PS_NET_CONNECTIONS,
	PS_CPU_TIMES,
	PS_CPU_NUM,
	PS_CPU_AFFINITY,
	PS_MEMORY_PERCENT,
	PS_VMS,
	PS_SHARED,
	PS_TEXT,
	PS_DATA,
	PS_PEAK_RSS,
	PS_USS,
	PS_PSS,
	PS_SWAP,
	PS_IO_READ_COUNT,
	PS_IO_WRITE_COUNT,
	PS_IO_READ_BYTES,
	PS_IO_WRITE_BYTES,
	PS_IO_READ_CHARS,
	PS_IO_WRITE_CHARS,
	PS_NUM_CTX_SWITCHES,
	PS_PAGE_FAULTS,
	PS_MINOR_FAULTS,
	PS_MAJOR_FAULTS,
	PS_OOM_SCORE,
	PS_OOM_SCORE_ADJ,
	PS_CGROUP,
	PS_NSPID,
	PS_KTHREAD,
	PS_HANDLE,
	PS_CHILDREN,
	PS_DEPTH,
	/* What two moments are compared by; never shown. */
	PS_START,	/* ticks since boot */
	PS_CPU_TICKS,	/* CPU time so far */
	PS_CPU_CLOCK,	/* the same in nanoseconds, where the clock can be read */
	PS_MOMENT,	/* when that was, in nanoseconds */
	PS_AGE,		/* how long it had been there then, in nanoseconds */
	PS_IS_SELECTED, /* it will be shown */
	PS_N,
};

typedef void process_getter(struct process *p, struct row *row, size_t column);

struct process_source {
	process_getter *get; /* NULL: always there, or somebody else's */
	bool needs_folder;   /* it reads other files than stat */
};

extern const struct column process_columns[PS_N];
extern const struct process_source process_sources[PS_N];

#endif
