/* SPDX-License-Identifier: MIT */
#ifndef TRACK_RECENT_H
#define TRACK_RECENT_H

#include <stdint.h>

/*
 * Counts of a time that moves on: what is older than RECENT_BUCKETS - 1 spans is forgotten by itself.
 *
 *      now - 15 spans                                          now
 *   ┌────┬────┬────┬────┬────┬────┬────┬────┬────┬ … ┬────┬────┬──┐
 *   │  3 │  0 │  1 │  7 │                                  │  2 │ 1│
 *   └────┴────┴────┴────┴────┴────┴────┴────┴────┴ … ┴────┴────┴──┘
 *
 * One thread's own.  All zero to begin with; a span is the same at each call.
 */
enum { RECENT_BUCKETS = 16, RECENT_COUNTS = 8 };

struct recent {
	int64_t numbers[RECENT_BUCKETS]; /* which span each holds */
	uint32_t counts[RECENT_BUCKETS][RECENT_COUNTS];
};

/* What came at `at_ns` (clock_now), which may be a while ago. */
void recent_add(struct recent *recent, int64_t span_ns, int64_t at_ns, int what, uint32_t more);

/* What came since then, to the accuracy of a span. */
uint64_t recent_sum(const struct recent *recent, int64_t span_ns, int64_t since_ns, int what);

#endif
