/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_PROMETHEUS_H
#define EXPORT_PROMETHEUS_H

#include <stdint.h>
#include "base/histogram.h"
#include "base/text.h"
#include "export/metrics.h"

/*
 * Metrics in Prometheus' text format, version 0.0.4.  Each writes whole lines
 * but the first two of a sample: name, labels, value.
 *
 *     prometheus_begin(text, METRIC_RECEIVED);
 *     prometheus_label(text, "leg", "client");
 *     prometheus_count(text, 17);                 →  sockproxy_received_bytes_total{leg="client"} 17
 */
#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* HELP and TYPE of a family, once before its samples. */
void prometheus_head(struct text *text, enum metric metric);

void prometheus_begin(struct text *text, enum metric metric);
/* Whatever bytes the value has. */
void prometheus_label(struct text *text, const char *name, const char *value);
void prometheus_count(struct text *text, uint64_t value);
void prometheus_seconds(struct text *text, uint64_t value_us);

/* All samples of a histogram's series; `labels`, as prometheus_label wrote them one behind the other. */
void prometheus_histogram(struct text *text, enum metric metric, const char *labels, const struct histogram_sum *sum);

#endif
