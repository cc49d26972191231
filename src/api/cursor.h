/* SPDX-License-Identifier: MIT */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "track/history.h"

/*
 * A place to go on from, as a text that means nothing to those who keep it.
 *
 * What the numbers count is known to whoever made the cursor.  They hold only
 * for the boot that they come from.  A place has one text and no other.
 */
enum cursor_kind { CURSOR_EVENTS, CURSOR_TABLE, CURSOR_HISTORY, CURSOR_KINDS };

enum { CURSOR_NUMBERS_MAX = 2 * HISTORY_RINGS_MAX, CURSOR_TEXT_MAX = 18 + 17 * CURSOR_NUMBERS_MAX };

struct cursor {
	enum cursor_kind kind;
	uint64_t boot;
	int count;
	uint64_t numbers[CURSOR_NUMBERS_MAX];
};

void cursor_format(const struct cursor *cursor, struct text *text);

/* False: no cursor of ours. */
bool cursor_parse(struct cursor *cursor, const char *text);

#endif
