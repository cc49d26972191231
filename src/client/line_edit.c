/* SPDX-License-Identifier: MIT */
#include "client/line_edit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include "client/client.h"

void
line_edit_init(struct line_edit *edit)
{
	memset(edit, 0, sizeof(*edit));
}

void
line_edit_fini(struct line_edit *edit)
{
	for (int i = 0; i < edit->history_count; i++)
		free(edit->history[i]);
	free(edit->typed);
	line_edit_init(edit);
}

static wchar_t *
copy_line(const struct line_edit *edit)
{
	wchar_t *copy = wcsdup(edit->line);

	if (copy == NULL)
		client_no_memory();
	return copy;
}

static void
take_line(struct line_edit *edit, const wchar_t *line)
{
	edit->length = wcslen(line) < LINE_EDIT_MAX ? wcslen(line) : LINE_EDIT_MAX;
	wmemcpy(edit->line, line, edit->length);
	edit->line[edit->length] = L'\0';
	edit->cursor = edit->length;
}

static void
recall_none(struct line_edit *edit)
{
	edit->recalled = edit->history_count;
	free(edit->typed);
	edit->typed = NULL;
}

void
line_edit_set(struct line_edit *edit, const char *text)
{
	size_t left = strlen(text);
	mbstate_t state = { 0 };

	edit->length = edit->cursor = 0;
	edit->line[0] = L'\0';
	recall_none(edit);
	while (left > 0) {
		wchar_t character;
		size_t length = mbrtowc(&character, text, left, &state);

		if (length == (size_t)-1 || length == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			character = L'?';
			length = 1;
		}
		line_edit_insert(edit, character);
		text += length;
		left -= length;
	}
}

void
line_edit_insert(struct line_edit *edit, wchar_t character)
{
	if (wcwidth(character) <= 0 || edit->length == LINE_EDIT_MAX)
		return;
	wmemmove(edit->line + edit->cursor + 1, edit->line + edit->cursor, edit->length - edit->cursor + 1);
	edit->line[edit->cursor++] = character;
	edit->length++;
}

/* [from, to) goes. */
static void
cut(struct line_edit *edit, size_t from, size_t to)
{
	wmemmove(edit->line + from, edit->line + to, edit->length - to + 1);
	edit->length -= to - from;
	edit->cursor = from;
}

static size_t
word_left(const struct line_edit *edit)
{
	size_t at = edit->cursor;

	while (at > 0 && iswspace((wint_t)edit->line[at - 1]))
		at--;
	while (at > 0 && !iswspace((wint_t)edit->line[at - 1]))
		at--;
	return at;
}

static size_t
word_right(const struct line_edit *edit)
{
	size_t at = edit->cursor;

	while (at < edit->length && iswspace((wint_t)edit->line[at]))
		at++;
	while (at < edit->length && !iswspace((wint_t)edit->line[at]))
		at++;
	return at;
}

/* What was typed is kept, so that one who looks through the history can come back to it. */
static void
recall(struct line_edit *edit, int which)
{
	if (which < 0 || which > edit->history_count || which == edit->recalled)
		return;
	if (edit->recalled == edit->history_count) {
		free(edit->typed);
		edit->typed = copy_line(edit);
	}
	edit->recalled = which;
	take_line(edit, which < edit->history_count ? edit->history[which] : edit->typed);
}

void
line_edit_key(struct line_edit *edit, enum line_key key)
{
	switch (key) {
	case LINE_LEFT:
		edit->cursor -= edit->cursor > 0;
		break;
	case LINE_RIGHT:
		edit->cursor += edit->cursor < edit->length;
		break;
	case LINE_BEGIN:
		edit->cursor = 0;
		break;
	case LINE_END:
		edit->cursor = edit->length;
		break;
	case LINE_WORD_LEFT:
		edit->cursor = word_left(edit);
		break;
	case LINE_WORD_RIGHT:
		edit->cursor = word_right(edit);
		break;
	case LINE_BACKSPACE:
		if (edit->cursor > 0)
			cut(edit, edit->cursor - 1, edit->cursor);
		break;
	case LINE_DELETE:
		if (edit->cursor < edit->length)
			cut(edit, edit->cursor, edit->cursor + 1);
		break;
	case LINE_KILL_BEFORE:
		cut(edit, 0, edit->cursor);
		break;
	case LINE_KILL_AFTER:
		cut(edit, edit->cursor, edit->length);
		break;
	case LINE_KILL_WORD:
		cut(edit, word_left(edit), edit->cursor);
		break;
	case LINE_OLDER:
		recall(edit, edit->recalled - 1);
		break;
	case LINE_NEWER:
		recall(edit, edit->recalled + 1);
		break;
	}
}

static size_t
add_character(struct text *text, wchar_t character)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t length = wcrtomb(bytes, character, &state);

	if (length == (size_t)-1) {
		bytes[0] = '?';
		length = 1;
	}
	if (text != NULL)
		text_add_bytes(text, bytes, length);
	return length;
}

void
line_edit_text(const struct line_edit *edit, struct text *text)
{
	for (size_t i = 0; i < edit->length; i++)
		add_character(text, edit->line[i]);
}

void
line_edit_keep(struct line_edit *edit)
{
	if (edit->length == 0 ||
	    (edit->history_count > 0 && wcscmp(edit->history[edit->history_count - 1], edit->line) == 0)) {
		recall_none(edit);
		return;
	}
	if (edit->history_count == LINE_EDIT_HISTORY) {
		free(edit->history[0]);
		edit->history_count--;
		memmove(edit->history, edit->history + 1, (size_t)edit->history_count * sizeof(edit->history[0]));
	}
	edit->history[edit->history_count++] = copy_line(edit);
	recall_none(edit);
}

static int
width_of(const struct line_edit *edit, size_t from, size_t to)
{
	int width = 0;

	for (size_t i = from; i < to; i++)
		width += wcwidth(edit->line[i]);
	return width;
}

/* The first character that is shown: the cursor, which may stand behind the last one, must be. */
static size_t
first_shown(const struct line_edit *edit, int width)
{
	size_t from = edit->cursor;
	int used = 0;

	while (from > 0 && used + wcwidth(edit->line[from - 1]) < width)
		used += wcwidth(edit->line[--from]);
	return from;
}

int
line_edit_show(const struct line_edit *edit, int width, struct text *text)
{
	size_t from = first_shown(edit, width);
	int used = 0;

	for (size_t i = from; i < edit->length; i++) {
		used += wcwidth(edit->line[i]);
		if (used > width)
			break;
		add_character(text, edit->line[i]);
	}
	return width_of(edit, from, edit->cursor);
}

int
line_edit_column(const struct line_edit *edit, int width, size_t position)
{
	size_t from = first_shown(edit, width), at = 0, bytes = 0;

	while (at < edit->length && bytes < position)
		bytes += add_character(NULL, edit->line[at++]);
	return at >= from ? width_of(edit, from, at) : -width_of(edit, at, from);
}
