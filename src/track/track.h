/* SPDX-License-Identifier: MIT */
#ifndef TRACK_TRACK_H
#define TRACK_TRACK_H

#include <stdint.h>
#include "config/settings.h"
#include "track/bus.h"
#include "track/changes.h"
#include "track/congestion.h"
#include "track/draining.h"
#include "track/findings.h"
#include "track/history.h"
#include "track/listeners.h"
#include "track/notes.h"
#include "track/orders.h"
#include "track/pairs.h"
#include "track/table.h"
#include "track/targets.h"
#include "track/totals.h"

/*
 * All that is known, in one place: here proxy and api meet.  Workers write
 * their part of each, readers copy out; nobody locks.
 */
struct track {
	const struct settings *settings; /* names of listeners, upstreams and targets stand here */
	char node[65];                   /* this host's name */
	uint64_t boot;                   /* 40 bits that no other start has */
	int64_t started_ns, started_at_us;
	struct table *table;
	struct history *history;
	struct notes *notes;
	struct bus *bus;
	struct listeners *listeners;
	struct pairs *pairs;
	struct orders *orders;
	struct draining *draining;
	struct targets *targets;
	struct changes *changes;              /* of listeners, draining and targets */
	struct findings *findings;            /* of the lookout */
	struct totals *totals;                /* one for each worker */
	struct congestion_names *congestions; /* one for each worker */
};

/* settings must outlive it.  max_conns is what descriptors really allow.  0 or -ENOMEM. */
int track_init(struct track *track, const struct settings *settings, uint32_t max_conns);
void track_fini(struct track *track);

/* Any thread: over all workers. */
uint64_t track_total(const struct track *track, enum total total);

#endif
