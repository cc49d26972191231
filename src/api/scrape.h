/* SPDX-License-Identifier: MIT */
#ifndef API_SCRAPE_H
#define API_SCRAPE_H

#include <stdbool.h>
#include <stdint.h>
#include "api/followers.h"
#include "api/reply.h"
#include "api/thing.h"
#include "base/process.h"
#include "base/text.h"
#include "export/metrics.h"
#include "track/census.h"
#include "track/track.h"

/*
 * One answer of /metrics, made piece by piece: first the census of what is
 * open, then each family, thing by thing.  A turn of it ends after a
 * millisecond, for others wait for the same thread, and the workers go on
 * beneath it.  So the samples of one thing and family belong to one moment;
 * what stands in different families may be some milliseconds apart.
 *
 *     census ──► metric 0 ──► metric 1 ──► …          for each: HELP, TYPE
 *                pair 0       upstream 0 …             and its things in turn
 */
struct scrape {
	const struct track *track;
	struct followers_totals followers;
	struct process_facts process;
	struct census census;
	bool counted; /* the census is at its end */

	/* Where it goes on. */
	int metric;
	struct thing thing;
	bool headed; /* the metric's head is written */

	struct text text; /* in `room`: what was written and not yet taken */
	size_t taken;
	char *room;
};

/* Writes the samples that a metric has of this thing. */
typedef void scrape_fn(struct scrape *scrape, enum metric metric, const struct thing *thing);

struct family {
	enum scope scope;
	scrape_fn *write;
};
extern const struct family scrape_families[METRIC_COUNT];

/* clang-format off */
scrape_fn
	scrape_accepted,
	scrape_addresses,
	scrape_age,
	scrape_attempts,
	scrape_dropped,
	scrape_durations,
	scrape_ends,
	scrape_findings,
	scrape_idle,
	scrape_kinds,
	scrape_listener_state,
	scrape_one,
	scrape_ports,
	scrape_queue,
	scrape_rtts,
	scrape_sides,
	scrape_states,
	scrape_time,
	scrape_total,
	scrape_turns,
	scrape_version;
/* clang-format on */

/* A sample begins with the names of its thing; what follows is more labels, and the value. */
struct text *scrape_sample(struct scrape *scrape, enum metric metric, const struct thing *thing);
void scrape_add_names(const struct scrape *scrape, struct text *text, const struct thing *thing);

/* All of one that has no more labels.  Negative: it is not known, so there is none. */
void scrape_known(struct scrape *scrape, enum metric metric, const struct thing *thing, int64_t value);

/* Answers with all of it. */
void scrape_begin(const struct track *track, struct followers *followers, struct reply *reply);

#endif
