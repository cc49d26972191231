/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Nanoseconds that never go back; compare only with each other. */
int64_t clock_now(void);

/* Nanoseconds of a processor that the calling thread has had so far: what it did, and not how long it waited for its turn. */
int64_t clock_thread(void);

/* Microseconds since 1970 in UTC, for people.  May be set back at any time. */
int64_t clock_wall_us(void);

/* RFC 3339 in UTC with six decimals, "2026-11-23T15:30:12.000042Z". */
enum { CLOCK_TEXT_MAX = 32 };
const char *clock_format(int64_t wall_us, char *text, size_t size);

/* "2026-11-23", and behind it as far as it is known "T15:30", ":12", ".000042" and the zone, "Z" or "+01:00"; without one it
 * is UTC.  False: it is no such day or time. */
bool clock_parse(int64_t *wall_us, const char *text);

#endif
