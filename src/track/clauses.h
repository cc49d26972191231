/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CLAUSES_H
#define TRACK_CLAUSES_H

#include "track/evidence.h"

/*
 * What a sentence may have in braces beside the fields of the record: pieces that
 * take more than one fact to tell.  Only evidence.c looks into these lists.
 */
struct clause {
	const char *name; /* NULL behind the last */
	/* One of the two: "{took}", or "{stalls.client}" and "{stalls.upstream}".
	 * False: there is nothing to tell.  What it has added then does not count. */
	bool (*add)(struct text *text, const struct evidence *evidence);
	bool (*add_of_leg)(struct text *text, const struct evidence *evidence, enum leg_name leg);
};

/* Of the end, for close_reason.def: each has something to say whenever there is a reason. */
extern const struct clause end_clauses[];

/* Of all the life before: silent where what they are named for was not. */
extern const struct clause life_clauses[];

/* "192.0.2.1:80", "[2001:db8::1]:80" */
void clause_add_end(struct text *text, const struct flow_end *end);

#endif
