/* SPDX-License-Identifier: MIT */
#ifndef API_CONNS_WALK_H
#define API_CONNS_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include "api/cursor.h"
#include "api/id_set.h"
#include "api/selection.h"
#include "track/track.h"

/*
 * A walk over connections: the live ones in the order of their slots, then the
 * closed ones, newest first.  It copies one record at a time and waits for
 * nobody, so the workers go on beneath it.
 *
 *    table ──────────────► history, its rings
 *    worker 0, slot 0 …    place ◄── read backwards, the latest of all rings next
 *                          oldest    kept when the walk came there
 *
 * The history is entered after the table: what closes during the walk is found
 * in one of them, and told apart by id where it is found in both.
 */
enum walk_phase { WALK_TABLE, WALK_HISTORY, WALK_ENDED };

struct conns_walk {
	const struct track *track;
	const struct selection *selection;
	struct reading reading; /* of the record that is looked at */
	enum walk_phase phase;
	int64_t turn_ends_ns;
	unsigned looks;
	struct table_cursor slot;
	struct walk_ring {
		uint64_t place, oldest;
		int64_t closed_ns; /* of the entry before `place`; 0: not looked at yet */
	} rings[HISTORY_RINGS_MAX];
	uint64_t overwritten; /* entries that the walk should have met, and were gone */

	struct id_set found; /* in the table, when closed ones will follow */
};

/* 0 or -ENOMEM.  `limit`: it will be asked for no more than so many.  With 0 it does not notice what it
 * finds twice, for those who only count, or notice it themselves.  The selection must outlive it. */
int
conns_walk_init(struct conns_walk *walk, const struct track *track, const struct selection *selection, uint32_t limit);
void conns_walk_fini(struct conns_walk *walk);

/* Goes on where another walk stood.  False: no place in such a walk. */
bool conns_walk_resume(struct conns_walk *walk, const struct cursor *cursor);

/* Others wait for the thread that walks: a turn ends after a millisecond or two, whatever the selection takes. */
void conns_walk_begin_turn(struct conns_walk *walk);

enum walk_answer {
	WALK_FOUND,
	WALK_BUSY, /* the turn is over */
	WALK_OVER
};
enum walk_answer conns_walk_next(struct conns_walk *walk, union record_words *copy);

/* The place where `last`, which the walk found last, would be found again. */
void conns_walk_place(const struct conns_walk *walk, const union record_words *last, struct cursor *cursor);

#endif
