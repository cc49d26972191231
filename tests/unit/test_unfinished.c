/* SPDX-License-Identifier: MIT */
/* Sides that never finish, and those that only take their time. */
#include "unit/suspicion_scene.h"

#include <string.h>
#include "support/suite.h"

#define S INT64_C(1000000)

static void
play_half_close(int count, enum close_reason why, enum leg_name late)
{
	for (int i = 0; i < count; i++) {
		struct record record = scene_closed(PG, why);

		record.legs[leg_other(late)].fin_received_us = 1000;
		if (why == WHY_HALF_CLOSE_TIMEOUT)
			record.close.leg = late;
		else
			record.legs[late].fin_received_us = 2000;
		scene_take(&record);
	}
}

START_TEST(a_side_that_never_finishes_is_told)
{
	play_half_close(12, WHY_HALF_CLOSE_TIMEOUT, LEG_UPSTREAM);
	play_half_close(8, WHY_CLIENT_FIN, LEG_UPSTREAM);
	play_half_close(100, WHY_UPSTREAM_FIN, LEG_CLIENT); /* the other side is fine */
	const struct finding *finding = scene_only(FINDING_NEVER_FINISHES);
	ck_assert_int_eq(finding->side, LEG_UPSTREAM);
	ck_assert_str_eq(finding_state(finding), "closed");
	ck_assert_str_eq(scene_title(), "12 of 20 connections on \"pg\" that the client finished the upstream did not "
					"finish: 12 were cut by --half-close-timeout");
	ck_assert_ptr_nonnull(strstr(scene_advice(), "--half-close-timeout (1m)"));
	scene_wait(2 * 3600);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(the_client_may_be_the_one)
{
	play_half_close(10, WHY_HALF_CLOSE_TIMEOUT, LEG_CLIENT);
	ck_assert_int_eq(scene_only(FINDING_NEVER_FINISHES)->side, LEG_CLIENT);
}
END_TEST

START_TEST(a_few_that_never_finish_are_let_alone)
{
	play_half_close(9, WHY_HALF_CLOSE_TIMEOUT, LEG_UPSTREAM);
	ck_assert_uint_eq(scene_judge(), 0);
	play_half_close(3, WHY_HALF_CLOSE_TIMEOUT, LEG_UPSTREAM);
	play_half_close(200, WHY_CLIENT_FIN, LEG_UPSTREAM);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

static void
play_waiting(int count, int64_t since_fin, int64_t since_payload)
{
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < count; i++) {
		struct record record = scene_live(PG, CONN_CLIENT_HALF_CLOSED, 1000);

		record.legs[LEG_CLIENT].fin_received_us = (1000 - since_fin) * S;
		record.last_payload_ns = scene.moment.now_ns - since_payload * NS_PER_S;
		scene_take_live(&record);
	}
}

START_TEST(those_that_wait_for_a_side_are_told_while_they_live)
{
	play_waiting(11, 45, 50);
	const struct finding *finding = scene_only(FINDING_NEVER_FINISHES);
	ck_assert_uint_eq(finding->unfinished.waiting, 11);
	ck_assert_int_eq(finding->unfinished.late_us, 30 * S);
	ck_assert_str_eq(finding_state(finding), "active");
	ck_assert_str_eq(scene_title(), "11 of 11 connections on \"pg\" that the client finished the upstream did not "
					"finish: 11 wait, the longest for 45.0 s");
	play_half_close(10, WHY_HALF_CLOSE_TIMEOUT, LEG_UPSTREAM);
	ck_assert_str_eq(finding_state(scene_only(FINDING_NEVER_FINISHES)), "all");
}
END_TEST

START_TEST(an_answer_that_is_still_coming_is_no_wait)
{
	play_waiting(50, 45, 1); /* bytes move */
	ck_assert_uint_eq(scene_judge(), 0);
	play_waiting(50, 1, 45); /* it finished just now */
	ck_assert_uint_eq(scene_judge(), 0);
	play_waiting(9, 45, 45);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/unfinished");
	TCase *tcase = tcase_create("rule");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, a_side_that_never_finishes_is_told);
	tcase_add_test(tcase, the_client_may_be_the_one);
	tcase_add_test(tcase, a_few_that_never_finish_are_let_alone);
	tcase_add_test(tcase, those_that_wait_for_a_side_are_told_while_they_live);
	tcase_add_test(tcase, an_answer_that_is_still_coming_is_no_wait);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
