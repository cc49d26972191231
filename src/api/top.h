/* SPDX-License-Identifier: MIT */
#ifndef API_TOP_H
#define API_TOP_H

#include <stdbool.h>
#include <stdint.h>
#include "track/field_names.h"

/*
 * The first few of many connections in some order, by one look at each.
 *
 * They are kept as a heap with the last of them on top, which is what a better
 * one takes the place of; no more are ever held than asked for.  Null comes
 * last in either order, and equal ones come in the order of their ids, so that
 * the same table gives the same list.
 *
 * Records are kept whole.  All lists together have room for TOPS_BYTES_MAX.
 */
struct top;

enum { TOPS_BYTES_MAX = 32 << 20 };

/* By a field; where the name means several, by the greatest of them. */
struct top_order {
	struct field_name by;
	bool descending;
};

/* `room` false: other lists have taken it all.  NULL: that, or no memory. */
struct top *top_new(const struct top_order *order, uint32_t limit, bool *room);
void top_free(struct top *top);

/* One whose id is kept already is passed over.  Where memory ends, so does the list. */
void top_offer(struct top *top, struct reading *reading);

/* After the last offer: in order.  How many there are. */
uint32_t top_sort(struct top *top);
const struct record *top_at(const struct top *top, uint32_t place);

#endif
