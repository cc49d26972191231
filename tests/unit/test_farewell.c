/* SPDX-License-Identifier: MIT */
/* What a record says of an end, on real connections: the kernel's own counts. */
#include "proxy/farewell.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "support/suite.h"
#include "support/tcp_pair.h"

/* near[] is ours: the client's socket was accepted, the upstream's has connected. */
static int near[LEG_COUNT], far[LEG_COUNT];
static struct farewell farewell;
static union record_words words;
static struct record *const record = &words.record;

static void
setup(void)
{
	tcp_pair(&near[LEG_CLIENT], &far[LEG_CLIENT]);
	tcp_pair(&far[LEG_UPSTREAM], &near[LEG_UPSTREAM]);
	record_init(record);
	record->opened_ns = 1000 * NS_PER_S;
	for (int i = 0; i < LEG_COUNT; i++)
		record->legs[i].flow.protocol = FLOW_TCP;
	farewell = (struct farewell){
		.legs = { { .fd = near[LEG_CLIENT] }, { .fd = near[LEG_UPSTREAM] } },
		.why = WHY_CLIENT_FIN,
		.fault = LEG_NONE,
		.now_ns = 1003 * NS_PER_S,
	};
}

static void
teardown(void)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		close(near[i]);
		close(far[i]);
	}
}

static void
wait_for_empty_queue(int fd)
{
	for (int tries = 0; socket_outq(fd) > 0 && tries < 2000; tries++)
		usleep(1000);
	ck_assert_int_eq(socket_outq(fd), 0);
}

static int
wait_for_error(int fd)
{
	int error = 0;

	for (int tries = 0; (error = socket_error(fd)) == 0 && tries < 2000; tries++)
		usleep(1000);
	return error;
}

static void
far_sends(enum leg_name leg, size_t count)
{
	static const char bytes[4096];

	ck_assert_int_eq(send(far[leg], bytes, count, 0), (ssize_t)count);
	wait_for_empty_queue(far[leg]);
}

static void
near_sends(enum leg_name leg, size_t count)
{
	static const char bytes[4096];

	ck_assert_int_eq(socket_send(near[leg], bytes, count), (ssize_t)count);
	record->bytes[leg].sent += count;
	wait_for_empty_queue(near[leg]);
}

/* `count` bytes go from one far end to the other, through our two sockets. */
static void
carry(enum leg_name from, size_t count)
{
	char bytes[4096];

	far_sends(from, count);
	ck_assert_int_eq(recv(near[from], bytes, count, MSG_WAITALL), (ssize_t)count);
	record->bytes[from].received += count;
	near_sends(leg_other(from), count);
	record->last_payload_ns = 1001 * NS_PER_S;
}

static void
far_finishes(enum leg_name leg)
{
	shutdown(far[leg], SHUT_WR);
	wait_for_empty_queue(far[leg]);
	farewell.legs[leg].ended = true;
}

static void
near_finishes(enum leg_name leg)
{
	ck_assert_int_eq(socket_shutdown(near[leg]), 0);
	wait_for_empty_queue(near[leg]);
}

static void
check_undelivered(int64_t to_upstream, int64_t to_client)
{
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->close.undelivered[LEG_UPSTREAM], to_upstream);
	ck_assert_int_eq(record->close.undelivered[LEG_CLIENT], to_client);
}

START_TEST(an_orderly_end_leaves_nothing_undelivered)
{
	carry(LEG_CLIENT, 100);
	carry(LEG_UPSTREAM, 2000);
	for (int i = 0; i < LEG_COUNT; i++) {
		enum leg_name leg = _i == 0 ? (enum leg_name)i : leg_other(i);

		far_finishes(leg);
		near_finishes(leg_other(leg));
		farewell.legs[leg].end_turn = (uint32_t)i + 5;
	}
	check_undelivered(0, 0);
	ck_assert(record->close.clean);
	ck_assert_int_eq(record->kind, KIND_PROXY);
	ck_assert_int_eq(record->close.order, _i == 0 ? ORDER_CLIENT_FIRST : ORDER_UPSTREAM_FIRST);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(nothing_either_way_is_a_probe)
{
	far_finishes(LEG_CLIENT);
	near_finishes(LEG_UPSTREAM);
	far_finishes(LEG_UPSTREAM);
	near_finishes(LEG_CLIENT);
	check_undelivered(0, 0);
	ck_assert_int_eq(record->kind, KIND_PROBE);
}
END_TEST

static enum record_kind
kind_without_payload(enum close_reason why)
{
	if (why == WHY_DENIED_ACL || why == WHY_DENIED_LIMIT || why == WHY_DENIED_RATE)
		return KIND_REJECTED;
	if (why == WHY_CLIENT_FIN || why == WHY_CLIENT_RESET || why == WHY_CLIENT_ABANDONED ||
	    why == WHY_CLIENT_ABORT_CONNECTING)
		return KIND_PROBE;
	return KIND_PROXY;
}

START_TEST(nothing_either_way_is_a_probe_only_where_the_client_left)
{
	farewell.why = (enum close_reason)_i;
	farewell_say(&farewell, record);
	ck_assert_msg(record->kind == kind_without_payload(farewell.why), "%s", close_meanings[_i].text);
}
END_TEST

START_TEST(whom_the_upstream_left_first_is_no_probe)
{
	static const struct {
		uint32_t client, upstream; /* turns in which their ends were seen */
		enum record_kind kind;
	} cases[] = { { 7, 8, KIND_PROBE }, { 8, 8, KIND_PROBE }, { 8, 7, KIND_PROXY } };

	farewell.why = WHY_CLIENT_ABANDONED;
	farewell.legs[LEG_CLIENT].end_turn = cases[_i].client;
	farewell.legs[LEG_UPSTREAM].end_turn = cases[_i].upstream;
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->kind, cases[_i].kind);
}
END_TEST

START_TEST(what_the_kernel_does_not_tell_is_not_taken_for_nothing)
{
	int ends[2];

	/* TCP_INFO of what is no TCP socket fails. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	farewell.legs[LEG_UPSTREAM].fd = ends[0];
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->kind, KIND_PROXY);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(who_was_refused_on_arrival_is_rejected)
{
	static const enum close_reason whys[] = { WHY_DENIED_ACL, WHY_DENIED_LIMIT, WHY_DENIED_RATE };

	far_sends(LEG_CLIENT, 100);
	farewell.why = whys[_i];
	farewell.legs[LEG_CLIENT].abort = true;
	farewell.legs[LEG_UPSTREAM].fd = -1;
	check_undelivered(100, 0);
	ck_assert_int_eq(record->kind, KIND_REJECTED);
	ck_assert_int_eq(record->close.initiator, BY_PROXY);
	ck_assert_int_eq(record->close.how, HOW_RST);
	ck_assert_int_eq(record->close.error, 0);
	ck_assert_int_ne(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(what_was_never_read_is_undelivered)
{
	far_sends(LEG_CLIENT, 100);
	far_sends(LEG_UPSTREAM, 30);
	farewell.why = WHY_IDLE_TIMEOUT;
	check_undelivered(100, 30);
	ck_assert(!record->close.clean);
	ck_assert_int_eq(record->first_client_byte_us, 3000000);
	ck_assert_int_eq(record->first_upstream_byte_us, 3000000);
}
END_TEST

START_TEST(a_fin_is_no_byte_seen_or_not)
{
	carry(LEG_CLIENT, 100);
	far_finishes(LEG_CLIENT);
	farewell.legs[LEG_CLIENT].ended = _i == 0;
	check_undelivered(0, 0);
}
END_TEST

START_TEST(a_fin_is_no_byte_when_both_have_finished_unseen)
{
	carry(LEG_UPSTREAM, 100);
	near_finishes(LEG_UPSTREAM);
	far_finishes(LEG_UPSTREAM);
	farewell.legs[LEG_UPSTREAM].ended = false;
	ck_assert_uint_eq(tcp_info_state(near[LEG_UPSTREAM]), TCP_IS_CLOSED);
	check_undelivered(0, 0);
}
END_TEST

START_TEST(a_fin_is_no_byte_when_a_reset_follows_our_own)
{
	far_sends(LEG_UPSTREAM, 10);
	close(far[LEG_CLIENT]);
	far[LEG_CLIENT] = -1;
	/* Bytes and FIN in one packet: the RST that answers it finds both sides finished. */
	ck_assert_int_eq(socket_set(near[LEG_CLIENT], IPPROTO_TCP, TCP_CORK, 1), 0);
	ck_assert_int_eq(socket_send(near[LEG_CLIENT], "0123456789", 10), 10);
	ck_assert_int_eq(socket_shutdown(near[LEG_CLIENT]), 0);
	record->bytes[LEG_CLIENT].sent = 10;
	farewell.why = WHY_CLIENT_RESET;
	farewell.legs[LEG_CLIENT].error = wait_for_error(near[LEG_CLIENT]);
	ck_assert_int_eq(farewell.legs[LEG_CLIENT].error, ECONNRESET);
	check_undelivered(0, 10);
	ck_assert_int_eq(record->legs[LEG_CLIENT].fin_received_us, 3000000);
}
END_TEST

START_TEST(a_fin_that_never_left_was_not_sent)
{
	static const char bytes[1 << 16];
	ssize_t sent;

	while ((sent = socket_send(near[LEG_CLIENT], bytes, sizeof(bytes))) > 0)
		record->bytes[LEG_CLIENT].sent += (uint64_t)sent;
	ck_assert_int_eq(socket_shutdown(near[LEG_CLIENT]), 0);
	for (int i = 0; i < LEG_COUNT; i++)
		record->legs[i].fin_sent_us = 5;
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->legs[LEG_CLIENT].fin_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].fin_sent_us, 5);
}
END_TEST

START_TEST(the_counts_survive_a_reset)
{
	carry(LEG_UPSTREAM, 50);
	far_sends(LEG_CLIENT, 100);
	socket_abort(far[LEG_CLIENT]);
	far[LEG_CLIENT] = -1;
	farewell.why = WHY_CLIENT_RESET;
	farewell.legs[LEG_CLIENT].error = ECONNRESET;
	farewell.legs[LEG_CLIENT].end_turn = 7;
	check_undelivered(100, 0);
	ck_assert_uint_eq(record->close.error, ECONNRESET);
	ck_assert_int_eq(record->close.order, ORDER_CLIENT_FIRST);
	ck_assert_int_eq(record->close.initiator, BY_CLIENT);
}
END_TEST

START_TEST(a_reset_without_a_fin_takes_no_byte_away)
{
	far_sends(LEG_CLIENT, 100);
	socket_abort(far[LEG_CLIENT]);
	far[LEG_CLIENT] = -1;
	farewell.why = WHY_SHUTDOWN; /* … before anybody saw it */
	check_undelivered(100, 0);
}
END_TEST

START_TEST(the_header_is_no_payload)
{
	near_sends(LEG_UPSTREAM, 48);
	farewell.prologue = 48;
	carry(LEG_CLIENT, 10);
	far_sends(LEG_CLIENT, 3);
	check_undelivered(3, 0);
}
END_TEST

START_TEST(the_clients_own_header_is_no_payload_either)
{
	char bytes[40];

	far_sends(LEG_CLIENT, 40);
	ck_assert_int_eq(recv(near[LEG_CLIENT], bytes, 40, MSG_WAITALL), 40);
	record->bytes[LEG_CLIENT].received = 40;
	farewell.preface = 40;
	check_undelivered(0, 0);
	ck_assert_int_eq(record->kind, KIND_PROBE);
	carry(LEG_CLIENT, 10);
	far_sends(LEG_CLIENT, 3);
	check_undelivered(3, 0);
	ck_assert_int_eq(record->kind, KIND_PROXY);
}
END_TEST

START_TEST(without_a_whole_header_nobody_knows_what_was_payload)
{
	farewell.unsorted = true;
	check_undelivered(0, 0);
	ck_assert_int_eq(record->kind, KIND_PROBE);
	far_sends(LEG_CLIENT, 10);
	check_undelivered(RECORD_UNKNOWN, 0);
	ck_assert_int_eq(record->kind, KIND_PROXY);
}
END_TEST

START_TEST(an_abort_is_told_where_it_puts_a_reset_on_the_wire)
{
	for (int i = 0; i < LEG_COUNT; i++)
		farewell.legs[i].abort = true;
	socket_abort(far[LEG_CLIENT]);
	far[LEG_CLIENT] = -1;
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, 3000000);
}
END_TEST

START_TEST(a_kill_was_by_fin_only_if_both_sides_were_given_one)
{
	farewell.why = WHY_ADMIN_KILL;
	for (int i = 0; i < LEG_COUNT; i++) {
		near_finishes(i);
		far_finishes(i);
		record->legs[i].fin_sent_us = 5;
	}
	if (_i == 1)
		record->legs[LEG_UPSTREAM].fin_sent_us = RECORD_UNKNOWN;
	if (_i == 2)
		record->legs[LEG_CLIENT].rst_received_us = 6;
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->close.initiator, BY_ADMIN);
	ck_assert_int_eq(record->close.how, _i == 0 ? HOW_FIN : HOW_RST);
	ck_assert_int_eq(record->close.clean, _i == 0);
}
END_TEST

START_TEST(a_side_that_spoke_behind_our_fin_is_reset_and_no_kill_by_fin)
{
	farewell.why = WHY_ADMIN_KILL;
	for (int i = 0; i < LEG_COUNT; i++) {
		near_finishes(i);
		record->legs[i].fin_sent_us = 5;
	}
	far_sends(LEG_UPSTREAM, 7);
	check_undelivered(0, 7);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, 3000000);
	ck_assert_int_eq(record->close.how, HOW_RST);
	ck_assert(!record->close.clean);
}
END_TEST

START_TEST(closing_with_bytes_unread_is_an_abort_too)
{
	far_sends(LEG_UPSTREAM, 1);
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, 3000000);
}
END_TEST

START_TEST(ends_in_one_turn_have_no_initiator)
{
	farewell.legs[LEG_CLIENT].end_turn = farewell.legs[LEG_UPSTREAM].end_turn = 9;
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->close.order, ORDER_SAME_TURN);
	ck_assert_int_eq(record->close.initiator, BY_NOBODY);
}
END_TEST

START_TEST(an_end_that_nobody_told_is_seen_now)
{
	farewell.turn = 9;
	farewell.legs[LEG_CLIENT].end_turn = _i == 0 ? 9 : 8;
	if (_i < 2) {
		far_finishes(LEG_UPSTREAM);
		farewell.legs[LEG_UPSTREAM].ended = false;
	} else {
		socket_abort(far[LEG_UPSTREAM]);
		far[LEG_UPSTREAM] = -1;
		farewell.legs[LEG_CLIENT].end_turn = 0;
	}
	farewell_say(&farewell, record);
	ck_assert_int_eq(record->close.order, _i == 0   ? ORDER_SAME_TURN
					      : _i == 1 ? ORDER_CLIENT_FIRST
							: ORDER_UPSTREAM_FIRST);
	ck_assert_int_eq(
	    _i < 2 ? record->legs[LEG_UPSTREAM].fin_received_us : record->legs[LEG_UPSTREAM].rst_received_us, 3000000);
}
END_TEST

START_TEST(a_leg_without_a_socket_has_nothing_to_tell)
{
	far_sends(LEG_CLIENT, 10);
	farewell.legs[LEG_UPSTREAM].fd = -1;
	farewell.why = WHY_UPSTREAM_REFUSED;
	farewell.error = ECONNREFUSED;
	check_undelivered(10, 0);
	ck_assert_uint_eq(record->close.error, ECONNREFUSED);
	ck_assert_int_eq(record->close.order, ORDER_NONE);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(on_a_unix_leg_sent_is_delivered)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	farewell.legs[LEG_CLIENT] = (struct farewell_leg){ .fd = ends[0], .is_unix = true, .abort = true };
	ck_assert_int_eq(send(ends[0], "answer", 6, 0), 6);
	ck_assert_int_eq(send(ends[1], "unread", 6, 0), 6);
	record->bytes[LEG_CLIENT].sent = 6;
	far_sends(LEG_UPSTREAM, 8); /* of which two were not passed on */
	check_undelivered(6, 2);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* No event has told it yet; whoever closes a Unix socket with bytes unread leaves no FIN. */
START_TEST(the_end_of_a_unix_leg_that_nobody_told_is_seen_now)
{
	bool with_unread = _i == 1;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	farewell.legs[LEG_CLIENT] = (struct farewell_leg){ .fd = ends[0], .is_unix = true, .abort = true };
	farewell.legs[LEG_UPSTREAM].end_turn = farewell.turn = 5;
	ck_assert_int_eq(send(ends[1], "unread", 6, 0), 6);
	if (with_unread)
		ck_assert_int_eq(send(ends[0], "answer", 6, 0), 6);
	record->bytes[LEG_CLIENT].sent = with_unread ? 6 : 0;
	close(ends[1]);
	check_undelivered(6, 0);
	ck_assert_int_eq(record->legs[LEG_CLIENT].fin_received_us, with_unread ? RECORD_UNKNOWN : 3000000);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_received_us, with_unread ? 3000000 : RECORD_UNKNOWN);
	ck_assert_int_eq(record->close.order, ORDER_SAME_TURN);
	close(ends[0]);
}
END_TEST

START_TEST(a_unix_side_may_close_as_it_likes_when_both_have_finished)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	farewell.legs[LEG_CLIENT] = (struct farewell_leg){ .fd = ends[0], .is_unix = true, .ended = true };
	record->legs[LEG_CLIENT].fin_sent_us = 1000000;
	ck_assert_int_eq(send(ends[0], "answer", 6, 0), 6);
	close(ends[1]);
	check_undelivered(0, 0);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_received_us, RECORD_UNKNOWN);
	close(ends[0]);
}
END_TEST

/* Fills the way to this side, of which it reads nothing.  What its kernel did not acknowledge. */
static int
fill(enum leg_name leg)
{
	static const char bytes[65536];
	ssize_t sent;
	int queued = -1, before;

	while ((sent = socket_send(near[leg], bytes, sizeof(bytes))) > 0)
		record->bytes[leg].sent += (uint64_t)sent;
	ck_assert_int_eq(sent, -EAGAIN);
	do { /* until nothing moves any more */
		before = queued;
		usleep(50000);
		queued = socket_outq(near[leg]);
	} while (queued != before);
	ck_assert_int_gt(queued, 0);
	return queued;
}

START_TEST(path_and_queues_are_kept_as_they_were_at_the_end)
{
	const struct record_leg *client = &record->legs[LEG_CLIENT], *upstream = &record->legs[LEG_UPSTREAM];
	bool finishes = _i & 1, resets = _i & 2;

	far_sends(LEG_CLIENT, 100);
	int queued = fill(LEG_UPSTREAM) + finishes; /* a FIN counts */
	if (finishes)
		ck_assert_int_eq(socket_shutdown(near[LEG_UPSTREAM]), 0);
	if (resets) { /* which they survive */
		socket_abort(far[LEG_UPSTREAM]);
		far[LEG_UPSTREAM] = -1;
		ck_assert_int_eq(wait_for_error(near[LEG_UPSTREAM]), ECONNRESET);
		farewell.legs[LEG_UPSTREAM].error = ECONNRESET;
	}
	farewell_say(&farewell, record);
	ck_assert_uint_eq(client->receive_queue_bytes, 100);
	ck_assert_uint_eq(client->send_queue_bytes, 0);
	ck_assert_uint_eq(upstream->receive_queue_bytes, 0);
	ck_assert_uint_eq(upstream->send_queue_bytes, (uint32_t)queued);
	ck_assert_int_eq(record->sampled_ns, farewell.now_ns);
	for (int i = 0; i < LEG_COUNT; i++) {
		ck_assert_uint_ne(record->legs[i].tcp.rtt_us, TCP_UNKNOWN_32);
		ck_assert_uint_ge(record->legs[i].tcp.segments_sent, 1);
		ck_assert(record->legs[i].rate_sent < 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/farewell");
	TCase *tcase = tcase_create("last words");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_orderly_end_leaves_nothing_undelivered, 0, 2);
	tcase_add_test(tcase, nothing_either_way_is_a_probe);
	tcase_add_loop_test(tcase, nothing_either_way_is_a_probe_only_where_the_client_left, WHY_NONE + 1, WHY_COUNT);
	tcase_add_loop_test(tcase, whom_the_upstream_left_first_is_no_probe, 0, 3);
	tcase_add_test(tcase, what_the_kernel_does_not_tell_is_not_taken_for_nothing);
	tcase_add_loop_test(tcase, who_was_refused_on_arrival_is_rejected, 0, 3);
	tcase_add_test(tcase, what_was_never_read_is_undelivered);
	tcase_add_loop_test(tcase, a_fin_is_no_byte_seen_or_not, 0, 2);
	tcase_add_test(tcase, a_fin_is_no_byte_when_both_have_finished_unseen);
	tcase_add_test(tcase, a_fin_is_no_byte_when_a_reset_follows_our_own);
	tcase_add_test(tcase, a_fin_that_never_left_was_not_sent);
	tcase_add_loop_test(tcase, path_and_queues_are_kept_as_they_were_at_the_end, 0, 4);
	tcase_add_test(tcase, the_counts_survive_a_reset);
	tcase_add_test(tcase, a_reset_without_a_fin_takes_no_byte_away);
	tcase_add_test(tcase, the_header_is_no_payload);
	tcase_add_test(tcase, the_clients_own_header_is_no_payload_either);
	tcase_add_test(tcase, without_a_whole_header_nobody_knows_what_was_payload);
	tcase_add_test(tcase, an_abort_is_told_where_it_puts_a_reset_on_the_wire);
	tcase_add_loop_test(tcase, a_kill_was_by_fin_only_if_both_sides_were_given_one, 0, 3);
	tcase_add_test(tcase, a_side_that_spoke_behind_our_fin_is_reset_and_no_kill_by_fin);
	tcase_add_test(tcase, closing_with_bytes_unread_is_an_abort_too);
	tcase_add_test(tcase, ends_in_one_turn_have_no_initiator);
	tcase_add_loop_test(tcase, an_end_that_nobody_told_is_seen_now, 0, 3);
	tcase_add_test(tcase, a_leg_without_a_socket_has_nothing_to_tell);
	tcase_add_test(tcase, on_a_unix_leg_sent_is_delivered);
	tcase_add_loop_test(tcase, the_end_of_a_unix_leg_that_nobody_told_is_seen_now, 0, 2);
	tcase_add_test(tcase, a_unix_side_may_close_as_it_likes_when_both_have_finished);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
