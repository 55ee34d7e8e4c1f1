/*
 * How each column of ps is had from a process: what process_sources[] lists.
 *
 * A getter sets one value of the row, or makes it null with the reason. Several columns
 * of one file share a getter, which is told the column.
 */
#ifndef SYSINFO_PROCESS_GETTERS_H
#define SYSINFO_PROCESS_GETTERS_H

#include "sysinfo/process-columns.h"

/* process-getters.c: who and what it is, its times and its memory. */
process_getter get_command;
process_getter get_cmdline;
process_getter get_cpu_percent;
process_getter get_cpu_times;
process_getter get_create_time;
process_getter get_environ;
process_getter get_exe;
process_getter get_file_number; /* oom_score, oom_score_adj */
process_getter get_folder;	/* cwd, root */
process_getter get_handle;
process_getter get_id;	/* one of them: ruid, euid, rgid, egid */
process_getter get_ids; /* uids, gids */
process_getter get_io;
process_getter get_kthread;
process_getter get_memory_percent;
process_getter get_name;
process_getter get_page_faults;
process_getter get_peak_rss;
process_getter get_rss;
process_getter get_smaps;	/* uss, pss, swap */
process_getter get_stat_number; /* nice, priority, num_threads, cpu_num, faults */
process_getter get_statm;	/* shared, text, data */
process_getter get_status;
process_getter get_username; /* username, euser */
process_getter get_vms;

/* process-scheduling.c: terminal, CPUs, priorities. */
process_getter get_affinity;
process_getter get_ionice;
process_getter get_policy;
process_getter get_terminal;

/* process-lists.c: what has several elements. */
process_getter get_cgroup;
process_getter get_children;
process_getter get_ctx_switches;
process_getter get_net_connections;
process_getter get_nspid;
process_getter get_num_fds;
process_getter get_open_files;
process_getter get_rlimits;
process_getter get_threads;

/* The letter for a word, or for itself; 0 where it is neither. */
char process_status_letter(const char *word);
/* All of psutil's words, with commas, for an error message: 0 or -ENOMEM. */
int process_status_words(struct buf *ret);

#endif
