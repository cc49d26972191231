/* SPDX-License-Identifier: MIT */
/* Apart from clock.c, so that a scenario with a fake clock still has it. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

const char *
clock_format(int64_t wall_us, char *text, size_t size)
{
	time_t seconds = wall_us / 1000000;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
	    utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(wall_us % 1000000));
	return text;
}
