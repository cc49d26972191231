/* SPDX-License-Identifier: MIT */
/* What keys of `sockproxy top` do, without a screen and without a daemon. */
#include "client/live_keys.h"

#include <stdio.h>
#include <string.h>
#include "client/live_take.h"
#include "support/suite.h"
#include "unit/live_scene.h"

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

/* What no list has is no place to go, and what a list lacks is not asked for again and again. */
START_TEST(nobody_goes_beyond_the_longest_list_nor_asks_for_it_without_end)
{
	take_list(0, 34, LIVE_ROWS_MAX + 2000, "front");
	press(PRESS_END);
	ck_assert_uint_eq(live.selected, LIVE_ROWS_MAX - 1);
	live.wants_glance = false;
	take_list(0, LIVE_ROWS_MAX - 1, LIVE_ROWS_MAX + 2000, "front"); /* one ended meanwhile */
	ck_assert(!live.wants_glance);
	take_list(0, LIVE_ROWS_MAX, LIVE_ROWS_MAX + 2000, "front");
	ck_assert(!live.wants_glance);
	ck_assert_str_eq(live.selected_id, "dc43g9dj0200000009999");
	draw();
	expect(4, "9984-10000 of 12000 open");
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

	live.ordered = 5;
	live_take_order(&live, answer);
	json_decref(answer);
	draw();
	expect(-1, "5 matched, 3 ordered to end: A worker takes no orders.");
	ck_assert_int_eq(live.notice_ink, INK_YELLOW);
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
	Suite *suite = suite_create("client/live_keys");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, live_scene_open, live_scene_close);
	tcase_add_test(tcase, keys_move_through_all_there_are_and_the_rest_is_asked_for);
	tcase_add_test(tcase, nobody_goes_beyond_the_longest_list_nor_asks_for_it_without_end);
	tcase_add_test(tcase, who_was_chosen_stays_chosen_wherever_it_goes);
	tcase_add_test(tcase, the_order_goes_from_column_to_column_and_round);
	tcase_add_test(tcase, a_filter_is_tried_and_its_mistake_pointed_at);
	tcase_add_test(tcase, a_filter_that_is_one_is_the_question_from_then_on);
	tcase_add_test(tcase, nobody_is_ended_without_a_yes);
	tcase_add_test(tcase, all_are_those_of_the_filter_that_were_there);
	tcase_add_test(tcase, what_came_of_an_order_is_told);
	tcase_add_test(tcase, while_it_is_held_nobody_moves_beyond_what_has_come);
	tcase_add_test(tcase, an_interval_is_a_time_with_its_unit);
	tcase_add_test(tcase, closed_ones_come_newest_first_with_how_they_ended);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
