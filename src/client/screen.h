/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include <stdbool.h>
#include <wchar.h>
#include "base/text.h"

/*
 * The whole terminal, as long as it is open: the only place that knows ncurses.
 *
 * It is given back on every way out of the program, but for a signal that nobody handles.  There is one.
 */

/* False: the error says why there can be none: no terminal, or one of a kind that is not known or cannot do it. */
bool screen_is_possible(struct text *error);

/* False: likewise. */
bool screen_open(bool colour, struct text *error);
void screen_close(void); /* also if it was not open */

/* Gives the terminal back for a while, and takes it again. */
void screen_leave(void);
void screen_come_back(void);

/* The terminal has become larger or smaller. */
void screen_resized(void);
void screen_size(int *rows, int *columns);

/* All of it, a line of text after the other, which has nothing in it that steers a terminal but inks of
 * terminal_ink and SCREEN_REVERSE.  What is too wide is cut.  The cursor is shown at that place; row -1: it is not. */
#define SCREEN_REVERSE "\033[7m" /* at the beginning of a line: all of it, up to the edge */
void screen_paint(const char *lines, int cursor_row, int cursor_column);

/* As if nothing of it stood there any more. */
void screen_repaint(void);

enum press_kind {
	PRESS_NONE, /* nothing was pressed */
	PRESS_CHARACTER,
	PRESS_UP,
	PRESS_DOWN,
	PRESS_LEFT,
	PRESS_RIGHT,
	PRESS_PAGE_UP,
	PRESS_PAGE_DOWN,
	PRESS_HOME,
	PRESS_END,
	PRESS_ENTER,
	PRESS_ESCAPE,
	PRESS_BACKSPACE,
	PRESS_DELETE,
	PRESS_RESIZED,
	PRESS_OTHER,
	PRESS_GONE, /* so is the terminal */
};

struct press {
	enum press_kind kind;
	wchar_t character; /* of PRESS_CHARACTER; those below a blank are control characters */
};

/* What was pressed; it never waits. */
struct press screen_press(void);

#endif
