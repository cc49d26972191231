/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
clock_wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * (NS_PER_S / NS_PER_US) + now.tv_nsec / NS_PER_US;
}
