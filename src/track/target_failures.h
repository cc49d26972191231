/* SPDX-License-Identifier: MIT */
#ifndef TRACK_TARGET_FAILURES_H
#define TRACK_TARGET_FAILURES_H

#include "track/sighting.h"

/*
 * A target that fails far more than the others of its upstream.  Of connects those are counted that a connection tried
 * first: targets take turns at that, so each has a fair sample, whatever the others do.  And of established connections how
 * many it aborts, or is lost with.
 *
 * Far more: at the least that is likely it fails more often than the others do at the most, and it was twice as often so
 * far.  Where there is nothing to compare with, or all are alike, more than half of the connects must fail.  An upstream
 * may abort all of its connections by habit, so without others that proves nothing.
 */
struct target_failures;

enum { TARGET_FAILURES_LEAST = 10 };
#define TARGET_WINDOW_NS (INT64_C(900) * 1000000000)

struct target_failures *target_failures_new(const struct settings *settings); /* NULL: no memory */
void target_failures_free(struct target_failures *failures);

/* A connection that has closed. */
void target_failures_take(struct target_failures *failures, const struct sighting *sighting);

/* All that live, anew: begin, and then each. */
void target_failures_begin_live(struct target_failures *failures);
void target_failures_take_live(struct target_failures *failures, const struct sighting *sighting, int64_t now_ns);

void
target_failures_judge(const struct target_failures *failures, const struct moment *moment, struct findings_list *list);

#endif
