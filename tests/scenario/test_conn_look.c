/* SPDX-License-Identifier: MIT */
/* What the kernel says of both legs, and when it is asked. */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "proxy/sampler.h"
#include "support/scene.h"
#include "support/suite.h"
#include "track/story.h"

static struct actor it;
static struct sampler sampler;

static void
say_rtt(enum leg_name leg, uint32_t rtt_us)
{
	scene_socket(&it, leg)->sample.rtt_us = rtt_us;
}

/* So much of the time until the next look passes as the sink's socket says. */
static void
say_times(enum leg_name leg, uint64_t busy_us, uint64_t rwnd_limited_us)
{
	struct tcp_sample *sample = &scene_socket(&it, leg)->sample;

	sample->busy_us += busy_us;
	sample->rwnd_limited_us += rwnd_limited_us;
}

static void
look(void)
{
	ck_assert(conns_look(&scene.bench, it.conn->slot));
}

static const char *
limit_of(enum leg_name leg)
{
	return limit_text((enum limit)scene_record(&it)->legs[leg].limited_by);
}

/* By then whoever has just been connected is looked at, if there are not too many. */
static void
newcomers_looked_at(void)
{
	scene_after(NEWCOMERS_WAIT_MS * NS_PER_MS);
	scene_turn();
}

/* Established, and looked at for the first time.  Has every fake socket say from now on that it is
 * app-limited, as a socket with little to send is. */
static struct actor
establishes(void)
{
	struct actor actor = scene_establishes();

	newcomers_looked_at();

	for (int i = 0; i < LEG_COUNT; i++)
		scene_socket(&actor, (enum leg_name)i)->app_limited = true;
	return actor;
}

START_TEST(nothing_is_known_of_a_path_before_the_connect)
{
	it = scene_accepts();
	for (int i = 0; i < LEG_COUNT; i++)
		ck_assert_uint_eq(scene_record(&it)->legs[i].tcp.rtt_us, TCP_UNKNOWN_32);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, 0);
}
END_TEST

START_TEST(both_legs_are_asked_soon_after_the_connect)
{
	it = scene_accepts();
	say_rtt(LEG_CLIENT, 40);
	say_rtt(LEG_UPSTREAM, 7000);
	scene_connects(&it);
	scene_turn();
	ck_assert_int_eq(scene_record(&it)->sampled_ns, 0);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp_state, TCP_IS_ESTABLISHED);
	newcomers_looked_at();
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_CLIENT].tcp.rtt_us, 40);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp.rtt_us, 7000);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, clock_now());
	ck_assert_uint_ne(scene_record(&it)->legs[LEG_CLIENT].congestion, 0);
	ck_assert_str_eq(
	    congestion_text(&scene.track.congestions[0], scene_record(&it)->legs[LEG_CLIENT].congestion), "fake");
	ck_assert_ptr_null(limit_of(LEG_CLIENT));
}
END_TEST

START_TEST(both_legs_are_asked_at_the_end)
{
	it = establishes();
	say_rtt(LEG_CLIENT, 41);
	say_rtt(LEG_UPSTREAM, 7001);
	fake_clock_advance(NS_PER_MS);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_CLIENT].tcp.rtt_us, 41);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp.rtt_us, 7001);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, scene_record(&it)->closed_ns);
}
END_TEST

/* The first target's figures are not the second's. */
START_TEST(a_target_that_failed_leaves_no_figures_behind)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	it = scene_accepts();
	say_rtt(LEG_UPSTREAM, 7000);
	conns_refresh(&scene.bench, it.id);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp.rtt_us, 7000);
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	scene_check_state(&it, CONN_CONNECTING);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp.rtt_us, TCP_UNKNOWN_32);
}
END_TEST

/* How often its SYN went out, say. */
START_TEST(a_target_that_fails_is_asked_a_last_time)
{
	it = scene_accepts();
	scene_socket(&it, LEG_UPSTREAM)->sample.retransmits_total = 2;
	scene_after(5 * NS_PER_S);
	scene_check_close(&it, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp.retransmits_total, 2);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, scene_record(&it)->closed_ns);
}
END_TEST

START_TEST(the_queues_of_a_unix_leg_too_are_those_of_the_end)
{
	const struct record_leg *leg;

	addr_parse(&scene.settings.listeners[0].addr, "unix:/run/sockproxy.sock");
	it = establishes();
	scene_socket(&it, LEG_CLIENT)->readable = 50;
	fake_clock_advance(NS_PER_S);
	look();
	leg = &scene_record(&it)->legs[LEG_CLIENT];
	ck_assert_uint_eq(leg->receive_queue_bytes, 50);
	ck_assert_uint_eq(leg->send_queue_bytes, 0);
	ck_assert_uint_eq(leg->tcp.cwnd_segments, TCP_UNKNOWN_32);
	scene_socket(&it, LEG_CLIENT)->readable = 0;
	conns_shutdown(&scene.bench);
	scene_turn();
	leg = &scene_record(&it)->legs[LEG_CLIENT];
	ck_assert_uint_eq(leg->receive_queue_bytes, 0);
	ck_assert_uint_eq(leg->tcp.cwnd_segments, TCP_UNKNOWN_32);
}
END_TEST

START_TEST(a_refresh_brings_the_record_up_to_date_at_once)
{
	it = establishes();
	say_rtt(LEG_CLIENT, 55);
	fake_clock_advance(NS_PER_MS);
	conns_refresh(&scene.bench, it.id);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_CLIENT].tcp.rtt_us, 55);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, clock_now());
}
END_TEST

START_TEST(a_refresh_of_another_generation_or_place_changes_nothing)
{
	it = establishes();
	uint64_t revision = scene_record(&it)->revision;

	conns_refresh(&scene.bench, it.id + 1);
	conns_refresh(&scene.bench, it.id - 1);
	conns_refresh(&scene.bench, it.id + (UINT64_C(1) << 32));
	conns_refresh(&scene.bench, it.id + (UINT64_C(1000) << 32));
	ck_assert_uint_eq(scene_record(&it)->revision, revision);
}
END_TEST

START_TEST(a_refresh_in_the_turn_of_the_end_finds_nobody)
{
	it = establishes();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	uint64_t revision = scene_record(&it)->revision;
	conns_refresh(&scene.bench, it.id);
	ck_assert_uint_eq(scene_record(&it)->revision, revision);
}
END_TEST

START_TEST(rates_are_of_the_time_between_two_looks)
{
	it = establishes();
	ck_assert(scene_record(&it)->legs[LEG_CLIENT].rate_received < 0);
	scene_sends(&it, LEG_CLIENT, 3000);
	scene_sends(&it, LEG_UPSTREAM, 1000);
	scene_after(2 * NS_PER_S);
	look();
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_CLIENT].rate_received, 1500);
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_CLIENT].rate_sent, 500);
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_UPSTREAM].rate_received, 500);
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_UPSTREAM].rate_sent, 1500);
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_CLIENT].rate_received, 0);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	ck_assert(scene_record(&it)->legs[LEG_CLIENT].rate_received < 0);
}
END_TEST

START_TEST(what_was_thrown_away_with_a_lost_side_was_not_sent_to_it)
{
	it = establishes();
	scene_socket(&it, LEG_CLIENT)->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 500);
	scene_socket(&it, LEG_UPSTREAM)->room = 0;
	scene_sends(&it, LEG_CLIENT, 1000);
	scene_after(NS_PER_S);
	look();
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_UPSTREAM].rate_sent, 0);
}
END_TEST

/* Somebody who asks all the time must not make rates out of chance. */
START_TEST(looks_in_quick_succession_do_not_judge)
{
	it = establishes();
	for (int i = 0; i < 10; i++) {
		scene_sends(&it, LEG_CLIENT, 100);
		scene_after(100 * NS_PER_MS);
		look();
		if (i < 2)
			ck_assert_ptr_null(limit_of(LEG_UPSTREAM));
	}
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "application");
	ck_assert_int_eq((int)scene_record(&it)->legs[LEG_UPSTREAM].rate_sent, 1000);
}
END_TEST

/* After a machine slept, the kernel's times kept in short are no measure. */
START_TEST(looks_too_far_apart_do_not_judge)
{
	it = establishes();
	scene_sends(&it, LEG_CLIENT, 100);
	scene_after(61 * NS_PER_S);
	look();
	ck_assert_ptr_null(limit_of(LEG_UPSTREAM));
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "none");
}
END_TEST

START_TEST(a_slow_reader_is_named_on_its_own_leg_alone)
{
	enum leg_name slow = (enum leg_name)_i;

	it = establishes();
	scene_sends(&it, leg_other(slow), 1000);
	say_times(slow, 900000, 800000);
	scene_after(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(slow), "receiver");
	ck_assert_str_eq(limit_of(leg_other(slow)), "none");
	ck_assert_str_eq(limit_text(record_limit(scene_record(&it))), "receiver");
}
END_TEST

START_TEST(retransmissions_make_it_the_network)
{
	it = establishes();
	scene_sends(&it, LEG_CLIENT, 1000);
	say_times(LEG_UPSTREAM, 900000, 0);
	scene_after(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "application");
	say_times(LEG_UPSTREAM, 900000, 0);
	scene_socket(&it, LEG_UPSTREAM)->sample.retransmits_total++;
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "network");
	ck_assert_str_eq(limit_of(LEG_CLIENT), "none");
}
END_TEST

/* The kernel keeps its word on that until it has a better one. */
START_TEST(a_path_that_was_full_once_is_not_full_for_ever)
{
	struct fake_socket *upstream;

	it = scene_establishes();
	newcomers_looked_at();
	upstream = scene_socket(&it, LEG_UPSTREAM);
	scene_socket(&it, LEG_CLIENT)->app_limited = true;
	say_times(LEG_UPSTREAM, 900000, 0);
	upstream->sample.delivery_rate = 500; /* a new one, in a look between two that judge */
	scene_after(100 * NS_PER_MS);
	look();
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "network");
	for (int i = 0; i < 3; i++) {
		say_times(LEG_UPSTREAM, 900000, 0);
		scene_sends(&it, LEG_CLIENT, 1);
		scene_after(NS_PER_S);
		look();
		ck_assert_str_eq(limit_of(LEG_UPSTREAM), "application");
	}
	say_times(LEG_UPSTREAM, 900000, 0);
	upstream->sample.delivery_rate = 400;
	scene_after(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "network");
	ck_assert_str_eq(limit_of(LEG_CLIENT), "none");
}
END_TEST

START_TEST(what_is_left_lying_though_there_is_room_is_ours)
{
	it = establishes();
	for (int i = 0; i < 3; i++) {
		scene_socket(&it, LEG_CLIENT)->readable = 10; /* and no edge told us */
		scene_after(NS_PER_S);
		look();
	}
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "proxy");
	ck_assert_str_eq(limit_of(LEG_CLIENT), "none");
	scene_socket(&it, LEG_UPSTREAM)->hoards = true; /* now there is none */
	scene_sends(&it, LEG_CLIENT, 10);
	scene_turn();
	scene_socket(&it, LEG_CLIENT)->readable = 10;
	scene_after(NS_PER_S);
	look();
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "application");
}
END_TEST

static int
count_steps(enum story_step step, enum leg_name leg, int64_t *at_us)
{
	struct story_event events[STORY_EVENTS_MAX];
	int count = story_events(&scene.track, scene_record(&it), events), found = 0;

	for (int i = 0; i < count; i++) {
		if (events[i].step != step || events[i].leg != leg)
			continue;
		*at_us = events[i].at_us;
		found++;
	}
	return found;
}

START_TEST(a_long_stall_is_told_while_it_lasts_and_when_it_is_over)
{
	int64_t began, at;

	it = establishes();
	scene_socket(&it, LEG_CLIENT)->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 500);
	scene_after(NS_PER_S);
	began = (clock_now() - scene_record(&it)->opened_ns) / NS_PER_US;
	look();
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 0);
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 1);
	ck_assert_int_eq(at, began);
	ck_assert_int_eq(count_steps(STORY_RESUME, LEG_CLIENT, &at), 0);
	fake_clock_advance(NS_PER_S);
	look();
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 1);
	scene_has_room(&it, LEG_CLIENT, 1000);
	scene_after(NS_PER_S);
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 1);
	ck_assert_int_eq(count_steps(STORY_RESUME, LEG_CLIENT, &at), 1);
	ck_assert_int_eq(at, began + 3000000);
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_UPSTREAM, &at), 0);
}
END_TEST

START_TEST(a_stall_that_nobody_looked_at_is_told_when_it_is_over)
{
	int64_t at;

	it = establishes();
	scene_socket(&it, LEG_UPSTREAM)->room = 0;
	scene_sends(&it, LEG_CLIENT, 500);
	scene_turn();
	scene_has_room(&it, LEG_UPSTREAM, 1000);
	scene_after(1500 * NS_PER_MS);
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_UPSTREAM, &at), 1);
	ck_assert_int_eq(count_steps(STORY_RESUME, LEG_UPSTREAM, &at), 1);
	ck_assert_int_eq(at, (1500 + NEWCOMERS_WAIT_MS) * 1000);
}
END_TEST

START_TEST(a_sink_that_is_full_for_a_moment_has_not_stalled)
{
	int64_t at;

	it = establishes();
	for (int i = 0; i < 5; i++) {
		scene_socket(&it, LEG_UPSTREAM)->room = 0;
		scene_sends(&it, LEG_CLIENT, 500);
		scene_turn();
		scene_has_room(&it, LEG_UPSTREAM, 500);
		scene_after(900 * NS_PER_MS);
	}
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_UPSTREAM, &at), 0);
}
END_TEST

START_TEST(more_stalls_than_there_is_room_for_are_counted)
{
	int64_t at;

	it = establishes();
	for (int i = 0; i < NOTES_MAX + 5; i++) {
		scene_socket(&it, LEG_UPSTREAM)->room = 0;
		scene_sends(&it, LEG_CLIENT, 500);
		scene_turn();
		scene_has_room(&it, LEG_UPSTREAM, 500);
		scene_after(2 * NS_PER_S);
	}
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_UPSTREAM, &at), NOTES_MAX);
	ck_assert_uint_eq(scene_record(&it)->notes_dropped, 5);
	ck_assert_uint_eq(scene_total(TOTAL_EVENTS_DROPPED), 5);
}
END_TEST

/* One counts once, however often it is looked at. */
START_TEST(a_stall_without_room_is_one_that_is_missing)
{
	it = establishes();
	for (int i = 0; i < NOTES_MAX; i++) {
		scene_socket(&it, LEG_UPSTREAM)->room = 0;
		scene_sends(&it, LEG_CLIENT, 500);
		scene_turn();
		scene_has_room(&it, LEG_UPSTREAM, 500);
		scene_after(2 * NS_PER_S);
	}
	scene_socket(&it, LEG_UPSTREAM)->room = 0;
	scene_sends(&it, LEG_CLIENT, 500);
	scene_turn();
	for (int i = 0; i < 5; i++) {
		scene_after(NS_PER_S);
		look();
	}
	scene_has_room(&it, LEG_UPSTREAM, 500);
	scene_turn();
	ck_assert_uint_eq(scene_record(&it)->notes_dropped, 1);
	ck_assert_uint_eq(scene_total(TOTAL_EVENTS_DROPPED), 1);
}
END_TEST

START_TEST(a_stall_that_lasted_to_the_end_is_told)
{
	int64_t at;

	scene.settings.stall_timeout_ns = 1500 * NS_PER_MS;
	it = establishes();
	scene_socket(&it, LEG_CLIENT)->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 500);
	scene_after(NS_PER_MS);
	scene_after(1500 * NS_PER_MS);
	scene_check_close(&it, WHY_STALL_TIMEOUT, BY_PROXY);
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 1);
	ck_assert_int_eq(at, (1 + NEWCOMERS_WAIT_MS) * 1000);
	ck_assert_int_eq(count_steps(STORY_RESUME, LEG_CLIENT, &at), 0);
}
END_TEST

START_TEST(a_side_that_is_lost_stalls_no_longer)
{
	int64_t at;

	it = establishes();
	scene_socket(&it, LEG_UPSTREAM)->hoards = true;
	scene_sends(&it, LEG_CLIENT, 100);
	scene_socket(&it, LEG_CLIENT)->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 500);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_after(500 * NS_PER_MS);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(2 * NS_PER_S);
	look();
	ck_assert_int_eq(count_steps(STORY_STALL, LEG_CLIENT, &at), 0);
}
END_TEST

/* The sampler. */

static void
start_sampler(void)
{
	scene_begin();
	sampler_start(&sampler, &scene.bench);
}

static void
stop_sampler(void)
{
	timer_cancel(loop_timers(scene.loop), &sampler.timer);
	loop_unready(scene.loop, &sampler.task);
}

static int64_t
age_of(const struct actor *actor)
{
	return clock_now() - scene_record(actor)->sampled_ns;
}

START_TEST(each_of_few_is_looked_at_every_second)
{
	start_sampler();
	it = establishes();
	for (int i = 0; i < 50; i++) {
		scene_after(100 * NS_PER_MS);
		ck_assert_int_le(age_of(&it), NS_PER_S + 200 * NS_PER_MS);
	}
	stop_sampler();
}
END_TEST

START_TEST(those_that_come_and_go_are_not_looked_at)
{
	struct actor next;

	it = scene_establishes();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	ck_assert_int_eq(scene_socket(&it, LEG_CLIENT)->asked, 1); /* at its end */
	next = scene_establishes();
	ck_assert_ptr_eq(next.conn, it.conn);
	newcomers_looked_at();
	ck_assert_int_eq(scene_record(&next)->sampled_ns, clock_now());
	ck_assert_int_eq(scene_socket(&next, LEG_CLIENT)->asked, 1);
}
END_TEST

START_TEST(of_a_crowd_some_wait_for_the_round)
{
	enum { CROWD = 40 };
	struct actor crowd[CROWD];
	int seen = 0;

	for (int i = 0; i < CROWD; i++)
		crowd[i] = scene_establishes();
	newcomers_looked_at();
	for (int i = 0; i < CROWD; i++)
		seen += scene_record(&crowd[i])->sampled_ns != 0;
	ck_assert_int_eq(seen, NEWCOMERS_LOOKS);
}
END_TEST

/* --keepalive: most connections do not live until then, and so never need it. */
START_TEST(keepalive_is_set_with_the_first_look)
{
	scene.settings.keepalive = (struct keepalive_setting){ .idle_ns = 60 * NS_PER_S, .interval_ns = NS_PER_S };
	start_sampler();
	it = scene_establishes();
	ck_assert_int_eq(scene_socket(&it, LEG_UPSTREAM)->manner.idle_seconds, 0);
	for (int i = 0; i < 20; i++)
		scene_after(100 * NS_PER_MS);
	for (int i = 0; i < LEG_COUNT; i++) {
		ck_assert_int_le(scene_socket(&it, i)->manner.idle_seconds, 60);
		ck_assert_int_ge(scene_socket(&it, i)->manner.idle_seconds, 45);
	}
	stop_sampler();
}
END_TEST

START_TEST(a_short_keepalive_is_set_at_once)
{
	scene.settings.keepalive = (struct keepalive_setting){ .idle_ns = 2 * NS_PER_S, .interval_ns = NS_PER_S };
	start_sampler();
	it = establishes();
	ck_assert_int_eq(scene_socket(&it, LEG_UPSTREAM)->manner.idle_seconds, 2);
	stop_sampler();
}
END_TEST

START_TEST(each_of_many_is_looked_at_every_second_a_few_at_a_time)
{
	enum { MANY = 64 };
	static struct actor actors[MANY];
	int most = 0;

	start_sampler();
	for (int i = 0; i < MANY; i++)
		actors[i] = scene_establishes();
	for (int i = 0; i < 300; i++) {
		int now = 0;

		scene_after(20 * NS_PER_MS);
		for (int j = 0; j < MANY; j++) {
			now += age_of(&actors[j]) == 0;
			if (i > 100)
				ck_assert_int_le(age_of(&actors[j]), NS_PER_S + 200 * NS_PER_MS);
		}
		most = now > most ? now : most;
	}
	ck_assert_int_ge(most, 1);
	ck_assert_int_le(most, 32);
	stop_sampler();
}
END_TEST

START_TEST(only_those_that_are_connected_are_looked_at)
{
	start_sampler();
	it = scene_accepts();
	scene_after(1100 * NS_PER_MS);
	ck_assert_int_eq(scene_record(&it)->sampled_ns, 0);
	scene_connects(&it);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	uint64_t revision = scene_record(&it)->revision;
	scene_after(2 * NS_PER_S);
	ck_assert_uint_eq(scene_record(&it)->revision, revision);
	stop_sampler();
}
END_TEST

static int
asked_by_now(void)
{
	int asked = 0;

	for (int fd = 0; fd < FAKE_SOCKETS; fd++)
		asked += fake_sockets[fd].in_use ? fake_sockets[fd].asked : 0;
	return asked;
}

static void
pass(int64_t ns)
{
	for (int64_t passed = 0; passed < ns; passed += NS_PER_MS)
		scene_after(NS_PER_MS);
}

START_TEST(free_slots_cost_it_no_round)
{
	enum { SLOTS = 5000, WALK = 2048 };

	scene.settings.max_conns = SLOTS;
	start_sampler();
	it = establishes();
	scene.bench.conns_touched = SLOTS;
	scene_socket(&it, LEG_CLIENT)->asked = 0;
	for (int ms = 0; ms < 5000; ms++) {
		uint32_t before = sampler.next;

		scene_after(NS_PER_MS);
		ck_assert(sampler.next <= before + WALK);
	}
	ck_assert_int_ge(scene_socket(&it, LEG_CLIENT)->asked, 4);
	ck_assert_int_le(scene_socket(&it, LEG_CLIENT)->asked, 6);
	stop_sampler();
}
END_TEST

START_TEST(where_asking_is_slow_it_is_done_less_often)
{
	enum { MANY = 64, BATCH = 32, ASK_NS = 100 * NS_PER_US, SECONDS = 20 };
	int64_t began, spent;

	start_sampler();
	for (int i = 0; i < MANY; i++)
		it = establishes();
	for (int fd = 0; fd < FAKE_SOCKETS; fd++)
		fake_sockets[fd].ask_ns = ASK_NS;
	began = clock_now();
	scene_socket(&it, LEG_CLIENT)->asked = 0;
	spent = -asked_by_now();
	while (clock_now() - began < SECONDS * NS_PER_S)
		scene_after(NS_PER_MS);
	spent = (spent + asked_by_now()) * ASK_NS;
	ck_assert_int_le(spent, SECONDS * NS_PER_S / 100 + LEG_COUNT * BATCH * ASK_NS);
	ck_assert_int_ge(spent, SECONDS * NS_PER_S / 200);
	ck_assert_int_ge(scene_socket(&it, LEG_CLIENT)->asked, SECONDS / 3); /* nobody is forgotten */
	stop_sampler();
}
END_TEST

/* What took so long was not the asking: the processor was somebody else's. */
START_TEST(a_hold_up_in_the_middle_does_not_blind_it)
{
	start_sampler();
	it = establishes();
	scene_socket(&it, LEG_CLIENT)->ask_ns = 3 * NS_PER_S;
	pass(1100 * NS_PER_MS);
	scene_socket(&it, LEG_CLIENT)->ask_ns = 0;
	scene_socket(&it, LEG_CLIENT)->asked = 0;
	pass(3 * NS_PER_S);
	ck_assert_int_ge(scene_socket(&it, LEG_CLIENT)->asked, 2);
	stop_sampler();
}
END_TEST

/* However often bytes come in the very turn in which the sampler wakes up. */
START_TEST(what_came_just_now_was_not_left_lying)
{
	start_sampler();
	it = establishes();
	for (int i = 0; i < 5; i++) {
		scene_sends(&it, LEG_CLIENT, 100);
		scene_sends(&it, LEG_UPSTREAM, 100);
		scene_after(NS_PER_S + NS_PER_MS);
		scene_turn();
	}
	ck_assert_int_le(age_of(&it), NS_PER_S);
	ck_assert_str_eq(limit_of(LEG_CLIENT), "application");
	ck_assert_str_eq(limit_of(LEG_UPSTREAM), "application");
	stop_sampler();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn look");
	TCase *looks = tcase_create("looks"), *stalls = tcase_create("stalls"), *samples = tcase_create("sampler");

	tcase_set_timeout(samples, 60);
	tcase_add_checked_fixture(looks, scene_setup, scene_teardown);
	tcase_add_test(looks, nothing_is_known_of_a_path_before_the_connect);
	tcase_add_test(looks, both_legs_are_asked_soon_after_the_connect);
	tcase_add_test(looks, both_legs_are_asked_at_the_end);
	tcase_add_test(looks, a_target_that_failed_leaves_no_figures_behind);
	tcase_add_test(looks, a_target_that_fails_is_asked_a_last_time);
	tcase_add_test(looks, the_queues_of_a_unix_leg_too_are_those_of_the_end);
	tcase_add_test(looks, a_refresh_brings_the_record_up_to_date_at_once);
	tcase_add_test(looks, a_refresh_of_another_generation_or_place_changes_nothing);
	tcase_add_test(looks, a_refresh_in_the_turn_of_the_end_finds_nobody);
	tcase_add_test(looks, rates_are_of_the_time_between_two_looks);
	tcase_add_test(looks, what_was_thrown_away_with_a_lost_side_was_not_sent_to_it);
	tcase_add_test(looks, looks_in_quick_succession_do_not_judge);
	tcase_add_test(looks, looks_too_far_apart_do_not_judge);
	tcase_add_loop_test(looks, a_slow_reader_is_named_on_its_own_leg_alone, 0, LEG_COUNT);
	tcase_add_test(looks, retransmissions_make_it_the_network);
	tcase_add_test(looks, a_path_that_was_full_once_is_not_full_for_ever);
	tcase_add_test(looks, what_is_left_lying_though_there_is_room_is_ours);
	tcase_add_checked_fixture(stalls, scene_setup, scene_teardown);
	tcase_add_test(stalls, a_long_stall_is_told_while_it_lasts_and_when_it_is_over);
	tcase_add_test(stalls, a_stall_that_nobody_looked_at_is_told_when_it_is_over);
	tcase_add_test(stalls, a_sink_that_is_full_for_a_moment_has_not_stalled);
	tcase_add_test(stalls, more_stalls_than_there_is_room_for_are_counted);
	tcase_add_test(stalls, a_stall_without_room_is_one_that_is_missing);
	tcase_add_test(stalls, a_stall_that_lasted_to_the_end_is_told);
	tcase_add_test(stalls, a_side_that_is_lost_stalls_no_longer);
	tcase_add_checked_fixture(samples, scene_setup, scene_teardown);
	tcase_add_test(samples, those_that_come_and_go_are_not_looked_at);
	tcase_add_test(samples, of_a_crowd_some_wait_for_the_round);
	tcase_add_test(samples, each_of_few_is_looked_at_every_second);
	tcase_add_test(samples, keepalive_is_set_with_the_first_look);
	tcase_add_test(samples, a_short_keepalive_is_set_at_once);
	tcase_add_test(samples, each_of_many_is_looked_at_every_second_a_few_at_a_time);
	tcase_add_test(samples, only_those_that_are_connected_are_looked_at);
	tcase_add_test(samples, free_slots_cost_it_no_round);
	tcase_add_test(samples, where_asking_is_slow_it_is_done_less_often);
	tcase_add_test(samples, a_hold_up_in_the_middle_does_not_blind_it);
	tcase_add_test(samples, what_came_just_now_was_not_left_lying);
	suite_add_tcase(suite, looks);
	suite_add_tcase(suite, stalls);
	suite_add_tcase(suite, samples);
	return suite_main(suite);
}
