/*
 * GNU parallel's table of jobs (--joblog): fields between tabs, a line a job.
 *
 *	Seq Host Starttime JobRuntime Send Receive Exitval Signal Command
 *
 * Host is ":" (this machine), times are seconds with three digits, Send is 0, Receive is
 * what came on stdout. Exitval is the status, 0 beside a Signal, and -1 after a limit. A
 * newline in Command is a NUL, so that a line is a job; tabs in it stand as they are,
 * which is why it is the last field.
 */
#ifndef MAP_JOBLOG_H
#define MAP_JOBLOG_H

#include "base/out.h"
#include "map/job.h"

extern const char joblog_header[];

void joblog_write(struct out *o, const struct map_job *j);

#endif
