/* SPDX-License-Identifier: MIT */
#ifndef TRACK_EVIDENCE_H
#define TRACK_EVIDENCE_H

#include <stdbool.h>
#include "base/text.h"
#include "track/record.h"
#include "track/track.h"

/*
 * Sentences that are told from a record.  In braces stands what the record says:
 *
 *   {turns.max_us}      a field, as people read it: "12.0 ms"
 *   {after}             a clause: clauses.h
 *   {--idle-timeout}    a time that was set, with its option: "--idle-timeout 5m"
 *
 * What strangers wrote is harmless for a terminal.
 */
struct evidence {
	const struct track *track;
	const struct record *record;
	int64_t now_ns; /* clock_now; of no use to a closed one */
};

/* Adds the sentence.  False, and nothing is added: something in it is not known, or was not. */
bool evidence_write(struct text *text, const struct evidence *evidence, const char *sentence);

/* For tests: false if a sentence asks for what there is not. */
bool evidence_knows(const char *sentence);

#endif
