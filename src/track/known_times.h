/* SPDX-License-Identifier: MIT */
#ifndef TRACK_KNOWN_TIMES_H
#define TRACK_KNOWN_TIMES_H

#include <stdint.h>

/* Times that many programs and devices have as their timeouts. */
struct known_time {
	int32_t seconds;
	const char *whose; /* by default; NULL: many have it */
};

/* As near as a timer with a round of its own comes: 2 %, and at most a second.  NULL: it is none of them. */
const struct known_time *known_time_find(int64_t us);

#endif
