/* SPDX-License-Identifier: MIT */
#include "api/id_set.h"

#include <errno.h>
#include <stdlib.h>

int
id_set_init(struct id_set *set, uint32_t most)
{
	uint32_t size = 4;

	while (size < 2 * most)
		size *= 2;
	set->mask = size - 1;
	set->ids = calloc(size, sizeof(set->ids[0]));
	return set->ids == NULL ? -ENOMEM : 0;
}

void
id_set_fini(struct id_set *set)
{
	free(set->ids);
	set->ids = NULL;
}

static uint32_t
home_of(const struct id_set *set, uint64_t id)
{
	return (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & set->mask;
}

/* Where it is, or would be. */
static uint32_t
place_of(const struct id_set *set, uint64_t id)
{
	uint32_t at = home_of(set, id);

	while (set->ids[at] != 0 && set->ids[at] != id)
		at = (at + 1) & set->mask;
	return at;
}

bool
id_set_has(const struct id_set *set, uint64_t id)
{
	return set->ids != NULL && set->ids[place_of(set, id)] == id;
}

void
id_set_add(struct id_set *set, uint64_t id)
{
	if (set->ids != NULL)
		set->ids[place_of(set, id)] = id;
}

/* Those behind it move up where the gap would else cut them off from their homes. */
void
id_set_remove(struct id_set *set, uint64_t id)
{
	uint32_t gap, at;

	if (!id_set_has(set, id))
		return;
	for (gap = at = place_of(set, id);;) {
		at = (at + 1) & set->mask;
		if (set->ids[at] == 0)
			break;
		uint32_t way = (at - home_of(set, set->ids[at])) & set->mask;
		if (way >= ((at - gap) & set->mask)) {
			set->ids[gap] = set->ids[at];
			gap = at;
		}
	}
	set->ids[gap] = 0;
}
