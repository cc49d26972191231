/* SPDX-License-Identifier: MIT */
#include "track/targets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/slot.h"

enum { WORDS = sizeof(struct target_facts) / sizeof(uint64_t) };
_Static_assert(sizeof(struct target_facts) % sizeof(uint64_t) == 0, "facts are whole words");

union target_words {
	struct target_facts facts;
	uint64_t words[WORDS];
};

struct targets {
	int upstreams;
	struct target_life *lives[]; /* [upstream][target]; a slot for each that has a name */
};

static struct slot *
slot_of(const struct target_life *life)
{
	return (struct slot *)life;
}

struct targets *
targets_new(const struct settings *settings)
{
	size_t most = (size_t)settings->pair_count * TARGETS_MAX;
	struct targets *targets = calloc(1, sizeof(*targets) + most * sizeof(targets->lives[0]));

	if (targets == NULL)
		return NULL;
	targets->upstreams = settings->pair_count;
	for (int i = 0; i < settings->pair_count; i++) {
		const struct upstream_setting *upstream = &settings->upstreams[i];

		for (int target = 0; target < upstream->target_count; target++) {
			struct target_life **life = &targets->lives[i * TARGETS_MAX + target];

			if (upstream->targets[target].host[0] == '\0')
				continue;
			*life = calloc(1, SLOT_SIZE(WORDS));
			if (*life == NULL) {
				targets_free(targets);
				return NULL;
			}
		}
	}
	return targets;
}

void
targets_free(struct targets *targets)
{
	if (targets == NULL)
		return;
	for (int i = 0; i < targets->upstreams * TARGETS_MAX; i++)
		free(targets->lives[i]);
	free(targets);
}

struct target_life *
targets_life(const struct targets *targets, int upstream, int target)
{
	return targets->lives[upstream * TARGETS_MAX + target];
}

static void
write_facts(struct target_life *life, union target_words *it)
{
	it->facts.changes++;
	it->facts.at_us = clock_wall_us();
	slot_write(slot_of(life), it->words, WORDS);
}

static bool
has(const struct target_facts *facts, const struct flow_end *address)
{
	for (uint64_t i = 0; i < facts->count; i++) {
		if (memcmp(&facts->addresses[i], address, sizeof(*address)) == 0)
			return true;
	}
	return false;
}

void
target_found(struct target_life *life, const struct addr *addresses, int count)
{
	union target_words it;

	if (life == NULL)
		return;
	slot_recall(slot_of(life), it.words, WORDS);
	bool changed = it.facts.changes == 0 || it.facts.error[0] != '\0';
	struct target_facts before = it.facts;
	memset(it.facts.addresses, 0, sizeof(it.facts.addresses));
	memset(it.facts.error, 0, sizeof(it.facts.error));
	for (it.facts.count = 0; it.facts.count < (uint64_t)count && it.facts.count < TARGET_ADDRESSES_MAX;
	     it.facts.count++) {
		struct flow_end *to = &it.facts.addresses[it.facts.count];
		struct flow flow;

		flow_set(&flow, &addresses[it.facts.count], &addresses[it.facts.count]);
		*to = flow.source;
		to->port = 0;
		changed = changed || !has(&before, to);
	}
	if (changed || it.facts.count != before.count)
		write_facts(life, &it);
}

void
target_failed(struct target_life *life, const char *why)
{
	union target_words it;

	if (life == NULL)
		return;
	slot_recall(slot_of(life), it.words, WORDS);
	if (strncmp(it.facts.error, why, sizeof(it.facts.error) - 1) == 0)
		return;
	memset(it.facts.error, 0, sizeof(it.facts.error));
	strncpy(it.facts.error, why, sizeof(it.facts.error) - 1);
	write_facts(life, &it);
}

void
target_read(const struct target_life *life, struct target_facts *facts)
{
	union target_words it;

	slot_read(slot_of(life), it.words, WORDS);
	*facts = it.facts;
}
