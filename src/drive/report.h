/*
 * The report: where the record goes next to the exit status.
 *
 * Opened before anything runs, written once at the end. A reader, or whoever finds the
 * file after a kill -9, sees a whole record or none: a short one is one write(2); a long
 * one for a file of its own is written beside it and renamed over it; one that is
 * appended is written under a lock (flock(2)), so that the lines of several prockits do
 * not mix.
 */
#ifndef DRIVE_REPORT_H
#define DRIVE_REPORT_H

#include "drive/drive.h"

/* Open what --report or --report-fd names: 0, or 125 after a message. */
int report_open(struct drive *d);

/* Write it, if there is one: 0, or 125 after a message. */
int report_write(const struct drive *d);

#endif
