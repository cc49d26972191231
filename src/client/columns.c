/* SPDX-License-Identifier: MIT */
#include "client/columns.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, CELL_MAX = 4096 };

struct cell {
	enum ink ink;
	char *text;
	int width;
};

struct column_state {
	int width;
	bool used; /* something stands in it, or stood */
	bool left_out;
};

struct columns {
	const struct columns_shape *shapes;
	int count;
	struct column_state *state;
	struct cell *cells;
	size_t used, room;
	bool heading_printed;
};

struct columns *
columns_new(const struct columns_shape *shapes, int count)
{
	struct columns *columns = calloc(1, sizeof(*columns));
	struct column_state *state = calloc((size_t)count, sizeof(*state));

	if (columns == NULL || state == NULL) {
		free(columns);
		free(state);
		return NULL;
	}
	*columns = (struct columns){ .shapes = shapes, .count = count, .state = state };
	for (int i = 0; i < count; i++)
		state[i].width = shapes[i].least;
	return columns;
}

static void
forget(struct columns *columns)
{
	for (size_t i = 0; i < columns->used; i++)
		free(columns->cells[i].text);
	columns->used = 0;
}

void
columns_free(struct columns *columns)
{
	if (columns == NULL)
		return;
	forget(columns);
	free(columns->cells);
	free(columns->state);
	free(columns);
}

bool
columns_add(struct columns *columns, enum ink ink, const char *text)
{
	struct column_state *state = &columns->state[columns->used % (size_t)columns->count];
	char bytes[CELL_MAX];
	struct text harmless;

	text_init(&harmless, bytes, sizeof(bytes));
	terminal_add(&harmless, text == NULL || *text == '\0' ? "-" : text);
	if (columns->used == columns->room) {
		size_t room = 2 * columns->room + 64;
		struct cell *cells = realloc(columns->cells, room * sizeof(*cells));

		if (cells == NULL)
			return false;
		columns->cells = cells;
		columns->room = room;
	}
	struct cell *cell = &columns->cells[columns->used];
	*cell = (struct cell){ ink, strdup(bytes), terminal_width(bytes) };
	if (cell->text == NULL)
		return false;
	columns->used++;
	if (cell->width > state->width)
		state->width = cell->width;
	state->used |= strcmp(bytes, "-") != 0;
	return true;
}

static int
whole_width(const struct columns *columns)
{
	int width = -GAP;

	for (int i = 0; i < columns->count; i++) {
		if (!columns->state[i].left_out)
			width += columns->state[i].width + GAP;
	}
	return width;
}

/* Of two of the same rank the last one goes. */
static int
least_needed(const struct columns *columns)
{
	int found = -1;

	for (int i = 0; i < columns->count; i++) {
		if (!columns->state[i].left_out && columns->shapes[i].rank > 0 &&
		    (found == -1 || columns->shapes[i].rank >= columns->shapes[found].rank))
			found = i;
	}
	return found;
}

/* Once the heading stands there, so do the columns. */
static void
choose(struct columns *columns, const struct terminal *terminal, bool heading)
{
	for (int i = 0; i < columns->count; i++) {
		struct column_state *state = &columns->state[i];
		int width = terminal_width(columns->shapes[i].heading);

		state->left_out = terminal->is_one && columns->shapes[i].hides && !state->used;
		if (heading && width > state->width)
			state->width = width;
	}
	while (terminal->width > 0 && whole_width(columns) > terminal->width) {
		int least = least_needed(columns);

		if (least == -1)
			break;
		columns->state[least].left_out = true;
	}
}

/* Where the next cell begins, as blanks that are due before it. */
static int
print_cell(const struct columns *columns, int column, const struct cell *cell, int due, FILE *file,
    const struct terminal *terminal)
{
	int rest = columns->state[column].width - cell->width;

	if (rest < 0)
		rest = 0;
	if (columns->shapes[column].right)
		due += rest;
	fprintf(file, "%*s%s%s%s", due, "", terminal_ink(terminal, cell->ink), cell->text,
	    terminal_no_ink(terminal, cell->ink));
	return GAP + (columns->shapes[column].right ? 0 : rest);
}

static void
print_heading(const struct columns *columns, FILE *file, const struct terminal *terminal)
{
	int due = 0;

	for (int i = 0; i < columns->count; i++) {
		char *text = (char *)columns->shapes[i].heading;
		struct cell cell = { INK_BOLD, text, terminal_width(text) };

		if (!columns->state[i].left_out)
			due = print_cell(columns, i, &cell, due, file, terminal);
	}
	fputc('\n', file);
}

int
columns_width(const struct columns *columns, int column)
{
	return columns->state[column].width;
}

bool
columns_left_out(const struct columns *columns, int column)
{
	return columns->state[column].left_out;
}

void
columns_print(struct columns *columns, FILE *file, const struct terminal *terminal, bool heading)
{
	int due = 0;

	if (!columns->heading_printed) {
		choose(columns, terminal, heading);
		if (heading)
			print_heading(columns, file, terminal);
		columns->heading_printed = true;
	}
	for (size_t i = 0; i < columns->used; i++) {
		int column = (int)(i % (size_t)columns->count);

		if (!columns->state[column].left_out)
			due = print_cell(columns, column, &columns->cells[i], due, file, terminal);
		if (column + 1 < columns->count)
			continue;
		fputc('\n', file);
		due = 0;
	}
	forget(columns);
}
