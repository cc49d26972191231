/* SPDX-License-Identifier: MIT */
/*
 * An entry's slot is written once a lap, so its version says which entry it
 * holds: 2 * (lap + 1).  A reader that finds another version came too late.
 */
#include "track/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/slot.h"

struct ring {
	_Atomic uint64_t head;
	uint32_t capacity;
	int words;
	size_t size;
	char *memory;
};

static struct slot *
slot_at(const struct ring *ring, uint64_t number)
{
	return (struct slot *)(ring->memory + number % ring->capacity * SLOT_SIZE(ring->words));
}

struct ring *
ring_new(uint32_t capacity, int words)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		return NULL;
	ring->capacity = capacity;
	ring->words = words;
	ring->size = capacity * SLOT_SIZE(words);
	ring->memory = mmap(
	    NULL, ring->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring->memory == MAP_FAILED) {
		free(ring);
		return NULL;
	}
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	munmap(ring->memory, ring->size);
	free(ring);
}

uint64_t
ring_append(struct ring *ring, const uint64_t *words)
{
	uint64_t number = atomic_load_explicit(&ring->head, memory_order_relaxed);

	slot_fill(slot_at(ring, number), words, ring->words);
	atomic_store_explicit(&ring->head, number + 1, memory_order_release);
	return number;
}

uint64_t
ring_word(const struct ring *ring, uint64_t number, int word)
{
	return atomic_load_explicit(&slot_at(ring, number)->words[word], memory_order_relaxed);
}

uint64_t
ring_head(const struct ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_acquire);
}

uint64_t
ring_oldest(const struct ring *ring)
{
	uint64_t head = ring_head(ring);

	return head > ring->capacity ? head - ring->capacity : 0;
}

enum ring_answer
ring_read(const struct ring *ring, uint64_t number, uint64_t *words)
{
	uint64_t version;

	if (number >= ring_head(ring))
		return RING_NOT_YET;
	if (number < ring_oldest(ring))
		return RING_OVERWRITTEN;
	/* Torn or of another lap: the writer has come round and is past it. */
	bool whole = slot_try_read(slot_at(ring, number), words, ring->words, &version);
	return whole && version == 2 * (number / ring->capacity + 1) ? RING_READ : RING_OVERWRITTEN;
}
