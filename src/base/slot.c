/* SPDX-License-Identifier: MIT */
#include "base/slot.h"

#include <sched.h>
#include <string.h>

enum { LINE = 8 }; /* words of a cache line */

/* The owner's own words are plain memory to it, and so are read many at a time: nobody else writes them. */
static const void *
own(const struct slot *slot, int word)
{
	return (const void *)&slot->words[word];
}

/* Inlined where the count is known, and then without a loop. */
static inline void
put(struct slot *slot, int from, const uint64_t *words, int count)
{
#pragma GCC unroll 8
	for (int i = 0; i < count; i++)
		slot_put(slot, from + i, words[from + i]);
}

/* Most cache lines of a record stay as they are from one writing to the next, and readers share them.  The version
 * stands in the first. */
void
slot_write(struct slot *slot, const uint64_t *words, int count)
{
	int end = count < LINE - 1 ? count : LINE - 1;

	slot_begin(slot);
	put(slot, 0, words, end);
	for (; count - end >= LINE; end += LINE) {
		if (memcmp(own(slot, end), words + end, LINE * sizeof(*words)) != 0)
			put(slot, end, words, LINE);
	}
	for (int word = end; word < count; word++)
		slot_set(slot, word, words[word]);
	slot_end(slot);
}

void
slot_fill(struct slot *slot, const uint64_t *words, int count)
{
	int end = 0;

	slot_begin(slot);
	for (; count - end >= LINE; end += LINE)
		put(slot, end, words, LINE);
	put(slot, end, words, count - end);
	slot_end(slot);
}

void
slot_recall(const struct slot *slot, uint64_t *copy, int count)
{
	memcpy(copy, own(slot, 0), (size_t)count * sizeof(*copy));
}

bool
slot_try_read(const struct slot *slot, uint64_t *copy, int count, uint64_t *version)
{
	*version = atomic_load_explicit(&slot->version, memory_order_acquire);
	for (int word = 0; word < count; word++)
		copy[word] = atomic_load_explicit(&slot->words[word], memory_order_acquire);
	return *version % 2 == 0 && *version == atomic_load_explicit(&slot->version, memory_order_relaxed);
}

void
slot_read(const struct slot *slot, uint64_t *copy, int count)
{
	uint64_t version;

	while (!slot_try_read(slot, copy, count, &version))
		sched_yield(); /* the writer may be waiting for this very core */
}
