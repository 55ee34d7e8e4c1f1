/*
 * Files of named numbers: "MemTotal:  1024 kB" as in /proc/meminfo, or "pswpin 12" as in
 * /proc/vmstat and in a cgroup's memory.stat and cpu.stat.
 *
 *	struct keyed list[] = {{.key = "MemTotal"}, {.key = "MemFree"}};
 *	keyed_find(text, list, ARRAY_SIZE(list));
 *	if (list[0].known) ... list[0].value
 *
 * Not libproc2's meminfo and vmstat: there a key that the file lacks is 0, as if it had
 * been measured, and a missing MemAvailable silently becomes MemFree.
 */
#ifndef BASE_KEYED_H
#define BASE_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyed {
	const char *key; /* without its colon */
	uint64_t value;	 /* as it stands there; the unit is the caller's knowledge */
	bool known;
};

/*
 * Look the keys up in a text. A colon and blanks behind a key may be there or not. What
 * is no whole number, negative, or too large is not known; neither is a number that only
 * the end of the text ends, as more digits may have been cut off. Of a key that comes
 * twice, the last counts.
 */
void keyed_find(const char *text, struct keyed *list, size_t n);

#endif
