/* SPDX-License-Identifier: MIT */
#include "base/slot.h"

#include <sched.h>
#include <string.h>

/* The owner's own words are plain memory to it, and so are read many at a time: nobody else writes them. */
static const void *
own(const struct slot *slot, int word)
{
	return (const void *)&slot->words[word];
}

/* Most lines of a record stay as they are from one writing to the next. */
void
slot_write(struct slot *slot, const uint64_t *words, int count)
{
	enum { LINE = 8 };

	slot_begin(slot);
	for (int from = 0; from < count; from += LINE) {
		int end = from + LINE < count ? from + LINE : count;

		if (memcmp(own(slot, from), words + from, (size_t)(end - from) * sizeof(*words)) == 0)
			continue;
		for (int word = from; word < end; word++)
			slot_set(slot, word, words[word]);
	}
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
