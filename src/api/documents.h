/* SPDX-License-Identifier: MIT */
#ifndef API_DOCUMENTS_H
#define API_DOCUMENTS_H

#include <jansson.h>
#include "base/histogram.h"
#include "track/track.h"

/* What /events tells of things that are no connections, as their own paths show them. */
json_t *document_of_listener(const struct track *track, int listener); /* one of /listeners */
json_t *document_of_drain(const struct track *track);                  /* /drain */

/* A target of an upstream: where it is. */
json_t *document_of_target(const struct track *track, int upstream, int target);

/* count, p50, p90, p99 and max, in the histogram's unit; null where there is none. */
json_t *document_of_percentiles(const struct histogram_sum *sum);

#endif
