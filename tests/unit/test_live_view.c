/* SPDX-License-Identifier: MIT */
/* What stands on the screen of `sockproxy top`, without one. */
#include "client/live_view.h"

#include <stdio.h>
#include <string.h>
#include "client/live_take.h"
#include "support/suite.h"
#include "unit/live_scene.h"

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

int
main(void)
{
	Suite *suite = suite_create("client/live_view");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, live_scene_open, live_scene_close);
	tcase_add_loop_test(tcase, columns_fit_and_essential_ones_stay, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tcase, the_head_tells_how_much_happens);
	tcase_add_test(tcase, what_is_unknown_is_no_number);
	tcase_add_test(tcase, names_cannot_steer_the_terminal_and_stand_in_their_column);
	tcase_add_test(tcase, what_was_left_out_is_not_asked_for);
	tcase_add_test(tcase, columns_do_not_jump_while_the_question_is_the_same);
	tcase_add_test(tcase, a_field_without_a_column_may_be_the_order_too);
	tcase_add_test(tcase, that_it_is_not_live_is_told_wherever_one_is);
	tcase_add_test(tcase, what_is_told_is_told_whole);
	tcase_add_test(tcase, one_connection_is_a_page_that_scrolls);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
