/*
 * Words to values: durations, sizes, numbers, signals, lists of statuses.
 *
 * All of them take the whole word, in the C locale whatever the user's is, and return 0
 * and *ret_value, or -EINVAL and leave *ret_value alone.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

/*
 * A duration, in GNU timeout's grammar: what strtod(3) reads in the C locale (5, .5,
 * 1e-3, 0x1p-3, +1, leading blanks, inf) and an optional unit s, m, h, d, plus ms, us,
 * ns. Without a unit: seconds. Exact, and rounded up to the next nanosecond, so never
 * early; what is above 0 is at least 1 ns, also where a double would underflow; what does
 * not fit is NSEC_FOREVER. "0x1d" is hexadecimal: 29 seconds. Refused: the empty word,
 * nan, negatives (-0 too), trailing blanks, anything behind the unit.
 */
int parse_duration(const char *word, nsec_t *ret_value);

/*
 * Bytes: digits and an optional K M G T P E (powers of 1024; also KiB...) or kB MB GB TB
 * PB EB (powers of 1000), in this very case. Too large: -ERANGE.
 */
int parse_size(const char *word, uint64_t *ret_value);

/* A decimal whole number within [min, max], optionally signed. */
int parse_number(const char *word, int64_t min, int64_t max, int64_t *ret_value);

/*
 * A signal: a name in any case with or without SIG, a number, RTMIN, RTMIN+n, RTMAX,
 * RTMAX-n. 0 and EXIT are signal 0. Aliases: IOT, CLD, POLL.
 */
int parse_signal(const char *word, int *ret_signal);

/*
 * Write "SIGTERM", "SIGRTMIN+3", "SIG77"... into buf and return it; signal 0 is "0".
 * parse_signal() reads all of them back that are signals.
 */
const char *signal_name(int signal, char buf[16]);

/* A set of exit statuses 0-255. */
struct code_set {
	bool has[256];
};

/* Exit statuses separated by commas, ranges allowed: "0,1", "0-2,77". */
int parse_codes(const char *word, struct code_set *ret_codes);

#endif
