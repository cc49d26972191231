/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_METRICS_H
#define EXPORT_METRICS_H

#include <stdint.h>

/* The families of /metrics. */
enum metric {
#define METRIC(name, kind, text, labels, meaning) METRIC_##name,
#include "export/metrics.def"
	METRIC_COUNT
};

enum metric_kind { METRIC_IS_COUNTER, METRIC_IS_GAUGE, METRIC_IS_HISTOGRAM };

struct metric_meaning {
	const char *text;
	enum metric_kind kind;
	const char *labels; /* "listener, upstream" */
	const char *meaning;
};
extern const struct metric_meaning metric_meanings[METRIC_COUNT];

const char *metric_kind_text(enum metric_kind kind);

/* Of the buckets of a histogram, in microseconds; 0 behind the last.  NULL: it is none. */
const uint64_t *metric_bounds(enum metric metric);

#endif
