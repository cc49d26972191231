/* SPDX-License-Identifier: MIT */
#include "client/live_keys.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/quantity.h"
#include "client/json_at.h"
#include "client/live_view.h"

enum { CONTROL = 0x1f, SHIFT_COLUMNS = 8 };

static bool
is_control(struct press press, char letter)
{
	return press.kind == PRESS_CHARACTER && press.character == (letter & CONTROL);
}

/* Where a key that moves leads in a list of `count`, of which `rows` are shown; where it was if it is no such key. */
static size_t
moved(enum press_kind kind, size_t at, size_t rows, size_t count)
{
	size_t last = count > 0 ? count - 1 : 0;

	switch (kind) {
	case PRESS_UP:
		return at > 0 ? at - 1 : 0;
	case PRESS_DOWN:
		return at < last ? at + 1 : last;
	case PRESS_PAGE_UP:
		return at > rows ? at - rows : 0;
	case PRESS_PAGE_DOWN:
		return at + rows < last ? at + rows : last;
	case PRESS_HOME:
		return 0;
	case PRESS_END:
		return last;
	default:
		return at;
	}
}

static bool
moves(enum press_kind kind)
{
	return kind == PRESS_UP || kind == PRESS_DOWN || kind == PRESS_PAGE_UP || kind == PRESS_PAGE_DOWN ||
	       kind == PRESS_HOME || kind == PRESS_END;
}

static enum live_wish
leave_page(struct live *live)
{
	live->mode = LIVE_LIST;
	return LIVE_RESTART;
}

static enum live_wish
show_one(struct live *live)
{
	const char *id = json_at_text(live_selected(live), "id");

	if (id == NULL || strlen(id) > ID_MAX)
		return LIVE_NOTHING;
	if (live->selected > 0)
		live_select(live, live->selected);
	strcpy(live->id, id);
	json_decref(live->record);
	live->record = NULL;
	free(live->story);
	live->story = NULL;
	live->page_first = live->page_left = 0;
	live->mode = LIVE_DETAIL;
	live_page_detail(live);
	return LIVE_RESTART;
}

static enum live_wish
show_help(struct live *live)
{
	live->page_first = live->page_left = 0;
	live->mode = LIVE_HELP;
	live_page_help(live);
	return LIVE_NOTHING;
}

static enum live_wish
type_filter(struct live *live)
{
	live->fault[0] = '\0';
	line_edit_set(&live->filter_line, live->filter);
	live->mode = LIVE_FILTER;
	return LIVE_NOTHING;
}

static enum live_wish
type_interval(struct live *live)
{
	char room[QUANTITY_TEXT_MAX];

	live->fault[0] = '\0';
	line_edit_set(&live->interval_line, quantity_format_duration(live->interval_ms * NS_PER_MS, room));
	live->mode = LIVE_INTERVAL;
	return LIVE_NOTHING;
}

/* Those that are listed, if all are and their ids have room in a filter; else no more than there were. */
static void
mean_these(struct live *live)
{
	json_t *conns = json_array();

	strcpy(live->kill.filter, live->filter);
	for (size_t i = 0; i < live->model.row_count; i++)
		json_array_append(conns, live->model.rows[i].record);
	if ((int64_t)live->model.row_count == live->model.matched)
		ask_only_these(live->kill.filter, conns);
	json_decref(conns);
}

/* Nobody is hit who was not meant. */
static enum live_wish
ask_kill(struct live *live, bool all)
{
	const char *id = live->mode == LIVE_DETAIL ? live->id : json_at_text(live_selected(live), "id");

	if (all && live->filter[0] == '\0') {
		live_notice(live, INK_YELLOW, "K ends all that a filter means, and there is none: / sets one");
		return LIVE_NOTHING;
	}
	if (all && strcmp(live->state, "active") != 0) {
		live_notice(live, INK_YELLOW, "K ends open connections: o lists these alone");
		return LIVE_NOTHING;
	}
	if (all && live->model.matched <= 0) {
		live_notice(live, INK_YELLOW, "no open connection matches");
		return LIVE_NOTHING;
	}
	if (!all && (id == NULL || strlen(id) > ID_MAX))
		return LIVE_NOTHING;
	live->kill = (struct live_kill){ .all = all, .count = all ? live->model.matched : 1 };
	if (all)
		mean_these(live);
	else
		strcpy(live->kill.id, id);
	live->back = live->mode;
	live->mode = LIVE_CONFIRM;
	return LIVE_NOTHING;
}

static enum live_wish
confirm(struct live *live, struct press press)
{
	wchar_t answer = press.kind == PRESS_CHARACTER ? press.character : L'\0';

	live->mode = live->back;
	if (answer != L'y' && answer != L'Y' && answer != L'f' && answer != L'F') {
		live_notice(live, INK_PLAIN, "nothing was ordered");
		return LIVE_NOTHING;
	}
	live->kill.how = answer == L'f' || answer == L'F' ? KILL_FIN : KILL_RST;
	live->kill_is_due = true;
	return LIVE_RESTART;
}

static enum live_wish
show_set(struct live *live, const char *state)
{
	bool usual = live->order.field[0] == '\0' || live_columns_rate(live->columns, &live->order) != LIVE_WAYS;

	snprintf(live->state, sizeof(live->state), "%s", state);
	/* Closed ones have no speed. */
	if (usual)
		live_set_order(live, NULL);
	live_ask_anew(live);
	return LIVE_RESTART;
}

static enum live_wish
sort_by_next(struct live *live, int direction)
{
	live_columns_step(live->columns, &live->order, direction);
	live->first = live->selected = 0;
	live->selected_id[0] = '\0';
	return LIVE_RESTART;
}

static enum live_wish
reverse(struct live *live)
{
	if (live->order.field[0] == '\0') {
		live_notice(live, INK_YELLOW, "the newest come first; s sorts by a column");
		return LIVE_NOTHING;
	}
	live->order.descending = !live->order.descending;
	live->first = live->selected = 0;
	live->selected_id[0] = '\0';
	return LIVE_RESTART;
}

static enum live_wish
list_letter(struct live *live, wchar_t letter)
{
	switch (letter) {
	case L'q':
		live->is_over = true;
		return LIVE_NOTHING;
	case L's':
	case L'>':
		return sort_by_next(live, 1);
	case L'<':
		return sort_by_next(live, -1);
	case L'r':
		return reverse(live);
	case L'/':
		return type_filter(live);
	case L'c':
		return show_set(live, "closed");
	case L'a':
		return show_set(live, "all");
	case L'o':
		return show_set(live, "active");
	case L' ':
		live->paused = !live->paused;
		return live->paused ? LIVE_NOTHING : LIVE_RESTART;
	case L'd':
		return type_interval(live);
	case L'k':
		return ask_kill(live, false);
	case L'K':
		return ask_kill(live, true);
	case L'h':
	case L'?':
		return show_help(live);
	default:
		return LIVE_NOTHING;
	}
}

static enum live_wish
in_list(struct live *live, struct press press)
{
	if (moves(press.kind)) {
		live_select(live, moved(press.kind, live->selected, live_view_rows(live), live_total(live)));
		return LIVE_NOTHING;
	}
	if (press.kind == PRESS_ENTER)
		return show_one(live);
	if (press.kind == PRESS_LEFT || press.kind == PRESS_RIGHT)
		return sort_by_next(live, press.kind == PRESS_RIGHT ? 1 : -1);
	return press.kind == PRESS_CHARACTER ? list_letter(live, press.character) : LIVE_NOTHING;
}

static enum live_wish
in_page(struct live *live, struct press press)
{
	size_t rows = live_view_page_rows(live), lines = (size_t)live->page_lines;
	size_t places = lines > rows ? lines - rows + 1 : 1;

	if (moves(press.kind)) {
		live->page_first = (int)moved(press.kind, (size_t)live->page_first, rows, places);
		return LIVE_NOTHING;
	}
	if (press.kind == PRESS_LEFT && live->page_left > 0)
		live->page_left -= SHIFT_COLUMNS;
	if (press.kind == PRESS_RIGHT)
		live->page_left += SHIFT_COLUMNS;
	if (press.kind == PRESS_ESCAPE || press.kind == PRESS_ENTER || press.kind == PRESS_BACKSPACE)
		return leave_page(live);
	if (press.kind != PRESS_CHARACTER)
		return LIVE_NOTHING;
	switch (press.character) {
	case L'q':
		return leave_page(live);
	case L'k':
		return live->mode == LIVE_DETAIL ? ask_kill(live, false) : LIVE_NOTHING;
	case L' ':
		live->paused = !live->paused;
		return live->paused ? LIVE_NOTHING : LIVE_RESTART;
	default:
		return LIVE_NOTHING;
	}
}

/* True: it was a key of the line. */
static bool
edit(struct line_edit *line, struct press press)
{
	static const struct {
		enum press_kind kind;
		char control;
		enum line_key key;
	} keys[] = {
		{ PRESS_LEFT, 'B', LINE_LEFT },
		{ PRESS_RIGHT, 'F', LINE_RIGHT },
		{ PRESS_HOME, 'A', LINE_BEGIN },
		{ PRESS_END, 'E', LINE_END },
		{ PRESS_BACKSPACE, 'H', LINE_BACKSPACE },
		{ PRESS_DELETE, 'D', LINE_DELETE },
		{ PRESS_UP, 'P', LINE_OLDER },
		{ PRESS_DOWN, 'N', LINE_NEWER },
		{ PRESS_NONE, 'U', LINE_KILL_BEFORE },
		{ PRESS_NONE, 'K', LINE_KILL_AFTER },
		{ PRESS_NONE, 'W', LINE_KILL_WORD },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (press.kind != keys[i].kind && !is_control(press, keys[i].control))
			continue;
		line_edit_key(line, keys[i].key);
		return true;
	}
	if (press.kind != PRESS_CHARACTER || press.character < L' ')
		return false;
	line_edit_insert(line, press.character);
	return true;
}

/* The daemon judges it.  The line stays until it has. */
static enum live_wish
try_filter(struct live *live)
{
	struct text text;

	text_init(&text, live->tried, sizeof(live->tried));
	line_edit_text(&live->filter_line, &text);
	live->is_tried = true;
	live->fault[0] = '\0';
	return LIVE_RESTART;
}

/* The answer to one that is tried would be taken for the list that is wanted. */
static enum live_wish
give_up_filter(struct live *live)
{
	bool was_tried = live->is_tried;

	live->is_tried = false;
	live->fault[0] = '\0';
	return was_tried ? LIVE_FORGET : LIVE_NOTHING;
}

static enum live_wish
take_interval(struct live *live)
{
	char bytes[LINE_EDIT_MAX];
	struct text text;
	int64_t ns;

	text_init(&text, bytes, sizeof(bytes));
	line_edit_text(&live->interval_line, &text);
	if (!quantity_parse_duration(&ns, bytes) || ns < 100 * NS_PER_MS || ns > 3600 * NS_PER_S) {
		snprintf(live->fault, sizeof(live->fault), "must be a time of 100ms to 1h, as 500ms or 5s");
		live->fault_at = SIZE_MAX;
		return LIVE_NOTHING;
	}
	line_edit_keep(&live->interval_line);
	live->interval_ms = ns / NS_PER_MS;
	live->mode = LIVE_LIST;
	return LIVE_RESTART;
}

static enum live_wish
in_line(struct live *live, struct press press)
{
	bool is_filter = live->mode == LIVE_FILTER;

	if (press.kind == PRESS_ESCAPE || is_control(press, 'G')) {
		live->mode = LIVE_LIST;
		return give_up_filter(live);
	}
	if (press.kind == PRESS_ENTER)
		return is_filter ? try_filter(live) : take_interval(live);
	if (edit(is_filter ? &live->filter_line : &live->interval_line, press))
		return give_up_filter(live); /* what was wrong may be right now */
	return LIVE_NOTHING;
}

enum live_wish
live_key(struct live *live, struct press press)
{
	live->notice[0] = '\0';
	if (is_control(press, 'L'))
		return LIVE_REPAINT;
	switch (live->mode) {
	case LIVE_LIST:
		return in_list(live, press);
	case LIVE_DETAIL:
	case LIVE_HELP:
		return in_page(live, press);
	case LIVE_FILTER:
	case LIVE_INTERVAL:
		return in_line(live, press);
	case LIVE_CONFIRM:
		return confirm(live, press);
	}
	return LIVE_NOTHING;
}
