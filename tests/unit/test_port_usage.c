/* SPDX-License-Identifier: MIT */
/* Source ports that run out, and when there are enough of them. */
#include "unit/suspicion_scene.h"

#include <errno.h>
#include <string.h>
#include "support/suite.h"

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
	scene_connects(PG, 0, 4, EADDRNOTAVAIL);
	ck_assert_uint_eq(scene_judge(), 0);
	scene_connects(PG, 0, 1, EADDRNOTAVAIL);
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

int
main(void)
{
	Suite *suite = suite_create("track/port_usage");
	TCase *tcase = tcase_create("rule");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, ports_that_run_out_are_told);
	tcase_add_test(tcase, each_source_has_as_many_ports);
	tcase_add_test(tcase, a_port_stays_taken_for_a_minute_behind_what_we_closed_first);
	tcase_add_test(tcase, connects_that_found_no_port_are_told_for_a_while);
	tcase_add_test(tcase, a_shortage_is_of_the_time_when_it_was_met);
	tcase_add_test(tcase, more_addresses_than_there_is_room_for_do_no_harm);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
