/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a name lie in slots as words:
 *
 *   count | ip, ip, port and family | ip, ip, port and family | …
 *
 * A reader's copy is torn only if the writer came round to the slot again, and
 * then the other slot is current: the reader goes there and never waits.
 */
#include "upstream/group.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/slot.h"

#define SHORTAGES_APART_NS (60 * NS_PER_S)

enum {
	ADDRESS_WORDS = 3,
	WORDS = 1 + ADDRESSES_MAX * ADDRESS_WORDS,
};

struct target {
	_Atomic int current; /* which of its two slots */
	struct slot *slots[2];
};

struct group {
	const struct upstream_setting *settings;
	_Atomic uint32_t next_target;  /* in turn, for all workers together */
	_Atomic int64_t shortage_told; /* when; 0: never */
	char *slots;
	struct target targets[TARGETS_MAX];
};

static void
compact(uint64_t *words, const struct addr *addr)
{
	bool v6 = addr->any.sa_family == AF_INET6;

	words[0] = words[1] = 0;
	memcpy(words, v6 ? (const void *)&addr->v6.sin6_addr : &addr->v4.sin_addr, v6 ? 16 : 4);
	words[2] = addr_port(addr) | (uint64_t)v6 << 16 | (uint64_t)(v6 ? addr->v6.sin6_scope_id : 0) << 32;
}

static void
expand(struct addr *addr, const uint64_t *words)
{
	in_port_t port = htons((uint16_t)words[2]);

	if (words[2] >> 16 & 1) {
		*addr = (struct addr){ .length = sizeof(addr->v6),
			.v6 = { .sin6_family = AF_INET6, .sin6_port = port } };
		addr->v6.sin6_scope_id = (uint32_t)(words[2] >> 32);
		memcpy(&addr->v6.sin6_addr, words, 16);
	} else {
		*addr = (struct addr){ .length = sizeof(addr->v4), .v4 = { .sin_family = AF_INET, .sin_port = port } };
		memcpy(&addr->v4.sin_addr, words, 4);
	}
}

struct group *
group_new(const struct upstream_setting *settings)
{
	struct group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->settings = settings;
	group->slots = calloc((size_t)settings->target_count * 2, SLOT_SIZE(WORDS));
	if (group->slots == NULL) {
		free(group);
		return NULL;
	}
	for (int i = 0; i < settings->target_count * 2; i++)
		group->targets[i / 2].slots[i % 2] = (struct slot *)(group->slots + (size_t)i * SLOT_SIZE(WORDS));
	return group;
}

void
group_free(struct group *group)
{
	if (group == NULL)
		return;
	free(group->slots);
	free(group);
}

void
group_set_addresses(struct group *group, int target, const struct addr *addresses, int count)
{
	struct target *it = &group->targets[target];
	int other = !atomic_load_explicit(&it->current, memory_order_relaxed);
	uint64_t words[WORDS];

	assert(group->settings->targets[target].host[0] != '\0');
	if (count <= 0)
		return;
	if (count > ADDRESSES_MAX)
		count = ADDRESSES_MAX;
	words[0] = (uint64_t)count;
	for (int i = 0; i < count; i++)
		compact(&words[1 + i * ADDRESS_WORDS], &addresses[i]);
	slot_write(it->slots[other], words, 1 + count * ADDRESS_WORDS);
	atomic_store_explicit(&it->current, other, memory_order_release);
}

const struct upstream_setting *
group_settings(const struct group *group)
{
	return group->settings;
}

static int
read_words(const struct target *target, uint64_t words[WORDS])
{
	uint64_t version;
	int current;

	do
		current = atomic_load_explicit(&target->current, memory_order_acquire);
	while (!slot_try_read(target->slots[current], words, WORDS, &version));
	return (int)words[0];
}

int
group_addresses(const struct group *group, int target, struct addr addresses[ADDRESSES_MAX])
{
	const struct target_setting *settings = &group->settings->targets[target];
	uint64_t words[WORDS];

	if (settings->host[0] == '\0') {
		addresses[0] = settings->addr;
		return 1;
	}
	int count = read_words(&group->targets[target], words);
	for (int i = 0; i < count; i++)
		expand(&addresses[i], &words[1 + i * ADDRESS_WORDS]);
	return count;
}

/* One address alone.  False: there are not so many. */
static bool
read_address(const struct group *group, int target, int number, struct addr *addr)
{
	const struct target_setting *settings = &group->settings->targets[target];
	uint64_t words[WORDS];

	if (settings->host[0] == '\0') {
		*addr = settings->addr;
		return number == 0;
	}
	if (number >= read_words(&group->targets[target], words))
		return false;
	expand(addr, &words[1 + number * ADDRESS_WORDS]);
	return true;
}

bool
group_tells_shortage(struct group *group, int64_t now)
{
	int64_t told = atomic_load_explicit(&group->shortage_told, memory_order_relaxed);

	if (told != 0 && now - told < SHORTAGES_APART_NS)
		return false;
	return atomic_compare_exchange_strong_explicit(
	    &group->shortage_told, &told, now, memory_order_relaxed, memory_order_relaxed);
}

void
dial_init(struct dial *dial, struct group *group)
{
	uint32_t turn = atomic_fetch_add_explicit(&group->next_target, 1, memory_order_relaxed);

	*dial = (struct dial){ .first_target = (uint16_t)(turn % (uint32_t)group->settings->target_count) };
}

enum dial_answer
dial_next(struct dial *dial, const struct group *group, int *target, struct addr *addr)
{
	int count = group->settings->target_count;

	while (dial->targets_tried < count) {
		*target = (dial->first_target + dial->targets_tried) % count;
		if (read_address(group, *target, dial->addresses_tried, addr)) {
			dial->addresses_tried++;
			dial->addresses_known++;
			return DIAL_ADDRESS;
		}
		dial->targets_tried++;
		dial->addresses_tried = 0;
	}
	return dial->addresses_known == 0 ? DIAL_NO_ADDRESS : DIAL_EXHAUSTED;
}

void
dial_again(struct dial *dial)
{
	dial->addresses_tried--;
	dial->addresses_known--;
}
