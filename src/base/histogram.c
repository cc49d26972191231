/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <assert.h>

/* What histogram_bucket says, for the compiler. */
#define POWER_OF(value)  (63 - __builtin_clzll(value))
#define BUCKET_OF(value) (POWER_OF(value) * 8 - 24 + (int)((value) >> (POWER_OF(value) - 3)))

const uint64_t histogram_bounds[HISTOGRAM_BUCKETS] = {
#define BOUND(value) [BUCKET_OF(UINT64_C(value))] = UINT64_C(value),
#include "base/histogram_bounds.def"
};

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
		if (histogram_bounds[i] != 0)
			sum->lows[i] += atomic_load_explicit(&histogram->lows[i], memory_order_relaxed);
	}
	sum->sum += atomic_load_explicit(&histogram->sum, memory_order_relaxed);
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

uint64_t
histogram_up_to(const struct histogram_sum *sum, uint64_t bound)
{
	int last = histogram_bucket(bound);
	uint64_t seen = 0;

	for (int i = 0; i < last; i++)
		seen += sum->counts[i];
	if (bound == end_of(last))
		return seen + sum->counts[last];
	assert(bound == histogram_bounds[last]);
	/* Read a moment later, while values came, it may be ahead. */
	return seen + (sum->lows[last] < sum->counts[last] ? sum->lows[last] : sum->counts[last]);
}
