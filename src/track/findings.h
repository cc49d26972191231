/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FINDINGS_H
#define TRACK_FINDINGS_H

#include <stdbool.h>
#include "track/finding.h"

/*
 * What there is to notice at the moment.  The lookout writes it, once a second, and anybody copies it out.
 */
struct findings;

enum { FINDINGS_MAX = 64 };

struct findings_list {
	uint64_t count;    /* of those below: the worst first */
	uint64_t left_out; /* that found no room */
	uint64_t closed;   /* closed connections that were looked at since the start */
	uint64_t missed;   /* … and that were not, for they came too fast */
	struct finding list[FINDINGS_MAX];
};

/* Adds a copy; false: there is no room, which is counted. */
bool findings_add(struct findings_list *list, const struct finding *finding);

/* Do both say the same, be it with other numbers? */
bool finding_is_same(const struct finding *a, const struct finding *b);

struct findings *findings_new(void); /* NULL: no memory */
void findings_free(struct findings *findings);

/* One thread only.  What was there before keeps its first_seen_us. */
void findings_publish(struct findings *findings, struct findings_list *list);

/* Any thread: whole, as it was published.  Nothing before the first time. */
void findings_read(const struct findings *findings, struct findings_list *copy);

/* How many there are of a kind. */
uint64_t findings_count(const struct findings_list *list, enum finding_kind kind);

#endif
