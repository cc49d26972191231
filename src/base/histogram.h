/* SPDX-License-Identifier: MIT */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * How often which durations came, for percentiles that are right within an
 * eighth.  One thread adds, any thread sums up, and nobody waits.
 *
 *   0 1 2 … 15 | 16 18 20 … 30 | 32 36 … 60 | 64 72 …     the least value of each bucket:
 *                                                         eight buckets for each power of two
 *
 * People ask for round bounds, a hundred milliseconds or an hour, and those lie
 * inside a bucket.  So the ones that histogram_bounds.def lists are counted
 * apart: how many values of their bucket are no larger.  That is exact.
 */
enum { HISTOGRAM_POWERS = 40, HISTOGRAM_BUCKETS = 16 + (HISTOGRAM_POWERS - 4) * 8 };

/* All zero to begin with. */
struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t lows[HISTOGRAM_BUCKETS]; /* of these, up to the bucket's bound */
	_Atomic uint64_t sum;                     /* of all values */
	_Atomic uint64_t most;                    /* the largest value */
};

/* By bucket: the bound inside it; 0: there is none. */
extern const uint64_t histogram_bounds[HISTOGRAM_BUCKETS];

static inline int
histogram_bucket(uint64_t value)
{
	if (value < 16)
		return (int)value;
	int power = 63 - __builtin_clzll(value);
	if (power >= HISTOGRAM_POWERS)
		return HISTOGRAM_BUCKETS - 1;
	return power * 8 - 24 + (int)(value >> (power - 3)); /* of the four leading bits the first is 8 */
}

/* The owner's: a count grows. */
static inline void
histogram_more(_Atomic uint64_t *count, uint64_t more)
{
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + more, memory_order_relaxed);
}

/* The owner.  A value of 2^40 and more counts as the last bucket's. */
static inline void
histogram_add(struct histogram *histogram, uint64_t value)
{
	int bucket = histogram_bucket(value);

	histogram_more(&histogram->counts[bucket], 1);
	if (value <= histogram_bounds[bucket])
		histogram_more(&histogram->lows[bucket], 1);
	histogram_more(&histogram->sum, value);
	if (value > atomic_load_explicit(&histogram->most, memory_order_relaxed))
		atomic_store_explicit(&histogram->most, value, memory_order_relaxed);
}

/* Any thread: what several histograms hold together. */
struct histogram_sum {
	uint64_t counts[HISTOGRAM_BUCKETS], lows[HISTOGRAM_BUCKETS];
	uint64_t count, sum, most;
};
void histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram);

/* So much that `share` (0 to 1) of all values are no larger: the upper end of a bucket, and never more
 * than the largest value.  -1: there are no values. */
int64_t histogram_percentile(const struct histogram_sum *sum, double share);

/* How many values are no larger than `bound`, exactly: one of histogram_bounds.def, or the last value of a bucket. */
uint64_t histogram_up_to(const struct histogram_sum *sum, uint64_t bound);

#endif
