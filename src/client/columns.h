/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_COLUMNS_H
#define CLIENT_COLUMNS_H

#include <stdio.h>
#include "client/terminal.h"

/*
 * A table of cells, each column as wide as its widest cell.
 *
 * Rows are kept until they are printed; then the widths stay, and grow, so that what is
 * printed later stands beneath.  On a terminal that is too narrow columns are left out,
 * those of the highest rank first, and never cut: half an address is none.
 */
struct columns;

struct columns_shape {
	const char *heading;
	bool right; /* numbers end in one line */
	int rank;   /* 0: never left out */
	int least;  /* its width at first */
	bool hides; /* on a terminal: while nothing stands in it */
};

/* The shapes must outlive it.  NULL: no memory. */
struct columns *columns_new(const struct columns_shape *shapes, int count);
void columns_free(struct columns *columns);

/* The next cell, row by row; NULL or "" is shown as `-`.  The text is foreign.  False: no memory. */
bool columns_add(struct columns *columns, enum ink ink, const char *text);

/* How wide a column has become, and whether it was left out when they were printed. */
int columns_width(const struct columns *columns, int column);
bool columns_left_out(const struct columns *columns, int column);

/* Prints the rows and forgets them; the heading once, and above the first. */
void columns_print(struct columns *columns, FILE *file, const struct terminal *terminal, bool heading);

#endif
