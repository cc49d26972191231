/* SPDX-License-Identifier: MIT */
/* --proxy-in: the client says for whom it comes, before anybody is connected. */
#include "support/hop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

#define V1          "PROXY TCP4 203.0.113.9 198.51.100.1 4000 443\r\n"
#define V1_V6       "PROXY TCP6 2001:db8::9 2001:db8::1 4000 443\r\n"
#define V2          "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\x00\x71\x09\xc6\x33\x64\x01\x0f\xa0\x01\xbb"
#define V2_TLV      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xcb\x00\x71\x09\xc6\x33\x64\x01\x0f\xa0\x01\xbb\x04\0\x04test"
#define V2_LOCAL    "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
#define V2_UNIX     "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8"
#define IP_V6       "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define V2_V6       "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24" IP_V6 "\x09" IP_V6 "\x01\x0f\xa0\x01\xbb"
#define BYTES(text) text, sizeof(text) - 1

static struct hop hop;
static char directory[] = "/tmp/sockproxy-test-XXXXXX", unix_name[64];

/* A client is there, and has said nothing. */
static void
open_hop(const char *listen, const char *arguments)
{
	hop = (struct hop){ .listener = peer_listen("127.0.0.1:0"), .upstream = -1 };
	hop.proxy = proxy_start("-l %s -u %s --proxy-in %s", listen, peer_local(hop.listener).text, arguments);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
}

static void
open_any_hop(void)
{
	open_hop("127.0.0.1:0", "");
}

static void
end_in_order(void)
{
	peer_finish(hop.client);
	peer_expect_end(hop.upstream);
	proxy_live(hop.proxy, "client_half_closed"); /* or both ends may be first seen in one turn */
	peer_close(&hop.upstream);
	peer_expect_end(hop.client);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
}

/* The reset is the client's alone: nobody else was there. */
static json_t *
closed_unheard(const char *reason, const char *initiator, const char *how)
{
	struct pollfd anybody = { .fd = hop.listener, .events = POLLIN };
	json_t *record = hop_closed(&hop, reason, initiator, how);

	ck_assert_int_eq(poll(&anybody, 1, 0), 0);
	ck_assert_uint_eq(json_array_size(path(record, "attempts")), 0);
	ck_assert(json_is_null(path(record, "legs.upstream")));
	ck_assert(!json_is_true(path(record, "close.clean")));
	return record;
}

static const struct greeting {
	const char *bytes;
	size_t size;
	const char *source, *address; /* NULL: the socket's own */
} greetings[] = {
	{ BYTES(V1), "proxy_v1", "203.0.113.9" },
	{ BYTES(V1_V6), "proxy_v1", "2001:db8::9" },
	{ BYTES("PROXY UNKNOWN whatever\r\n"), "socket", NULL },
	{ BYTES(V2), "proxy_v2", "203.0.113.9" },
	{ BYTES(V2_TLV), "proxy_v2", "203.0.113.9" },
	{ BYTES(V2_V6), "proxy_v2", "2001:db8::9" },
	{ BYTES(V2_LOCAL), "socket", NULL },
};
enum { GREETINGS = sizeof(greetings) / sizeof(greetings[0]) };

START_TEST(the_header_names_the_client_and_the_leg_is_the_socket)
{
	const struct greeting *greeting = &greetings[_i];

	open_any_hop();
	peer_send(hop.client, greeting->bytes, greeting->size);
	peer_say(hop.client, "hello");
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "hello");
	peer_say(hop.upstream, "answer");
	peer_expect(hop.client, "answer");
	end_in_order();

	json_t *record = proxy_closed(hop.proxy, 1);
	int own_port = atoi(strrchr(peer_local(hop.client).text, ':') + 1);
	ck_assert_str_eq(path_text(record, "client.source"), greeting->source);
	ck_assert_str_eq(
	    path_text(record, "client.address"), greeting->address == NULL ? "127.0.0.1" : greeting->address);
	ck_assert_int_eq(path_number(record, "client.port"), greeting->address == NULL ? own_port : 4000);
	ck_assert_str_eq(path_text(record, "legs.client.tuple.source_ip"), "127.0.0.1");
	ck_assert_int_eq(path_number(record, "legs.client.tuple.source_port"), own_port);
	ck_assert_str_eq(path_text(record, "kind"), "proxy");
	ck_assert_int_eq(path_number(record, "legs.client.bytes_received"), (json_int_t)greeting->size + 5);
	ck_assert_int_eq(path_number(record, "legs.upstream.bytes_sent"), 5);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.client_bytes_received"), 5);
	hop_end(&hop);
}
END_TEST

START_TEST(the_log_tells_whom_the_header_named)
{
	open_any_hop();
	peer_say(hop.client, V1);
	peer_say(hop.client, "hello");
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "hello");
	end_in_order();
	wait_until(proxy_has_said(hop.proxy, ", client 203.0.113.9:4000\n"));
	hop_end(&hop);
}
END_TEST

START_TEST(a_part_of_a_header_connects_nobody)
{
	open_any_hop();
	struct pollfd anybody = { .fd = hop.listener, .events = POLLIN };
	peer_send(hop.client, V2, 20);
	json_t *record = proxy_live(hop.proxy, "sniffing");
	ck_assert(json_is_null(path(record, "legs.upstream")));
	ck_assert_int_eq(path_number(record, "legs.client.bytes_received"), 0);
	ck_assert_int_eq(poll(&anybody, 1, 0), 0);
	peer_send(hop.client, &V2[20], sizeof(V2) - 1 - 20);
	hop.upstream = peer_accept(hop.listener);
	end_in_order();
	hop_end(&hop);
}
END_TEST

/* Each byte a segment of its own. */
START_TEST(a_header_byte_by_byte_changes_nothing_behind_it)
{
	int on = 1;

	open_hop(_i == 0 ? "127.0.0.1:0" : unix_name, "");
	setsockopt(hop.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (size_t i = 0; i < sizeof(V2_TLV) - 1; i++)
		peer_send(hop.client, &V2_TLV[i], 1);
	peer_send_pattern(hop.client, 0, 10);
	hop.upstream = peer_accept(hop.listener);
	peer_expect_pattern(hop.upstream, 0, 10);
	peer_send_pattern(hop.client, 10, 100000);
	peer_expect_pattern(hop.upstream, 10, 100000);
	end_in_order();
	hop_end(&hop);
}
END_TEST

START_TEST(a_half_close_right_behind_the_header_stays_one)
{
	char bytes[sizeof(V2) + 5];
	size_t size = sizeof(V2) - 1;

	open_any_hop();
	memcpy(bytes, V2, size);
	memcpy(bytes + size, "hello", 5);
	size += _i == 0 ? 0 : 5;
	proxy_freeze(hop.proxy);
	peer_send(hop.client, bytes, size);
	peer_finish(hop.client);
	proxy_thaw(hop.proxy);
	hop.upstream = peer_accept(hop.listener);
	ck_assert_uint_eq(peer_read_to_end(hop.upstream), _i == 0 ? 0 : 5);
	peer_say(hop.upstream, "a late answer");
	peer_close(&hop.upstream);
	peer_expect(hop.client, "a late answer");
	peer_expect_end(hop.client);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(payload_behind_a_header_that_reached_nobody_is_counted_alone)
{
	struct peer_name nowhere = peer_nowhere();

	hop = (struct hop){ .listener = peer_listen("127.0.0.1:0"), .upstream = -1 };
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --proxy-in", nowhere.text);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_send(hop.client, BYTES(V2 "hello"));
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_refused", "upstream", "rst");
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 5);
	ck_assert_str_eq(path_text(record, "client.address"), "203.0.113.9");
	hop_end(&hop);
}
END_TEST

START_TEST(what_is_no_header_is_reset_at_once)
{
	open_any_hop();
	peer_say(hop.client, "GET / HTTP/1.1\r\n\r\n");
	peer_expect_reset(hop.client);
	json_t *record = closed_unheard("proxy_header_invalid", "proxy", "error");
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert(json_is_null(path(record, "legs.client.fin_sent_us")));
	ck_assert(json_is_null(path(record, "close.undelivered_bytes.to_upstream")));
	ck_assert(json_is_null(path(record, "close.order")));
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_closed_by_reason.proxy_header_invalid"), 1);
	hop_end(&hop);
}
END_TEST

START_TEST(a_header_that_never_becomes_whole_ends_in_time)
{
	open_hop("127.0.0.1:0", "--proxy-in-timeout 100ms");
	peer_send(hop.client, V1, _i == 0 ? 0 : sizeof(V1) - 2);
	peer_expect_reset(hop.client);
	json_t *record = closed_unheard("proxy_header_timeout", "proxy", "timeout");
	ck_assert_int_ge(path_number(record, "duration_us"), 100000);
	ck_assert_str_eq(path_text(record, "close.leg"), "client");
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert_str_eq(path_text(record, "kind"), "proxy");
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_that_finishes_within_its_header_is_reset)
{
	open_any_hop();
	peer_send(hop.client, V2, 13);
	peer_finish(hop.client);
	peer_expect_reset(hop.client);
	json_t *record = closed_unheard("proxy_header_invalid", "proxy", "error");
	ck_assert(json_is_integer(path(record, "legs.client.fin_received_us")));
	ck_assert_str_eq(path_text(record, "close.order"), "client_first");
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_that_closes_and_never_spoke_ends_in_order)
{
	open_hop(_i == 0 ? "127.0.0.1:0" : unix_name, "");
	peer_finish(hop.client);
	peer_expect_end(hop.client);
	json_t *record = closed_unheard("client_fin", "client", "fin");
	ck_assert_str_eq(path_text(record, "kind"), "probe");
	ck_assert_str_eq(path_text(record, "close.order"), "client_first");
	ck_assert(json_is_integer(path(record, "legs.client.fin_received_us")));
	ck_assert(json_is_integer(path(record, "legs.client.fin_sent_us")));
	ck_assert(json_is_null(path(record, "legs.client.rst_sent_us")));
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_that_resets_before_its_header_is_whole_aborts)
{
	open_any_hop();
	peer_send(hop.client, V2, _i == 0 ? 0 : 13);
	proxy_live(hop.proxy, "sniffing");
	peer_reset(&hop.client);
	json_t *record = closed_unheard("client_abort_connecting", "client", "rst");
	ck_assert_str_eq(path_text(record, "close.errno"), "ECONNRESET");
	ck_assert(json_is_integer(path(record, "legs.client.rst_received_us")));
	ck_assert(json_is_null(path(record, "legs.client.rst_sent_us")));
	hop_end(&hop);
}
END_TEST

/* client ─► the first of ours ─► hop.proxy ─► upstream: it is told of the client, whom the second never saw. */
START_TEST(a_chain_tells_the_upstream_of_its_first_client)
{
	char want[128];

	open_hop("127.0.0.1:0", _i == 0 ? "--proxy-out v1" : "--proxy-out v2");
	struct proxy *first = proxy_start(
	    "-l 127.0.0.1:0 -u %s --proxy-out %s", proxy_listener(hop.proxy, 0), _i == 0 ? "v2" : "v1");
	int client = peer_connect(proxy_listener(first, 0));
	struct peer_name from = peer_local(client), to = peer_remote(client);
	int from_port = atoi(strrchr(from.text, ':') + 1), to_port = atoi(strrchr(to.text, ':') + 1);

	peer_say(client, "hello");
	hop.upstream = peer_accept(hop.listener);
	if (_i == 0) {
		snprintf(want, sizeof(want), "PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n", from_port, to_port);
		peer_expect(hop.upstream, want);
	} else {
		char got[28], binary[28] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01";
		uint16_t ports[] = { htons((uint16_t)from_port), htons((uint16_t)to_port) };

		memcpy(binary + 24, ports, sizeof(ports));
		ck_assert_int_eq(recv(hop.upstream, got, sizeof(got), MSG_WAITALL), sizeof(got));
		ck_assert_mem_eq(got, binary, sizeof(got));
	}
	peer_expect(hop.upstream, "hello");
	peer_close(&client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	proxy_stop(first);
	hop_end(&hop);
}
END_TEST

START_TEST(a_unix_client_far_away_has_no_address)
{
	char bytes[16 + 2 * 108] = V2_UNIX;

	open_any_hop();
	peer_send(hop.client, bytes, sizeof(bytes));
	hop.upstream = peer_accept(hop.listener);
	json_t *record = proxy_live(hop.proxy, "established");
	ck_assert_str_eq(path_text(record, "client.source"), "proxy_v2");
	ck_assert(json_is_null(path(record, "client.address")));
	ck_assert(json_is_null(path(record, "client.port")));
	hop_end(&hop);
}
END_TEST

static void
make_directory(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(unix_name, sizeof(unix_name), "unix:%s/listener", directory);
}

static void
remove_directory(void)
{
	rmdir(directory);
}

int
main(void)
{
	Suite *suite = suite_create("integration/proxy in");
	TCase *tcase = tcase_create("proxy in");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, make_directory, remove_directory);
	tcase_add_loop_test(tcase, the_header_names_the_client_and_the_leg_is_the_socket, 0, GREETINGS);
	tcase_add_test(tcase, the_log_tells_whom_the_header_named);
	tcase_add_test(tcase, a_part_of_a_header_connects_nobody);
	tcase_add_loop_test(tcase, a_header_byte_by_byte_changes_nothing_behind_it, 0, 2);
	tcase_add_loop_test(tcase, a_half_close_right_behind_the_header_stays_one, 0, 2);
	tcase_add_test(tcase, payload_behind_a_header_that_reached_nobody_is_counted_alone);
	tcase_add_test(tcase, what_is_no_header_is_reset_at_once);
	tcase_add_loop_test(tcase, a_header_that_never_becomes_whole_ends_in_time, 0, 2);
	tcase_add_test(tcase, a_client_that_finishes_within_its_header_is_reset);
	tcase_add_loop_test(tcase, a_client_that_closes_and_never_spoke_ends_in_order, 0, 2);
	tcase_add_loop_test(tcase, a_client_that_resets_before_its_header_is_whole_aborts, 0, 2);
	tcase_add_loop_test(tcase, a_chain_tells_the_upstream_of_its_first_client, 0, 2);
	tcase_add_test(tcase, a_unix_client_far_away_has_no_address);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
