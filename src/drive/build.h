/*
 * The first half of a drive: options and operands become a job. Nobody's business but
 * drive.c's.
 *
 * Each returns 0, or -errno with d->result.error, d->error_path and perhaps
 * d->error_message saying what failed.
 */
#ifndef DRIVE_BUILD_H
#define DRIVE_BUILD_H

#include "drive/drive.h"

/* Fill in d->job from the options and the stages' words. */
int build_job(struct drive *d, char ***stages, size_t n_stages, const bool *merge);

/* Rewind the input, so that the next try reads it again. */
void build_rewind_input(struct drive *d);

#endif
