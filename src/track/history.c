/* SPDX-License-Identifier: MIT */
#include "track/history.h"

#include <stdlib.h>
#include "track/conn_id.h"

enum { RINGS_EACH = 2 };
_Static_assert(HISTORY_RINGS_MAX == RINGS_EACH * WORKERS_MAX, "history.h draws them so");

struct history {
	int count;
	uint32_t capacity; /* of those for KIND_PROXY */
	struct notes *notes;
	struct ring *rings[];
};

static uint32_t
capacity_of(const struct history *history, int ring)
{
	return history_holds(ring, KIND_PROXY) ? history->capacity : HISTORY_PROBES;
}

struct history *
history_new(int workers, uint32_t capacity, struct notes *notes)
{
	int count = RINGS_EACH * workers;
	struct history *history = calloc(1, sizeof(*history) + (size_t)count * sizeof(history->rings[0]));

	if (history == NULL)
		return NULL;
	history->count = count;
	history->capacity = capacity;
	history->notes = notes;
	for (int i = 0; i < count; i++) {
		history->rings[i] = ring_new(capacity_of(history, i), RECORD_WORDS);
		if (history->rings[i] == NULL) {
			history_free(history);
			return NULL;
		}
	}
	return history;
}

void
history_free(struct history *history)
{
	if (history == NULL)
		return;
	for (int i = 0; i < history->count; i++)
		ring_free(history->rings[i]);
	free(history);
}

/* The word of the record that has the chain of its notes in it. */
static uint32_t
first_note_of(const struct ring *ring, uint64_t number)
{
	union {
		uint64_t word;
		uint32_t halves[2];
	} it = { .word = ring_word(ring, number, RECORD_WORD(first_note)) };

	return it.halves[offsetof(struct record, first_note) % sizeof(uint64_t) / sizeof(uint32_t)];
}

int
history_rings(const struct history *history)
{
	return history->count;
}

int
history_ring(int worker, enum record_kind kind)
{
	return RINGS_EACH * worker + (kind != KIND_PROXY);
}

bool
history_holds(int ring, enum record_kind kind)
{
	return ring == history_ring(ring / RINGS_EACH, kind);
}

uint64_t
history_append(struct history *history, const union record_words *closed)
{
	int worker = closed->record.worker;
	int number = history_ring(worker, (enum record_kind)closed->record.kind);
	struct ring *ring = history->rings[number];
	uint64_t head = ring_head(ring), capacity = capacity_of(history, number);

	if (head >= capacity)
		notes_release(history->notes, worker, first_note_of(ring, head - capacity));
	return ring_append(ring, closed->words);
}

uint64_t
history_head(const struct history *history, int ring)
{
	return ring_head(history->rings[ring]);
}

uint64_t
history_oldest(const struct history *history, int ring)
{
	return ring_oldest(history->rings[ring]);
}

enum ring_answer
history_read(const struct history *history, int ring, uint64_t number, union record_words *copy)
{
	return ring_read(history->rings[ring], number, copy->words);
}

static bool
find_in(const struct history *history, int ring, uint64_t id, union record_words *copy)
{
	const struct ring *entries = history->rings[ring];

	/* Newest first: those are asked for most.  Of all others the id alone is looked at. */
	for (uint64_t number = ring_head(entries); number-- > ring_oldest(entries);) {
		if (ring_word(entries, number, RECORD_WORD(id)) == id &&
		    ring_read(entries, number, copy->words) == RING_READ && copy->record.id == id)
			return true;
	}
	return false;
}

bool
history_find(const struct history *history, uint64_t id, union record_words *copy)
{
	int first = RINGS_EACH * conn_id_worker(id);

	for (int ring = first; ring < first + RINGS_EACH && ring < history->count; ring++) {
		if (find_in(history, ring, id, copy))
			return true;
	}
	return false;
}
