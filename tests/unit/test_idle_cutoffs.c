/* SPDX-License-Identifier: MIT */
/* Ends that cluster at one idle time, and what comes near to that and should be let alone. */
#include "unit/suspicion_scene.h"

#include <string.h>
#include "support/suite.h"

#define S INT64_C(1000000)

/* Some that end after a silence within 350 ± 1 s. */
static void
play_cutoffs(int count, enum close_reason why)
{
	static const int64_t off[] = { 0, 400000, -900000, 150000, -300000, 700000, 20000 };

	for (int i = 0; i < count; i++) {
		struct record record = scene_closed_idle(PG, why, 350 * S + off[i % 7]);

		scene_take(&record);
		scene_wait(1);
	}
}

static void
play_idle(int upstream, enum close_reason why, int64_t idle_us)
{
	struct record record = scene_closed_idle(upstream, why, idle_us);

	scene_take(&record);
}

START_TEST(resets_that_cluster_at_one_idle_time_are_told)
{
	play_cutoffs(14, WHY_UPSTREAM_RESET);
	play_idle(PG, WHY_UPSTREAM_RESET, 20 * S);
	const struct finding *finding = scene_only(FINDING_IDLE_CUTOFF);
	ck_assert_int_eq(finding->severity, SEVERITY_WARNING);
	ck_assert_int_eq(finding->side, LEG_UPSTREAM);
	ck_assert_str_eq(
	    scene_title(), "14 of 15 resets by the upstream after a silence on \"pg\" came after 350 ± 1 s idle");
	ck_assert_str_eq(scene_advice(),
	    "A device in front of the upstream cuts there, or a timeout of its own.  350 s is a known time (by "
	    "default: "
	    "AWS's Network Load Balancer and NAT gateway).  Our --keepalive goes out every 1m and does not help: "
	    "what "
	    "cuts looks at the bytes, not at the packets, as a proxy or a server with an idle timeout does.");
}
END_TEST

START_TEST(keepalive_is_advised_where_it_can_help)
{
	scene.settings.keepalive.idle_ns = 0;
	play_cutoffs(12, WHY_CLIENT_RESET);
	scene_only(FINDING_IDLE_CUTOFF);
	ck_assert_ptr_nonnull(strstr(scene_advice(), "Set --keepalive below that time (it is off)."));
	scene.settings.keepalive.idle_ns = 600 * NS_PER_S;
	ck_assert_ptr_nonnull(strstr(scene_advice(), "Set --keepalive below that time (it is 10m)."));
}
END_TEST

START_TEST(milliseconds_are_a_time_too)
{
	for (int i = 0; i < 10; i++)
		play_idle(PG, WHY_UPSTREAM_RESET, 350000 + i * 500);
	scene_only(FINDING_IDLE_CUTOFF);
	ck_assert_str_eq(
	    scene_title(), "10 of 10 resets by the upstream after a silence on \"pg\" came after 353 ± 3 ms idle");
	ck_assert_ptr_nonnull(strstr(scene_advice(), "too short a time for keepalive"));
}
END_TEST

START_TEST(three_samples_prove_nothing_nor_do_nine)
{
	play_cutoffs(3, WHY_UPSTREAM_RESET);
	ck_assert_uint_eq(scene_judge(), 0);
	play_cutoffs(6, WHY_UPSTREAM_RESET);
	ck_assert_uint_eq(scene_judge(), 0);
	play_cutoffs(1, WHY_UPSTREAM_RESET);
	scene_only(FINDING_IDLE_CUTOFF);
}
END_TEST

START_TEST(times_that_are_spread_are_no_cluster)
{
	for (int i = 0; i < 100; i++)
		play_idle(PG, WHY_CLIENT_RESET, (100 + i) * S);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(two_in_three_are_too_small_a_share)
{
	for (int i = 0; i < 20; i++) {
		play_idle(PG, WHY_CLIENT_RESET, 300 * S);
		if (i % 2 == 0)
			play_idle(PG, WHY_CLIENT_RESET, (10 + i) * S);
	}
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

/* Reasons in which a time of ours, an admin or a plan of the client stands behind the cluster. */
static const enum close_reason harmless[] = {
	WHY_IDLE_TIMEOUT,
	WHY_CLIENT_FIN,
	WHY_CLIENT_LOST,
	WHY_UPSTREAM_LOST,
	WHY_MAX_DURATION,
	WHY_ADMIN_KILL,
	WHY_SHUTDOWN,
};

START_TEST(what_has_another_cause_is_no_suspicion)
{
	play_cutoffs(100, harmless[_i]);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(who_resets_right_after_an_answer_is_let_alone)
{
	for (int i = 0; i < 100; i++)
		play_idle(PG, WHY_CLIENT_RESET, 199000);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(an_upstream_that_closes_nearly_all_in_order_at_one_time_is_a_remark)
{
	play_cutoffs(24, WHY_UPSTREAM_FIN);
	for (int i = 0; i < 6; i++)
		play_idle(PG, WHY_CLIENT_FIN, 90 * S);
	ck_assert_int_eq(scene_only(FINDING_IDLE_CUTOFF)->severity, SEVERITY_INFO);
	ck_assert_str_eq(
	    scene_title(), "24 of 30 ends on \"pg\" came after 350 ± 1 s idle, in order and by the upstream");
	play_idle(PG, WHY_CLIENT_FIN, 1);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(a_client_alone_is_asked_first)
{
	for (int i = 0; i < 12; i++) {
		struct record record = scene_closed_idle(PG, WHY_CLIENT_RESET, 30 * S);

		record.legs[LEG_CLIENT].flow.source.ip[15] = 7;
		record.close.speaker = LEG_CLIENT;
		scene_take(&record);
	}
	const struct finding *finding = scene_only(FINDING_IDLE_CUTOFF);
	ck_assert_uint_eq(finding->idle.clients, 1);
	ck_assert_uint_eq(finding->idle.unanswered, 12);
	ck_assert_ptr_nonnull(strstr(scene_advice(), "give up waiting for an answer"));
	ck_assert_ptr_nonnull(strstr(scene_advice(), "All came from one address: ask there first."));
}
END_TEST

START_TEST(an_old_cluster_is_forgotten)
{
	play_cutoffs(14, WHY_UPSTREAM_RESET);
	scene_wait(3500);
	scene_only(FINDING_IDLE_CUTOFF);
	scene_wait(120);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(both_listeners_of_an_upstream_are_told_as_one)
{
	for (int i = 0; i < 12; i++)
		play_idle(i % 2 == 0 ? WEB : WEB_AGAIN, WHY_UPSTREAM_RESET, 60 * S);
	const struct finding *finding = scene_only(FINDING_IDLE_CUTOFF);
	ck_assert_ptr_null(finding_listener(&scene.settings, finding));
	ck_assert_int_eq(finding->upstream, WEB);
}
END_TEST

START_TEST(who_was_refused_on_arrival_says_nothing)
{
	for (int i = 0; i < 50; i++) {
		struct record record = scene_closed_idle(PG, WHY_UPSTREAM_RESET, 30 * S);

		record.kind = KIND_REJECTED;
		scene_take(&record);
	}
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/idle_cutoffs");
	TCase *tcase = tcase_create("rule");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, resets_that_cluster_at_one_idle_time_are_told);
	tcase_add_test(tcase, keepalive_is_advised_where_it_can_help);
	tcase_add_test(tcase, milliseconds_are_a_time_too);
	tcase_add_test(tcase, three_samples_prove_nothing_nor_do_nine);
	tcase_add_test(tcase, times_that_are_spread_are_no_cluster);
	tcase_add_test(tcase, two_in_three_are_too_small_a_share);
	tcase_add_loop_test(tcase, what_has_another_cause_is_no_suspicion, 0, sizeof(harmless) / sizeof(harmless[0]));
	tcase_add_test(tcase, who_resets_right_after_an_answer_is_let_alone);
	tcase_add_test(tcase, an_upstream_that_closes_nearly_all_in_order_at_one_time_is_a_remark);
	tcase_add_test(tcase, a_client_alone_is_asked_first);
	tcase_add_test(tcase, an_old_cluster_is_forgotten);
	tcase_add_test(tcase, both_listeners_of_an_upstream_are_told_as_one);
	tcase_add_test(tcase, who_was_refused_on_arrival_says_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
