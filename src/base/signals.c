#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/parse.h"

/* Second names of signals. 29 is POLL to glibc, but IO to bash, Python and the kernel. */
static const struct {
	const char *name;
	int signal;
} aliases[] = {
	{"EXIT", 0}, {"IOT", SIGIOT}, {"CLD", SIGCLD}, {"POLL", SIGPOLL}, {"IO", SIGIO},
};

/* "RTMIN", "RTMIN+3", "RTMAX-2": base, and behind it sign and a number. */
static bool parse_real_time(const char *name, const char *base, char sign,
			    int *ret_offset)
{
	size_t len = strlen(base);
	int64_t offset;

	if (strncasecmp(name, base, len) != 0)
		return false;
	if (!name[len]) {
		*ret_offset = 0;
		return true;
	}
	/* parse_number() takes a sign of its own, which has no place behind this one. */
	if (name[len] != sign || name[len + 1] < '0' || name[len + 1] > '9' ||
	    parse_number(name + len + 1, 0, SIGRTMAX - SIGRTMIN, &offset) < 0)
		return false;
	*ret_offset = (int)offset;
	return true;
}

int parse_signal(const char *word, int *ret_signal)
{
	const char *name = strncasecmp(word, "SIG", 3) == 0 ? word + 3 : word;
	int64_t number;
	int offset;

	if (name[0] >= '0' && name[0] <= '9') {
		if (parse_number(name, 0, SIGRTMAX, &number) < 0)
			return -EINVAL;
		*ret_signal = (int)number;
		return 0;
	}
	if (parse_real_time(name, "RTMIN", '+', &offset)) {
		*ret_signal = SIGRTMIN + offset;
		return 0;
	}
	if (parse_real_time(name, "RTMAX", '-', &offset)) {
		*ret_signal = SIGRTMAX - offset;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strcasecmp(name, aliases[i].name) == 0) {
			*ret_signal = aliases[i].signal;
			return 0;
		}
	}
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *abbrev = sigabbrev_np(i);

		if (abbrev && strcasecmp(name, abbrev) == 0) {
			*ret_signal = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *signal_name(int signal, char buf[16])
{
	const char *abbrev = signal == SIGIO ? "IO" : sigabbrev_np(signal);

	if (signal == 0)
		snprintf(buf, 16, "0");
	else if (abbrev)
		snprintf(buf, 16, "SIG%s", abbrev);
	else if (signal == SIGRTMIN)
		snprintf(buf, 16, "SIGRTMIN");
	else if (signal == SIGRTMAX)
		snprintf(buf, 16, "SIGRTMAX");
	else if (signal > SIGRTMIN && signal < SIGRTMAX)
		snprintf(buf, 16, "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(buf, 16, "SIG%d", signal);
	return buf;
}
