/* SPDX-License-Identifier: MIT */
/* What ends a connection when time passes, to the nanosecond. */
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

static struct actor it;
static struct fake_socket *client, *upstream;

static void
begin(void)
{
	it = scene_establishes();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
}

/* Still there a nanosecond before `ns` from now, gone then, by a RST to both. */
static void
check_deadline(int64_t ns, enum close_reason why, enum leg_name fault)
{
	scene_after(ns - 1);
	ck_assert_int_ne(scene_state(&it), CONN_CLOSED);
	scene_after(1);
	scene_check_close(&it, why, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->close.leg, fault);
	ck_assert(client->aborted && upstream->aborted);
	ck_assert(!scene_record(&it)->close.clean);
}

START_TEST(an_established_connection_may_last)
{
	begin();
	for (int days = 0; days < 10; days++)
		scene_after(86400 * NS_PER_S);
	scene_check_state(&it, CONN_ESTABLISHED);
}
END_TEST

START_TEST(idle_is_measured_from_the_opening)
{
	scene.settings.idle_timeout_ns = 10 * NS_PER_S;
	begin();
	check_deadline(10 * NS_PER_S, WHY_IDLE_TIMEOUT, LEG_NONE);
}
END_TEST

START_TEST(idle_begins_anew_with_each_byte_either_way)
{
	scene.settings.idle_timeout_ns = 10 * NS_PER_S;
	begin();
	for (int i = 0; i < 6; i++) {
		scene_after(9 * NS_PER_S);
		scene_sends(&it, i % 2 == 0 ? LEG_CLIENT : LEG_UPSTREAM, 1);
		scene_turn();
	}
	check_deadline(10 * NS_PER_S, WHY_IDLE_TIMEOUT, LEG_NONE);
	ck_assert_int_eq(scene_record(&it)->close.idle_us, 10000000);
}
END_TEST

START_TEST(idle_holds_while_half_closed_too)
{
	scene.settings.idle_timeout_ns = 10 * NS_PER_S;
	begin();
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	check_deadline(10 * NS_PER_S, WHY_IDLE_TIMEOUT, LEG_NONE);
}
END_TEST

START_TEST(half_closed_names_the_side_that_did_not_finish)
{
	enum leg_name finished = _i == 0 ? LEG_CLIENT : LEG_UPSTREAM;

	begin();
	scene_after(123 * NS_PER_S);
	scene_finishes(&it, finished);
	scene_turn();
	check_deadline(60 * NS_PER_S, WHY_HALF_CLOSE_TIMEOUT, leg_other(finished));
}
END_TEST

START_TEST(half_closed_begins_anew_with_each_byte)
{
	begin();
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	for (int i = 0; i < 3; i++) {
		scene_after(59 * NS_PER_S);
		scene_sends(&it, LEG_UPSTREAM, 1);
		scene_turn();
	}
	check_deadline(60 * NS_PER_S, WHY_HALF_CLOSE_TIMEOUT, LEG_UPSTREAM);
}
END_TEST

START_TEST(the_longest_life_is_bounded_whatever_happens)
{
	scene.settings.max_duration_ns = 100 * NS_PER_S;
	begin();
	for (int s = 0; s < 99; s++) {
		scene_sends(&it, LEG_CLIENT, 1);
		scene_after(NS_PER_S);
	}
	check_deadline(NS_PER_S, WHY_MAX_DURATION, LEG_NONE);
}
END_TEST

START_TEST(the_longest_life_may_end_while_connecting)
{
	scene.settings.max_duration_ns = 2 * NS_PER_S;
	it = scene_accepts();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
	check_deadline(2 * NS_PER_S, WHY_MAX_DURATION, LEG_NONE);
}
END_TEST

START_TEST(the_longest_life_may_end_while_flushing)
{
	scene.settings.max_duration_ns = 10 * NS_PER_S;
	begin();
	upstream->hoards = true;
	scene_finishes(&it, LEG_CLIENT);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	check_deadline(10 * NS_PER_S, WHY_MAX_DURATION, LEG_NONE);
}
END_TEST

START_TEST(a_stalled_side_is_named)
{
	enum leg_name stalled = _i == 0 ? LEG_CLIENT : LEG_UPSTREAM;

	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	scene_after(5 * NS_PER_S);
	scene_socket(&it, stalled)->room = 100;
	scene_sends(&it, leg_other(stalled), 1000);
	scene_turn();
	check_deadline(10 * NS_PER_S, WHY_STALL_TIMEOUT, stalled);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[stalled], 900);
}
END_TEST

START_TEST(a_slow_side_is_not_a_stalled_one)
{
	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	client->room = 0;
	scene_sends(&it, LEG_UPSTREAM, _i == 0 ? 1000 : 1000000);
	scene_turn();
	for (int i = 0; i < 20; i++) {
		scene_after(9 * NS_PER_S);
		scene_has_room(&it, LEG_CLIENT, 10);
		scene_turn();
		scene_check_state(&it, CONN_ESTABLISHED);
	}
	ck_assert_uint_eq(client->sent, 200);
	check_deadline(10 * NS_PER_S, WHY_STALL_TIMEOUT, LEG_CLIENT);
}
END_TEST

START_TEST(a_side_that_took_all_is_not_stalled)
{
	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	client->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 1000);
	scene_after(5 * NS_PER_S);
	scene_has_room(&it, LEG_CLIENT, FAKE_ROOM);
	scene_after(5 * NS_PER_S);
	scene_after(100 * NS_PER_S);
	scene_check_state(&it, CONN_ESTABLISHED);
}
END_TEST

START_TEST(bytes_the_other_way_do_not_help_a_stalled_side)
{
	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	client->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 1000);
	scene_turn();
	for (int s = 0; s < 9; s++) {
		scene_after(NS_PER_S);
		scene_sends(&it, LEG_CLIENT, 10);
		scene_turn();
	}
	ck_assert_uint_eq(upstream->sent, 90);
	check_deadline(NS_PER_S, WHY_STALL_TIMEOUT, LEG_CLIENT);
}
END_TEST

START_TEST(a_slow_side_does_not_hide_a_stalled_one)
{
	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	client->room = upstream->room = 0;
	scene_sends(&it, LEG_CLIENT, 1000);
	scene_sends(&it, LEG_UPSTREAM, 1000);
	scene_turn();
	for (int s = 0; s < 9; s++) {
		scene_after(NS_PER_S);
		scene_has_room(&it, LEG_UPSTREAM, 10);
		scene_turn();
	}
	ck_assert_uint_eq(upstream->sent, 90);
	check_deadline(NS_PER_S, WHY_STALL_TIMEOUT, LEG_CLIENT);
}
END_TEST

START_TEST(an_idle_side_is_not_stalled)
{
	scene.settings.stall_timeout_ns = 10 * NS_PER_S;
	begin();
	scene_after(100 * NS_PER_S);
	scene_check_state(&it, CONN_ESTABLISHED);
}
END_TEST

/* Silence: --user-timeout, by probes that nobody answered. */

static void
begin_unanswered(enum leg_name leg)
{
	scene.settings.user_timeout_ns = 120 * NS_PER_S;
	begin();
	scene_socket(&it, leg)->hoards = true;
	scene_sends(&it, leg_other(leg), 10);
	scene_turn();
}

/* A quarter of the time is how often it is looked at. */
static void
pass(int seconds)
{
	for (int s = 0; s < seconds; s++)
		scene_after(NS_PER_S);
}

START_TEST(a_side_that_answers_no_probe_is_lost)
{
	enum leg_name leg = _i % 2 == 0 ? LEG_CLIENT : LEG_UPSTREAM;

	begin_unanswered(leg);
	scene_socket(&it, leg)->last_ack_ms = 120000;
	*(_i < 2 ? &scene_socket(&it, leg)->retransmits : &scene_socket(&it, leg)->probes) = 2;
	pass(30);
	scene_turn();
	scene_check_close(
	    &it, leg == LEG_CLIENT ? WHY_CLIENT_LOST : WHY_UPSTREAM_LOST, leg == LEG_CLIENT ? BY_CLIENT : BY_UPSTREAM);
	ck_assert_uint_eq(scene_record(&it)->close.error, ETIMEDOUT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[leg], 10);
	ck_assert_msg(scene_socket(&it, leg_other(leg))->aborted, "the other side is told by a RST");
	ck_assert_msg(scene_socket(&it, leg)->aborted, "a FIN behind what it lacks would look complete");
}
END_TEST

static const struct {
	const char *what;
	uint8_t retransmits, probes;
	uint32_t last_ack_ms;
	bool owes;
} living[] = {
	{ "one probe under way", 1, 1, 500000, true },
	{ "a reader that pauses, but answers", 0, 9, 119999, true },
	{ "nothing to acknowledge", 9, 9, 500000, false },
};

START_TEST(a_side_that_may_live_is_not_lost)
{
	begin_unanswered(LEG_CLIENT);
	client->retransmits = living[_i].retransmits;
	client->probes = living[_i].probes;
	client->last_ack_ms = living[_i].last_ack_ms;
	if (!living[_i].owes)
		client->outq = 0;
	pass(600);
	ck_assert_msg(scene_state(&it) == CONN_ESTABLISHED, "%s", living[_i].what);
}
END_TEST

START_TEST(without_a_user_timeout_silence_is_no_loss)
{
	begin();
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_turn();
	client->retransmits = 9;
	client->last_ack_ms = 10000000;
	pass(600);
	scene_check_state(&it, CONN_ESTABLISHED);
}
END_TEST

START_TEST(silence_is_noticed_while_flushing)
{
	begin_unanswered(LEG_CLIENT);
	scene_finishes(&it, LEG_CLIENT);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	client->last_ack_ms = 120000;
	client->retransmits = 2;
	pass(2);
	scene_check_close(&it, WHY_CLIENT_LOST, BY_NOBODY);
}
END_TEST

START_TEST(what_a_silent_side_had_sent_is_delivered_first)
{
	begin_unanswered(LEG_UPSTREAM);
	client->room = 4;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_turn();
	upstream->last_ack_ms = 120000;
	upstream->retransmits = 3;
	pass(30);
	scene_check_state(&it, CONN_FLUSHING);
	scene_has_room(&it, LEG_CLIENT, 100);
	scene_turn();
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_LOST, BY_UPSTREAM);
	ck_assert_uint_eq(client->sent, 10);
	ck_assert(client->aborted && !client->fin_sent);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_timer");
	TCase *timers = tcase_create("timers");
	TCase *stalls = tcase_create("stall");
	TCase *silence = tcase_create("silence");

	tcase_add_checked_fixture(timers, scene_setup, scene_teardown);
	tcase_add_test(timers, an_established_connection_may_last);
	tcase_add_test(timers, idle_is_measured_from_the_opening);
	tcase_add_test(timers, idle_begins_anew_with_each_byte_either_way);
	tcase_add_test(timers, idle_holds_while_half_closed_too);
	tcase_add_loop_test(timers, half_closed_names_the_side_that_did_not_finish, 0, LEG_COUNT);
	tcase_add_test(timers, half_closed_begins_anew_with_each_byte);
	tcase_add_test(timers, the_longest_life_is_bounded_whatever_happens);
	tcase_add_test(timers, the_longest_life_may_end_while_connecting);
	tcase_add_test(timers, the_longest_life_may_end_while_flushing);
	tcase_add_checked_fixture(stalls, scene_setup, scene_teardown);
	tcase_add_loop_test(stalls, a_stalled_side_is_named, 0, LEG_COUNT);
	tcase_add_loop_test(stalls, a_slow_side_is_not_a_stalled_one, 0, 2);
	tcase_add_test(stalls, a_side_that_took_all_is_not_stalled);
	tcase_add_test(stalls, bytes_the_other_way_do_not_help_a_stalled_side);
	tcase_add_test(stalls, a_slow_side_does_not_hide_a_stalled_one);
	tcase_add_test(stalls, an_idle_side_is_not_stalled);
	tcase_add_checked_fixture(silence, scene_setup, scene_teardown);
	tcase_add_loop_test(silence, a_side_that_answers_no_probe_is_lost, 0, 4);
	tcase_add_loop_test(silence, a_side_that_may_live_is_not_lost, 0, sizeof(living) / sizeof(living[0]));
	tcase_add_test(silence, without_a_user_timeout_silence_is_no_loss);
	tcase_add_test(silence, silence_is_noticed_while_flushing);
	tcase_add_test(silence, what_a_silent_side_had_sent_is_delivered_first);
	suite_add_tcase(suite, timers);
	suite_add_tcase(suite, stalls);
	suite_add_tcase(suite, silence);
	return suite_main(suite);
}
