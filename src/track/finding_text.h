/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FINDING_TEXT_H
#define TRACK_FINDING_TEXT_H

#include "base/text.h"
#include "config/settings.h"
#include "track/finding.h"

/*
 * A finding in words.  Names are shown as far as they are characters and nobody is steered by them, and cut when they
 * are long; only in the id and in the filter they are whole.
 */
enum { FINDING_SENTENCE_MAX = 1024, FINDING_ID_MAX = 1024, FINDING_FILTER_MAX = 4096 };

/* "idle_cutoff/pg/upstream": the same as long as it is the same thing. */
void finding_write_id(struct text *text, const struct settings *settings, const struct finding *finding);

/* "14 of 15 resets by the upstream on "pg" came after 350 ± 1 s idle": what was seen. */
void finding_write_title(struct text *text, const struct settings *settings, const struct finding *finding);

/* What that often means, and what can be done; one sentence or more. */
void finding_write_advice(struct text *text, const struct settings *settings, const struct finding *finding);

/* The connections that are meant, as a filter (filter.h), and among which: "active", "closed" or "all". */
void finding_write_filter(struct text *text, const struct settings *settings, const struct finding *finding);
const char *finding_state(const struct finding *finding);

/* The listener, if the upstream has only one; else NULL. */
const char *finding_listener(const struct settings *settings, const struct finding *finding);

#endif
