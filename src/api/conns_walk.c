/* SPDX-License-Identifier: MIT */
#include "api/conns_walk.h"

#include "base/clock.h"
#include "track/conn_id.h"

/* The clock is asked at every eighth record; a filter may take up to half a millisecond for one. */
enum { TURN_NS = NS_PER_MS, LOOKS_A_GLANCE = 8 };

static void
enter_history(struct conns_walk *walk)
{
	walk->phase = walk->selection->closed ? WALK_HISTORY : WALK_ENDED;
	for (int i = 0; i < history_rings(walk->track->history); i++) {
		walk->rings[i] = (struct walk_ring){
			.place = history_head(walk->track->history, i),
			.oldest = history_oldest(walk->track->history, i),
		};
	}
}

int
conns_walk_init(struct conns_walk *walk, const struct track *track, const struct selection *selection, uint32_t limit)
{
	*walk = (struct conns_walk){ .track = track, .selection = selection, .reading.track = track };
	conns_walk_begin_turn(walk);
	if (!selection->live)
		enter_history(walk);
	else if (selection->closed && limit > 0)
		return id_set_init(&walk->found, limit);
	return 0;
}

void
conns_walk_fini(struct conns_walk *walk)
{
	id_set_fini(&walk->found);
}

void
conns_walk_begin_turn(struct conns_walk *walk)
{
	walk->reading.now_ns = clock_now();
	walk->turn_ends_ns = walk->reading.now_ns + TURN_NS;
}

static bool
turn_is_over(struct conns_walk *walk)
{
	return walk->looks++ % LOOKS_A_GLANCE == LOOKS_A_GLANCE - 1 && clock_now() >= walk->turn_ends_ns;
}

/* Whether the ring may hold what is wanted.  The others keep their places, which a cursor tells too. */
static bool
reads(const struct conns_walk *walk, int ring)
{
	return walk->selection->kind == -1 || history_holds(ring, (enum record_kind)walk->selection->kind);
}

/* Puts what the cursor says where it belongs, and asks whether such a place was ever given. */
static bool
resume_history(struct conns_walk *walk, const struct cursor *cursor)
{
	int rings = history_rings(walk->track->history);

	if (cursor->count != 2 * rings)
		return false;
	enter_history(walk);
	for (int i = 0; i < rings; i++) {
		struct walk_ring *ring = &walk->rings[i];
		uint64_t place = cursor->numbers[2 * i], left = cursor->numbers[2 * i + 1], gone;

		if (place > ring->place || left > place)
			return false;
		gone = ring->oldest > place ? place : ring->oldest;
		ring->place = place;
		ring->oldest = place - left;
		if (gone > ring->oldest) {
			walk->overwritten += reads(walk, i) ? gone - ring->oldest : 0;
			ring->oldest = gone;
		}
	}
	return true;
}

bool
conns_walk_resume(struct conns_walk *walk, const struct cursor *cursor)
{
	switch (cursor->kind) {
	case CURSOR_TABLE:
		if (!walk->selection->live || cursor->count != 2 || cursor->numbers[0] >= WORKERS_MAX ||
		    cursor->numbers[1] >= CONN_ID_SLOTS_MAX)
			return false;
		walk->slot.worker = (uint32_t)cursor->numbers[0];
		walk->slot.slot = (uint32_t)cursor->numbers[1];
		return true;
	case CURSOR_HISTORY:
		return walk->selection->closed && resume_history(walk, cursor);
	case CURSOR_EVENTS:
	case CURSOR_KINDS:
		break;
	}
	return false;
}

static bool
wants(struct conns_walk *walk, const struct record *record)
{
	walk->reading.record = record;
	return selection_matches(walk->selection, &walk->reading);
}

/* Reads the entry before the ring's place.  False: there is none any more. */
static bool
look(struct conns_walk *walk, int number, union record_words *copy)
{
	struct walk_ring *ring = &walk->rings[number];

	if (ring->place == ring->oldest)
		return false;
	if (history_read(walk->track->history, number, ring->place - 1, copy) == RING_READ)
		return true;
	/* Overwritten, and with it all that is older. */
	walk->overwritten += ring->place - ring->oldest;
	ring->oldest = ring->place;
	return false;
}

/* The ring whose next entry closed last; -1: all are through. */
static int
latest(struct conns_walk *walk, union record_words *copy)
{
	int best = -1;

	for (int i = 0; i < history_rings(walk->track->history); i++) {
		struct walk_ring *ring = &walk->rings[i];

		if (!reads(walk, i))
			continue;
		if (ring->closed_ns == 0 && look(walk, i, copy))
			ring->closed_ns = copy->record.closed_ns;
		if (ring->place > ring->oldest && (best == -1 || ring->closed_ns > walk->rings[best].closed_ns))
			best = i;
	}
	return best;
}

static enum walk_answer
next_closed(struct conns_walk *walk, union record_words *copy)
{
	while (!turn_is_over(walk)) {
		int ring = latest(walk, copy);

		if (ring == -1) {
			walk->phase = WALK_ENDED;
			return WALK_OVER;
		}
		bool read = look(walk, ring, copy);
		walk->rings[ring].closed_ns = 0;
		if (!read)
			continue;
		walk->rings[ring].place--;
		if (!id_set_has(&walk->found, copy->record.id) && wants(walk, &copy->record))
			return WALK_FOUND;
	}
	return WALK_BUSY;
}

static enum walk_answer
next_live(struct conns_walk *walk, union record_words *copy)
{
	/* A walk that notices what it finds twice sees those that are closed and still have their slot. */
	bool closed_too = walk->found.ids != NULL;

	while (!turn_is_over(walk)) {
		enum table_step step = table_step(walk->track->table, &walk->slot, copy, closed_too);

		if (step == TABLE_STEP_END) {
			enter_history(walk);
			return walk->phase == WALK_HISTORY ? next_closed(walk, copy) : WALK_OVER;
		}
		if (step == TABLE_STEP_FOUND && wants(walk, &copy->record)) {
			id_set_add(&walk->found, copy->record.id);
			return WALK_FOUND;
		}
	}
	return WALK_BUSY;
}

enum walk_answer
conns_walk_next(struct conns_walk *walk, union record_words *copy)
{
	switch (walk->phase) {
	case WALK_TABLE:
		return next_live(walk, copy);
	case WALK_HISTORY:
		return next_closed(walk, copy);
	case WALK_ENDED:
		break;
	}
	return WALK_OVER;
}

void
conns_walk_place(const struct conns_walk *walk, const union record_words *last, struct cursor *cursor)
{
	*cursor = (struct cursor){ .boot = walk->track->boot };
	if (walk->phase == WALK_TABLE) {
		cursor->kind = CURSOR_TABLE;
		cursor->numbers[cursor->count++] = (uint64_t)conn_id_worker(last->record.id);
		cursor->numbers[cursor->count++] = conn_id_slot(last->record.id);
		return;
	}
	int of_last = history_ring(last->record.worker, (enum record_kind)last->record.kind);
	cursor->kind = CURSOR_HISTORY;
	for (int i = 0; i < history_rings(walk->track->history); i++) {
		const struct walk_ring *ring = &walk->rings[i];
		uint64_t place = ring->place + (i == of_last);

		cursor->numbers[cursor->count++] = place;
		cursor->numbers[cursor->count++] = place - ring->oldest;
	}
}
