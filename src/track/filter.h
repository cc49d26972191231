/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FILTER_H
#define TRACK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"
#include "track/fields.h"

/*
 * One language for all who choose connections, as sockproxy-api(7) describes it:
 *
 *   client.address in 10.0.0.0/8 and idle > 5m and not upstream == "db"
 *
 *   or          := and { "or" and }
 *   and         := not { "and" not }
 *   not         := { "not" } ( "(" or ")" | comparison )
 *   comparison  := NAME [ "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" ] VALUE
 *                | NAME [ "not" ] "in" ( VALUE | "(" VALUE { "," VALUE } ")" )
 *                | NAME                       of true or false
 *
 * It is compiled once, into a small program with all that it compares with; a run allocates
 * nothing, and takes no more steps than the text has comparisons.
 */
struct filter;

/* A text has at most so many bytes, comparisons with what joins them, values in all, and parentheses (or nots)
 * around one. */
enum { FILTER_TEXT_MAX = 4096, FILTER_STEPS_MAX = 512, FILTER_VALUES_MAX = 256, FILTER_DEPTH_MAX = 64 };

/* What is wrong with a text, and where: `length` bytes from `at` on, maybe none at its end. */
struct filter_fault {
	size_t at, length;
	char message[256]; /* one sentence */
};

/* NULL: the fault says why.  Any thread may use what comes out, at the same time. */
struct filter *filter_new(const char *text, struct filter_fault *fault);
void filter_free(struct filter *filter);

/* NULL matches all. */
bool filter_matches(const struct filter *filter, struct reading *reading);

/* Two lines for people: the text, or what stands around the fault, and beneath it ^~~~. */
void filter_fault_write(const struct filter_fault *fault, const char *text, struct text *to);

#endif
