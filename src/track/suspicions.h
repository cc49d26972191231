/* SPDX-License-Identifier: MIT */
#ifndef TRACK_SUSPICIONS_H
#define TRACK_SUSPICIONS_H

#include "track/port_usage.h"
#include "track/sighting.h"

/*
 * All rules together: what they saw of late, in memory of fixed size, and what they make of it.  No clock, no table: who
 * calls says when it is and what there is, so that a test can play any day.  One thread's own.
 */
struct suspicions;

/* settings must outlive it.  NULL: no memory. */
struct suspicions *suspicions_new(const struct settings *settings);
void suspicions_free(struct suspicions *suspicions);

/* A connection that has closed, with the addresses that it tried (track/story.h). */
void suspicions_take(struct suspicions *suspicions, const struct record *record, const struct story_attempt *attempts,
    int attempt_count, uint32_t weight);

/* All that live, anew: begin, then each, and then judge before more of them close. */
void suspicions_begin_live(struct suspicions *suspicions);
void suspicions_take_live(struct suspicions *suspicions, const struct record *record,
    const struct story_attempt *attempts, int attempt_count, int64_t now_ns);

/* Adds what there is to notice. */
void suspicions_judge(struct suspicions *suspicions, const struct port_limits *limits, const struct moment *moment,
    struct findings_list *list);

#endif
