/*
 * A command or pipeline as a shell would have it: eval runs the same programs again.
 */
#ifndef RECORD_COMMAND_H
#define RECORD_COMMAND_H

#include "base/out.h"
#include "proc/job.h"

/* Write n stages from first on, with " | " between them. */
void command_write(struct out *o, const struct job *job, size_t first, size_t n);

#endif
