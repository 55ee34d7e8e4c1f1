/*
 * TAP for unit tests: ok(), is_int() and is_str() print a line for each check, and
 * `return tap_done();` at the end of main() prints the plan; the status is 1 if a check
 * failed.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

__attribute__((format(printf, 2, 0))) static inline bool tap_line(bool passed,
								  const char *format,
								  va_list args)
{
	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	vprintf(format, args);
	putchar('\n');
	tap_failed += !passed;
	return passed;
}

__attribute__((format(printf, 2, 3))) static inline bool ok(bool passed,
							    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line(passed, format, args);
	va_end(args);
	return passed;
}

__attribute__((format(printf, 3, 4))) static inline bool is_int(long long is,
								long long wanted,
								const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!tap_line(is == wanted, format, args))
		printf("# is:     %lld\n# wanted: %lld\n", is, wanted);
	va_end(args);
	return is == wanted;
}

__attribute__((format(printf, 3, 4))) static inline bool is_str(const char *is,
								const char *wanted,
								const char *format, ...)
{
	bool same = is == wanted || (is && wanted && strcmp(is, wanted) == 0);
	va_list args;

	va_start(args, format);
	if (!tap_line(same, format, args))
		printf("# is:     %s\n# wanted: %s\n", is ? is : "NULL",
		       wanted ? wanted : "NULL");
	va_end(args);
	return same;
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	if (fflush(stdout) != 0)
		return 1;
	return tap_failed || !tap_count ? 1 : 0;
}

#endif
