/*
 * monotonic: print the time of the clock that nobody can set, in milliseconds.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 1;
	printf("%lld.%06ld\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
	       now.tv_nsec % 1000000);
	return 0;
}
