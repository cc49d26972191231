/* SPDX-License-Identifier: MIT */
#ifndef TRACK_TABLE_H
#define TRACK_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/slot.h"
#include "track/record.h"

/*
 * Every live connection's record, in slots that any thread copies without a lock.
 *
 * Each worker has a part of its own, large enough for all connections: address
 * space only, touched where used, so that an uneven spread fills no worker.
 * One count bounds them together.
 */
struct table;

/* max_conns bounds the connections of all workers.  NULL: no memory. */
struct table *table_new(int workers, uint32_t max_conns);
void table_free(struct table *table);

/* Workers: a place among max_conns, taken before accept.  False: all are taken. */
bool table_reserve(struct table *table);
void table_unreserve(struct table *table);

/* The owner: a free slot for a place it reserved, as a draft with a new id to
 * fill and commit. */
struct record *table_claim(struct table *table, int worker, uint32_t *slot);
/* … gives slot and place back. */
void table_release(struct table *table, int worker, uint32_t slot);

/* The owner: its own copy of the record, to change and then to commit.  One at a
 * time for each worker.  A commit is a new revision; it returns what was written. */
struct record *table_edit(struct table *table, int worker, uint32_t slot);
const union record_words *table_commit(struct table *table, int worker, uint32_t slot);

/* The owner: counters alone, straight into its slots.  Here because it is done for each
 * read and write that is forwarded, and shall cost next to nothing there. */
struct record_counters {
	int64_t last_payload_ns;
	uint64_t received[LEG_COUNT], sent[LEG_COUNT];
	int64_t turn_us; /* one that has just ended; RECORD_UNKNOWN: none has */
};

struct table_slots {
	char *first;
};
struct table_slots table_slots(const struct table *table, int worker);

static inline void
table_add(struct slot *slot, int word, uint64_t more)
{
	slot_put(slot, word, slot_own(slot, word) + more);
}

static inline struct slot *
table_slot(struct table_slots slots, uint32_t number)
{
	return (struct slot *)(slots.first + (size_t)number * SLOT_SIZE(RECORD_WORDS));
}

static inline void
table_count(struct table_slots slots, uint32_t number, const struct record_counters *counters)
{
	struct slot *slot = table_slot(slots, number);

	slot_begin(slot);
	table_add(slot, RECORD_WORD(revision), 1);
	slot_put(slot, RECORD_WORD(last_payload_ns), (uint64_t)counters->last_payload_ns);
	for (int i = 0; i < LEG_COUNT; i++) {
		slot_put(slot, RECORD_WORD(bytes) + 2 * i, counters->received[i]);
		slot_put(slot, RECORD_WORD(bytes) + 2 * i + 1, counters->sent[i]);
	}
	if (counters->turn_us != RECORD_UNKNOWN) {
		uint64_t turn_us = (uint64_t)counters->turn_us;

		table_add(slot, RECORD_WORD(turns.count), 1);
		table_add(slot, RECORD_WORD(turns.sum_us), turn_us);
		slot_put(slot, RECORD_WORD(turns.last_us), turn_us);
		if (turn_us > slot_own(slot, RECORD_WORD(turns.max_us)))
			slot_put(slot, RECORD_WORD(turns.max_us), turn_us);
	}
	slot_end(slot);
}

/* When the first payload of each leg came, and who spoke: `few` holds nothing else, and it is published by itself. */
void table_first_bytes(struct table_slots slots, uint32_t number, union record_words *few);
void table_set_first_bytes(struct table_slots slots, uint32_t number, const union record_words *few);

/* Any thread, from here on. */

/* Where a walk over the table goes on; all zero to begin.  Slots come in order, so
 * a connection that lives through the walk is seen once. */
struct table_cursor {
	uint32_t worker, slot;
};

/* Copies the next record whose state is not closed.  False: the walk is over. */
bool table_next(const struct table *table, struct table_cursor *cursor, union record_words *copy);

/* The same for those who must not take long, for a table that was once full may be wide: TABLE_STEP_MAX slots at most
 * are looked at.  `closed_too`: those that are closed, as long as they have their slot: a walk that goes on to the
 * history would else miss what is closed and not there yet, and has to drop what it finds in both. */
enum { TABLE_STEP_MAX = 4096 };
enum table_step { TABLE_STEP_FOUND, TABLE_STEP_NONE, TABLE_STEP_END };
enum table_step
table_step(const struct table *table, struct table_cursor *cursor, union record_words *copy, bool closed_too);

/* Copies the next record whose payload moved at `since_ns` (clock_now) or later, looking at no more than *looks slots,
 * which it counts down.  False: the walk is over, or *looks is 0. */
bool table_next_moved(const struct table *table, struct table_cursor *cursor, int64_t since_ns, uint32_t *looks,
    union record_words *copy);

enum table_answer {
	TABLE_FOUND, /* its state may already be closed */
	TABLE_GONE,  /* issued, but not live any more */
	TABLE_NEVER, /* never issued by this process */
};
enum table_answer table_find(const struct table *table, uint64_t id, union record_words *copy);

uint32_t table_places_taken(const struct table *table);
uint32_t table_max_conns(const struct table *table);
int table_workers(const struct table *table);

#endif
