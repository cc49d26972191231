/* SPDX-License-Identifier: MIT */
/* What stands on the screen of `sockproxy top`, and what keys do, without a screen and without a daemon. */
#include "client/live.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "client/live_keys.h"
#include "client/live_take.h"
#include "client/live_view.h"
#include "support/suite.h"

enum { LINES_MAX = 100, LINE_BYTES = 2048 };

static struct client client;
static struct live live;
static char lines[LINES_MAX][LINE_BYTES]; /* what was drawn, without inks */
static int line_count, bar;               /* bar: the line that is marked */
static struct live_cursor cursor;

static void
setup(void)
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

static void
teardown(void)
{
	live_fini(&live);
}

static void
press(enum press_kind kind)
{
	live_key(&live, (struct press){ .kind = kind });
}

static enum live_wish
type(wchar_t character)
{
	return live_key(&live, (struct press){ .kind = PRESS_CHARACTER, .character = character });
}

static void
type_all(const char *text)
{
	for (; *text != '\0'; text++)
		type((wchar_t)*text);
}

/* One list of `count` of `matched`; the name of its listener is foreign text. */
static void
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

static void
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

static void
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

static void
expect(int line, const char *text)
{
	if (line < 0)
		line += line_count;
	ck_assert_msg(strstr(lines[line], text) != NULL, "\"%s\" is missing in line %d: %s", text, line, lines[line]);
}

/* Each at its size: as many lines as there are, none of the table wider than the screen, whole cells alone. */
static const struct {
	int width, height;
	const char *has, *has_not;
} sizes[] = {
	{ 80, 24, "STATE        CLIENT           TARGET", "ID  " },
	{ 200, 50, "ID                     STATE        CLIENT           LISTENER", "none" },
	{ 40, 10, "CLIENT", "TARGET" },
	{ 20, 5, "CLIENT", "IDLE" },
};

START_TEST(columns_fit_and_essential_ones_stay)
{
	live.width = sizes[_i].width;
	live.height = sizes[_i].height;
	take_stats(10);
	take_list(0, 2 * live.height, 5000, "front");
	draw();
	ck_assert_int_eq(line_count, live.height);
	int head = live.height >= 14 ? 5 : 1;
	expect(head, sizes[_i].has);
	ck_assert_msg(strstr(lines[head], sizes[_i].has_not) == NULL, "%s", lines[head]);
	for (int line = head; line < line_count - 1; line++)
		ck_assert_msg(terminal_width(lines[line]) <= live.width, "%s", lines[line]);
	expect(head + 1, "192.0.2.7:10000");
	expect(line_count - 2, "192.0.2.7");
	ck_assert_int_eq(bar, head + 1);
}
END_TEST

START_TEST(the_head_tells_how_much_happens)
{
	take_stats(10);
	take_stats(12);
	take_list(0, 40, 5000, "front");
	draw();
	expect(0, "127.0.0.1:9100  up 12.0s");
	expect(0, "live, every 1s");
	ck_assert_int_eq(terminal_width(lines[0]), 80);
	ck_assert_str_eq(lines[1], "5000 of 9677 open  accepted 12/s  closed 1.0/s  up 1.00kB/s  down 2.50MB/s");
	ck_assert_str_eq(lines[2], "states  established 4990");
	ck_assert_str_eq(lines[3], "ends in 2s  upstream_reset 6");
	ck_assert_str_eq(lines[4], "1-17 of 5000 open  by DOWN/s, the greatest first");
}
END_TEST

START_TEST(what_is_unknown_is_no_number)
{
	take_stats(10);
	take_list(0, 2, 2, "front");
	draw();
	ck_assert_str_eq(lines[1], "5000 of 9677 open  accepted -  closed -  up -  down -");
	ck_assert_str_eq(lines[3], "ends  -");
	expect(6, "       -         -");
}
END_TEST

START_TEST(names_cannot_steer_the_terminal_and_stand_in_their_column)
{
	live.width = 200;
	take_stats(10);
	take_list(0, 1, 2, "ev\033[2J\x7f\xe2\x80\xae\nil");
	draw();
	expect(6, "ev?[2J???il");
	take_list(0, 2, 2, "漢漢");
	live_columns_reset(live.columns, LIVE_OPEN);
	draw();
	/* two columns each: what stands behind it stands below the heading */
	const char *heading = strstr(lines[5], "UPSTREAM"), *cell = strstr(lines[6], "漢漢");
	int from = terminal_width(lines[5]) - terminal_width(heading);
	ck_assert_ptr_nonnull(cell);
	char *behind = lines[6] + (cell - lines[6]) + strlen("漢漢");
	behind += strspn(behind, " ");
	ck_assert_int_eq(terminal_width(lines[6]) - terminal_width(behind), from);
}
END_TEST

START_TEST(what_was_left_out_is_not_asked_for)
{
	char bytes[2048];
	struct text text;

	take_stats(10);
	take_list(0, 3, 3, "front");
	text_init(&text, bytes, sizeof(bytes));
	live_columns_fields(live.columns, &text);
	ck_assert_ptr_nonnull(strstr(bytes, "listener"));
	draw();
	text_init(&text, bytes, sizeof(bytes));
	live_columns_fields(live.columns, &text);
	ck_assert_ptr_null(strstr(bytes, "listener"));
	ck_assert_ptr_nonnull(strstr(bytes, "idle_us"));
}
END_TEST

START_TEST(columns_do_not_jump_while_the_question_is_the_same)
{
	char heading[LINE_BYTES];

	live.width = 120;
	take_stats(10);
	take_list(10000, 3, 3, "front"); /* five digits in their ports */
	draw();
	strcpy(heading, lines[5]);
	take_list(0, 0, 0, "front");
	draw();
	ck_assert_str_eq(lines[5], heading);
}
END_TEST

START_TEST(keys_move_through_all_there_are_and_the_rest_is_asked_for)
{
	take_list(0, 34, 5000, "front");
	live.wants_glance = false;
	press(PRESS_DOWN);
	ck_assert_uint_eq(live.selected, 1);
	ck_assert(!live.wants_glance);
	press(PRESS_PAGE_DOWN);
	ck_assert_uint_eq(live.selected, 18);
	ck_assert_uint_eq(live.first, 2);
	press(PRESS_END);
	ck_assert_uint_eq(live.selected, 4999);
	ck_assert_uint_eq(live.first, 5000 - 17);
	ck_assert(live.wants_glance);
	press(PRESS_DOWN);
	ck_assert_uint_eq(live.selected, 4999);
	press(PRESS_UP);
	press(PRESS_PAGE_UP);
	ck_assert_uint_eq(live.selected, 4981);
	press(PRESS_HOME);
	press(PRESS_UP);
	ck_assert_uint_eq(live.selected, 0);
	ck_assert_uint_eq(live.first, 0);
}
END_TEST

START_TEST(who_was_chosen_stays_chosen_wherever_it_goes)
{
	take_list(0, 10, 10, "front");
	press(PRESS_DOWN);
	press(PRESS_DOWN);
	ck_assert_str_eq(live.selected_id, "dc43g9dj0200000000002");
	take_list(1, 9, 9, "front");
	ck_assert_uint_eq(live.selected, 1);
	/* gone: whoever stands there now */
	take_list(5, 5, 5, "front");
	ck_assert_uint_eq(live.selected, 1);
	ck_assert_str_eq(live.selected_id, "dc43g9dj0200000000006");
	/* and the first row is whoever is first */
	press(PRESS_HOME);
	take_list(7, 3, 3, "front");
	ck_assert_uint_eq(live.selected, 0);
	ck_assert_str_eq(live.selected_id, "");
}
END_TEST

START_TEST(the_order_goes_from_column_to_column_and_round)
{
	take_list(0, 3, 3, "front");
	draw();
	ck_assert_int_eq(type(L's'), LIVE_RESTART); /* DOWN/s is the last at 80 columns */
	ck_assert_str_eq(live.order.field, "state");
	ck_assert(!live.order.descending);
	type(L'<');
	ck_assert_str_eq(live.order.field, "legs.upstream.rate_received_bytes_per_second");
	ck_assert(live.order.descending);
	type(L'<');
	type(L'<');
	ck_assert_str_eq(live.order.field, "idle_us");
	type(L'r');
	ck_assert(!live.order.descending);
	draw();
	expect(5, "IDLE↑");
	expect(4, "by IDLE, the least first");
}
END_TEST

START_TEST(a_field_without_a_column_may_be_the_order_too)
{
	client.options.sort = "-close.idle_before_us";
	live_fini(&live);
	live_init(&live, &client);
	live.width = 80;
	live.height = 24;
	take_list(0, 3, 3, "front");
	draw();
	expect(4, "by close.idle_before_us, the greatest first");
	type(L'>');
	ck_assert_str_eq(live.order.field, "state");
}
END_TEST

START_TEST(a_filter_is_tried_and_its_mistake_pointed_at)
{
	json_t *problem = json_pack("{s:s, s:i, s:i}", "detail", "No state is called so.", "position", 9, "length", 10);

	take_list(0, 3, 3, "front");
	type(L'/');
	type_all("state == establishd and q");
	ck_assert_int_eq(live.mode, LIVE_FILTER);
	live_key(&live, (struct press){ .kind = PRESS_ENTER });
	ck_assert(live.is_tried);
	ck_assert_str_eq(live.tried, "state == establishd and q");
	live_take_fault(&live, problem, "refused");
	json_decref(problem);
	draw();
	ck_assert_int_eq(line_count, 24);
	ck_assert_str_eq(lines[21], "No state is called so.");
	ck_assert_str_eq(lines[22], "filter: state == establishd and q");
	ck_assert_str_eq(lines[23], "                 ^~~~~~~~~~");
	ck_assert_int_eq(cursor.row, 22);
	ck_assert_int_eq(cursor.column, 8 + 25);
	ck_assert_str_eq(live.filter, "");
	/* the next key takes the mistake away, and the line stays */
	press(PRESS_BACKSPACE);
	draw();
	ck_assert_str_eq(lines[23], "filter: state == establishd and ");
}
END_TEST

START_TEST(a_filter_that_is_one_is_the_question_from_then_on)
{
	take_list(0, 30, 30, "front");
	press(PRESS_END);
	type(L'/');
	type_all("idle > 5s");
	press(PRESS_ENTER);
	take_list(7, 2, 2, "front");
	ck_assert_int_eq(live.mode, LIVE_LIST);
	ck_assert_str_eq(live.filter, "idle > 5s");
	ck_assert_uint_eq(live.selected, 0);
	draw();
	expect(4, "1-2 of 2 open  filter idle > 5s  by DOWN/s, the greatest first");
	/* Up brings it back; Esc leaves it as it was. */
	type(L'/');
	type(L'U' & 0x1f);
	press(PRESS_UP);
	draw();
	expect(-1, "filter: idle > 5s");
	type_all(" and q");
	press(PRESS_ESCAPE);
	ck_assert_str_eq(live.filter, "idle > 5s");
	ck_assert_int_eq(live.mode, LIVE_LIST);
}
END_TEST

START_TEST(nobody_is_ended_without_a_yes)
{
	take_list(0, 3, 3, "front");
	press(PRESS_DOWN);
	type(L'k');
	draw();
	expect(-2, "End dc43g9dj0200000000001, 192.0.2.7:10001 to [2001:db8::7]:5432, established");
	/* what comes meanwhile does not change who is meant */
	take_list(2, 1, 1, "front");
	type(L'n');
	ck_assert(!live.kill_is_due);
	draw();
	expect(-1, "nothing was ordered");
	type(L'k');
	press(PRESS_ENTER);
	ck_assert(!live.kill_is_due);
	type(L'k');
	ck_assert_int_eq(type(L'y'), LIVE_RESTART);
	ck_assert(live.kill_is_due);
	ck_assert_str_eq(live.kill.id, "dc43g9dj0200000000002");
	ck_assert_int_eq(live.kill.how, KILL_RST);
}
END_TEST

START_TEST(all_are_those_of_the_filter_that_were_there)
{
	take_list(0, 3, 3, "front");
	type(L'K');
	ck_assert_int_eq(live.mode, LIVE_LIST);
	draw();
	expect(-1, "there is none");
	strcpy(live.filter, "idle > 5s");
	type(L'K');
	draw();
	expect(-2, "End all 3 open connections that match: idle > 5s");
	type(L'f');
	ck_assert(live.kill_is_due && live.kill.all);
	ck_assert_int_eq(live.kill.how, KILL_FIN);
	ck_assert_int_eq(live.kill.count, 3);
	ck_assert_str_eq(live.kill.filter,
	    "(idle > 5s) and id in (\"dc43g9dj0200000000000\", \"dc43g9dj0200000000001\", \"dc43g9dj0200000000002\")");
	/* where not all are listed their number is the limit */
	live.kill_is_due = false;
	take_list(0, 3, 400, "front");
	type(L'K');
	type(L'y');
	ck_assert_str_eq(live.kill.filter, "idle > 5s");
	ck_assert_int_eq(live.kill.count, 400);
	/* and closed ones cannot be ended */
	live.kill_is_due = false;
	type(L'c');
	take_list(0, 3, 3, "front");
	type(L'K');
	ck_assert_int_eq(live.mode, LIVE_LIST);
}
END_TEST

START_TEST(what_came_of_an_order_is_told)
{
	json_t *answer = json_pack("{s:i, s:i, s:s}", "matched", 5, "posted", 3, "detail", "A worker takes no orders.");

	live.kill.count = 5;
	live.kill_is_due = true;
	live_take_order(&live, answer);
	json_decref(answer);
	draw();
	expect(-1, "5 matched, 3 ordered to end: A worker takes no orders.");
	ck_assert_int_eq(live.notice_ink, INK_YELLOW);
	ck_assert(!live.kill_is_due);
}
END_TEST

START_TEST(that_it_is_not_live_is_told_wherever_one_is)
{
	take_list(0, 3, 3, "front");
	type(L' ');
	draw();
	expect(0, "paused");
	type(L' ');
	strcpy(live.trouble, "no answer: Connection refused");
	live.heard_ms = live_clock_ms() - 7500;
	draw();
	expect(0, "NOT LIVE for 7s");
	expect(-1, "Connection refused");
	type(L'?');
	draw();
	expect(0, "NOT LIVE for 7s");
	live.trouble[0] = '\0';
	live.asked_ms = live_clock_ms() - 5000;
	draw();
	expect(0, "NOT LIVE for 7s");
	live.asked_ms = live_clock_ms();
	draw();
	expect(0, "live, every 1s");
}
END_TEST

START_TEST(what_is_told_is_told_whole)
{
	take_list(0, 34, 5000, "front");
	live_notice(&live, INK_RED, "%s",
	    "Nothing may be changed by HTTP here: DELETE of /conns/ID needs a sockproxy that was "
	    "started with --admin-write.");
	draw();
	ck_assert_int_eq(line_count, 24);
	expect(-2, "Nothing may be changed by HTTP here: DELETE of /conns/ID needs a sockproxy that");
	expect(-1, "was started with --admin-write.");
	/* a word that is too long is cut between two characters */
	char word[200] = "";
	for (int i = 0; i < 50; i++)
		strcat(word, "\xc3\xbc");
	live_notice(&live, INK_RED, "x%s", word);
	draw();
	ck_assert_int_eq(line_count, 24);
	ck_assert_ptr_null(strchr(lines[22], '?'));
	ck_assert_uint_eq(strlen(lines[22]) + strlen(lines[23]), 101);
	ck_assert_uint_eq(mbstowcs(NULL, lines[22], 0), 40);
}
END_TEST

START_TEST(while_it_is_held_nobody_moves_beyond_what_has_come)
{
	take_list(0, 34, 5000, "front");
	live.wants_glance = false;
	type(L' ');
	press(PRESS_END);
	ck_assert_uint_eq(live.selected, 33);
	ck_assert(!live.wants_glance);
}
END_TEST

START_TEST(one_connection_is_a_page_that_scrolls)
{
	json_t *record = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "id", "dc43g9dj0200000000000", "state", "closed",
	    "listener", "ev\033[2Jil", "close", "reason", "client_fin", "detail", "The client finished first.");

	take_list(0, 3, 3, "front");
	press(PRESS_ENTER);
	ck_assert_int_eq(live.mode, LIVE_DETAIL);
	ck_assert_str_eq(live.id, "dc43g9dj0200000000000");
	draw();
	expect(1, "It is being asked for.");
	ck_assert(live_take_record(&live, record));
	json_decref(record);
	char story[4000] = "Connection x\n\n";
	for (int i = 0; i < 30; i++)
		snprintf(story + strlen(story), 100,
		    "%d: a sentence that is longer than the screen is wide, so that "
		    "it is folded\033[2J.\n",
		    i);
	live_take_story(&live, story);
	draw();
	ck_assert_int_eq(line_count, 24);
	expect(1, "dc43g9dj0200000000000");
	bool found = false;
	for (int i = 0; i < line_count; i++)
		found |= strstr(lines[i], "ev?[2Jil") != NULL;
	ck_assert(found);
	press(PRESS_END);
	draw();
	expect(-2, "folded?[2J.");
	press(PRESS_DOWN);
	draw();
	expect(-2, "folded?[2J.");
	char before[LINE_BYTES];
	strcpy(before, lines[20]);
	press(PRESS_RIGHT);
	draw();
	expect(-1, "Esc back");
	ck_assert_str_eq(lines[20], before + 8);
	press(PRESS_HOME);
	press(PRESS_LEFT);
	draw();
	expect(1, "connection");
	type(L'k');
	draw();
	expect(-2, "End dc43g9dj0200000000000");
	type(L'n');
	ck_assert_int_eq(live.mode, LIVE_DETAIL);
	press(PRESS_ESCAPE);
	ck_assert_int_eq(live.mode, LIVE_LIST);
	type(L'q');
	ck_assert(live.is_over);
}
END_TEST

START_TEST(an_interval_is_a_time_with_its_unit)
{
	type(L'd');
	draw();
	expect(-1, "look every: 1s");
	type(L'U' & 0x1f);
	type_all("5");
	press(PRESS_ENTER);
	draw();
	expect(-3, "must be a time");
	expect(-2, "look every: 5");
	type_all("00ms");
	press(PRESS_ENTER);
	ck_assert_int_eq(live.interval_ms, 500);
	ck_assert_int_eq(live.mode, LIVE_LIST);
	draw();
	expect(0, "live, every 500ms");
}
END_TEST

START_TEST(closed_ones_come_newest_first_with_how_they_ended)
{
	take_list(0, 3, 3, "front");
	ck_assert_int_eq(type(L'c'), LIVE_RESTART);
	ck_assert_str_eq(live.state, "closed");
	ck_assert_str_eq(live.order.field, "");
	ck_assert_uint_eq(live.model.row_count, 0);
	draw();
	expect(5, "REASON");
	ck_assert_ptr_null(strstr(lines[5], "/s"));
	type(L'a');
	ck_assert_str_eq(live.state, "all");
	type(L'o');
	ck_assert_str_eq(live.state, "active");
	ck_assert_str_eq(live.order.field, "legs.upstream.rate_received_bytes_per_second");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client/live");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, columns_fit_and_essential_ones_stay, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tcase, the_head_tells_how_much_happens);
	tcase_add_test(tcase, what_is_unknown_is_no_number);
	tcase_add_test(tcase, names_cannot_steer_the_terminal_and_stand_in_their_column);
	tcase_add_test(tcase, what_was_left_out_is_not_asked_for);
	tcase_add_test(tcase, columns_do_not_jump_while_the_question_is_the_same);
	tcase_add_test(tcase, keys_move_through_all_there_are_and_the_rest_is_asked_for);
	tcase_add_test(tcase, who_was_chosen_stays_chosen_wherever_it_goes);
	tcase_add_test(tcase, the_order_goes_from_column_to_column_and_round);
	tcase_add_test(tcase, a_field_without_a_column_may_be_the_order_too);
	tcase_add_test(tcase, a_filter_is_tried_and_its_mistake_pointed_at);
	tcase_add_test(tcase, a_filter_that_is_one_is_the_question_from_then_on);
	tcase_add_test(tcase, nobody_is_ended_without_a_yes);
	tcase_add_test(tcase, all_are_those_of_the_filter_that_were_there);
	tcase_add_test(tcase, what_came_of_an_order_is_told);
	tcase_add_test(tcase, that_it_is_not_live_is_told_wherever_one_is);
	tcase_add_test(tcase, what_is_told_is_told_whole);
	tcase_add_test(tcase, while_it_is_held_nobody_moves_beyond_what_has_come);
	tcase_add_test(tcase, one_connection_is_a_page_that_scrolls);
	tcase_add_test(tcase, an_interval_is_a_time_with_its_unit);
	tcase_add_test(tcase, closed_ones_come_newest_first_with_how_they_ended);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
