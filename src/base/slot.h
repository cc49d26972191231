/* SPDX-License-Identifier: MIT */
/*
 * Words that one thread writes and any thread may copy, without a lock.
 *
 *   writer   version 6 ─► 7 ── stores the words that changed ──► 8
 *   reader   version, the words, version again: kept if even and the same
 *
 * Each word is atomic, so a torn copy is merely thrown away and never
 * undefined behaviour.  Release and acquire on each word order it against the
 * version (a fence would do, but ThreadSanitizer cannot see fences); on x86
 * they are plain moves.  The writer never waits.
 */
#ifndef BASE_SLOT_H
#define BASE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How many words there are is known to whoever lays slots side by side. */
struct slot {
	_Atomic uint64_t version; /* odd while the owner writes */
	_Atomic uint64_t words[];
};

/* Bytes from one slot to the next. */
#define SLOT_SIZE(words) (sizeof(struct slot) + (words) * sizeof(uint64_t))

/* Owner only: slot_set and slot_put between a begin and its end.  They stand here because
 * they are short, and counters are published with them after every read. */
static inline void
slot_bump(struct slot *slot)
{
	uint64_t version = atomic_load_explicit(&slot->version, memory_order_relaxed);

	atomic_store_explicit(&slot->version, version + 1, memory_order_release);
}

static inline void
slot_begin(struct slot *slot)
{
	slot_bump(slot);
}

static inline void
slot_end(struct slot *slot)
{
	slot_bump(slot);
}

static inline uint64_t
slot_own(const struct slot *slot, int word)
{
	return atomic_load_explicit(&slot->words[word], memory_order_relaxed);
}

/* For a word in a line that is written anyway … */
static inline void
slot_put(struct slot *slot, int word, uint64_t value)
{
	atomic_store_explicit(&slot->words[word], value, memory_order_release);
}

/* … and for any other: storing an equal value would dirty a cache line that readers share. */
static inline void
slot_set(struct slot *slot, int word, uint64_t value)
{
	if (slot_own(slot, word) != value)
		slot_put(slot, word, value);
}

/* Owner only: begin, write the first `count` words where they differ, end … */
void slot_write(struct slot *slot, const uint64_t *words, int count);

/* … or all of them: for a slot whose words have nothing to do with the new ones. */
void slot_fill(struct slot *slot, const uint64_t *words, int count);

/* Owner only: its own words, which nobody else writes. */
void slot_recall(const struct slot *slot, uint64_t *copy, int count);

/* Any thread: one attempt.  False: torn, try again.  Tells the version it saw. */
bool slot_try_read(const struct slot *slot, uint64_t *copy, int count, uint64_t *version);

/* Any thread: a copy as it stood between two writes. */
void slot_read(const struct slot *slot, uint64_t *copy, int count);

#endif
