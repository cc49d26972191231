/* SPDX-License-Identifier: MIT */
#ifndef TRACK_IDLE_CUTOFFS_H
#define TRACK_IDLE_CUTOFFS_H

#include "track/sighting.h"

/*
 * Ends that cluster at one idle time: something forgets connections, or gives them up, when nothing moved for so long.
 *
 * Looked at are ends that no answer led to: a side reset after a silence, or the upstream finished after one.  A client
 * that finishes has simply done what it came for, and a side that is lost was given up by keepalive, which is ours.  What
 * ends in order clusters often, for servers keep their connections for a while and close them: so it must be nearly all
 * ends of the upstream, and then is worth a remark, no more.
 *
 * What people do has no such time: of an exponential distribution at most 1.1 % of all lie within 3 % of each other, of a
 * log-normal one with a deviation of 30 % 4 %.  That seven in ten do by chance, of ten or more, does not happen.
 */
struct idle_cutoffs;

enum { IDLE_ENDS_LEAST = 10, IDLE_FINS_LEAST = 20 };
#define IDLE_LEAST_US  INT64_C(200000) /* who is silent for less waits for an answer, or for the next packet */
#define IDLE_WINDOW_NS (INT64_C(3600) * 1000000000)

struct idle_cutoffs *idle_cutoffs_new(int upstreams); /* NULL: no memory */
void idle_cutoffs_free(struct idle_cutoffs *cutoffs);

/* A connection that has closed. */
void idle_cutoffs_take(struct idle_cutoffs *cutoffs, const struct sighting *sighting);

void idle_cutoffs_judge(const struct idle_cutoffs *cutoffs, const struct moment *moment, struct findings_list *list);

#endif
