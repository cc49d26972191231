/* SPDX-License-Identifier: MIT */
#ifndef TRACK_PAIRS_H
#define TRACK_PAIRS_H

#include <stdatomic.h>
#include <stdint.h>
#include "base/histogram.h"
#include "config/settings.h"
#include "track/attempt.h"
#include "track/close_reason.h"
#include "track/leg.h"

/*
 * What each worker counts of each pair: a listener and its upstream (-l with
 * its -u).  Totals that belong to no pair are in totals.h, the turns of a
 * listener in listeners.h.
 */
struct pairs;

enum pair_histogram {
	PAIR_DURATIONS, /* from the opening of a closed connection to its end */
	PAIR_CONNECTS,  /* of the attempts that succeeded */
	PAIR_CLIENT_RTTS,
	PAIR_UPSTREAM_RTTS, /* of each sample that a record was given */
	PAIR_HISTOGRAMS     /* all in microseconds */
};

/* One worker's, on cache lines of its own: it alone writes, with plain stores. */
struct pair_counts {
	/* Payload, while it moves; and all that a transaction touches here. */
	_Atomic uint64_t received[LEG_COUNT], sent[LEG_COUNT];

	_Atomic uint64_t undelivered[LEG_COUNT]; /* what a side's kernel never acknowledged */
	_Atomic uint64_t segments_sent[LEG_COUNT], segments_retransmitted[LEG_COUNT]; /* as of the last samples */
	_Atomic uint64_t closed_by[WHY_COUNT];
	_Atomic uint64_t closed_by_nobody[WHY_COUNT]; /* of these, where the initiator is not known */
	_Atomic uint64_t attempts[TARGETS_MAX][ATTEMPT_RESULTS];
	struct histogram histograms[PAIR_HISTOGRAMS];
} __attribute__((aligned(64)));

struct pairs *pairs_new(int count, int workers); /* NULL: no memory */
void pairs_free(struct pairs *pairs);

/* … to add to, by the number of the pair. */
struct pair_counts *pairs_of_worker(const struct pairs *pairs, int worker);

/* Any thread: over all workers, added to what is there. */
struct pair_facts {
	uint64_t received[LEG_COUNT], sent[LEG_COUNT], undelivered[LEG_COUNT];
	uint64_t segments_sent[LEG_COUNT], segments_retransmitted[LEG_COUNT];
	uint64_t closed_by[WHY_COUNT], closed_by_nobody[WHY_COUNT];
};
void pairs_add(const struct pairs *pairs, int pair, struct pair_facts *facts);
void pairs_add_attempts(const struct pairs *pairs, int pair, int target, uint64_t results[ATTEMPT_RESULTS]);
void pairs_add_histogram(const struct pairs *pairs, int pair, enum pair_histogram histogram, struct histogram_sum *sum);

/* Over all pairs as well. */
uint64_t pairs_received(const struct pairs *pairs, enum leg_name leg);
uint64_t pairs_sent(const struct pairs *pairs, enum leg_name leg);

#endif
