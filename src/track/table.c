/* SPDX-License-Identifier: MIT */
/*
 * A free slot keeps its last id: the generation in it is what the next claim
 * counts on from, and what tells an id that is gone from one never issued.
 *
 * No id comes twice: a slot that has used up its generations is never claimed
 * again, and the table holds one connection less from then on.  The last slot
 * back is the first used, so a busy worker can get there in some weeks.
 */
#include "track/table.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/slot.h"
#include "track/conn_id.h"

struct part {
	char *slots;
	uint32_t *released; /* a stack: the last one back is used first, its lines are in the cache */
	uint32_t released_count;
	_Atomic uint32_t touched; /* slots from here on were never used */
	union record_words draft; /* what table_edit handed out */
	bool drafting;
};

struct table {
	_Atomic uint32_t places_taken, places; /* places: max_conns without the slots used up */
	uint32_t max_conns;
	int workers;
	struct part parts[];
};

static struct slot *
slot_at(const struct part *part, uint32_t slot)
{
	return (struct slot *)(part->slots + (size_t)slot * SLOT_SIZE(RECORD_WORDS));
}

static void *
reserve_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

struct table *
table_new(int workers, uint32_t max_conns)
{
	struct table *table = calloc(1, sizeof(*table) + (size_t)workers * sizeof(table->parts[0]));

	if (table == NULL)
		return NULL;
	table->places = table->max_conns = max_conns;
	table->workers = workers;
	for (int i = 0; i < workers; i++) {
		struct part *part = &table->parts[i];

		part->slots = reserve_memory((size_t)max_conns * SLOT_SIZE(RECORD_WORDS));
		part->released = reserve_memory((size_t)max_conns * sizeof(part->released[0]));
		if (part->slots == NULL || part->released == NULL) {
			table_free(table);
			return NULL;
		}
	}
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (int i = 0; i < table->workers; i++) {
		struct part *part = &table->parts[i];

		if (part->slots != NULL)
			munmap(part->slots, (size_t)table->max_conns * SLOT_SIZE(RECORD_WORDS));
		if (part->released != NULL)
			munmap(part->released, (size_t)table->max_conns * sizeof(part->released[0]));
	}
	free(table);
}

bool
table_reserve(struct table *table)
{
	uint32_t places = atomic_load_explicit(&table->places, memory_order_relaxed);

	if (atomic_fetch_add_explicit(&table->places_taken, 1, memory_order_relaxed) < places)
		return true;
	table_unreserve(table);
	return false;
}

void
table_unreserve(struct table *table)
{
	atomic_fetch_sub_explicit(&table->places_taken, 1, memory_order_relaxed);
}

struct record *
table_claim(struct table *table, int worker, uint32_t *slot)
{
	struct part *part = &table->parts[worker];

	if (part->released_count > 0) {
		*slot = part->released[--part->released_count];
	} else {
		*slot = atomic_load_explicit(&part->touched, memory_order_relaxed);
		assert(*slot < table->max_conns);
		atomic_store_explicit(&part->touched, *slot + 1, memory_order_release);
	}

	struct record *record = table_edit(table, worker, *slot);
	uint32_t generation = conn_id_generation(record->id) + 1;
	record_init(record);
	record->id = conn_id_make(worker, *slot, generation);
	record->worker = (uint8_t)worker;
	record->live = true;
	return record;
}

void
table_release(struct table *table, int worker, uint32_t slot)
{
	struct part *part = &table->parts[worker];
	struct slot *it = slot_at(part, slot);
	union record_words first;

	assert(!part->drafting);
	first.words[0] = slot_own(it, 0);
	first.record.live = false;
	slot_begin(it);
	slot_put(it, 0, first.words[0]);
	table_add(it, RECORD_WORD(revision), 1);
	slot_end(it);
	if (conn_id_generation(slot_own(it, RECORD_WORD(id))) != UINT32_MAX)
		part->released[part->released_count++] = slot;
	else
		atomic_fetch_sub_explicit(&table->places, 1, memory_order_relaxed);
	table_unreserve(table);
}

struct record *
table_edit(struct table *table, int worker, uint32_t slot)
{
	struct part *part = &table->parts[worker];

	assert(!part->drafting);
	part->drafting = true;
	slot_recall(slot_at(part, slot), part->draft.words, RECORD_WORDS);
	return &part->draft.record;
}

const union record_words *
table_commit(struct table *table, int worker, uint32_t slot)
{
	struct part *part = &table->parts[worker];

	assert(part->drafting);
	part->drafting = false;
	part->draft.record.revision++;
	slot_write(slot_at(part, slot), part->draft.words, RECORD_WORDS);
	return &part->draft;
}

static const int first_bytes[] = {
	RECORD_WORD(first_client_byte_us), RECORD_WORD(first_upstream_byte_us),
	RECORD_WORD(speaks_first), /* and spoke_last */
};
enum { FIRST_BYTES = sizeof(first_bytes) / sizeof(first_bytes[0]) };

void
table_first_bytes(struct table_slots slots, uint32_t number, union record_words *few)
{
	const struct slot *slot = table_slot(slots, number);

	for (int i = 0; i < FIRST_BYTES; i++)
		few->words[first_bytes[i]] = slot_own(slot, first_bytes[i]);
}

void
table_set_first_bytes(struct table_slots slots, uint32_t number, const union record_words *few)
{
	struct slot *slot = table_slot(slots, number);

	slot_begin(slot);
	table_add(slot, RECORD_WORD(revision), 1);
	for (int i = 0; i < FIRST_BYTES; i++)
		slot_put(slot, first_bytes[i], few->words[first_bytes[i]]);
	slot_end(slot);
}

struct table_slots
table_slots(const struct table *table, int worker)
{
	return (struct table_slots){ table->parts[worker].slots };
}

static bool
is_wanted(const struct record *record, bool closed_too)
{
	return record->live && (closed_too || record->state != CONN_CLOSED);
}

enum table_step
table_step(const struct table *table, struct table_cursor *cursor, union record_words *copy, bool closed_too)
{
	for (int glances = 0; cursor->worker < (uint32_t)table->workers; cursor->worker++, cursor->slot = 0) {
		const struct part *part = &table->parts[cursor->worker];
		uint32_t end = atomic_load_explicit(&part->touched, memory_order_acquire);

		for (; cursor->slot < end; glances++) {
			union record_words glance;

			if (glances == TABLE_STEP_MAX)
				return TABLE_STEP_NONE;
			const struct slot *slot = slot_at(part, cursor->slot++);
			/* Most of a table that was once full is free: look at the first word alone. */
			glance.words[0] = atomic_load_explicit(&slot->words[0], memory_order_acquire);
			if (!is_wanted(&glance.record, closed_too))
				continue;
			slot_read(slot, copy->words, RECORD_WORDS);
			if (is_wanted(&copy->record, closed_too))
				return TABLE_STEP_FOUND;
		}
	}
	return TABLE_STEP_END;
}

bool
table_next(const struct table *table, struct table_cursor *cursor, union record_words *copy)
{
	enum table_step step;

	do
		step = table_step(table, cursor, copy, false);
	while (step == TABLE_STEP_NONE);
	return step == TABLE_STEP_FOUND;
}

bool
table_next_moved(
    const struct table *table, struct table_cursor *cursor, int64_t since_ns, uint32_t *looks, union record_words *copy)
{
	for (; cursor->worker < (uint32_t)table->workers; cursor->worker++, cursor->slot = 0) {
		const struct part *part = &table->parts[cursor->worker];
		uint32_t end = atomic_load_explicit(&part->touched, memory_order_acquire);

		while (cursor->slot < end) {
			if (*looks == 0)
				return false;
			(*looks)--;
			const struct slot *slot = slot_at(part, cursor->slot++);
			union record_words glance;

			/* Both words stand in one cache line with the version. */
			glance.words[0] = atomic_load_explicit(&slot->words[0], memory_order_acquire);
			if (!is_wanted(&glance.record, false) ||
			    (int64_t)atomic_load_explicit(
				&slot->words[RECORD_WORD(last_payload_ns)], memory_order_acquire) < since_ns)
				continue;
			slot_read(slot, copy->words, RECORD_WORDS);
			if (is_wanted(&copy->record, false) && copy->record.last_payload_ns >= since_ns)
				return true;
		}
	}
	return false;
}

enum table_answer
table_find(const struct table *table, uint64_t id, union record_words *copy)
{
	int worker = conn_id_worker(id);
	uint32_t slot = conn_id_slot(id), generation = conn_id_generation(id);

	if (worker >= table->workers || generation == 0 ||
	    slot >= atomic_load_explicit(&table->parts[worker].touched, memory_order_acquire))
		return TABLE_NEVER;
	slot_read(slot_at(&table->parts[worker], slot), copy->words, RECORD_WORDS);
	if (copy->record.id == id && copy->record.live)
		return TABLE_FOUND;
	return generation <= conn_id_generation(copy->record.id) ? TABLE_GONE : TABLE_NEVER;
}

uint32_t
table_places_taken(const struct table *table)
{
	return atomic_load_explicit(&table->places_taken, memory_order_relaxed);
}

uint32_t
table_max_conns(const struct table *table)
{
	return table->max_conns;
}

int
table_workers(const struct table *table)
{
	return table->workers;
}
