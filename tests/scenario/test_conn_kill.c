/* SPDX-License-Identifier: MIT */
/* What an admin ends: by a reset from any state, in order where that is true, and what the record says of it. */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"
#include "track/conn_id.h"
#include "track/story.h"

static struct actor it;
static struct fake_socket *client, *upstream;

static void
establish(void)
{
	it = scene_establishes();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
}

static void
kill_it(enum close_how how, const char *words)
{
	conns_kill(&scene.bench, it.id, how, words);
	scene_turn();
}

static const char *
words_of(const struct record *record)
{
	static char text[STORY_WORDS_MAX];

	return story_admin_words(&scene.track, record, text);
}

/* When a step came; -1: it did not. */
static int64_t
time_of(enum story_step step, enum leg_name leg)
{
	struct story_event events[STORY_EVENTS_MAX];
	int count = story_events(&scene.track, scene_record(&it), events);

	for (int i = 0; i < count; i++) {
		if (events[i].step == step && events[i].leg == leg)
			return events[i].at_us;
	}
	return -1;
}

static void
check_killed(enum close_how how, bool clean)
{
	const struct record *record = scene_record(&it);

	ck_assert_str_eq(conn_state_text(record->state), "closed");
	ck_assert_str_eq(close_meanings[record->close.reason].text, "admin_kill");
	ck_assert_int_eq(record->close.initiator, BY_ADMIN);
	ck_assert_int_eq(record->close.how, how);
	ck_assert_int_eq(record->close.clean, clean);
	ck_assert_int_eq(record->close.leg, LEG_NONE);
}

static void
check_both_reset(void)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		ck_assert(scene_socket(&it, (enum leg_name)i)->aborted);
		ck_assert_int_ge(scene_record(&it)->legs[i].rst_sent_us, 0);
	}
}

/* To each of the states in which a connection can wait. */
static const enum conn_state states[] = { CONN_CONNECTING, CONN_ESTABLISHED, CONN_CLIENT_HALF_CLOSED,
	CONN_UPSTREAM_HALF_CLOSED, CONN_FLUSHING };
enum { STATES = sizeof(states) / sizeof(states[0]) };

static void
bring_to(enum conn_state state)
{
	if (state == CONN_CONNECTING) {
		it = scene_accepts();
		return;
	}
	establish();
	client->hoards = upstream->hoards = true;
	if (state == CONN_CLIENT_HALF_CLOSED || state == CONN_FLUSHING)
		scene_finishes(&it, LEG_CLIENT);
	if (state == CONN_UPSTREAM_HALF_CLOSED || state == CONN_FLUSHING)
		scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, state);
}

/* By a reset. */

START_TEST(a_kill_resets_both_sides_wherever_they_are)
{
	bring_to(states[_i]);
	fake_clock_advance(3 * NS_PER_MS);
	kill_it(HOW_RST, "because");
	check_killed(HOW_RST, false);
	ck_assert(scene_socket(&it, LEG_CLIENT)->aborted && scene_socket(&it, LEG_UPSTREAM)->aborted);
	ck_assert_str_eq(words_of(scene_record(&it)), "because");
	ck_assert_int_eq(time_of(STORY_KILL, LEG_NONE), 3000);
	ck_assert_int_eq(time_of(STORY_CLOSE, LEG_NONE), 3000);
	ck_assert_uint_eq(scene_total(TOTAL_CLOSED), 1);
}
END_TEST

START_TEST(a_kill_throws_away_what_is_under_way)
{
	establish();
	client->hoards = true;
	client->room = 100;
	scene_sends(&it, LEG_UPSTREAM, 5000);
	scene_turn();
	kill_it(HOW_RST, "");
	check_killed(HOW_RST, false);
	check_both_reset();
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 5000);
	ck_assert_ptr_null(words_of(scene_record(&it)));
	ck_assert_int_ge(time_of(STORY_KILL, LEG_NONE), 0); /* told, though nothing was said */
}
END_TEST

START_TEST(a_client_that_waits_for_its_upstreams_queue_can_be_killed)
{
	scene_add_target("unix:/run/app.sock");
	fake_connects.answers[0] = -EAGAIN;
	fake_connects.answer_count = 1;
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	kill_it(HOW_RST, "");
	check_killed(HOW_RST, false);
	ck_assert(fake_sockets[it.client].aborted);
}
END_TEST

START_TEST(an_order_for_one_that_had_the_slot_before_changes_nothing)
{
	establish();
	uint64_t old = it.id;
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	establish();
	ck_assert_uint_eq(conn_id_slot(it.id), conn_id_slot(old));
	uint64_t revision = scene_record(&it)->revision;
	for (int how = HOW_FIN; how <= HOW_RST; how++) {
		conns_kill(&scene.bench, old, (enum close_how)how, "late");
		conns_kill(&scene.bench, conn_id_make(0, conn_id_slot(old) + 9, 1), (enum close_how)how, "never");
	}
	scene_turn();
	scene_check_state(&it, CONN_ESTABLISHED);
	ck_assert_uint_eq(scene_record(&it)->revision, revision);
}
END_TEST

START_TEST(long_words_are_kept_whole)
{
	char words[STORY_WORDS_MAX];

	for (int i = 0; i < STORY_WORDS_MAX - 1; i++)
		words[i] = (char)('a' + i % 26);
	words[_i] = '\0';
	establish();
	kill_it(HOW_RST, words);
	ck_assert_str_eq(words_of(scene_record(&it)), words);
}
END_TEST

START_TEST(without_room_for_the_words_the_record_says_so)
{
	struct note note = { .kind = NOTE_STALL };

	establish();
	while (notes_add(scene.track.notes, 0, &note) != 0)
		continue;
	kill_it(HOW_RST, "nobody will know");
	check_killed(HOW_RST, false);
	ck_assert_ptr_null(words_of(scene_record(&it)));
	ck_assert_uint_eq(scene_record(&it)->notes_dropped, 1);
}
END_TEST

/* In order. */

START_TEST(in_order_both_sides_get_a_fin_and_may_give_theirs)
{
	establish();
	scene_sends(&it, LEG_CLIENT, 10);
	scene_turn();
	scene_news();
	fake_clock_advance(5 * NS_PER_MS);
	kill_it(HOW_FIN, "maintenance");
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert(client->fin_sent && upstream->fin_sent);
	ck_assert(!client->closed && !upstream->closed);
	scene_after(2 * NS_PER_MS);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	check_killed(HOW_FIN, true);
	ck_assert(!client->aborted && !upstream->aborted);
	ck_assert_str_eq(words_of(scene_record(&it)), "maintenance");
	ck_assert_int_eq(time_of(STORY_KILL, LEG_NONE), 5000);
	ck_assert_int_eq(time_of(STORY_FIN_SENT, LEG_CLIENT), 5000);
	ck_assert_int_eq(time_of(STORY_FIN_RECEIVED, LEG_CLIENT), 7000);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_UPSTREAM_FIRST);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 0);
	ck_assert_str_eq(scene_news(), "x");
}
END_TEST

START_TEST(in_order_what_has_come_is_delivered_first)
{
	establish();
	client->room = 1000;
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 300000);
	scene_turn();
	upstream->readable += 50; /* no edge has told of these yet … */
	client->readable += 7;    /* … nor of these */
	kill_it(HOW_FIN, "");
	ck_assert_uint_eq(upstream->sent, 7);
	ck_assert(upstream->fin_sent && !client->fin_sent);
	for (int turns = 0; !client->fin_sent && turns < 1000; turns++) {
		scene_has_room(&it, LEG_CLIENT, 1000);
		scene_turn();
	}
	ck_assert_uint_eq(client->sent, 300050);
	ck_assert(client->in_order && upstream->in_order);
	scene_finishes(&it, LEG_CLIENT);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_acknowledges(&it, LEG_CLIENT, 300051);
	scene_turn();
	check_killed(HOW_FIN, true);
}
END_TEST

static const enum leg_name legs[LEG_COUNT] = { LEG_CLIENT, LEG_UPSTREAM };

START_TEST(in_order_half_an_end_becomes_a_whole_one)
{
	enum leg_name first = legs[_i], other = leg_other(first);

	establish();
	scene_finishes(&it, first);
	scene_turn();
	scene_socket(&it, other)->readable += 20;
	kill_it(HOW_FIN, "");
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert_uint_eq(scene_socket(&it, first)->sent, 20);
	ck_assert(client->fin_sent && upstream->fin_sent);
	scene_finishes(&it, other);
	scene_turn();
	check_killed(HOW_FIN, true);
}
END_TEST

/* The other side has had its FIN, and lacks these bytes: that is no order any more. */
START_TEST(a_side_that_goes_on_speaking_ends_both_by_a_reset)
{
	enum leg_name speaker = legs[_i], other = leg_other(speaker);

	establish();
	scene_socket(&it, other)->hoards = true;
	scene_sends(&it, speaker, 100);
	scene_turn();
	kill_it(HOW_FIN, "");
	ck_assert(client->fin_sent && upstream->fin_sent);
	scene_sends(&it, speaker, 30);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING); /* what came before is not thrown away */
	scene_acknowledges(&it, other, 101);
	scene_turn();
	check_killed(HOW_RST, false);
	check_both_reset();
	ck_assert_int_eq(scene_record(&it)->close.undelivered[other], 30);
}
END_TEST

/* With its FIN right behind them, too. */
START_TEST(bytes_before_a_late_fin_are_no_clean_end)
{
	establish();
	kill_it(HOW_FIN, "");
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	upstream->readable += 30;
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	ck_assert_str_eq(conn_state_text(scene_state(&it)), "closed");
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 30);
	ck_assert(!scene_record(&it)->close.clean);
}
END_TEST

START_TEST(a_side_that_does_not_finish_meets_the_flush_timeout)
{
	establish();
	kill_it(HOW_FIN, "");
	scene_finishes(&it, legs[_i]);
	scene_turn();
	scene_after(scene.settings.flush_timeout_ns - 1);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(1);
	check_killed(HOW_RST, false);
	ck_assert(scene_socket(&it, leg_other(legs[_i]))->aborted);
	ck_assert_int_ge(scene_record(&it)->legs[leg_other(legs[_i])].rst_sent_us, 0);
}
END_TEST

START_TEST(a_stream_without_a_pause_is_cut_at_the_flush_timeout)
{
	establish();
	client->room = 1;
	scene_sends(&it, LEG_UPSTREAM, 3 * LOAN_SIZE);
	scene_turn();
	kill_it(HOW_FIN, "");
	for (int s = 0; s < 29; s++) {
		scene_sends(&it, LEG_UPSTREAM, 1000);
		scene_has_room(&it, LEG_CLIENT, 1000);
		scene_after(NS_PER_S);
		scene_check_state(&it, CONN_FLUSHING);
	}
	scene_has_room(&it, LEG_CLIENT, 1000);
	scene_after(NS_PER_S);
	check_killed(HOW_RST, false);
	ck_assert(!client->fin_sent);
	check_both_reset();
}
END_TEST

START_TEST(a_reset_meanwhile_is_passed_on_and_the_cause_stays)
{
	enum leg_name side = legs[_i], other = leg_other(side);

	establish();
	kill_it(HOW_FIN, "first");
	scene_fails(&it, side, ECONNRESET);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	check_killed(HOW_RST, false);
	ck_assert(scene_socket(&it, other)->aborted);
	ck_assert_int_ge(scene_record(&it)->legs[side].rst_received_us, 0);
	ck_assert_str_eq(words_of(scene_record(&it)), "first");
}
END_TEST

START_TEST(before_the_upstream_is_there_a_kill_is_a_reset)
{
	it = scene_accepts();
	kill_it(HOW_FIN, "");
	check_killed(HOW_RST, false);
	ck_assert(fake_sockets[it.client].aborted && !fake_sockets[it.client].fin_sent);
}
END_TEST

START_TEST(a_reset_that_waits_is_not_hidden_by_a_fin)
{
	establish();
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	kill_it(HOW_FIN, "too late");
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert(!client->fin_sent);
	scene_acknowledges(&it, LEG_CLIENT, 10);
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert(client->aborted);
	ck_assert_ptr_null(words_of(scene_record(&it)));
}
END_TEST

START_TEST(an_orderly_end_under_way_stays_what_it_is)
{
	establish();
	client->hoards = true;
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	kill_it(HOW_FIN, "too late");
	scene_acknowledges(&it, LEG_CLIENT, 1);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert(scene_record(&it)->close.clean);
	ck_assert_ptr_null(words_of(scene_record(&it)));
}
END_TEST

START_TEST(a_second_kill_may_be_harder_but_the_first_words_stay)
{
	establish();
	kill_it(HOW_FIN, "please");
	uint64_t revision = scene_record(&it)->revision;
	kill_it(HOW_FIN, "please, please");
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert_uint_le(scene_record(&it)->revision, revision + 1);
	kill_it(HOW_RST, "now");
	check_killed(HOW_RST, false);
	check_both_reset();
	ck_assert_str_eq(words_of(scene_record(&it)), "please");
	kill_it(HOW_RST, "dead already");
	check_killed(HOW_RST, false);
	ck_assert_uint_eq(scene_total(TOTAL_CLOSED), 1);
}
END_TEST

START_TEST(a_unix_leg_is_ended_in_order_too)
{
	scene_add_target("unix:/run/app.sock");
	establish();
	scene_sends(&it, LEG_CLIENT, 10);
	scene_turn();
	kill_it(HOW_FIN, "");
	ck_assert(client->fin_sent && upstream->fin_sent);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	check_killed(HOW_FIN, true);
}
END_TEST

/* The deadline of a drain. */

START_TEST(a_drains_deadline_ends_whoever_is_left)
{
	bring_to(states[_i]);
	conns_drain(&scene.bench);
	scene_turn();
	scene_check_close(&it, WHY_ADMIN_DRAIN, BY_ADMIN);
	ck_assert(scene_socket(&it, LEG_CLIENT)->aborted && scene_socket(&it, LEG_UPSTREAM)->aborted);
	ck_assert_int_eq(time_of(STORY_DRAIN, LEG_NONE), time_of(STORY_CLOSE, LEG_NONE));
	ck_assert_int_eq(time_of(STORY_KILL, LEG_NONE), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_kill");
	TCase *reset = tcase_create("by a reset");
	TCase *order = tcase_create("in order");
	TCase *drain = tcase_create("drain");

	tcase_add_checked_fixture(reset, scene_setup, scene_teardown);
	tcase_add_loop_test(reset, a_kill_resets_both_sides_wherever_they_are, 0, STATES);
	tcase_add_test(reset, a_kill_throws_away_what_is_under_way);
	tcase_add_test(reset, a_client_that_waits_for_its_upstreams_queue_can_be_killed);
	tcase_add_test(reset, an_order_for_one_that_had_the_slot_before_changes_nothing);
	tcase_add_loop_test(reset, long_words_are_kept_whole, 1, STORY_WORDS_MAX);
	tcase_add_test(reset, without_room_for_the_words_the_record_says_so);
	tcase_add_checked_fixture(order, scene_setup, scene_teardown);
	tcase_add_test(order, in_order_both_sides_get_a_fin_and_may_give_theirs);
	tcase_add_test(order, in_order_what_has_come_is_delivered_first);
	tcase_add_loop_test(order, in_order_half_an_end_becomes_a_whole_one, 0, LEG_COUNT);
	tcase_add_loop_test(order, a_side_that_goes_on_speaking_ends_both_by_a_reset, 0, LEG_COUNT);
	tcase_add_test(order, bytes_before_a_late_fin_are_no_clean_end);
	tcase_add_loop_test(order, a_side_that_does_not_finish_meets_the_flush_timeout, 0, LEG_COUNT);
	tcase_add_test(order, a_stream_without_a_pause_is_cut_at_the_flush_timeout);
	tcase_add_loop_test(order, a_reset_meanwhile_is_passed_on_and_the_cause_stays, 0, LEG_COUNT);
	tcase_add_test(order, before_the_upstream_is_there_a_kill_is_a_reset);
	tcase_add_test(order, a_reset_that_waits_is_not_hidden_by_a_fin);
	tcase_add_test(order, an_orderly_end_under_way_stays_what_it_is);
	tcase_add_test(order, a_second_kill_may_be_harder_but_the_first_words_stay);
	tcase_add_test(order, a_unix_leg_is_ended_in_order_too);
	tcase_add_checked_fixture(drain, scene_setup, scene_teardown);
	tcase_add_loop_test(drain, a_drains_deadline_ends_whoever_is_left, 0, STATES);
	suite_add_tcase(suite, reset);
	suite_add_tcase(suite, order);
	suite_add_tcase(suite, drain);
	return suite_main(suite);
}
