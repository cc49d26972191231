/* SPDX-License-Identifier: MIT */
/* Bytes both ways, and what is published of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
	scene_news();
}

static void
check_counters(uint64_t up, uint64_t down)
{
	const struct record *record = scene_record(&it);

	ck_assert_uint_eq(record->bytes[LEG_CLIENT].received, up);
	ck_assert_uint_eq(record->bytes[LEG_UPSTREAM].sent, up);
	ck_assert_uint_eq(record->bytes[LEG_UPSTREAM].received, down);
	ck_assert_uint_eq(record->bytes[LEG_CLIENT].sent, down);
	ck_assert_uint_eq(scene_total(TOTAL_CLIENT_BYTES_RECEIVED), up);
	ck_assert_uint_eq(scene_total(TOTAL_UPSTREAM_BYTES_SENT), up);
	ck_assert_uint_eq(scene_total(TOTAL_UPSTREAM_BYTES_RECEIVED), down);
	ck_assert_uint_eq(scene_total(TOTAL_CLIENT_BYTES_SENT), down);
}

START_TEST(bytes_go_both_ways_whole_and_in_order)
{
	begin();
	for (int i = 1; i <= 20; i++) {
		scene_sends(&it, LEG_CLIENT, (size_t)i * 7);
		scene_sends(&it, LEG_UPSTREAM, (size_t)i * 1001);
		scene_turn();
	}
	ck_assert_uint_eq(upstream->sent, 210 * 7);
	ck_assert_uint_eq(client->sent, 210 * 1001);
	ck_assert(client->in_order && upstream->in_order);
	check_counters(210 * 7, 210 * 1001);
}
END_TEST

START_TEST(an_idle_connection_holds_nothing)
{
	begin();
	scene_sends(&it, LEG_CLIENT, 100);
	scene_sends(&it, LEG_UPSTREAM, 100000);
	scene_turn();
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), 0);
	ck_assert(!it.conn->again.ready);
}
END_TEST

START_TEST(a_long_run_goes_on_in_the_next_turn)
{
	begin();
	scene_sends(&it, LEG_CLIENT, 3 * PUMP_RUN_MAX);
	scene_turn();
	ck_assert_uint_ge(upstream->sent, PUMP_RUN_MAX);
	ck_assert_uint_lt(upstream->sent, 2 * PUMP_RUN_MAX);
	for (int turns = 0; turns < 3; turns++)
		scene_turn(); /* no edge comes any more */
	ck_assert_uint_eq(upstream->sent, 3 * PUMP_RUN_MAX);
	ck_assert(upstream->in_order);
}
END_TEST

/* 1: over loopback */
START_TEST(where_much_is_carried_over_loopback_buffers_are_small)
{
	int much = _i == 1 ? 5000 : 0;

	begin();
	scene.bench.manners.loopback.much_bytes = 5000;
	client->on_loopback = upstream->on_loopback = _i == 1;
	scene_sends(&it, LEG_UPSTREAM, 100);
	scene_turn();
	ck_assert_int_eq(client->send_buffer, 0);
	scene_sends(&it, LEG_UPSTREAM, PUMP_RUN_MAX);
	scene_turn();
	ck_assert_int_eq(upstream->receive_buffer, much);
	ck_assert_int_eq(client->send_buffer, much);
	ck_assert_int_eq(client->receive_buffer, 0); /* the other way nothing went */
	ck_assert_int_eq(upstream->send_buffer, 0);
}
END_TEST

/* Each waits for an answer; who carries much waits for nobody. */
START_TEST(beside_others_that_talk_who_carries_much_takes_small_turns)
{
	struct actor other = scene_establishes();

	begin();
	scene_sends(&it, LEG_UPSTREAM, 4 * PUMP_RUN_MAX);
	scene_turn();
	uint64_t sent = client->sent;
	ck_assert_uint_ge(sent, PUMP_RUN_MAX);
	for (int i = 0; i < 3; i++, sent = client->sent) {
		scene_sends(&other, LEG_CLIENT, 64);
		scene_turn();
		ck_assert_uint_le(client->sent - sent, i == 0 ? PUMP_RUN_MAX : 2 * PUMP_RUN_BESIDE);
		ck_assert_uint_gt(client->sent, sent);
	}
	scene_after(NS_PER_S); /* they are silent again */
	scene_turn();
	ck_assert_uint_ge(client->sent - sent, PUMP_RUN_MAX);
	ck_assert(client->in_order);
}
END_TEST

START_TEST(what_a_slow_reader_did_not_take_stays_in_the_kernel)
{
	scene.settings.datapath = WISH_COPY;
	begin();
	client->room = 20000;
	scene_sends(&it, LEG_UPSTREAM, 1000000);
	scene_turn();
	ck_assert_uint_eq(client->sent, 20000);
	ck_assert_uint_eq(upstream->readable, 1000000 - 20000);
	ck_assert_msg(loans_lent(scene.bench.tools.loans) == 0, "bytes that were only looked at need no loan");
	scene_has_room(&it, LEG_CLIENT, FAKE_ROOM);
	for (int turns = 0; turns < 6; turns++)
		scene_turn();
	ck_assert_uint_eq(client->sent, 1000000);
	ck_assert(client->in_order);
	check_counters(0, 1000000);
}
END_TEST

START_TEST(a_unix_source_is_not_peeked_while_there_are_loans)
{
	addr_parse(&scene.settings.listeners[0].addr, "unix:/run/sockproxy.sock");
	begin();
	upstream->room = 20000;
	scene_sends(&it, LEG_CLIENT, 1000000);
	scene_turn();
	ck_assert_uint_eq(client->most_peeked, 0);
	ck_assert_uint_eq(upstream->sent, 20000);
	ck_assert_uint_eq(client->given, 2 * LOAN_SIZE);
	scene_has_room(&it, LEG_UPSTREAM, FAKE_ROOM);
	for (int turns = 0; turns < 6; turns++)
		scene_turn();
	ck_assert_uint_eq(upstream->sent, 1000000);
	ck_assert(upstream->in_order);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_CLIENT].flow.protocol, FLOW_UNIX);
}
END_TEST

START_TEST(a_peek_that_cannot_be_taken_loses_the_source)
{
	scene.settings.datapath = WISH_COPY;
	begin();
	client->lies_about = ENOMEM;
	scene_sends(&it, LEG_CLIENT, 100000);
	scene_turn();
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_LOST, BY_CLIENT);
	ck_assert(upstream->aborted);
}
END_TEST

START_TEST(first_bytes_have_their_times)
{
	begin();
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, RECORD_UNKNOWN);
	scene_sends(&it, LEG_CLIENT, 1);
	scene_after(10 * NS_PER_US);
	scene_sends(&it, LEG_UPSTREAM, 1);
	scene_after(10 * NS_PER_US);
	scene_sends(&it, LEG_CLIENT, 1);
	scene_sends(&it, LEG_UPSTREAM, 1);
	scene_after(10 * NS_PER_US);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 10);
	ck_assert_int_eq(scene_record(&it)->first_upstream_byte_us, 20);
	ck_assert_int_eq(scene_record(&it)->last_payload_ns, clock_now());
}
END_TEST

START_TEST(counters_are_published_once_a_turn)
{
	uint64_t revision;

	begin();
	scene_sends(&it, LEG_CLIENT, 1); /* the first byte is told at once */
	scene_sends(&it, LEG_UPSTREAM, 1);
	scene_turn();
	revision = scene_record(&it)->revision;
	for (int i = 0; i < 10; i++) {
		scene_sends(&it, LEG_CLIENT, 10);
		scene_sends(&it, LEG_UPSTREAM, 20);
	}
	scene_turn();
	ck_assert_uint_eq(scene_record(&it)->revision, revision + 1);
	check_counters(101, 201);
	scene_turn();
	ck_assert_msg(scene_record(&it)->revision == revision + 1, "nothing moved, nothing is said");
	ck_assert_str_eq(scene_news(), "");
}
END_TEST

/* The PROXY header. */

START_TEST(the_header_goes_before_the_first_byte)
{
	static const char header[] = "PROXY TCP4 198.51.100.7 192.0.2.100 40000 8080\r\n";

	scene.settings.proxy_out = PROXY_OUT_V1;
	it = scene_accepts();
	upstream = scene_socket(&it, LEG_UPSTREAM);
	upstream->skip = strlen(header);
	scene_sends(&it, LEG_CLIENT, 10);
	scene_turn();
	scene_connects(&it);
	scene_turn();
	ck_assert_uint_eq(upstream->sent, strlen(header) + 10);
	ck_assert(strncmp(upstream->kept, header, strlen(header)) == 0);
	ck_assert(upstream->in_order);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_CLIENT].received, 10);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_UPSTREAM].sent, strlen(header) + 10);
}
END_TEST

START_TEST(the_header_is_no_payload)
{
	scene.settings.proxy_out = PROXY_OUT_V2;
	begin();
	ck_assert_uint_gt(upstream->sent, 0);
	scene_finishes(&it, LEG_CLIENT);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	ck_assert_uint_eq(scene_record(&it)->kind, KIND_PROBE);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 0);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 0);
	ck_assert(scene_record(&it)->close.clean);
}
END_TEST

START_TEST(a_header_that_nobody_acknowledged_is_not_undelivered_payload)
{
	scene.settings.proxy_out = PROXY_OUT_V1;
	it = scene_accepts();
	upstream = scene_socket(&it, LEG_UPSTREAM);
	upstream->hoards = true;
	scene_connects(&it);
	scene_turn();
	scene_sends(&it, LEG_CLIENT, (size_t)_i);
	scene_turn();
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], _i);
}
END_TEST

/* Whatever prevents the header: no byte of the client's goes out without it, and a reset stays one. */
START_TEST(without_its_header_nothing_is_sent)
{
	static const int errors[] = { ECONNRESET, EPIPE, EAGAIN, ENOBUFS };
	static const enum close_reason why[] = { WHY_UPSTREAM_RESET, WHY_UPSTREAM_ABANDONED, WHY_UPSTREAM_LOST,
		WHY_UPSTREAM_LOST };

	scene.settings.proxy_out = PROXY_OUT_V1;
	it = scene_accepts();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
	scene_sends(&it, LEG_CLIENT, 10);
	scene_turn();
	upstream->send_error = errors[_i];
	upstream->failed = _i < 2; /* the send was told of it, and now it is forgotten */
	scene_connects(&it);
	scene_edge(&it, LEG_UPSTREAM, _i < 2 ? EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP : EPOLLOUT);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(upstream->sent, 0);
	scene_check_close(&it, why[_i], BY_UPSTREAM);
	ck_assert(client->aborted && !client->fin_sent);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 10);
}
END_TEST

START_TEST(half_a_header_is_none)
{
	scene.settings.proxy_out = PROXY_OUT_V1;
	it = scene_accepts();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
	upstream->room = 20;
	scene_sends(&it, LEG_CLIENT, 10);
	scene_connects(&it);
	scene_turn();
	scene_has_room(&it, LEG_UPSTREAM, 1000);
	scene_turn();
	ck_assert_uint_eq(upstream->sent, 20);
	scene_check_close(&it, WHY_UPSTREAM_LOST, BY_UPSTREAM);
	ck_assert_uint_eq(scene_record(&it)->close.error, ENOBUFS);
	ck_assert(client->aborted && upstream->aborted);
}
END_TEST

/* Publishing. */

START_TEST(each_step_is_one_event)
{
	it = scene_accepts();
	ck_assert_str_eq(scene_news(), "o");
	scene_connects(&it);
	scene_turn();
	ck_assert_str_eq(scene_news(), "c");
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	ck_assert_str_eq(scene_news(), "h");
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	ck_assert_str_eq(scene_news(), "x");
}
END_TEST

START_TEST(whoever_hears_of_a_close_finds_it_in_the_history)
{
	struct bus_cursor follower;
	struct event event;
	union record_words copy;

	begin();
	ck_assert_int_eq(bus_follow(scene.track.bus, &follower), 0);
	scene_sends(&it, LEG_CLIENT, (size_t)_i);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	ck_assert(bus_next(&follower, &event));
	ck_assert_int_eq(event.type, EVENT_CLOSE);
	ck_assert_int_eq(event.state, CONN_CLOSED);
	ck_assert_int_eq(event.reason, WHY_CLIENT_RESET);
	ck_assert_int_eq(event.kind, _i == 0 ? KIND_PROBE : KIND_PROXY);
	int ring = history_ring(0, (enum record_kind)event.kind);
	ck_assert_int_eq(history_read(scene.track.history, ring, event.history_number, &copy), RING_READ);
	ck_assert_uint_eq(copy.record.id, it.id);
	ck_assert_uint_eq(copy.record.id, event.id);
	ck_assert_uint_eq(copy.record.revision, event.revision);
	ck_assert_int_eq(copy.record.close.reason, WHY_CLIENT_RESET);
	bus_unfollow(&follower);
}
END_TEST

/* The table is asked while the turn lasts: the slot must still be the closed connection's. */
static enum table_answer answer;
static uint32_t slot_of_next;

static void
look_at_slot(struct loop_task *task)
{
	union record_words copy;
	uint32_t slot;

	(void)task;
	answer = table_find(scene.track.table, it.id, &copy);
	ck_assert(table_reserve(scene.track.table));
	table_claim(scene.track.table, 0, &slot);
	table_commit(scene.track.table, 0, slot);
	slot_of_next = slot;
	table_release(scene.track.table, 0, slot);
}

START_TEST(a_slot_is_used_again_only_after_the_turn)
{
	struct loop_task task = { .run = look_at_slot };
	uint32_t slot;
	struct actor next;

	begin();
	slot = it.conn->slot;
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	loop_ready(scene.loop, &task);
	scene_turn();
	ck_assert_int_eq(answer, TABLE_FOUND);
	ck_assert_uint_ne(slot_of_next, slot);
	ck_assert_int_eq(scene.places_freed, 1);
	next = scene_accepts();
	ck_assert_uint_eq(next.conn->slot, slot);
	ck_assert_uint_ne(next.id, it.id);
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
}
END_TEST

START_TEST(a_closed_record_names_no_descriptor)
{
	begin();
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fd, it.client);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	for (int i = 0; i < LEG_COUNT; i++) {
		ck_assert_int_eq(scene_record(&it)->legs[i].fd, -1);
		ck_assert_uint_eq(scene_record(&it)->legs[i].tcp_state, 7);
		ck_assert_uint_ne(scene_record(&it)->legs[i].socket_cookie, 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_forward");
	TCase *bytes = tcase_create("bytes");
	TCase *header = tcase_create("header");
	TCase *publishing = tcase_create("publishing");

	tcase_add_checked_fixture(bytes, scene_setup, scene_teardown);
	tcase_add_test(bytes, bytes_go_both_ways_whole_and_in_order);
	tcase_add_test(bytes, an_idle_connection_holds_nothing);
	tcase_add_test(bytes, a_long_run_goes_on_in_the_next_turn);
	tcase_add_loop_test(bytes, where_much_is_carried_over_loopback_buffers_are_small, 0, 2);
	tcase_add_test(bytes, beside_others_that_talk_who_carries_much_takes_small_turns);
	tcase_add_test(bytes, what_a_slow_reader_did_not_take_stays_in_the_kernel);
	tcase_add_test(bytes, a_unix_source_is_not_peeked_while_there_are_loans);
	tcase_add_test(bytes, a_peek_that_cannot_be_taken_loses_the_source);
	tcase_add_test(bytes, first_bytes_have_their_times);
	tcase_add_test(bytes, counters_are_published_once_a_turn);
	tcase_add_checked_fixture(header, scene_setup, scene_teardown);
	tcase_add_test(header, the_header_goes_before_the_first_byte);
	tcase_add_test(header, the_header_is_no_payload);
	tcase_add_loop_test(header, a_header_that_nobody_acknowledged_is_not_undelivered_payload, 0, 3);
	tcase_add_loop_test(header, without_its_header_nothing_is_sent, 0, 4);
	tcase_add_test(header, half_a_header_is_none);
	tcase_add_checked_fixture(publishing, scene_setup, scene_teardown);
	tcase_add_test(publishing, each_step_is_one_event);
	tcase_add_loop_test(publishing, whoever_hears_of_a_close_finds_it_in_the_history, 0, 2);
	tcase_add_test(publishing, a_slot_is_used_again_only_after_the_turn);
	tcase_add_test(publishing, a_closed_record_names_no_descriptor);
	suite_add_tcase(suite, bytes);
	suite_add_tcase(suite, header);
	suite_add_tcase(suite, publishing);
	return suite_main(suite);
}
