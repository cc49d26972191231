/* SPDX-License-Identifier: MIT */
#ifndef TRACK_TOTALS_H
#define TRACK_TOTALS_H

#include <stdatomic.h>
#include <stdint.h>
#include "track/close_reason.h"
#include "track/record.h"

enum total {
#define TOTAL(name, kind, text, meaning) TOTAL_##name,
#include "track/totals.def"
	TOTAL_COUNT
};

enum total_kind { TOTAL_IS_COUNTER, TOTAL_IS_GAUGE };

struct total_meaning {
	const char *text;
	enum total_kind kind;
	const char *meaning;
};
extern const struct total_meaning total_meanings[TOTAL_COUNT];

/* One worker's, on cache lines of its own: it alone writes, with plain stores. */
struct totals {
	_Atomic uint64_t counts[TOTAL_COUNT];
	_Atomic uint64_t closed_by[WHY_COUNT];
	_Atomic uint64_t closed_as[KIND_COUNT];
} __attribute__((aligned(64)));

static inline void
totals_add(_Atomic uint64_t *count, uint64_t more)
{
	uint64_t now = atomic_load_explicit(count, memory_order_relaxed);

	atomic_store_explicit(count, now + more, memory_order_relaxed);
}

static inline void
totals_set(_Atomic uint64_t *count, uint64_t value)
{
	atomic_store_explicit(count, value, memory_order_relaxed);
}

/* Any thread: the sum over all workers.  Payload is counted for each pair (pairs.h), and not here: track_total. */
uint64_t totals_sum(const struct totals *workers, int count, enum total total);
uint64_t totals_sum_closed(const struct totals *workers, int count, enum close_reason why);
uint64_t totals_sum_kind(const struct totals *workers, int count, enum record_kind kind);

#endif
