/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_VIEW_H
#define CLIENT_LIVE_VIEW_H

#include <stdio.h>
#include "client/live.h"

/* What stands on the screen, as lines for screen_paint; or for a pipe, where the width is 0: nothing is left out. */

struct live_cursor {
	int row, column; /* row -1: there is none */
};

/* `height` lines of live->width columns, most of them blank in a short list. */
void live_view_draw(struct live *live, FILE *file, struct live_cursor *cursor);

/* One glance at the list, for --once: no key is told, and no line is blank. */
void live_view_print(struct live *live, FILE *file, const struct terminal *terminal);

/* How many rows of the list, or lines of a page, there is room for; one at least. */
size_t live_view_rows(const struct live *live);
size_t live_view_page_rows(const struct live *live);

/* What a page shows is made anew from the record and the story, or is the help. */
void live_page_detail(struct live *live);
void live_page_help(struct live *live);

/* One paragraph as lines of this width, folded between its words; what goes on is set in as far as it began.  How many
 * lines that are; file NULL: only that. */
int live_fold(const char *line, size_t length, int width, FILE *file);

/* How the view is kept up, as "live, every 1s": at the right of the first line. */
enum ink live_view_liveness(const struct live *live, int64_t now_ms, struct text *text);

/* The lines above the list. */
void live_head_draw(const struct live *live, int lines, FILE *file, const struct terminal *terminal);

#endif
