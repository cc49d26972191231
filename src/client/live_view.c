/* SPDX-License-Identifier: MIT */
#include "client/live_view.h"

#include <stdlib.h>
#include <string.h>
#include "client/conn_columns.h"
#include "client/json_at.h"
#include "client/screen.h"

enum { HEAD_LINES = 5, HEAD_NEEDS = 14, HEADING = 1, PROMPT_MAX = 32 };

static const char keys[] = "? help  / filter  < > sort  r reverse  Space pause  Enter detail  k kill  q quit";
static const char page_keys[] = "Up Down PgUp PgDn Left Right scroll  k kill  Esc back";
static const struct terminal inked = { .is_one = true, .colour = true };

static int
head_lines(const struct live *live)
{
	return live->height >= HEAD_NEEDS ? HEAD_LINES : 1;
}

static int
lines_of(const struct live *live, const char *text)
{
	return live_fold(text, strlen(text), live->width, NULL);
}

/* What is to be told, if there is anything. */
static const char *
told(const struct live *live)
{
	return live->notice[0] != '\0' ? live->notice : live->trouble;
}

/* What stands below the list: keys, or what is told, or a question and what is typed. */
static int
foot_lines(const struct live *live)
{
	switch (live->mode) {
	case LIVE_FILTER:
	case LIVE_INTERVAL:
		return live->fault[0] == '\0' ? 1 : 2 + lines_of(live, live->fault);
	case LIVE_CONFIRM:
		return 2;
	default:
		return told(live)[0] == '\0' ? 1 : lines_of(live, told(live));
	}
}

static bool
is_page(const struct live *live)
{
	enum live_mode mode = live->mode == LIVE_CONFIRM ? live->back : live->mode;

	return mode == LIVE_DETAIL || mode == LIVE_HELP;
}

static size_t
at_least_one(int rows)
{
	return rows > 1 ? (size_t)rows : 1;
}

/* The foot may grow while somebody types; the rows are counted as if it did not. */
size_t
live_view_rows(const struct live *live)
{
	if (live->height == 0) /* a pipe */
		return live->model.row_count;
	return at_least_one(live->height - head_lines(live) - HEADING - 1);
}

size_t
live_view_page_rows(const struct live *live)
{
	return at_least_one(live->height - 2);
}

static void
draw_ink(FILE *file, enum ink ink, const char *text)
{
	fprintf(file, "%s%s%s", terminal_ink(&inked, ink), text, terminal_no_ink(&inked, ink));
}

/* The table's text, line by line: the selected one is a bar. */
static void
copy_rows(const struct live *live, const char *lines, size_t room, FILE *file)
{
	for (size_t row = 0; row < room; row++) {
		size_t length = strcspn(lines, "\n");
		bool is_selected = row > 0 && live->first + row - 1 == live->selected &&
				   live->selected < live->model.row_count;

		fprintf(file, "%s%.*s\n", is_selected ? SCREEN_REVERSE : "", (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}

static void
draw_list(struct live *live, size_t room, FILE *file)
{
	const struct terminal terminal = { .is_one = true, .colour = true, .width = live->width };
	size_t rows = live_view_rows(live), size;
	char *lines = NULL;
	FILE *table = open_memstream(&lines, &size);

	if (table == NULL)
		client_no_memory();
	live_columns_print(live->columns, &live->model, &live->order, live->first, rows, table, &terminal);
	if (fclose(table) != 0)
		client_no_memory();
	copy_rows(live, lines, room, file);
	free(lines);
}

/* One line without its first columns; inks cost none. */
static void
draw_shifted(const char *line, size_t length, int skip, FILE *file)
{
	const char *end = line + length;
	mbstate_t state = { 0 };

	while (line < end) {
		wchar_t character;
		size_t bytes = 1;
		int width = 1;

		if (*line == '\033') {
			bytes = (size_t)(strchr(line, 'm') - line) + 1;
			width = 0;
		} else {
			bytes = mbrtowc(&character, line, (size_t)(end - line), &state);
			if (bytes == 0 || bytes == (size_t)-1 || bytes == (size_t)-2) {
				memset(&state, 0, sizeof(state));
				bytes = 1;
			} else {
				width = wcwidth(character);
			}
		}
		if (skip <= 0 || *line == '\033')
			fwrite(line, 1, bytes, file);
		skip -= width;
		line += bytes;
	}
	fputc('\n', file);
}

static void
draw_page(const struct live *live, FILE *file)
{
	const char *at = live->page;
	int rows = live->height - 1 - foot_lines(live);

	live_head_draw(live, 1, file, &inked);
	for (int line = 0; line < live->page_first && *at != '\0'; line++)
		at += strcspn(at, "\n") + 1;
	for (int row = 0; row < rows; row++) {
		size_t length = strcspn(at, "\n");

		draw_shifted(at, length, live->page_left, file);
		at += length + (at[length] == '\n');
	}
}

/* An ink ends with its line. */
static void
draw_told(const struct live *live, enum ink ink, const char *text, FILE *file)
{
	char *lines = NULL;
	size_t size;
	FILE *folded = open_memstream(&lines, &size);

	if (folded == NULL)
		client_no_memory();
	live_fold(text, strlen(text), live->width, folded);
	if (fclose(folded) != 0)
		client_no_memory();
	for (const char *at = lines; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		fprintf(file, "%s%.*s%s\n", terminal_ink(&inked, ink), (int)length, at, terminal_no_ink(&inked, ink));
		at += length + 1;
	}
	free(lines);
}

/* The line that is typed, and in three lines what is wrong with it: the sentence, the line, a mark. */
static void
draw_prompt(
    const struct live *live, const struct line_edit *edit, const char *prompt, FILE *file, struct live_cursor *cursor)
{
	int lead = terminal_width(prompt), room = live->width > lead + 1 ? live->width - lead - 1 : 1;
	char bytes[4 * LINE_EDIT_MAX + 1];
	struct text text;

	if (live->fault[0] != '\0')
		draw_told(live, INK_RED, live->fault, file);
	text_init(&text, bytes, sizeof(bytes));
	cursor->row = live->height - (live->fault[0] == '\0' ? 1 : 2);
	cursor->column = lead + line_edit_show(edit, room, &text);
	draw_ink(file, INK_BOLD, prompt);
	fprintf(file, "%s\n", bytes);
	if (live->fault[0] == '\0')
		return;
	int at = line_edit_column(edit, room, live->fault_at);
	int end = line_edit_column(edit, room, live->fault_at + live->fault_length);
	if (at >= 0 && at <= room && live->fault_at != SIZE_MAX) {
		fprintf(file, "%*s%s^", lead + at, "", terminal_ink(&inked, INK_RED));
		for (int i = at + 1; i < end && i < room; i++)
			fputc('~', file);
		fputs(terminal_no_ink(&inked, INK_RED), file);
	}
	fputc('\n', file);
}

static void
draw_question(const struct live *live, FILE *file)
{
	const struct live_kill *kill = &live->kill;
	char bytes[2048];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	if (kill->all) {
		text_addf(&text, "End all %lld open connections that match: ", (long long)kill->count);
		terminal_add(&text, live->filter);
	} else {
		text_addf(&text, "End %s", kill->id);
		const json_t *record = live->back == LIVE_DETAIL ? live->record : NULL;
		int64_t row = live_model_find(&live->model, kill->id);
		if (record == NULL && row >= 0)
			record = live->model.rows[row].record;
		if (record != NULL) {
			text_add(&text, ", ");
			conn_cell(&text, SHOW_CLIENT, 0, record);
			text_add(&text, " to ");
			conn_cell(&text, SHOW_TARGET, 0, record);
			text_add(&text, ", ");
			conn_cell(&text, SHOW_STATE, 0, record);
		}
	}
	draw_ink(file, INK_RED, bytes);
	fprintf(file, "\n%sy%s  with a reset    %sf%s  in order, with FIN    any other key: no\n",
	    terminal_ink(&inked, INK_BOLD), terminal_no_ink(&inked, INK_BOLD), terminal_ink(&inked, INK_BOLD),
	    terminal_no_ink(&inked, INK_BOLD));
}

static void
draw_foot(const struct live *live, FILE *file, struct live_cursor *cursor)
{
	if (live->mode == LIVE_FILTER)
		draw_prompt(live, &live->filter_line, "filter: ", file, cursor);
	else if (live->mode == LIVE_INTERVAL)
		draw_prompt(live, &live->interval_line, "look every: ", file, cursor);
	else if (live->mode == LIVE_CONFIRM)
		draw_question(live, file);
	else if (told(live)[0] != '\0')
		draw_told(live, live->notice[0] != '\0' ? live->notice_ink : INK_RED, told(live), file);
	else
		draw_ink(file, INK_DIM, is_page(live) ? page_keys : keys);
}

void
live_view_draw(struct live *live, FILE *file, struct live_cursor *cursor)
{
	int room = live->height - head_lines(live) - foot_lines(live);

	*cursor = (struct live_cursor){ -1, 0 };
	if (is_page(live)) {
		draw_page(live, file);
	} else {
		live_head_draw(live, head_lines(live), file, &inked);
		draw_list(live, room > 0 ? (size_t)room : 0, file);
	}
	draw_foot(live, file, cursor);
}

void
live_view_print(struct live *live, FILE *file, const struct terminal *terminal)
{
	live_head_draw(live, HEAD_LINES, file, terminal);
	if (live->model.row_count > 0)
		live_columns_print(live->columns, &live->model, &live->order, 0, live->model.row_count, file, terminal);
}
