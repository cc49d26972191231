/* SPDX-License-Identifier: MIT */
/*
 * A screen of `sockproxy top`: what a daemon answers and what fingers press, a line each, whose first letter says
 * which.  Whatever it is, what is drawn is harmless to a terminal, and its cursor is on the screen.
 *
 *   v s c r o f   a document: version, stats, list, record, order, fault of a filter
 *   t             a story
 *   k             keys
 *   w             width and height
 */
#include "fuzz/harmless.h"

#include <locale.h>
#include <stdint.h>
#include "base/clock.h"
#include "client/live_keys.h"
#include "client/live_take.h"
#include "client/live_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { LINES_MAX = 16 };

static struct client client;
static struct live live;

static void
prepare(void)
{
	expect(setlocale(LC_ALL, "C.UTF-8") != NULL);
	strcpy(client.setting.url.shown, "127.0.0.1:9100");
	client.options.interval_ns = NS_PER_S;
}

/* As cmd_top does. */
static void
resize(const char *line)
{
	if (line[0] == '\0' || line[1] == '\0')
		return;
	live.width = (unsigned char)line[0] - ' ' + 1;
	live.height = (unsigned char)line[1] - ' ' + 1;
	if (live.width < 1 || live.height < 1)
		live.width = live.height = 1;
	live_columns_reset(live.columns, live_set_of(&live));
	live_settle(&live);
	if (live.mode == LIVE_DETAIL)
		live_page_detail(&live);
}

/* Capital letters beyond K have no meaning of their own: they are the keys that are no letters. */
static void
press(const char *line)
{
	for (; *line != '\0'; line++) {
		struct press key = { .kind = PRESS_CHARACTER, .character = (unsigned char)*line };

		if (*line >= 'L' && *line <= 'Z')
			key = (struct press){ .kind = PRESS_UP + (enum press_kind)(
								     (*line - 'L') % (PRESS_DELETE - PRESS_UP + 1)) };
		live_key(&live, key);
	}
}

static void
take(const char *line)
{
	json_t *document = json_loads(line + 1, 0, NULL);

	switch (*line) {
	case 'v':
		live_take_version(&live, document);
		break;
	case 's':
		live_take_stats(&live, document);
		break;
	case 'c':
		live_take_conns(&live, document);
		break;
	case 'r':
		live_take_record(&live, document);
		break;
	case 'o':
		live_take_order(&live, document);
		break;
	case 'f':
		live_take_fault(&live, document, "why");
		break;
	case 't':
		live_take_story(&live, line + 1);
		break;
	case 'k':
		press(line + 1);
		break;
	case 'w':
		resize(line + 1);
		break;
	}
	json_decref(document);
}

static void
draw(void)
{
	struct live_cursor cursor;
	char *lines;
	size_t size;
	FILE *file = open_memstream(&lines, &size);

	live_view_draw(&live, file, &cursor);
	fclose(file);
	expect(strlen(lines) == size);
	expect_harmless(lines);
	expect(cursor.row < live.height);
	free(lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size), *rest = text, *line;

	if (client.options.interval_ns == 0)
		prepare();
	live_init(&live, &client);
	live.width = 80;
	live.height = 24;
	live.heard_ms = live_clock_ms();
	for (int i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")) != NULL; i++) {
		take(line);
		draw();
	}
	live_fini(&live);
	free(text);
	return 0;
}
