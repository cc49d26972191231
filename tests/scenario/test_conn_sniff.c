/* SPDX-License-Identifier: MIT */
/* --proxy-in: the client says first for whom it comes, or does not. */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

#define V1          "PROXY TCP4 203.0.113.9 198.51.100.1 4000 443\r\n"
#define V2          "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xcb\x00\x71\x09\xc6\x33\x64\x01\x0f\xa0\x01\xbb\x04\0\0"
#define LOCAL       "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
#define FAR_UNIX    "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8"
#define BYTES(text) text, sizeof(text) - 1

static const struct header {
	const char *bytes;
	size_t size;
	enum client_source source;
} headers[] = {
	{ BYTES(V1), CLIENT_PROXY_V1 },
	{ BYTES(V2), CLIENT_PROXY_V2 },
	{ BYTES("PROXY UNKNOWN\r\n"), CLIENT_SOCKET },
	{ BYTES(LOCAL), CLIENT_SOCKET },
};
enum { HEADERS = sizeof(headers) / sizeof(headers[0]), NAMING = 2, PAYLOAD = 100 };

static struct actor it;

static void
setup(void)
{
	scene_setup();
	scene.settings.proxy_in = true;
	scene.settings.proxy_in_timeout_ns = 3 * NS_PER_S;
}

/* A client that will say this first, and has not begun. */
static void
accept_client(const char *preface, size_t size)
{
	int fd = fake_socket_new();

	fake_sockets[fd].preface = preface;
	fake_sockets[fd].preface_size = size;
	it = scene_accepts_fd(fd);
	scene_check_state(&it, CONN_SNIFFING);
}

static void
client_sends(size_t count)
{
	scene_sends(&it, LEG_CLIENT, count);
	scene_turn();
}

static void
connect_upstream(void)
{
	scene_check_state(&it, CONN_CONNECTING);
	scene_connects(&it);
	scene_turn();
}

/* Nothing of the header, and all of the payload. */
static void
check_forwarded(size_t payload)
{
	scene_check_state(&it, CONN_ESTABLISHED);
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, payload);
	ck_assert_msg(scene_socket(&it, LEG_UPSTREAM)->in_order, "the payload is not as it was sent");
	ck_assert_uint_eq(fake_sockets[it.client].readable, 0);
}

static void
check_aborted_unheard(void)
{
	ck_assert(fake_sockets[it.client].aborted);
	ck_assert_int_eq(fake_connects.count, 0);
	ck_assert_uint_eq(scene_record(&it)->attempts, 0);
}

static void
end_in_order(void)
{
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert(scene_record(&it)->close.clean);
}

START_TEST(nobody_is_connected_before_the_header_is_whole)
{
	const struct header *header = &headers[_i];

	accept_client(header->bytes, header->size);
	ck_assert_int_eq(fake_connects.count, 0);
	client_sends(header->size - 1);
	scene_check_state(&it, CONN_SNIFFING);
	ck_assert_msg(fake_sockets[it.client].given == 0, "a part was taken");
	client_sends(1);
	scene_check_state(&it, CONN_CONNECTING);
	ck_assert_uint_eq(fake_sockets[it.client].given, header->size);
}
END_TEST

START_TEST(the_header_may_come_byte_by_byte)
{
	const struct header *header = &headers[_i];

	accept_client(header->bytes, header->size);
	for (size_t i = 0; i < header->size + PAYLOAD; i++)
		client_sends(1);
	connect_upstream();
	check_forwarded(PAYLOAD);
}
END_TEST

START_TEST(payload_that_comes_with_the_header_is_forwarded)
{
	const struct header *header = &headers[_i];

	accept_client(header->bytes, header->size);
	client_sends(header->size + PAYLOAD);
	ck_assert_uint_eq(fake_sockets[it.client].readable, PAYLOAD);
	connect_upstream();
	check_forwarded(PAYLOAD);
}
END_TEST

START_TEST(payload_that_comes_with_the_header_counts_from_then)
{
	accept_client(BYTES(V1));
	fake_clock_advance(NS_PER_MS);
	client_sends(sizeof(V1) - 1 + PAYLOAD);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 1000);
	fake_clock_advance(5 * NS_PER_MS);
	connect_upstream();
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 1000);
	ck_assert_uint_eq(scene_record(&it)->speaks_first, LEG_CLIENT);
}
END_TEST

/* Wherever the two segments part: after the last edge nobody tells that bytes are there. */
START_TEST(header_and_payload_may_be_split_anywhere)
{
	accept_client(BYTES(V2));
	client_sends((size_t)_i);
	client_sends(sizeof(V2) - 1 + PAYLOAD - (size_t)_i);
	connect_upstream();
	check_forwarded(PAYLOAD);
}
END_TEST

START_TEST(payload_may_come_at_any_time_later)
{
	accept_client(BYTES(V1));
	client_sends(sizeof(V1) - 1);
	client_sends(PAYLOAD);
	connect_upstream();
	check_forwarded(PAYLOAD);
	client_sends(PAYLOAD);
	check_forwarded(2 * PAYLOAD);
}
END_TEST

START_TEST(the_header_is_read_and_is_no_payload)
{
	const struct header *header = &headers[_i];

	accept_client(header->bytes, header->size);
	fake_clock_advance(NS_PER_MS);
	client_sends(header->size);
	connect_upstream();
	const struct record *record = scene_record(&it);
	ck_assert_uint_eq(record->bytes[LEG_CLIENT].received, header->size);
	ck_assert_uint_eq(record->bytes[LEG_UPSTREAM].sent, 0);
	ck_assert_int_eq(record->first_client_byte_us, RECORD_UNKNOWN);
	ck_assert_int_eq(record->last_payload_ns, 0);
	ck_assert_uint_eq(scene_total(TOTAL_CLIENT_BYTES_RECEIVED), 0);

	fake_clock_advance(NS_PER_MS);
	client_sends(PAYLOAD);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_CLIENT].received, header->size + PAYLOAD);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 2000);
	ck_assert_uint_eq(scene_total(TOTAL_CLIENT_BYTES_RECEIVED), PAYLOAD);
	end_in_order();
	ck_assert_int_eq(scene_record(&it)->kind, KIND_PROXY);
}
END_TEST

START_TEST(a_client_that_sends_a_header_alone_is_a_probe)
{
	accept_client(BYTES(LOCAL));
	client_sends(sizeof(LOCAL) - 1);
	connect_upstream();
	end_in_order();
	ck_assert_int_eq(scene_record(&it)->kind, KIND_PROBE);
}
END_TEST

START_TEST(the_record_names_whom_the_header_named)
{
	const struct header *header = &headers[_i];

	accept_client(header->bytes, header->size);
	client_sends(header->size);
	const struct record *record = scene_record(&it);
	ck_assert_int_eq(record->client_source, header->source);
	ck_assert_uint_eq(record->client.port, header->source == CLIENT_SOCKET ? 0 : 4000);
	ck_assert_uint_eq(record->client_protocol, header->source == CLIENT_SOCKET ? FLOW_NONE : FLOW_TCP);
	ck_assert_msg(record->legs[LEG_CLIENT].flow.source.port == 40000, "the leg is the real socket");
}
END_TEST

START_TEST(a_header_on_a_unix_listener_is_taken_whole)
{
	addr_parse(&scene.settings.listeners[0].addr, "unix:/run/in.sock");
	accept_client(BYTES(V2));
	client_sends(sizeof(V2) - 1 + PAYLOAD);
	connect_upstream();
	check_forwarded(PAYLOAD);
	ck_assert_int_eq(scene_record(&it)->client_source, CLIENT_PROXY_V2);
}
END_TEST

/* Outwards: for whom, and where that one had wanted to go. */

static const struct chain {
	const char *header;
	size_t size;
	enum proxy_out version;
	const char *want;
	size_t want_size;
} chains[] = {
	{ BYTES(V1), PROXY_OUT_V1, BYTES(V1) },
	{ BYTES(V2), PROXY_OUT_V1, BYTES(V1) },
	{ BYTES(V1), PROXY_OUT_V2,
	    BYTES("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\x00\x71\x09\xc6\x33\x64\x01\x0f\xa0\x01\xbb") },
	{ BYTES("PROXY UNKNOWN\r\n"), PROXY_OUT_V1, BYTES("PROXY TCP4 198.51.100.7 192.0.2.100 40000 8080\r\n") },
	{ BYTES(LOCAL), PROXY_OUT_V1, BYTES("PROXY TCP4 198.51.100.7 192.0.2.100 40000 8080\r\n") },
};

START_TEST(the_header_that_goes_out_names_whom_the_one_that_came_in_named)
{
	const struct chain *chain = &chains[_i];

	scene.settings.proxy_out = chain->version;
	accept_client(chain->header, chain->size);
	client_sends(chain->size);
	scene_socket(&it, LEG_UPSTREAM)->skip = chain->want_size;
	client_sends(PAYLOAD);
	connect_upstream();
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, chain->want_size + PAYLOAD);
	ck_assert_mem_eq(scene_socket(&it, LEG_UPSTREAM)->kept, chain->want, chain->want_size);
	ck_assert(scene_socket(&it, LEG_UPSTREAM)->in_order);
	end_in_order();
}
END_TEST

START_TEST(a_unix_client_far_away_stays_one_without_a_name)
{
	static const char want[16 + 2 * 108] = FAR_UNIX;
	static char header[sizeof(want)] = FAR_UNIX;

	memset(header + 16, 'p', sizeof(header) - 16);
	addr_parse(&scene.settings.listeners[0].addr, "unix:/run/in.sock");
	scene.settings.proxy_out = PROXY_OUT_V2;
	accept_client(header, sizeof(header));
	client_sends(sizeof(header));
	scene_socket(&it, LEG_UPSTREAM)->skip = sizeof(want);
	connect_upstream();
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, sizeof(want));
	ck_assert_mem_eq(scene_socket(&it, LEG_UPSTREAM)->kept, want, sizeof(want));
	ck_assert_int_eq(scene_record(&it)->client_protocol, FLOW_UNIX);
}
END_TEST

/* Ends without a whole header. */

START_TEST(what_is_no_header_is_answered_by_a_reset_at_once)
{
	accept_client(BYTES("GET / HTTP/1.1\r\n"));
	client_sends(1);
	scene_check_close(&it, WHY_PROXY_HEADER_INVALID, BY_PROXY);
	check_aborted_unheard();
	const struct record *record = scene_record(&it);
	ck_assert_int_ge(record->legs[LEG_CLIENT].rst_sent_us, 0);
	ck_assert_uint_eq(record->close.order, ORDER_NONE);
	ck_assert_int_eq(record->close.undelivered[LEG_UPSTREAM], RECORD_UNKNOWN);
	ck_assert_int_eq(record->close.undelivered[LEG_CLIENT], 0);
	ck_assert_msg(record->kind == KIND_PROXY, "it is not known to have carried nothing");
	ck_assert_str_eq(scene_news(), "ox");
}
END_TEST

START_TEST(a_client_that_finishes_within_its_header_sent_none)
{
	accept_client(BYTES(V1));
	client_sends(sizeof(V1) - 2);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_check_close(&it, WHY_PROXY_HEADER_INVALID, BY_PROXY);
	check_aborted_unheard();
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_CLIENT_FIRST);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us, 0);
}
END_TEST

START_TEST(the_header_deadline_is_met_to_the_nanosecond)
{
	accept_client(BYTES(V1));
	scene_after(2 * NS_PER_S);
	client_sends((size_t)_i);
	scene_after(NS_PER_S - 1);
	scene_check_state(&it, CONN_SNIFFING);
	scene_after(1);
	scene_check_close(&it, WHY_PROXY_HEADER_TIMEOUT, BY_PROXY);
	check_aborted_unheard();
	ck_assert_uint_eq(scene_record(&it)->close.leg, LEG_CLIENT);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], _i == 0 ? 0 : RECORD_UNKNOWN);
}
END_TEST

START_TEST(the_header_deadline_is_over_with_the_header)
{
	accept_client(BYTES(V1));
	scene_after(2 * NS_PER_S);
	client_sends(sizeof(V1) - 1);
	scene_after(4 * NS_PER_S);
	scene_check_state(&it, CONN_CONNECTING);
	scene_after(NS_PER_S);
	scene_check_close(&it, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 0);
}
END_TEST

START_TEST(a_client_that_resets_before_its_header_is_whole_aborts)
{
	accept_client(BYTES(V1));
	client_sends((size_t)_i);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	check_aborted_unheard();
	ck_assert_uint_eq(scene_record(&it)->close.error, ECONNRESET);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(a_client_that_names_itself_and_resets_is_named_and_not_routed)
{
	accept_client(BYTES(V1));
	scene_socket(&it, LEG_CLIENT)->readable = sizeof(V1) - 1 + PAYLOAD;
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	check_aborted_unheard();
	ck_assert_int_eq(scene_record(&it)->client_source, CLIENT_PROXY_V1);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], PAYLOAD);
}
END_TEST

START_TEST(a_client_that_finishes_and_resets_before_its_header_aborts)
{
	accept_client(BYTES(V1));
	fake_fin(it.client);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	ck_assert_uint_eq(scene_record(&it)->close.error, EPIPE);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us, 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, 0);
}
END_TEST

START_TEST(a_client_lost_before_its_header_is_lost)
{
	accept_client(BYTES(V1));
	scene_fails(&it, LEG_CLIENT, ETIMEDOUT);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_LOST, BY_CLIENT);
	check_aborted_unheard();
}
END_TEST

/* As a balancer looks whether somebody listens. */
START_TEST(a_client_that_finishes_and_never_spoke_gets_a_fin_for_its_fin)
{
	accept_client(BYTES(V1));
	fake_sockets[it.client].hoards = true;
	scene_after(NS_PER_MS);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_check_state(&it, CONN_FLUSHING);
	ck_assert(fake_sockets[it.client].fin_sent);
	scene_acknowledges(&it, LEG_CLIENT, 1);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert(!fake_sockets[it.client].aborted);
	ck_assert_int_eq(fake_connects.count, 0);
	const struct record *record = scene_record(&it);
	ck_assert_int_eq(record->legs[LEG_CLIENT].fin_received_us, 1000);
	ck_assert_int_eq(record->legs[LEG_CLIENT].fin_sent_us, 1000);
	ck_assert_uint_eq(record->legs[LEG_UPSTREAM].flow.protocol, FLOW_NONE);
	ck_assert_int_eq(record->legs[LEG_UPSTREAM].fin_received_us, RECORD_UNKNOWN);
	ck_assert_uint_eq(record->close.order, ORDER_CLIENT_FIRST);
	ck_assert_msg(!record->close.clean, "no upstream, no FIN of its own");
	ck_assert_int_eq(record->close.undelivered[LEG_UPSTREAM], 0);
	ck_assert_int_eq(record->kind, KIND_PROBE);
}
END_TEST

START_TEST(a_client_that_resets_behind_its_fin_has_abandoned_the_answer)
{
	accept_client(BYTES(V1));
	fake_sockets[it.client].hoards = true;
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABANDONED, BY_CLIENT);
}
END_TEST

START_TEST(an_answer_that_nobody_acknowledges_ends_in_time)
{
	scene.settings.user_timeout_ns = NS_PER_S;
	accept_client(BYTES(V1));
	fake_sockets[it.client].hoards = true;
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	for (int s = 0; s < 30; s++)
		scene_after(NS_PER_S);
	scene_check_close(&it, WHY_FLUSH_TIMEOUT, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->close.leg, LEG_CLIENT);
}
END_TEST

START_TEST(a_client_that_does_not_speak_takes_no_turn_of_the_targets)
{
	struct actor other;

	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	for (int i = 0; i < 2; i++) {
		accept_client(BYTES(V1));
		other = it;
		accept_client(BYTES(V1));
		scene_finishes(&other, LEG_CLIENT);
		client_sends(sizeof(V1) - 1);
	}
	ck_assert_int_eq(fake_connects.count, 2);
	ck_assert(fake_connects.asked[0].to.v4.sin_addr.s_addr != fake_connects.asked[1].to.v4.sin_addr.s_addr);
}
END_TEST

START_TEST(a_fin_right_behind_the_header_is_passed_on)
{
	accept_client(BYTES(V1));
	scene_socket(&it, LEG_CLIENT)->readable = sizeof(V1) - 1 + (size_t)_i * PAYLOAD;
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	connect_upstream();
	scene_check_state(&it, CONN_CLIENT_HALF_CLOSED);
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, (size_t)_i * PAYLOAD);
	ck_assert(scene_socket(&it, LEG_UPSTREAM)->fin_sent);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert(scene_record(&it)->close.clean);
}
END_TEST

/* The kernel counts a FIN among the bytes that came: the header's must not be taken for one. */
START_TEST(a_reset_of_a_client_that_sent_a_header_is_no_fin)
{
	accept_client(BYTES(V1));
	client_sends(sizeof(V1) - 1 + PAYLOAD);
	connect_upstream();
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_state(&it, CONN_UPSTREAM_HALF_CLOSED);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(the_longest_life_and_the_end_of_the_process_end_this_too)
{
	struct actor first;

	scene.settings.max_duration_ns = NS_PER_S;
	accept_client(BYTES(V1));
	first = it;
	scene_after(NS_PER_S);
	accept_client(BYTES(V1));
	conns_shutdown(&scene.bench);
	scene_turn();
	scene_check_close(&first, WHY_MAX_DURATION, BY_PROXY);
	scene_check_close(&it, WHY_SHUTDOWN, BY_ADMIN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_sniff");
	TCase *header = tcase_create("header");
	TCase *chain = tcase_create("chain");
	TCase *ends = tcase_create("ends");

	tcase_add_checked_fixture(header, setup, scene_teardown);
	tcase_add_loop_test(header, nobody_is_connected_before_the_header_is_whole, 0, HEADERS);
	tcase_add_loop_test(header, the_header_may_come_byte_by_byte, 0, HEADERS);
	tcase_add_loop_test(header, payload_that_comes_with_the_header_is_forwarded, 0, HEADERS);
	tcase_add_test(header, payload_that_comes_with_the_header_counts_from_then);
	tcase_add_loop_test(header, header_and_payload_may_be_split_anywhere, 1, sizeof(V2) - 1 + PAYLOAD);
	tcase_add_test(header, payload_may_come_at_any_time_later);
	tcase_add_loop_test(header, the_header_is_read_and_is_no_payload, 0, HEADERS);
	tcase_add_test(header, a_client_that_sends_a_header_alone_is_a_probe);
	tcase_add_loop_test(header, the_record_names_whom_the_header_named, 0, HEADERS);
	tcase_add_test(header, a_header_on_a_unix_listener_is_taken_whole);
	tcase_add_checked_fixture(chain, setup, scene_teardown);
	tcase_add_loop_test(chain, the_header_that_goes_out_names_whom_the_one_that_came_in_named, 0,
	    sizeof(chains) / sizeof(chains[0]));
	tcase_add_test(chain, a_unix_client_far_away_stays_one_without_a_name);
	tcase_add_checked_fixture(ends, setup, scene_teardown);
	tcase_add_test(ends, what_is_no_header_is_answered_by_a_reset_at_once);
	tcase_add_test(ends, a_client_that_finishes_within_its_header_sent_none);
	tcase_add_loop_test(ends, the_header_deadline_is_met_to_the_nanosecond, 0, 2);
	tcase_add_test(ends, the_header_deadline_is_over_with_the_header);
	tcase_add_loop_test(ends, a_client_that_resets_before_its_header_is_whole_aborts, 0, 2);
	tcase_add_test(ends, a_client_that_names_itself_and_resets_is_named_and_not_routed);
	tcase_add_test(ends, a_client_that_finishes_and_resets_before_its_header_aborts);
	tcase_add_test(ends, a_client_lost_before_its_header_is_lost);
	tcase_add_test(ends, a_client_that_finishes_and_never_spoke_gets_a_fin_for_its_fin);
	tcase_add_test(ends, a_client_that_resets_behind_its_fin_has_abandoned_the_answer);
	tcase_add_test(ends, an_answer_that_nobody_acknowledges_ends_in_time);
	tcase_add_test(ends, a_client_that_does_not_speak_takes_no_turn_of_the_targets);
	tcase_add_loop_test(ends, a_fin_right_behind_the_header_is_passed_on, 0, 2);
	tcase_add_test(ends, a_reset_of_a_client_that_sent_a_header_is_no_fin);
	tcase_add_test(ends, the_longest_life_and_the_end_of_the_process_end_this_too);
	suite_add_tcase(suite, header);
	suite_add_tcase(suite, chain);
	suite_add_tcase(suite, ends);
	return suite_main(suite);
}
