/* SPDX-License-Identifier: MIT */
/* Targets that fail far more than the others, and what comes near to that and should be let alone. */
#include "unit/suspicion_scene.h"

#include <errno.h>
#include <string.h>
#include "support/suite.h"

START_TEST(a_target_that_refuses_beside_good_ones_is_told)
{
	scene_connects(WEB, 0, 20, 0);
	scene_connects(WEB, 2, 20, 0);
	for (int i = 0; i < 20; i++) { /* the next one takes the client */
		struct record record = scene_closed(WEB, WHY_CLIENT_FIN);
		struct story_attempt first = { .target = 1, .ended_us = 50, .error = ECONNREFUSED, .reached = 2 };

		scene_choose(&record, 2, 0);
		record.attempts = 2;
		scene_take_behind(&first, &record);
	}
	const struct finding *finding = scene_only(FINDING_TARGET_FAILS);
	ck_assert_int_eq(finding->target, 1);
	ck_assert_int_eq(finding->severity, SEVERITY_WARNING);
	ck_assert_str_eq(
	    scene_title(), "20 of 20 connects to \"10.0.1.2:80\" failed (20 refused); with the other targets 0 of 40");
	ck_assert_ptr_nonnull(strstr(scene_advice(), "Nobody listens there"));
	ck_assert_ptr_nonnull(strstr(scene_advice(), "taken by the other targets"));
	scene_wait(1000);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(targets_that_fail_alike_are_not_told_apart)
{
	for (int target = 0; target < 3; target++) {
		scene_connects(WEB, target, 30, ETIMEDOUT);
		scene_connects(WEB, target, 70, 0);
	}
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(a_single_target_must_fail_at_more_than_half)
{
	scene_connects(PG, 0, 40, ECONNREFUSED);
	scene_connects(PG, 0, 40, 0);
	ck_assert_uint_eq(scene_judge(), 0);
	scene_connects(PG, 0, 100, ETIMEDOUT);
	const struct finding *finding = scene_only(FINDING_TARGET_FAILS);
	ck_assert_int_eq(finding->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(
	    scene_title(), "140 of 180 connects to \"10.0.0.1:5432\" failed (40 refused, 100 not answered)");
	ck_assert_ptr_nonnull(strstr(scene_advice(), "No other target takes its clients."));
}
END_TEST

START_TEST(an_upstream_that_is_down_as_a_whole_is_told_target_by_target)
{
	for (int target = 0; target < 3; target++)
		scene_connects(WEB, target, 20, EHOSTUNREACH);
	ck_assert_uint_eq(scene_judge(), 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(scene.found.list[i].severity, SEVERITY_CRITICAL);
}
END_TEST

START_TEST(a_few_failed_connects_are_let_alone)
{
	scene_connects(WEB, 1, 9, ECONNREFUSED);
	scene_connects(WEB, 0, 100, 0);
	ck_assert_uint_eq(scene_judge(), 0);
	scene_connects(WEB, 1, 60, 0); /* 12 of 72, say */
	scene_connects(WEB, 1, 3, ECONNREFUSED);
	scene_connects(WEB, 2, 10, ECONNREFUSED);
	scene_connects(WEB, 2, 60, 0);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(what_we_had_too_little_of_is_not_the_targets_fault)
{
	static const int errors[] = { EMFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL };

	scene.limits.of_one_source = 0;
	for (int i = 0; i < 4; i++) {
		scene_wait(3600);
		scene_connects(PG, 0, 4, errors[i]);
		ck_assert_uint_eq(scene_judge(), 0);
	}
}
END_TEST

START_TEST(a_target_tried_second_is_no_sample)
{
	for (int i = 0; i < 50; i++) {
		struct record record = scene_closed(WEB, WHY_UPSTREAM_REFUSED);
		struct story_attempt first = { .target = 1, .ended_us = 50, .error = 0, .reached = 2 };

		scene_choose(&record, 2, ECONNREFUSED);
		record.attempts = 2;
		scene_take_behind(&first, &record);
		record.attempts = 5; /* most of them found no room: nobody knows which came first */
		scene_take_behind(&first, &record);
	}
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(those_that_live_tell_how_they_were_connected)
{
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < 60; i++) {
		struct record record = scene_live(WEB, CONN_ESTABLISHED, 5);
		struct story_attempt attempts[] = {
			{ .target = 1, .ended_us = 50, .error = ECONNREFUSED, .reached = 2 },
			{ .target = 2, .ended_us = 90, .reached = 2 },
		};

		scene_choose(&record, 2, 0);
		record.attempts = i % 3 == 1 ? 2 : 1;
		suspicions_take_live(scene.suspicions, &record, i % 3 == 1 ? attempts : attempts + 1, record.attempts,
		    scene.moment.now_ns);
	}
	ck_assert_uint_eq(scene_only(FINDING_TARGET_FAILS)->failures.tried, 20);
	suspicions_begin_live(scene.suspicions); /* all have gone */
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

static void
play_aborts(int upstream, int target, int count, enum close_reason why)
{
	for (int i = 0; i < count; i++) {
		struct record record = scene_closed(upstream, why);

		scene_choose(&record, target, 0);
		scene_take(&record);
	}
}

START_TEST(a_target_that_aborts_far_more_than_the_others_is_told)
{
	play_aborts(WEB, 0, 5, WHY_UPSTREAM_RESET);
	play_aborts(WEB, 0, 60, WHY_CLIENT_FIN);
	play_aborts(WEB, 1, 25, WHY_UPSTREAM_RESET);
	play_aborts(WEB, 1, 5, WHY_UPSTREAM_LOST);
	play_aborts(WEB, 1, 30, WHY_CLIENT_FIN);
	const struct finding *finding = scene_only(FINDING_TARGET_FAILS);
	ck_assert_int_eq(finding->aspect, ASPECT_RESET);
	ck_assert_str_eq(scene_title(),
	    "30 of 60 connections with \"10.0.1.2:80\" were aborted by it or lost (25 reset, 5 "
	    "lost); with the other targets 5 of 65");
	ck_assert_str_eq(
	    scene_advice(), "Look at that target: it restarts, is overloaded, or the way to it is broken.");
}
END_TEST

START_TEST(an_upstream_may_abort_by_habit)
{
	play_aborts(PG, 0, 100, WHY_UPSTREAM_RESET);
	for (int target = 0; target < 3; target++)
		play_aborts(WEB, target, 100, WHY_UPSTREAM_RESET);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/target_failures");
	TCase *tcase = tcase_create("rule");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, a_target_that_refuses_beside_good_ones_is_told);
	tcase_add_test(tcase, targets_that_fail_alike_are_not_told_apart);
	tcase_add_test(tcase, a_single_target_must_fail_at_more_than_half);
	tcase_add_test(tcase, an_upstream_that_is_down_as_a_whole_is_told_target_by_target);
	tcase_add_test(tcase, a_few_failed_connects_are_let_alone);
	tcase_add_test(tcase, what_we_had_too_little_of_is_not_the_targets_fault);
	tcase_add_test(tcase, a_target_tried_second_is_no_sample);
	tcase_add_test(tcase, those_that_live_tell_how_they_were_connected);
	tcase_add_test(tcase, a_target_that_aborts_far_more_than_the_others_is_told);
	tcase_add_test(tcase, an_upstream_may_abort_by_habit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
