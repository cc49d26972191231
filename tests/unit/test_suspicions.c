/* SPDX-License-Identifier: MIT */
/* Each rule with what it should notice, and with what comes near to it and should be let alone. */
#include "unit/suspicion_scene.h"

#include <errno.h>
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

/* Sides that never finish. */

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

/* Targets that fail. */

static void
play_connects(int upstream, int target, int count, int error)
{
	for (int i = 0; i < count; i++) {
		struct record record = scene_closed(upstream, error == 0 ? WHY_CLIENT_FIN : WHY_UPSTREAM_REFUSED);

		scene_choose(&record, target, error);
		scene_take(&record);
	}
}

START_TEST(a_target_that_refuses_beside_good_ones_is_told)
{
	play_connects(WEB, 0, 20, 0);
	play_connects(WEB, 2, 20, 0);
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
		play_connects(WEB, target, 30, ETIMEDOUT);
		play_connects(WEB, target, 70, 0);
	}
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(a_single_target_must_fail_at_more_than_half)
{
	play_connects(PG, 0, 40, ECONNREFUSED);
	play_connects(PG, 0, 40, 0);
	ck_assert_uint_eq(scene_judge(), 0);
	play_connects(PG, 0, 100, ETIMEDOUT);
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
		play_connects(WEB, target, 20, EHOSTUNREACH);
	ck_assert_uint_eq(scene_judge(), 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(scene.found.list[i].severity, SEVERITY_CRITICAL);
}
END_TEST

START_TEST(a_few_failed_connects_are_let_alone)
{
	play_connects(WEB, 1, 9, ECONNREFUSED);
	play_connects(WEB, 0, 100, 0);
	ck_assert_uint_eq(scene_judge(), 0);
	play_connects(WEB, 1, 60, 0); /* 12 of 72, say */
	play_connects(WEB, 1, 3, ECONNREFUSED);
	play_connects(WEB, 2, 10, ECONNREFUSED);
	play_connects(WEB, 2, 60, 0);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(what_we_had_too_little_of_is_not_the_targets_fault)
{
	static const int errors[] = { EMFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL };

	scene.limits.of_one_source = 0;
	for (int i = 0; i < 4; i++) {
		scene_wait(3600);
		play_connects(PG, 0, 4, errors[i]);
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

/* Source ports. */

static void
play_open(int count)
{
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < count; i++) {
		struct record record = scene_live(PG, CONN_ESTABLISHED, 10);

		scene_take_live(&record);
	}
}

START_TEST(ports_that_run_out_are_told)
{
	play_open(79);
	ck_assert_uint_eq(scene_judge(), 0);
	play_open(80);
	const struct finding *finding = scene_only(FINDING_SOURCE_PORTS);
	ck_assert_int_eq(finding->severity, SEVERITY_WARNING);
	ck_assert_str_eq(finding_state(finding), "active");
	ck_assert_str_eq(scene_title(), "80 of 100 source ports towards \"10.0.0.1:5432\" are taken");
	play_open(96);
	ck_assert_int_eq(scene_only(FINDING_SOURCE_PORTS)->severity, SEVERITY_CRITICAL);
	play_open(10);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(each_source_has_as_many_ports)
{
	scene.settings.source_count = 3;
	ck_assert(addr_parse(&scene.settings.sources[0], "10.0.9.1:0"));
	ck_assert(addr_parse(&scene.settings.sources[1], "10.0.9.2:0"));
	ck_assert(addr_parse(&scene.settings.sources[2], "[2001:db8::1]:0"));
	play_open(159);
	ck_assert_uint_eq(scene_judge(), 0);
	play_open(160);
	ck_assert_uint_eq(scene_only(FINDING_SOURCE_PORTS)->ports.sources, 2);
}
END_TEST

static void
play_closed_first(int count)
{
	for (int i = 0; i < count; i++) {
		struct record record = scene_closed(PG, WHY_CLIENT_FIN);

		record.legs[LEG_UPSTREAM].fin_sent_us = 1000;
		record.legs[LEG_UPSTREAM].fin_received_us = 2000;
		scene_take(&record);
	}
}

START_TEST(a_port_stays_taken_for_a_minute_behind_what_we_closed_first)
{
	play_open(30);
	play_closed_first(60);
	const struct finding *finding = scene_only(FINDING_SOURCE_PORTS);
	ck_assert_uint_eq(finding->ports.in_use, 30);
	ck_assert_uint_eq(finding->ports.time_wait, 60);
	ck_assert_str_eq(
	    scene_title(), "90 of 100 source ports towards \"10.0.0.1:5432\" are taken, 60 of them by TIME_WAIT");
	ck_assert_ptr_nonnull(strstr(scene_advice(), "tcp_tw_reuse"));
	scene.limits.time_wait = 20; /* the kernel has fewer: they were used again */
	ck_assert_uint_eq(scene_judge(), 0);
	scene.limits.time_wait = -1;
	scene_only(FINDING_SOURCE_PORTS);
	scene_wait(70);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

START_TEST(connects_that_found_no_port_are_told_for_a_while)
{
	scene.limits.of_one_source = 0; /* not even known how many there are */
	play_connects(PG, 0, 4, EADDRNOTAVAIL);
	ck_assert_uint_eq(scene_judge(), 0);
	play_connects(PG, 0, 1, EADDRNOTAVAIL);
	const struct finding *finding = scene_only(FINDING_SOURCE_PORTS);
	ck_assert_int_eq(finding->severity, SEVERITY_CRITICAL);
	ck_assert_int_eq(finding->ports.ports, -1);
	ck_assert_str_eq(finding_state(finding), "closed");
	ck_assert_str_eq(
	    scene_title(), "0 source ports towards \"10.0.0.1:5432\" are taken, and 5 connects found none");
	scene_wait(700);
	ck_assert_uint_eq(scene_judge(), 0);
}
END_TEST

/* No port was free towards the first target, so the second one took them, `age` seconds ago: they live, or close now. */
static void
play_second_choice(int count, bool live, int64_t age)
{
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < count; i++) {
		struct record record = live ? scene_live(WEB, CONN_ESTABLISHED, age)
					    : scene_closed_idle(WEB, WHY_CLIENT_FIN, (age - 5) * 1000000);
		struct story_attempt first = { .target = 1, .ended_us = 50, .error = EADDRNOTAVAIL, .reached = 2 };
		struct flow flow;

		flow_set(&flow, &scene.settings.upstreams[WEB].targets[1].addr,
		    &scene.settings.upstreams[WEB].targets[1].addr);
		first.address = flow.source;
		scene_choose(&record, 2, 0);
		record.attempts = 2;
		if (live)
			scene_take_live_behind(&first, &record);
		else
			scene_take_behind(&first, &record);
	}
}

START_TEST(a_shortage_is_of_the_time_when_it_was_met)
{
	scene.limits.of_one_source = 0;
	play_second_choice(20, false, 3600); /* it is long over when they close */
	ck_assert_uint_eq(scene_judge(), 0);
	play_second_choice(20, true, 3600);
	ck_assert_uint_eq(scene_judge(), 0);
	play_second_choice(6, true, 300);
	const struct finding *finding = scene_only(FINDING_SOURCE_PORTS);
	ck_assert_uint_eq(finding->ports.shortages, 6);
	ck_assert_int_eq(finding->last_seen_us, scene.moment.wall_us - 300 * 1000000 + 50);
	/* each counts once, and what closes meanwhile without one is no evidence */
	play_second_choice(6, false, 300);
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < 6; i++) {
		struct record record = scene_closed(WEB, WHY_CLIENT_FIN);

		scene_choose(&record, 1, 0);
		record.legs[LEG_UPSTREAM].fin_sent_us = 1000;
		scene_take(&record);
	}
	finding = scene_only(FINDING_SOURCE_PORTS);
	ck_assert_uint_eq(finding->ports.shortages, 6);
	ck_assert_uint_eq(finding->ports.time_wait, 12 - 6);
	ck_assert_int_eq(finding->last_seen_us, scene.moment.wall_us - 300 * 1000000 + 50);
}
END_TEST

START_TEST(more_addresses_than_there_is_room_for_do_no_harm)
{
	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < 2 * PORT_ADDRESSES_MAX; i++) {
		struct record record = scene_live(PG, CONN_ESTABLISHED, 10);

		record.legs[LEG_UPSTREAM].flow.destination.port = (uint16_t)(1000 + i);
		scene_take_live(&record);
	}
	ck_assert_uint_eq(scene_judge(), 0);
	scene_wait(3600);
	suspicions_begin_live(scene.suspicions);
	scene_judge(); /* forgets them */
	play_open(90);
	scene_only(FINDING_SOURCE_PORTS);
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
	Suite *suite = suite_create("track/suspicions");
	TCase *tcase = tcase_create("rules");

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
	tcase_add_test(tcase, a_side_that_never_finishes_is_told);
	tcase_add_test(tcase, the_client_may_be_the_one);
	tcase_add_test(tcase, a_few_that_never_finish_are_let_alone);
	tcase_add_test(tcase, those_that_wait_for_a_side_are_told_while_they_live);
	tcase_add_test(tcase, an_answer_that_is_still_coming_is_no_wait);
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
	tcase_add_test(tcase, ports_that_run_out_are_told);
	tcase_add_test(tcase, each_source_has_as_many_ports);
	tcase_add_test(tcase, a_port_stays_taken_for_a_minute_behind_what_we_closed_first);
	tcase_add_test(tcase, connects_that_found_no_port_are_told_for_a_while);
	tcase_add_test(tcase, a_shortage_is_of_the_time_when_it_was_met);
	tcase_add_test(tcase, more_addresses_than_there_is_room_for_do_no_harm);
	tcase_add_test(tcase, who_was_refused_on_arrival_says_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
