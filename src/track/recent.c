/* SPDX-License-Identifier: MIT */
#include "track/recent.h"

#include <string.h>

void
recent_add(struct recent *recent, int64_t span_ns, int64_t at_ns, int what, uint32_t more)
{
	int64_t number = at_ns / span_ns;
	int at = (int)(number % RECENT_BUCKETS);

	if (number < recent->numbers[at])
		return; /* so long ago that its place is another's */
	if (number > recent->numbers[at]) {
		recent->numbers[at] = number;
		memset(recent->counts[at], 0, sizeof(recent->counts[at]));
	}
	recent->counts[at][what] += more;
}

uint64_t
recent_sum(const struct recent *recent, int64_t span_ns, int64_t since_ns, int what)
{
	int64_t first = since_ns / span_ns;
	uint64_t sum = 0;

	for (int i = 0; i < RECENT_BUCKETS; i++) {
		if (recent->numbers[i] >= first)
			sum += recent->counts[i][what];
	}
	return sum;
}
