/* SPDX-License-Identifier: MIT */
#include "track/history.h"

#include <stdlib.h>
#include "track/conn_id.h"

struct history {
	int workers;
	uint32_t capacity;
	struct notes *notes;
	struct ring *rings[];
};

struct history *
history_new(int workers, uint32_t capacity, struct notes *notes)
{
	struct history *history = calloc(1, sizeof(*history) + (size_t)workers * sizeof(history->rings[0]));

	if (history == NULL)
		return NULL;
	history->workers = workers;
	history->capacity = capacity;
	history->notes = notes;
	for (int i = 0; i < workers; i++) {
		history->rings[i] = ring_new(capacity, RECORD_WORDS);
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
	for (int i = 0; i < history->workers; i++)
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

uint64_t
history_append(struct history *history, const union record_words *closed)
{
	int worker = closed->record.worker;
	struct ring *ring = history->rings[worker];
	uint64_t head = ring_head(ring);

	if (head >= history->capacity)
		notes_release(history->notes, worker, first_note_of(ring, head - history->capacity));
	return ring_append(ring, closed->words);
}

uint64_t
history_head(const struct history *history, int worker)
{
	return ring_head(history->rings[worker]);
}

uint64_t
history_oldest(const struct history *history, int worker)
{
	return ring_oldest(history->rings[worker]);
}

enum ring_answer
history_read(const struct history *history, int worker, uint64_t number, union record_words *copy)
{
	return ring_read(history->rings[worker], number, copy->words);
}

bool
history_find(const struct history *history, uint64_t id, union record_words *copy)
{
	int worker = conn_id_worker(id);

	if (worker >= history->workers)
		return false;
	for (uint64_t number = history_head(history, worker); number-- > history_oldest(history, worker);) {
		if (history_read(history, worker, number, copy) == RING_READ && copy->record.id == id)
			return true;
	}
	return false;
}
