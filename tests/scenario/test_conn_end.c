/* SPDX-License-Identifier: MIT */
/* How connections end once they were established, and what the record says of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "net/tcp_info.h"
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
	scene_news();
}

static void
setup(void)
{
	scene_setup();
	begin();
}

static void
setup_unix_client(void)
{
	scene_setup();
	addr_parse(&scene.settings.listeners[0].addr, "unix:/run/sockproxy.sock");
	begin();
}

static struct fake_socket *
socket_of(enum leg_name leg)
{
	return leg == LEG_CLIENT ? client : upstream;
}

/* Orderly ends, from either side. */

static const struct side {
	enum leg_name leg;
	enum conn_state half_closed;
	enum close_order order;
	enum close_initiator by;
	enum close_reason fin, reset, abandoned, lost;
} sides[LEG_COUNT] = {
	{ LEG_CLIENT, CONN_CLIENT_HALF_CLOSED, ORDER_CLIENT_FIRST, BY_CLIENT, WHY_CLIENT_FIN, WHY_CLIENT_RESET,
	    WHY_CLIENT_ABANDONED, WHY_CLIENT_LOST },
	{ LEG_UPSTREAM, CONN_UPSTREAM_HALF_CLOSED, ORDER_UPSTREAM_FIRST, BY_UPSTREAM, WHY_UPSTREAM_FIN,
	    WHY_UPSTREAM_RESET, WHY_UPSTREAM_ABANDONED, WHY_UPSTREAM_LOST },
};

START_TEST(a_fin_is_passed_on_and_the_other_way_stays_open)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	scene_sends(&it, side->leg, 100);
	scene_finishes(&it, side->leg);
	scene_turn();
	scene_check_state(&it, side->half_closed);
	ck_assert_uint_eq(socket_of(other)->sent, 100);
	ck_assert(socket_of(other)->fin_sent);
	ck_assert(!socket_of(side->leg)->fin_sent);
	ck_assert_str_eq(scene_news(), "h");

	scene_sends(&it, other, 200);
	scene_turn();
	ck_assert_uint_eq(socket_of(side->leg)->sent, 200);
	scene_check_state(&it, side->half_closed);

	scene_finishes(&it, other);
	scene_turn();
	scene_check_close(&it, side->fin, side->by);
	ck_assert(!client->aborted && !upstream->aborted);
	ck_assert_uint_eq(scene_record(&it)->close.order, side->order);
	ck_assert_uint_eq(scene_record(&it)->kind, KIND_PROXY);
	ck_assert(scene_record(&it)->close.clean);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 0);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 0);
	ck_assert_uint_eq(scene_record(&it)->close.leg, LEG_NONE);
	ck_assert_str_eq(scene_news(), "x");
}
END_TEST

START_TEST(each_fin_has_its_time)
{
	const struct side *side = &sides[_i];
	const struct record *record;

	fake_clock_advance(5 * NS_PER_US);
	scene_finishes(&it, side->leg);
	scene_turn();
	fake_clock_advance(7 * NS_PER_US);
	scene_finishes(&it, leg_other(side->leg));
	scene_turn();
	record = scene_record(&it);
	ck_assert_int_eq(record->legs[side->leg].fin_received_us, 5);
	ck_assert_int_eq(record->legs[leg_other(side->leg)].fin_sent_us, 5);
	ck_assert_int_eq(record->legs[leg_other(side->leg)].fin_received_us, 12);
	ck_assert_int_eq(record->legs[side->leg].fin_sent_us, 12);
	ck_assert_int_eq(record->closed_ns - record->opened_ns, 12 * NS_PER_US);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(a_fin_behind_many_bytes_waits_for_them)
{
	scene_socket(&it, LEG_UPSTREAM)->room = 1000;
	scene_sends(&it, LEG_CLIENT, 5000);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_check_state(&it, CONN_CLIENT_HALF_CLOSED);
	ck_assert(!upstream->fin_sent);
	scene_has_room(&it, LEG_UPSTREAM, 3999);
	scene_turn();
	ck_assert(!upstream->fin_sent);
	scene_has_room(&it, LEG_UPSTREAM, 1000);
	scene_turn();
	ck_assert(upstream->fin_sent);
	ck_assert_uint_eq(upstream->sent, 5000);
	ck_assert(upstream->in_order);
}
END_TEST

START_TEST(ends_of_both_sides_in_one_turn_have_no_initiator)
{
	scene_finishes(&it, sides[_i].leg);
	scene_finishes(&it, leg_other(sides[_i].leg));
	scene_turn();
	scene_check_close(&it, sides[_i].fin, BY_NOBODY);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_SAME_TURN);
	ck_assert(scene_record(&it)->close.clean);
}
END_TEST

START_TEST(the_idle_time_before_the_end_is_kept)
{
	scene_sends(&it, LEG_CLIENT, 1);
	scene_after(NS_PER_MS);
	scene_finishes(&it, LEG_CLIENT);
	scene_after(2 * NS_PER_MS);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_after(3 * NS_PER_MS);
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.idle_us, 2000);
}
END_TEST

/* The last FINs. */

START_TEST(an_orderly_end_waits_for_every_acknowledgement)
{
	client->hoards = upstream->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 100);
	scene_finishes(&it, LEG_CLIENT);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_acknowledges(&it, LEG_UPSTREAM, 1);
	scene_turn();
	scene_acknowledges(&it, LEG_CLIENT, 100);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_acknowledges(&it, LEG_CLIENT, 1);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_NOBODY);
	ck_assert(scene_record(&it)->close.clean);
}
END_TEST

START_TEST(what_is_not_acknowledged_ends_at_the_flush_timeout)
{
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 100);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_after(scene.settings.flush_timeout_ns - 1);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(1);
	scene_check_close(&it, WHY_FLUSH_TIMEOUT, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->close.leg, LEG_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 100);
	ck_assert(!scene_record(&it)->close.clean);
	ck_assert(client->aborted && upstream->aborted);
	ck_assert_uint_eq(scene_total(TOTAL_UNDELIVERED_TO_CLIENT), 100);
}
END_TEST

START_TEST(each_acknowledged_byte_begins_the_flush_timeout_anew)
{
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 100);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	for (int rounds = 0; rounds < 5; rounds++) {
		for (int s = 0; s < 29; s++)
			scene_after(NS_PER_S);
		scene_acknowledges(&it, LEG_CLIENT, 1);
		scene_after(NS_PER_S);
		scene_check_state(&it, CONN_FLUSHING);
	}
	scene_after(30 * NS_PER_S - 1);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(1);
	scene_check_close(&it, WHY_FLUSH_TIMEOUT, BY_PROXY);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 95);
}
END_TEST

/* Resets. */

START_TEST(a_reset_is_passed_on_as_a_reset)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	fake_clock_advance(3 * NS_PER_US);
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->reset, side->by);
	ck_assert(socket_of(other)->aborted);
	ck_assert(!socket_of(other)->fin_sent);
	ck_assert_uint_eq(scene_record(&it)->close.order, side->order);
	ck_assert_uint_eq(scene_record(&it)->close.error, ECONNRESET);
	ck_assert_uint_eq(scene_record(&it)->legs[side->leg].error, ECONNRESET);
	ck_assert_int_eq(scene_record(&it)->legs[side->leg].rst_received_us, 3);
	ck_assert_int_eq(scene_record(&it)->legs[side->leg].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(scene_record(&it)->legs[other].rst_sent_us, 3);
	ck_assert(!scene_record(&it)->close.clean);
}
END_TEST

START_TEST(bytes_before_a_reset_are_delivered_first)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	socket_of(other)->hoards = true;
	scene_sends(&it, side->leg, 5000);
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert_uint_eq(socket_of(other)->sent, 5000);
	ck_assert(!socket_of(other)->closed);
	scene_acknowledges(&it, other, 4999);
	scene_after(50 * NS_PER_MS);
	scene_check_state(&it, CONN_FLUSHING);
	scene_acknowledges(&it, other, 1);
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, side->reset, side->by);
	ck_assert(socket_of(other)->aborted);
	ck_assert(!socket_of(other)->fin_sent);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[other], 0);
}
END_TEST

START_TEST(bytes_before_a_reset_wait_for_a_slow_reader)
{
	client->room = 1000;
	scene_sends(&it, LEG_UPSTREAM, 300000);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	for (int turns = 0; client->sent < 300000 && turns < 1000; turns++) {
		scene_has_room(&it, LEG_CLIENT, 1000);
		scene_turn();
		ck_assert(client->sent == 300000 || !client->closed);
	}
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert(client->in_order);
	ck_assert(client->aborted && !client->fin_sent);
}
END_TEST

START_TEST(a_waiting_reset_looks_again_ever_more_seldom)
{
	static const int looks_ms[] = { 1, 2, 4, 8, 16, 32, 50, 50 };

	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_turn(); /* the pump that met the end, once more */
	scene_check_state(&it, CONN_FLUSHING);
	for (int i = 0; i < _i; i++)
		scene_after(looks_ms[i] * NS_PER_MS);
	fake_acknowledge(it.client, 10);
	scene_after(looks_ms[_i] * NS_PER_MS - 1);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(1);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert(client->aborted);
}
END_TEST

START_TEST(a_waiting_reset_goes_out_at_the_flush_timeout)
{
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	for (int ms = 0; ms < 29990; ms += 10)
		scene_after(10 * NS_PER_MS);
	scene_check_state(&it, CONN_FLUSHING);
	scene_after(10 * NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert(client->aborted);
	ck_assert_uint_eq(scene_record(&it)->close.leg, LEG_NONE); /* the upstream is to blame, not a timer */
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 10);
}
END_TEST

START_TEST(what_was_for_a_side_that_reset_is_undelivered)
{
	client->room = 100;
	scene_sends(&it, LEG_UPSTREAM, 1000);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 900);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 0);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_CLIENT].sent, 100);
}
END_TEST

/* The RST waits for the flush; what comes meanwhile is for nobody. */
START_TEST(a_byte_that_nobody_will_read_came_when_it_came)
{
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_turn();
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_sends(&it, LEG_CLIENT, 5);
	scene_after(10 * NS_PER_US);
	scene_after(NS_PER_MS);
	scene_acknowledges(&it, LEG_CLIENT, 10);
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 10);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 5);
}
END_TEST

START_TEST(what_was_never_read_is_undelivered_too)
{
	client->room = 0;
	scene_sends(&it, LEG_UPSTREAM, 100000);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 100000);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_UPSTREAM].received,
	    scene.settings.datapath == WISH_SPLICE ? 100000 : LOAN_SIZE);
}
END_TEST

START_TEST(a_reset_after_a_fin_of_that_side_is_abandoning)
{
	const struct side *side = &sides[_i];

	scene_finishes(&it, side->leg);
	scene_turn();
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->abandoned, side->by);
	ck_assert_uint_eq(scene_record(&it)->close.error, EPIPE);
	ck_assert_int_ge(scene_record(&it)->legs[side->leg].rst_received_us, 0);
	ck_assert(socket_of(leg_other(side->leg))->aborted);
}
END_TEST

START_TEST(a_fin_and_a_reset_seen_at_once_are_abandoning)
{
	const struct side *side = &sides[_i];

	fake_fin((int)(socket_of(side->leg) - fake_sockets));
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->abandoned, side->by);
	ck_assert_int_ge(scene_record(&it)->legs[side->leg].fin_received_us, 0);
}
END_TEST

START_TEST(a_fin_right_before_a_reset_is_seen_though_the_error_does_not_tell_it)
{
	const struct side *side = &sides[_i];

	socket_of(side->leg)->hoards = true;
	scene_finishes(&it, leg_other(side->leg)); /* ours is on its way: LAST_ACK, not CLOSE_WAIT */
	scene_turn();
	fake_fin((int)(socket_of(side->leg) - fake_sockets));
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->abandoned, side->by);
	ck_assert_uint_eq(scene_record(&it)->close.error, ECONNRESET);
	ck_assert_int_ge(scene_record(&it)->legs[side->leg].fin_received_us, 0);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[leg_other(side->leg)], 0);
}
END_TEST

START_TEST(a_reset_after_a_fin_of_the_other_side_is_its_own_cause)
{
	const struct side *side = &sides[_i];

	scene_finishes(&it, leg_other(side->leg));
	scene_turn();
	scene_fails(&it, side->leg, ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->reset, side->by);
	ck_assert(socket_of(leg_other(side->leg))->aborted);
}
END_TEST

START_TEST(a_reset_while_the_last_fins_fly_takes_the_place_of_the_orderly_end)
{
	const struct side *side = &sides[_i];

	client->hoards = upstream->hoards = true;
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_fails(&it, side->leg, ECONNRESET);
	scene_acknowledges(&it, leg_other(side->leg), 1);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, side->abandoned, side->by);
}
END_TEST

START_TEST(the_first_cause_stays)
{
	upstream->hoards = true;
	scene_sends(&it, LEG_CLIENT, 10);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 10);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_CLIENT_FIRST);
}
END_TEST

START_TEST(resets_of_both_sides_in_one_turn_have_no_initiator)
{
	client->hoards = true;
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_turn();
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_NOBODY);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_SAME_TURN);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

/* … also when the first of them ends all, before anybody heard of the other. */
START_TEST(a_reset_that_is_still_to_be_heard_counts_for_the_order)
{
	const struct side *side = &sides[_i];

	scene_fails(&it, side->leg, ECONNRESET);
	scene_fails(&it, leg_other(side->leg), ECONNRESET);
	scene_turn();
	scene_check_close(&it, side->reset, BY_NOBODY);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_SAME_TURN);
}
END_TEST

/* The kernel tells an error once: whoever meets it first must not leave the other with a false end of file. */

START_TEST(a_reset_that_a_send_met_may_be_younger_than_what_the_next_turn_tells)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	socket_of(other)->hoards = true;
	scene_sends(&it, side->leg, 10);
	scene_turn();
	socket_of(side->leg)->send_error = ECONNRESET;
	scene_sends(&it, other, 10);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	scene_finishes(&it, other);
	scene_turn();
	scene_acknowledges(&it, other, 10);
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, side->reset, BY_NOBODY);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_SAME_TURN);
}
END_TEST

START_TEST(a_reset_that_a_send_met_first_is_no_fin)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	fake_fail((int)(socket_of(side->leg) - fake_sockets), ECONNRESET);
	scene_sends(&it, other, 10);
	scene_edge(&it, side->leg, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
	scene_turn();
	scene_check_close(&it, side->reset, side->by);
	ck_assert(socket_of(other)->aborted && !socket_of(other)->fin_sent);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[side->leg], 10);
	ck_assert_int_eq(scene_record(&it)->legs[side->leg].fin_received_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(a_reset_that_a_read_met_first_is_no_fin)
{
	const struct side *side = &sides[_i];
	enum leg_name other = leg_other(side->leg);

	socket_of(side->leg)->readable = 10;
	fake_fail((int)(socket_of(side->leg) - fake_sockets), ECONNRESET);
	/* The edge was collected before the RST came. */
	scene_edge(&it, side->leg, EPOLLIN);
	scene_edge(&it, side->leg, EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	ck_assert_uint_eq(socket_of(other)->sent, 10);
	scene_check_close(&it, side->reset, side->by);
	ck_assert(socket_of(other)->aborted && !socket_of(other)->fin_sent);
	ck_assert_int_eq(scene_record(&it)->legs[side->leg].fin_received_us, RECORD_UNKNOWN);
}
END_TEST

/* It closed with bytes unread.  A send says EPIPE there, as it would of one who had read all and closed. */
START_TEST(a_unix_side_that_a_send_found_closed_says_itself_how)
{
	bool with_unread = _i == 1;

	fake_fail(it.client, with_unread ? ECONNRESET : 0);
	scene_sends(&it, LEG_UPSTREAM, 10);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, with_unread ? WHY_CLIENT_RESET : WHY_CLIENT_ABANDONED, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us, with_unread ? RECORD_UNKNOWN : 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].error, with_unread ? ECONNRESET : EPIPE);
}
END_TEST

START_TEST(last_words_are_passed_on_though_a_send_met_the_reset)
{
	client->readable = 10;
	fake_fail(it.client, ECONNRESET);
	scene_sends(&it, LEG_UPSTREAM, 5);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(upstream->sent, 10);
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert(upstream->aborted && !upstream->fin_sent);
}
END_TEST

START_TEST(a_lost_side_ends_the_other_by_a_reset)
{
	static const int errors[] = { ETIMEDOUT, EHOSTUNREACH };
	const struct side *side = &sides[_i % LEG_COUNT];

	scene_fails(&it, side->leg, errors[_i / LEG_COUNT]);
	scene_turn();
	scene_check_close(&it, side->lost, side->by);
	ck_assert_uint_eq(scene_record(&it)->close.error, errors[_i / LEG_COUNT]);
	ck_assert_int_eq(scene_record(&it)->legs[side->leg].rst_received_us, RECORD_UNKNOWN);
	ck_assert(socket_of(leg_other(side->leg))->aborted);
}
END_TEST

START_TEST(closing_with_bytes_unread_is_known_to_be_an_abort)
{
	/* The upstream reset; what the client sent meanwhile lies unread in its socket. */
	upstream->room = 0;
	scene_sends(&it, LEG_CLIENT, LOAN_SIZE + 10);
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert_int_ge(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, 0);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], LOAN_SIZE + 10);
}
END_TEST

START_TEST(the_end_of_the_process_ends_it_at_once)
{
	client->hoards = upstream->hoards = true;
	scene_sends(&it, LEG_CLIENT, 10);
	if (_i > 0)
		scene_finishes(&it, LEG_CLIENT);
	if (_i > 1)
		scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, _i == 0 ? CONN_ESTABLISHED : _i == 1 ? CONN_CLIENT_HALF_CLOSED : CONN_FLUSHING);
	conns_shutdown(&scene.bench);
	scene_turn();
	scene_check_close(&it, WHY_SHUTDOWN, BY_ADMIN);
	ck_assert(client->aborted && upstream->aborted);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_end");
	TCase *fins = tcase_create("fin");
	TCase *flush = tcase_create("flush");
	TCase *resets = tcase_create("reset");
	TCase *unix_ends = tcase_create("unix");

	tcase_add_checked_fixture(fins, setup, scene_teardown);
	tcase_add_loop_test(fins, a_fin_is_passed_on_and_the_other_way_stays_open, 0, LEG_COUNT);
	tcase_add_loop_test(fins, each_fin_has_its_time, 0, LEG_COUNT);
	tcase_add_test(fins, a_fin_behind_many_bytes_waits_for_them);
	tcase_add_loop_test(fins, ends_of_both_sides_in_one_turn_have_no_initiator, 0, LEG_COUNT);
	tcase_add_test(fins, the_idle_time_before_the_end_is_kept);
	tcase_add_checked_fixture(flush, setup, scene_teardown);
	tcase_add_test(flush, an_orderly_end_waits_for_every_acknowledgement);
	tcase_add_test(flush, what_is_not_acknowledged_ends_at_the_flush_timeout);
	tcase_add_test(flush, each_acknowledged_byte_begins_the_flush_timeout_anew);
	tcase_add_loop_test(flush, a_waiting_reset_looks_again_ever_more_seldom, 0, 8);
	tcase_add_test(flush, a_waiting_reset_goes_out_at_the_flush_timeout);
	tcase_add_loop_test(flush, the_end_of_the_process_ends_it_at_once, 0, 3);
	tcase_add_checked_fixture(resets, setup, scene_teardown);
	tcase_add_loop_test(resets, a_reset_is_passed_on_as_a_reset, 0, LEG_COUNT);
	tcase_add_loop_test(resets, bytes_before_a_reset_are_delivered_first, 0, LEG_COUNT);
	tcase_add_test(resets, bytes_before_a_reset_wait_for_a_slow_reader);
	tcase_add_test(resets, what_was_for_a_side_that_reset_is_undelivered);
	tcase_add_test(resets, a_byte_that_nobody_will_read_came_when_it_came);
	tcase_add_test(resets, what_was_never_read_is_undelivered_too);
	tcase_add_loop_test(resets, a_reset_after_a_fin_of_that_side_is_abandoning, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_fin_and_a_reset_seen_at_once_are_abandoning, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_fin_right_before_a_reset_is_seen_though_the_error_does_not_tell_it, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_reset_after_a_fin_of_the_other_side_is_its_own_cause, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_reset_while_the_last_fins_fly_takes_the_place_of_the_orderly_end, 0, LEG_COUNT);
	tcase_add_test(resets, the_first_cause_stays);
	tcase_add_test(resets, resets_of_both_sides_in_one_turn_have_no_initiator);
	tcase_add_loop_test(resets, a_reset_that_is_still_to_be_heard_counts_for_the_order, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_reset_that_a_send_met_may_be_younger_than_what_the_next_turn_tells, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_reset_that_a_send_met_first_is_no_fin, 0, LEG_COUNT);
	tcase_add_loop_test(resets, a_reset_that_a_read_met_first_is_no_fin, 0, LEG_COUNT);
	tcase_add_test(resets, last_words_are_passed_on_though_a_send_met_the_reset);
	tcase_add_loop_test(resets, a_lost_side_ends_the_other_by_a_reset, 0, 2 * LEG_COUNT);
	tcase_add_test(resets, closing_with_bytes_unread_is_known_to_be_an_abort);
	suite_add_tcase(suite, fins);
	suite_add_tcase(suite, flush);
	tcase_add_checked_fixture(unix_ends, setup_unix_client, scene_teardown);
	tcase_add_loop_test(unix_ends, a_unix_side_that_a_send_found_closed_says_itself_how, 0, 2);
	suite_add_tcase(suite, resets);
	suite_add_tcase(suite, unix_ends);
	return suite_main(suite);
}
