/* SPDX-License-Identifier: MIT */
#include "export/metrics.h"

#include <stddef.h>

/* Each is one of base/histogram_bounds.def, so that what stands beside it is exact. */
static const uint64_t durations[] = { 1000, 10000, 100000, 500000, 1000000, 5000000, 10000000, 30000000, 60000000,
	300000000, 900000000, 3600000000, 14400000000, 86400000000, 0 };
static const uint64_t waits[] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000, 30000000, 60000000, 0 };
static const uint64_t round_trips[] = { 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 0 };

static const uint64_t *const bounds[METRIC_COUNT] = {
	[METRIC_DURATION] = durations,
	[METRIC_CONNECT_DURATION] = waits,
	[METRIC_TURN_DURATION] = waits,
	[METRIC_RTT] = round_trips,
};

const struct metric_meaning metric_meanings[METRIC_COUNT] = {
#define METRIC(name, kind, text, labels, meaning) [METRIC_##name] = { text, METRIC_IS_##kind, labels, meaning },
#include "export/metrics.def"
};

const char *
metric_kind_text(enum metric_kind kind)
{
	static const char *const texts[] = {
		[METRIC_IS_COUNTER] = "counter",
		[METRIC_IS_GAUGE] = "gauge",
		[METRIC_IS_HISTOGRAM] = "histogram",
	};

	return texts[kind];
}

const uint64_t *
metric_bounds(enum metric metric)
{
	return bounds[metric];
}
