/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

static int64_t
nanoseconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
clock_now(void)
{
	return nanoseconds_of(CLOCK_MONOTONIC);
}

int64_t
clock_thread(void)
{
	return nanoseconds_of(CLOCK_THREAD_CPUTIME_ID);
}

int64_t
clock_wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * (NS_PER_S / NS_PER_US) + now.tv_nsec / NS_PER_US;
}
