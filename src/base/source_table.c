/* SPDX-License-Identifier: MIT */
/*
 * An entry's tag says whose it is, and stands in one word with the count: so
 * one compare-and-swap takes it over, and only while nobody counts on it.
 *
 * Two workers that meet the first two clients of a source at once may each take
 * an entry for it.  So a limit is held against all that its set has of a source:
 * first counted, then summed, so that of two at least one sees the other.
 * When both do and give way, they find the same entry the next time.  Tokens
 * come from the bucket of the first entry that is theirs, whosever it is.
 */
#include "base/source_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
	WAYS = 8,
	COUNT_BITS = 24, /* as many as there may be connections */
	TAG_BITS = 64 - COUNT_BITS,
	SET_BITS_MOST = 24,
	TRIES = 8,
};

#define COUNT_MOST ((UINT32_C(1) << COUNT_BITS) - 1)
#define IS_V4      (UINT64_C(1) << (TAG_BITS - 1))

struct source_set {
	_Atomic uint64_t holders[WAYS]; /* tag and count */
	struct bucket buckets[WAYS];
} __attribute__((aligned(64)));

struct source_table {
	uint64_t lots[8][256]; /* for each value of each byte of a key */
	uint32_t set_count;    /* a power of two */
	struct source_set *sets;
};

/* Interrupted, or more than getrandom gives at once. */
static bool
draw_lots(struct source_table *table)
{
	char *at = (char *)table->lots;

	for (size_t left = sizeof(table->lots); left > 0;) {
		ssize_t got = getrandom(at, left, 0);

		if (got == -1 && errno != EINTR)
			return false;
		at += got > 0 ? got : 0;
		left -= got > 0 ? (size_t)got : 0;
	}
	return true;
}

struct source_table *
source_table_new(uint32_t max_conns)
{
	struct source_table *table = calloc(1, sizeof(*table));
	void *memory;

	if (table == NULL || !draw_lots(table)) {
		free(table);
		return NULL;
	}
	for (table->set_count = 1; table->set_count < max_conns && table->set_count < 1u << SET_BITS_MOST;)
		table->set_count *= 2;
	memory = mmap(NULL, table->set_count * sizeof(table->sets[0]), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(table);
		return NULL;
	}
	table->sets = memory;
	return table;
}

void
source_table_free(struct source_table *table)
{
	if (table == NULL)
		return;
	munmap(table->sets, table->set_count * sizeof(table->sets[0]));
	free(table);
}

/* Tabulation hashing: chance decides alone, whatever the key. */
static uint64_t
hash(const struct source_table *table, const uint8_t key[8])
{
	uint64_t mix = 0;

	for (int i = 0; i < 8; i++)
		mix ^= table->lots[i][key[i]];
	return mix;
}

/* An IPv4 address is its tag; of an IPv6 network it is the part of the hash that the set's number
 * leaves, so that two in one set are taken for one with a chance of 1 in 2^39. */
static struct source_set *
find_set(const struct source_table *table, const uint8_t ip[16], uint64_t *tag)
{
	static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = memcmp(ip, v4_mapped, sizeof(v4_mapped)) == 0;
	uint64_t mix = hash(table, v4 ? ip + 8 : ip);

	if (v4)
		*tag = IS_V4 | (uint64_t)ip[12] << 24 | (uint64_t)ip[13] << 16 | (uint64_t)ip[14] << 8 | ip[15];
	else
		*tag = mix >> SET_BITS_MOST & (IS_V4 - 1);
	return &table->sets[mix & (table->set_count - 1)];
}

static uint64_t
tag_of(uint64_t holder)
{
	return holder >> COUNT_BITS;
}

static uint32_t
count_of(uint64_t holder)
{
	return (uint32_t)(holder & COUNT_MOST);
}

/* The first in order, so that all who look find the same one.  -1: it has none. */
static int
find_way(struct source_set *set, uint64_t tag)
{
	for (int way = 0; way < WAYS; way++) {
		if (tag_of(atomic_load(&set->holders[way])) == tag)
			return way;
	}
	return -1;
}

static bool
is_of_no_account(const struct source_set *set, int way, uint64_t holder, int64_t now)
{
	return count_of(holder) == 0 && bucket_is_full(&set->buckets[way], now);
}

/* An entry of no account becomes this source's.  -1: there is none.  Its bucket was full when we looked, and stays as it is: what is
 * gone from it by now was taken by this very source, by way of another worker.  (Or by whoever had the entry, and came and went
 * between our look and our taking it over; that may cost this source one second.) */
static int
take_over(struct source_set *set, uint64_t tag, int64_t now)
{
	for (int way = 0; way < WAYS; way++) {
		uint64_t holder = atomic_load(&set->holders[way]);

		if (tag_of(holder) == tag)
			return way;
		if (!is_of_no_account(set, way, holder, now))
			continue;
		if (atomic_compare_exchange_strong(&set->holders[way], &holder, tag << COUNT_BITS))
			return way;
		if (tag_of(holder) == tag) /* by another worker, for the same source */
			return way;
	}
	return -1;
}

/* The count before, and one was added if that is less than `most`.  -1: the entry is another source's by now. */
static int64_t
count_in(_Atomic uint64_t *holder, uint64_t tag, uint32_t most)
{
	uint64_t seen = atomic_load(holder);

	while (tag_of(seen) == tag && count_of(seen) < most) {
		if (atomic_compare_exchange_weak(holder, &seen, seen + 1))
			break;
	}
	return tag_of(seen) == tag ? (int64_t)count_of(seen) : -1;
}

static void
count_out(_Atomic uint64_t *holder)
{
	uint64_t before = atomic_fetch_sub(holder, 1);

	assert(count_of(before) > 0);
	(void)before;
}

static uint32_t
count_elsewhere(struct source_set *set, uint64_t tag, int but)
{
	uint32_t count = 0;

	for (int way = 0; way < WAYS; way++) {
		uint64_t holder = atomic_load(&set->holders[way]);

		if (way != but && tag_of(holder) == tag)
			count += count_of(holder);
	}
	return count;
}

enum source_answer
source_table_enter(struct source_table *table, const uint8_t ip[16], uint32_t most, int64_t now, uint32_t *entry)
{
	enum source_answer answer = SOURCE_NO_ROOM;
	uint64_t tag;
	struct source_set *set = find_set(table, ip, &tag);

	if (most == 0 || most > COUNT_MOST)
		most = COUNT_MOST;
	for (int i = 0; i < TRIES; i++) {
		int way = find_way(set, tag);

		if (way == -1)
			way = take_over(set, tag, now);
		if (way == -1)
			return SOURCE_NO_ROOM;
		int64_t before = count_in(&set->holders[way], tag, most);
		if (before == -1)
			continue;
		if (before >= most)
			return SOURCE_AT_LIMIT;
		if (before + count_elsewhere(set, tag, way) < most) {
			*entry = (uint32_t)(set - table->sets) * WAYS + (uint32_t)way;
			return SOURCE_COUNTED;
		}
		count_out(&set->holders[way]);
		answer = SOURCE_AT_LIMIT;
	}
	return answer;
}

static struct source_set *
set_of(const struct source_table *table, uint32_t entry)
{
	return &table->sets[entry / WAYS];
}

void
source_table_leave(struct source_table *table, uint32_t entry)
{
	count_out(&set_of(table, entry)->holders[entry % WAYS]);
}

uint32_t
source_table_count(const struct source_table *table, uint32_t entry)
{
	return count_of(atomic_load(&set_of(table, entry)->holders[entry % WAYS]));
}

struct bucket *
source_table_bucket(struct source_table *table, uint32_t entry)
{
	struct source_set *set = set_of(table, entry);
	int first = find_way(set, tag_of(atomic_load(&set->holders[entry % WAYS])));

	return &set->buckets[first == -1 ? (int)(entry % WAYS) : first];
}
