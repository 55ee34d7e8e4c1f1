/*
 * Waiting between two tries of a job, as attentive as while one runs.
 */
#ifndef PROC_PAUSE_H
#define PROC_PAUSE_H

#include "base/nsec.h"
#include "proc/job.h"

/*
 * Wait this long: 0; the signal that tells us to end, above 0; or -errno, -ECANCELED when
 * the guard's other half (job->watch_fd) is gone. Stop signals stop us, and the wait with
 * us.
 */
int pause_job(const struct job *job, nsec_t wait);

#endif
