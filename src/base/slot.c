/* SPDX-License-Identifier: MIT */
#include "base/slot.h"

#include <sched.h>

void
slot_write(struct slot *slot, const uint64_t *words, int count)
{
	slot_begin(slot);
	for (int word = 0; word < count; word++)
		slot_set(slot, word, words[word]);
	slot_end(slot);
}

void
slot_recall(const struct slot *slot, uint64_t *copy, int count)
{
	for (int word = 0; word < count; word++)
		copy[word] = slot_own(slot, word);
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
