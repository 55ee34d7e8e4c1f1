/*
 * --watch: a screen that is drawn again and again, until a signal ends it.
 *
 * watch_open() catches the signals and hides the cursor; watch_draw() shows a record in
 * place of the one before, with what the percentages were in earlier records;
 * watch_wait() waits for the next moment; watch_close() leaves the terminal as it was.
 */
#ifndef SYSINFO_WATCH_H
#define SYSINFO_WATCH_H

#include "base/nsec.h"
#include "sysinfo/format.h"

struct watch;

/* 0 and *ret_watch, or -errno. */
int watch_open(struct watch **ret_watch);
void watch_close(struct watch *w);

/* Show a record: as watch_wait(). What it points to must stay until the next one. */
int watch_draw(struct watch *w, const struct record *record, const struct style *style);

/* Wait until this moment on CLOCK_MONOTONIC: 0; above 0, the signal that ends us; or
 * -errno, of a write to the terminal. */
int watch_wait(struct watch *w, nsec_t until);

#endif
