/* SPDX-License-Identifier: MIT */
/* From the last byte of a request to the first byte of the answer, whatever is spoken. */
#include <errno.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"
#include "track/story.h"

static struct actor it;

static const struct record_turns *
turns(void)
{
	return &scene_record(&it)->turns;
}

static void
check_turns(uint64_t count, int64_t last_ms, int64_t max_ms, int64_t sum_ms)
{
	ck_assert_uint_eq(turns()->count, count);
	ck_assert_int_eq(turns()->last_us, last_ms * 1000);
	ck_assert_int_eq(turns()->max_us, max_ms * 1000);
	ck_assert_int_eq(turns()->sum_us, sum_ms * 1000);
}

static void
says(enum leg_name leg, size_t count, int64_t after_ms)
{
	scene_sends(&it, leg, count);
	scene_after(after_ms * NS_PER_MS);
}

static struct histogram_sum
listener_turns(void)
{
	struct histogram_sum sum = { .count = 0 };

	listeners_bound(scene.track.listeners, 0, &scene.settings.listeners[0].addr, 1);
	listeners_add_turns(scene.track.listeners, 0, &sum);
	return sum;
}

START_TEST(each_answer_is_a_turn)
{
	static const int64_t waits_ms[] = { 5, 12, 7 };

	it = scene_establishes();
	for (int i = 0; i < 3; i++) {
		says(LEG_CLIENT, 100, 1000);
		says(LEG_UPSTREAM, 500, waits_ms[i]);
	}
	check_turns(3, 7, 12, 24);
	ck_assert(!scene_record(&it)->overlapped);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_CLIENT);
	ck_assert_uint_eq(listener_turns().count, 3);
	ck_assert_uint_eq(listener_turns().most, 12000);
}
END_TEST

START_TEST(a_turn_counts_from_the_last_byte_of_the_request_to_the_first_of_the_answer)
{
	it = scene_establishes();
	says(LEG_CLIENT, 100, 10);
	says(LEG_CLIENT, 100, 10);
	says(LEG_UPSTREAM, 500, 3);
	says(LEG_UPSTREAM, 500, 50);
	check_turns(1, 3, 3, 3);
}
END_TEST

START_TEST(who_is_greeted_first_has_not_been_answered)
{
	it = scene_establishes();
	says(LEG_UPSTREAM, 50, 20);
	check_turns(0, 0, 0, 0);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_UPSTREAM);
	says(LEG_CLIENT, 10, 100);
	says(LEG_UPSTREAM, 50, 4);
	check_turns(1, 4, 4, 4);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_UPSTREAM);
}
END_TEST

static enum leg_name
spoke_last(void)
{
	ck_assert(conns_look(&scene.bench, it.conn->slot));
	return (enum leg_name)scene_record(&it)->spoke_last;
}

START_TEST(a_look_tells_who_spoke_last)
{
	it = scene_establishes();
	ck_assert_uint_eq(spoke_last(), LEG_NONE);
	says(LEG_CLIENT, 100, 10);
	ck_assert_uint_eq(spoke_last(), LEG_CLIENT);
	says(LEG_UPSTREAM, 100, 10);
	says(LEG_UPSTREAM, 100, 10);
	ck_assert_uint_eq(spoke_last(), LEG_UPSTREAM);
	says(LEG_CLIENT, 100, 10);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_after(NS_PER_MS);
	ck_assert_uint_eq(scene_record(&it)->spoke_last, LEG_CLIENT);
}
END_TEST

START_TEST(both_at_once_overlap_and_nobody_spoke_first)
{
	it = scene_establishes();
	scene_sends(&it, LEG_CLIENT, 10);
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_after(NS_PER_MS);
	ck_assert(scene_record(&it)->overlapped);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_NONE);
}
END_TEST

START_TEST(both_at_once_later_overlap_but_who_spoke_first_stays)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	says(LEG_UPSTREAM, 10, 1);
	scene_sends(&it, LEG_CLIENT, 10);
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_after(NS_PER_MS);
	ck_assert(scene_record(&it)->overlapped);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_CLIENT);
}
END_TEST

START_TEST(who_asks_again_before_it_took_the_answer_overlaps)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	scene_socket(&it, LEG_CLIENT)->room = 100;
	says(LEG_UPSTREAM, 500, 1);
	ck_assert(!scene_record(&it)->overlapped);
	says(LEG_CLIENT, 10, 1);
	ck_assert(scene_record(&it)->overlapped);
}
END_TEST

START_TEST(who_answers_before_it_took_the_question_overlaps)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	says(LEG_UPSTREAM, 10, 1);
	scene_socket(&it, LEG_UPSTREAM)->room = 100;
	says(LEG_CLIENT, _i == 0 ? 500 : 500000, 1); /* what waits is held, or lies in the kernel */
	ck_assert(!scene_record(&it)->overlapped);
	says(LEG_UPSTREAM, 10, 1);
	ck_assert(scene_record(&it)->overlapped);
	ck_assert_uint_eq(listener_turns().count, 1);
}
END_TEST

/* They would say nothing, and the listener's percentiles shall. */
START_TEST(turns_that_overlap_are_left_out_of_the_listeners)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	says(LEG_UPSTREAM, 10, 1);
	scene_sends(&it, LEG_CLIENT, 10);
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_after(NS_PER_MS);
	says(LEG_CLIENT, 10, 1);
	says(LEG_UPSTREAM, 10, 1);
	ck_assert_uint_eq(listener_turns().count, 1);
	ck_assert_uint_ge(turns()->count, 2);
}
END_TEST

START_TEST(the_end_of_the_turn_is_in_the_record_with_the_bytes)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	says(LEG_UPSTREAM, 10, 6);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_UPSTREAM].received, 10);
	check_turns(1, 6, 6, 6);
}
END_TEST

/* Answer and FIN in one turn of the loop: a state changes, and the turn is published with it. */
START_TEST(an_answer_with_its_end_behind_it_is_a_turn)
{
	it = scene_establishes();
	says(LEG_CLIENT, 10, 1);
	scene_socket(&it, LEG_UPSTREAM)->readable = 10;
	scene_finishes(&it, LEG_UPSTREAM);
	scene_after(6 * NS_PER_MS);
	scene_check_state(&it, CONN_UPSTREAM_HALF_CLOSED);
	check_turns(1, 6, 6, 6);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	check_turns(1, 6, 6, 6);
	ck_assert_uint_eq(scene_record(&it)->close.speaker, LEG_UPSTREAM);
	ck_assert_uint_eq(scene_record(&it)->close.last_words, 10);
	ck_assert_int_eq(scene_record(&it)->close.idle_us, 0);
}
END_TEST

static void
check_last_words(enum leg_name speaker, uint64_t bytes, int64_t ms_before)
{
	const struct record_close *close = &scene_record(&it)->close;

	ck_assert_uint_eq(close->speaker, speaker);
	ck_assert_uint_eq(close->last_words, bytes);
	ck_assert_int_eq(close->idle_us, ms_before * 1000);
}

START_TEST(what_came_after_the_first_fin_was_not_said_before_it)
{
	it = scene_establishes();
	says(LEG_CLIENT, 100, 1);
	says(LEG_UPSTREAM, 30, 2);
	scene_after(5 * NS_PER_MS);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	says(LEG_UPSTREAM, 16, 4);
	scene_after(3 * NS_PER_MS);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	check_last_words(LEG_UPSTREAM, 30, 5);
}
END_TEST

/* The upstream takes nothing; so nobody can say when the bytes came that were read only after the FIN was seen. */
START_TEST(what_was_read_long_after_the_end_is_not_said_to_have_come_with_it)
{
	it = scene_establishes();
	scene_socket(&it, LEG_UPSTREAM)->room = 0;
	says(LEG_CLIENT, 100, 1);
	scene_sends(&it, LEG_CLIENT, 500);
	scene_after(9 * NS_PER_MS);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_has_room(&it, LEG_UPSTREAM, 1000);
	scene_after(2 * NS_PER_MS);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	check_last_words(LEG_CLIENT, 600, 9);
}
END_TEST

START_TEST(a_reset_after_a_half_close_is_the_cause_and_not_the_half_close)
{
	it = scene_establishes();
	says(LEG_CLIENT, 100, 1);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	says(LEG_UPSTREAM, 16, 4);
	scene_after(7 * NS_PER_MS);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	check_last_words(LEG_UPSTREAM, 16, 7);
}
END_TEST

START_TEST(last_words_are_those_since_the_other_side_spoke)
{
	it = scene_establishes();
	says(LEG_CLIENT, 100, 1);
	says(LEG_UPSTREAM, 30, 1);
	says(LEG_CLIENT, 500, 1);
	says(LEG_CLIENT, 12, 1);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	check_last_words(LEG_CLIENT, 512, 0);
}
END_TEST

START_TEST(a_first_byte_never_stands_before_the_connect)
{
	it = scene_accepts();
	scene_connects(&it);
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_after(NS_PER_MS);
	ck_assert_int_ge(scene_record(&it)->first_upstream_byte_us, scene_record(&it)->connect_us);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn turns");
	TCase *tcase = tcase_create("turns");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, each_answer_is_a_turn);
	tcase_add_test(tcase, a_turn_counts_from_the_last_byte_of_the_request_to_the_first_of_the_answer);
	tcase_add_test(tcase, who_is_greeted_first_has_not_been_answered);
	tcase_add_test(tcase, a_look_tells_who_spoke_last);
	tcase_add_test(tcase, both_at_once_overlap_and_nobody_spoke_first);
	tcase_add_test(tcase, both_at_once_later_overlap_but_who_spoke_first_stays);
	tcase_add_test(tcase, who_asks_again_before_it_took_the_answer_overlaps);
	tcase_add_loop_test(tcase, who_answers_before_it_took_the_question_overlaps, 0, 2);
	tcase_add_test(tcase, turns_that_overlap_are_left_out_of_the_listeners);
	tcase_add_test(tcase, the_end_of_the_turn_is_in_the_record_with_the_bytes);
	tcase_add_test(tcase, an_answer_with_its_end_behind_it_is_a_turn);
	tcase_add_test(tcase, what_came_after_the_first_fin_was_not_said_before_it);
	tcase_add_test(tcase, what_was_read_long_after_the_end_is_not_said_to_have_come_with_it);
	tcase_add_test(tcase, a_reset_after_a_half_close_is_the_cause_and_not_the_half_close);
	tcase_add_test(tcase, last_words_are_those_since_the_other_side_spoke);
	tcase_add_test(tcase, a_first_byte_never_stands_before_the_connect);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
