/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CENSUS_H
#define TRACK_CENSUS_H

#include <stdbool.h>
#include <stdint.h>
#include "config/settings.h"
#include "track/table.h"

/*
 * What is open now, counted in one walk over the table: its counts agree with
 * each other and with what /conns lists.  A walk that is made in several turns
 * meets each connection that lives through it once, and of the others some.
 */
enum { CENSUS_THRESHOLDS = 4 };
extern const int census_threshold_seconds[CENSUS_THRESHOLDS]; /* the least first */

struct census_pair {
	uint64_t all, states[CONN_STATES];
	int64_t oldest_ns;                /* for how long the oldest one has been open … */
	int64_t idlest_ns;                /* … and nothing has moved through the idlest; -1: there is none */
	uint64_t idle[CENSUS_THRESHOLDS]; /* at least so long */
	uint64_t chosen[TARGETS_MAX];     /* by the target that they go to, or are tried with */
	uint64_t ports[TARGETS_MAX];      /* of these, whose upstream leg has a socket */
};

struct census {
	uint64_t all, states[CONN_STATES];
	struct census_pair pairs[PAIRS_MAX];

	/* Its own. */
	struct table_cursor at;
	int64_t now_ns;
};

void census_begin(struct census *census, int64_t now_ns);

/* Goes on until then (clock_now) at the longest.  False: it has not come to its end. */
bool census_go_on(struct census *census, const struct table *table, int64_t until_ns);

#endif
