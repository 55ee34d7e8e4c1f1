/*
 * --halt: when to stop because of how jobs ended (GNU parallel's grammar).
 *
 * WHEN,WHY: now (end the running ones too) or soon (let them finish); fail=N, success=N,
 * done=N (the number of such jobs), or N%. "never" is understood too. N is whole and at
 * least 1 (GNU parallel takes 0 for 1), a percentage at most 100. Percentages are of all
 * jobs where the total is known, else of those done, once there are three; but done=N%
 * has to wait for the total, as all that are done are done.
 */
#ifndef MAP_HALT_H
#define MAP_HALT_H

#include <stdbool.h>
#include <stdint.h>

enum halt_when { HALT_NEVER, HALT_SOON, HALT_NOW };
enum halt_why { HALT_FAIL, HALT_SUCCESS, HALT_DONE };

struct halt {
	enum halt_when when;
	enum halt_why why;
	bool is_percentage;
	double value;
};

struct halt_counts {
	uint64_t failed;
	uint64_t succeeded;
	uint64_t total; /* 0: not known */
};

/* 0 or -EINVAL. */
int halt_parse(const char *word, struct halt *ret);

/* Whether it is time. */
bool halt_is_reached(const struct halt *h, const struct halt_counts *counts);

#endif
