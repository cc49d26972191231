/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_COLUMNS_H
#define CLIENT_LIVE_COLUMNS_H

#include <stdio.h>
#include "base/text.h"
#include "client/live_model.h"
#include "client/terminal.h"

/*
 * The table of `sockproxy top`: as many columns as fit, the least needed left out first.
 *
 * From one glance to the next no column becomes narrower or comes back, so that nothing jumps; what another question or
 * another width of the terminal needs is found anew after live_columns_reset.
 */
enum live_set { LIVE_OPEN, LIVE_CLOSED, LIVE_ALL, LIVE_SETS };

/* What comes first: "" is as the daemon has it. */
enum { LIVE_FIELD_MAX = 128 };
struct live_order {
	char field[LIVE_FIELD_MAX];
	bool descending;
};

struct live_columns;

/* Whoever has no memory for it is told so, and the program ends. */
struct live_columns *live_columns_new(void);
void live_columns_free(struct live_columns *columns);

/* The widths begin anew. */
void live_columns_reset(struct live_columns *columns, enum live_set set);

/* What they show, for fields= of /conns: not what was left out. */
void live_columns_fields(const struct live_columns *columns, struct text *text);

/* The column of this order; -1: it has none. */
int live_columns_find(const struct live_columns *columns, const struct live_order *order);

/* What people call it: its heading, or the field. */
const char *live_columns_name(const struct live_columns *columns, const struct live_order *order);

/* The next one that is shown and can be sorted by, to the right (1) or the left (-1), round the edge.  Numbers then
 * come with the greatest first, and texts with the least. */
void live_columns_step(const struct live_columns *columns, struct live_order *order, int direction);

/* The way whose speed this order means; LIVE_WAYS: none. */
enum live_way live_columns_rate(const struct live_columns *columns, const struct live_order *order);

/* The heading, and `count` rows from this one on, a line each. */
void live_columns_print(struct live_columns *columns, const struct live_model *model, const struct live_order *order,
    size_t from, size_t count, FILE *file, const struct terminal *terminal);

#endif
