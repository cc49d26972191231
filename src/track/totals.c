/* SPDX-License-Identifier: MIT */
#include "track/totals.h"

const struct total_meaning total_meanings[TOTAL_COUNT] = {
#define TOTAL(name, kind, text, meaning) [TOTAL_##name] = { text, TOTAL_IS_##kind, meaning },
#include "track/totals.def"
};

uint64_t
totals_sum(const struct totals *workers, int count, enum total total)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += atomic_load_explicit(&workers[i].counts[total], memory_order_relaxed);
	return sum;
}

uint64_t
totals_sum_closed(const struct totals *workers, int count, enum close_reason why)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += atomic_load_explicit(&workers[i].closed_by[why], memory_order_relaxed);
	return sum;
}

uint64_t
totals_sum_kind(const struct totals *workers, int count, enum record_kind kind)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += atomic_load_explicit(&workers[i].closed_as[kind], memory_order_relaxed);
	return sum;
}
