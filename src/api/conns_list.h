/* SPDX-License-Identifier: MIT */
#ifndef API_CONNS_LIST_H
#define API_CONNS_LIST_H

#include "api/conns_walk.h"
#include "api/selection.h"
#include "api/shape.h"
#include "api/top.h"

/*
 * A list of connections of any length in bounded memory.
 *
 * It is written while the client reads, a record at a time; nothing is locked
 * or held meanwhile.  What is known only at the end (where the next page
 * begins, how many match) stands behind the records.  A sorted one first walks
 * over all and keeps those that it will show.
 */
struct conns_list;

struct list_order {
	struct selection selection;
	struct shape shape;
	uint32_t limit;
	bool count;     /* tell how many there are in all */
	bool continues; /* another list, from `after` */
	bool sorts;     /* by `by`; does not continue */
	struct cursor after;
	struct top_order by;
};

/* NULL: no memory. */
struct conns_list *conns_list_new(const struct track *track);
void conns_list_free(void *list);

/* To be filled before the list begins; it is finished with the list. */
struct list_order *conns_list_order(struct conns_list *list);

/* Takes the list: it becomes the reply's source, or is freed and the reply says why. */
void conns_list_begin(struct conns_list *list, struct reply *reply);

#endif
