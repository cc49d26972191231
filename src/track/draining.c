/* SPDX-License-Identifier: MIT */
#include "track/draining.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/slot.h"

enum { WORDS = sizeof(struct draining_facts) / sizeof(uint64_t) };

union draining_words {
	struct draining_facts facts;
	uint64_t words[WORDS];
};

struct draining *
draining_new(void)
{
	return calloc(1, SLOT_SIZE(WORDS));
}

void
draining_free(struct draining *draining)
{
	free(draining);
}

void
draining_write(struct draining *draining, const struct draining_facts *facts)
{
	union draining_words it = { .facts = *facts };

	it.facts.changed_us = clock_wall_us();
	slot_write((struct slot *)draining, it.words, WORDS);
}

void
draining_read(const struct draining *draining, struct draining_facts *facts)
{
	union draining_words it;

	slot_read((const struct slot *)draining, it.words, WORDS);
	*facts = it.facts;
}
