/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CHANGES_H
#define TRACK_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What happens to things that are no connections: listeners, the draining, where targets are.
 *
 * These are few, and what counts of each is how it stands now.  So whoever
 * changes one writes its facts and nothing else, and a look compares them with
 * the look before.  What has changed gets the next number:
 *
 *   listener 0   listener 1   draining   target 0 of upstream 1
 *       7            3           9                 4                a follower at 4 is told 7 and 9
 *
 * A follower can fall behind but misses nothing: what changed twice meanwhile it is told once.
 */
struct changes;
struct track;

enum change_kind { CHANGE_LISTENER, CHANGE_DRAINING, CHANGE_TARGET };

struct change {
	enum change_kind kind;
	int number, target; /* of the listener; or of the upstream and its target */
	uint64_t place;     /* a follower is there when it was told */
	int64_t at_us;      /* clock_wall_us */
};

struct changes *changes_new(const struct track *track); /* NULL: no memory */
void changes_free(struct changes *changes);

/* Any reader's thread; they wait for each other, and no writer waits. */

/* The place behind all that has changed so far. */
uint64_t changes_look(struct changes *changes);

/* What changed first of all that a follower at `place` was not told, as of the last look.  False: nothing. */
bool changes_next(struct changes *changes, uint64_t place, struct change *change);

#endif
