/* SPDX-License-Identifier: MIT */
#ifndef API_ID_SET_H
#define API_ID_SET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Ids of connections, to know one again.  Room for all is made at the
 * beginning: open addressing in a table that is at most half full.  0 is no id.
 */
struct id_set {
	uint64_t *ids; /* NULL: nothing is noticed, all calls may be made */
	uint32_t mask;
};

/* For at most `most` at once.  0 or -ENOMEM. */
int id_set_init(struct id_set *set, uint32_t most);
void id_set_fini(struct id_set *set);

bool id_set_has(const struct id_set *set, uint64_t id);
void id_set_add(struct id_set *set, uint64_t id);    /* again: no change */
void id_set_remove(struct id_set *set, uint64_t id); /* not there: no change */

#endif
