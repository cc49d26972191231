/* SPDX-License-Identifier: MIT */
#include "track/notes.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/slot.h"

/* A number is the place + 1.  Places from `touched` on were never used; those that
 * came back hang together by `next`, the last one back is used first. */
struct pool {
	char *slots;
	uint32_t touched, released;
};

struct notes {
	int workers;
	uint32_t capacity;
	struct pool pools[];
};

union note_words {
	struct note note;
	uint64_t words[NOTE_WORDS];
};

static struct slot *
slot_at(const struct notes *notes, int worker, uint32_t number)
{
	assert(number > 0 && number <= notes->capacity);
	return (struct slot *)(notes->pools[worker].slots + (size_t)(number - 1) * SLOT_SIZE(NOTE_WORDS));
}

struct notes *
notes_new(int workers, uint32_t capacity)
{
	struct notes *notes = calloc(1, sizeof(*notes) + (size_t)workers * sizeof(notes->pools[0]));

	if (notes == NULL)
		return NULL;
	notes->capacity = capacity;
	for (notes->workers = 0; notes->workers < workers; notes->workers++) {
		void *memory = mmap(NULL, (size_t)capacity * SLOT_SIZE(NOTE_WORDS), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED) {
			notes_free(notes);
			return NULL;
		}
		notes->pools[notes->workers].slots = memory;
	}
	return notes;
}

void
notes_free(struct notes *notes)
{
	if (notes == NULL)
		return;
	for (int i = 0; i < notes->workers; i++)
		munmap(notes->pools[i].slots, (size_t)notes->capacity * SLOT_SIZE(NOTE_WORDS));
	free(notes);
}

static struct note
recall(const struct notes *notes, int worker, uint32_t number)
{
	union note_words words;

	slot_recall(slot_at(notes, worker, number), words.words, NOTE_WORDS);
	return words.note;
}

uint32_t
notes_add(struct notes *notes, int worker, const struct note *note)
{
	struct pool *pool = &notes->pools[worker];
	uint32_t number = pool->released;

	if (number != 0)
		pool->released = recall(notes, worker, number).next;
	else if (pool->touched < notes->capacity)
		number = ++pool->touched;
	else
		return 0;
	notes_change(notes, worker, number, note);
	return number;
}

void
notes_change(struct notes *notes, int worker, uint32_t number, const struct note *note)
{
	union note_words words = { .note = *note };

	slot_write(slot_at(notes, worker, number), words.words, NOTE_WORDS);
}

void
notes_release(struct notes *notes, int worker, uint32_t first)
{
	struct pool *pool = &notes->pools[worker];

	while (first != 0) {
		struct note note = recall(notes, worker, first);
		uint32_t next = note.next;

		note.id = 0;
		note.next = pool->released;
		notes_change(notes, worker, first, &note);
		pool->released = first;
		first = next;
	}
}

bool
notes_read(const struct notes *notes, int worker, uint32_t number, uint64_t id, struct note *copy)
{
	union note_words words;

	slot_read(slot_at(notes, worker, number), words.words, NOTE_WORDS);
	*copy = words.note;
	return copy->id == id;
}
