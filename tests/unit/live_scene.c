/* SPDX-License-Identifier: MIT */
#include "unit/live_scene.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "client/live_take.h"
#include "support/suite.h"

struct client client;
struct live live;
char lines[LINES_MAX][LINE_BYTES];
int line_count, bar;
struct live_cursor cursor;

void
live_scene_open(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	memset(&client, 0, sizeof(client));
	strcpy(client.setting.url.shown, "127.0.0.1:9100");
	client.options.interval_ns = NS_PER_S;
	live_init(&live, &client);
	live.width = 80;
	live.height = 24;
	live.heard_ms = live_clock_ms();
}

void
live_scene_close(void)
{
	live_fini(&live);
}

void
press(enum press_kind kind)
{
	live_key(&live, (struct press){ .kind = kind });
}

enum live_wish
type(wchar_t character)
{
	return live_key(&live, (struct press){ .kind = PRESS_CHARACTER, .character = character });
}

void
type_all(const char *text)
{
	for (; *text != '\0'; text++)
		type((wchar_t)*text);
}

/* One list of `count` of `matched`; the name of its listener is foreign text. */
void
take_list(int from, int count, int matched, const char *listener)
{
	json_t *conns = json_array();

	for (int i = from; i < from + count; i++) {
		char id[32];

		snprintf(id, sizeof(id), "dc43g9dj02000000%05d", i);
		json_array_append_new(
		    conns, json_pack("{s:s, s:s, s:I, s:I, s:{s:s, s:i}, s:{s:s, s:i}, s:s, s:{s:{s:I}, s:{s:I}}}",
			       "id", id, "state", "established", "duration_us", (json_int_t)1000000, "idle_us",
			       (json_int_t)i, "client", "address", "192.0.2.7", "port", 10000 + i, "target", "address",
			       "2001:db8::7", "port", 5432, "listener", listener, "legs", "client", "bytes_received",
			       (json_int_t)i, "upstream", "bytes_received", (json_int_t)2 * i));
	}
	json_t *answer = json_pack("{s:o, s:i}", "conns", conns, "matched", matched);
	ck_assert(live_take_conns(&live, answer));
	json_decref(answer);
}

void
take_stats(int uptime_s)
{
	json_t *stats = json_pack("{s:s, s:I, s:i, s:i, s:{s:i, s:i}, s:{s:i}, s:{s:i, s:i, s:i, s:i}}", "started_at",
	    "then", "uptime_us", (json_int_t)uptime_s * 1000000, "connections_active", 5000, "connections_max", 9677,
	    "connections_by_state", "established", 4990, "flushing", 0, "connections_closed_by_reason",
	    "upstream_reset", 3 * uptime_s, "totals", "connections_accepted", 12 * uptime_s, "connections_closed",
	    uptime_s, "client_bytes_received", 1000 * uptime_s, "upstream_bytes_received", 2500000 * uptime_s);

	ck_assert(live_take_stats(&live, stats));
	json_decref(stats);
}

/* Without inks; the bar is noted. */
static void
keep_line(const char *line, size_t length)
{
	char *to = lines[line_count];

	for (size_t i = 0; i < length; i++) {
		if (line[i] != '\033') {
			*to++ = line[i];
			continue;
		}
		if (strncmp(line + i, SCREEN_REVERSE, strlen(SCREEN_REVERSE)) == 0)
			bar = line_count;
		i = (size_t)(strchr(line + i, 'm') - line);
	}
	*to = '\0';
	line_count++;
}

void
draw(void)
{
	char *drawn;
	size_t size;
	FILE *file = open_memstream(&drawn, &size);

	live_view_draw(&live, file, &cursor);
	fclose(file);
	line_count = 0;
	bar = -1;
	for (const char *at = drawn; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		ck_assert_int_lt(line_count, LINES_MAX);
		keep_line(at, length);
		at += length + (at[length] == '\n');
	}
	free(drawn);
}

void
expect(int line, const char *text)
{
	if (line < 0)
		line += line_count;
	ck_assert_msg(strstr(lines[line], text) != NULL, "\"%s\" is missing in line %d: %s", text, line, lines[line]);
}
