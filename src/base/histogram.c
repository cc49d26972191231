/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

/* The largest value that belongs into it. */
static uint64_t
end_of(int bucket)
{
	if (bucket < 16)
		return (uint64_t)bucket;
	int power = 4 + (bucket - 16) / 8, part = (bucket - 16) % 8;
	return (UINT64_C(8) + (uint64_t)part + 1) * (UINT64_C(1) << (power - 3)) - 1;
}

void
histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram)
{
	uint64_t most = atomic_load_explicit(&histogram->most, memory_order_relaxed);

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t count = atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);

		sum->counts[i] += count;
		sum->count += count;
	}
	sum->most = most > sum->most ? most : sum->most;
}

int64_t
histogram_percentile(const struct histogram_sum *sum, double share)
{
	uint64_t wanted = (uint64_t)((double)sum->count * share), seen = 0;

	if (sum->count == 0)
		return -1;
	if ((double)wanted < (double)sum->count * share || wanted == 0)
		wanted++;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += sum->counts[i];
		if (seen >= wanted)
			return (int64_t)(end_of(i) < sum->most && i < HISTOGRAM_BUCKETS - 1 ? end_of(i) : sum->most);
	}
	return (int64_t)sum->most;
}
