/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LINE_EDIT_H
#define CLIENT_LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>
#include "base/text.h"

/* One line that somebody types, with the lines that were typed before; it reads no key and draws nothing. */
enum { LINE_EDIT_MAX = 4096, LINE_EDIT_HISTORY = 50 };

struct line_edit {
	wchar_t line[LINE_EDIT_MAX + 1];
	size_t length, cursor;               /* in characters */
	wchar_t *history[LINE_EDIT_HISTORY]; /* the newest last */
	int history_count;
	int recalled;   /* which of them the line was; history_count: none, and what was typed is in … */
	wchar_t *typed; /* NULL: nothing */
};

enum line_key {
	LINE_LEFT,
	LINE_RIGHT,
	LINE_BEGIN,
	LINE_END,
	LINE_WORD_LEFT,
	LINE_WORD_RIGHT,
	LINE_BACKSPACE,
	LINE_DELETE,
	LINE_KILL_BEFORE, /* all before the cursor, as ^U, */
	LINE_KILL_AFTER,  /* all behind it, as ^K, */
	LINE_KILL_WORD,   /* the word before it, as ^W */
	LINE_OLDER,
	LINE_NEWER,
};

void line_edit_init(struct line_edit *edit);
void line_edit_fini(struct line_edit *edit);

/* Begins with this text (in the locale's bytes), the cursor at its end. */
void line_edit_set(struct line_edit *edit, const char *text);
void line_edit_key(struct line_edit *edit, enum line_key key);

/* One character at the cursor.  What cannot be shown is not taken, nor what finds no room. */
void line_edit_insert(struct line_edit *edit, wchar_t character);

/* The line in the locale's bytes. */
void line_edit_text(const struct line_edit *edit, struct text *text);

/* What is there goes into the history, unless it is empty or the newest there already. */
void line_edit_keep(struct line_edit *edit);

/* The part that a field so many columns wide shows, and the column of the cursor in it. */
int line_edit_show(const struct line_edit *edit, int width, struct text *text);

/* The column, in that part, before which the byte at `position` of the line stands; less than 0 or beyond the width
 * where it is not shown. */
int line_edit_column(const struct line_edit *edit, int width, size_t position);

#endif
