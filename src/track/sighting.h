/* SPDX-License-Identifier: MIT */
#ifndef TRACK_SIGHTING_H
#define TRACK_SIGHTING_H

#include "track/findings.h"
#include "track/story.h"

/*
 * A connection as the rules see it.  Upstreams, and targets of one, that are called the same are the same: who reads
 * a finding knows them by name.
 */
struct sighting {
	const struct record *record;
	const struct story_attempt *attempts;
	int attempt_count;
	int upstream;    /* the first that is called so */
	int target;      /* that was chosen last; -1: none was */
	int first;       /* that was tried first (story_first_target) */
	int first_error; /* what became of that: 0, it was connected, or errno */
	uint32_t weight; /* for how many it stands: others came too fast to be looked at */
};

/* `upstream`: sighting_upstream of the record's. */
struct sighting sighting_of(const struct settings *settings, int upstream, const struct record *record,
    const struct story_attempt *attempts, int attempt_count, uint32_t weight);

/* The first upstream, or target of an upstream, that is called as this one. */
int sighting_upstream(const struct settings *settings, int pair);
int sighting_target(const struct settings *settings, int pair, int target);

/* The time at which rules look, by both clocks. */
struct moment {
	int64_t now_ns, wall_us;
};

/* What the wall clock showed at `at_ns`, unless it has been set since. */
static inline int64_t
moment_wall_of(const struct moment *moment, int64_t at_ns)
{
	return moment->wall_us - (moment->now_ns - at_ns) / 1000;
}

#endif
