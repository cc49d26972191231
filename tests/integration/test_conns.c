/* SPDX-License-Identifier: MIT */
/* What /conns says of a connection, and what the connection's own two ends know of it. */
#include "support/hop.h"

#include <stdio.h>
#include <string.h>
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

/* A tuple's side, "source" or "destination", as peers write addresses. */
static struct peer_name
tuple_side(const json_t *record, const char *leg, const char *side)
{
	struct peer_name name;
	char at[64];

	snprintf(at, sizeof(at), "legs.%s.tuple.%s_ip", leg, side);
	const char *ip = path_text(record, at);
	ck_assert_ptr_ne(ip, NULL);
	snprintf(at, sizeof(at), "legs.%s.tuple.%s_port", leg, side);
	snprintf(name.text, sizeof(name.text), strchr(ip, ':') != NULL ? "[%s]:%d" : "%s:%d", ip,
	    (int)path_number(record, at));
	return name;
}

static void
expect_tuples(const json_t *record, int client, int upstream)
{
	ck_assert_str_eq(path_text(record, "legs.client.tuple.protocol"), "tcp");
	ck_assert_str_eq(path_text(record, "legs.upstream.tuple.protocol"), "tcp");
	ck_assert_str_eq(tuple_side(record, "client", "source").text, peer_local(client).text);
	ck_assert_str_eq(tuple_side(record, "client", "destination").text, peer_remote(client).text);
	ck_assert_str_eq(tuple_side(record, "upstream", "source").text, peer_remote(upstream).text);
	ck_assert_str_eq(tuple_side(record, "upstream", "destination").text, peer_local(upstream).text);
}

static const struct {
	const char *listen, *connect, *upstream;
} networks[] = {
	{ "127.0.0.1:0", NULL, "127.0.0.1:0" },
	{ "[::1]:0", NULL, "127.0.0.1:0" },
	{ "127.0.0.1:0", NULL, "[::1]:0" },
	{ "[::1]:0", NULL, "[::1]:0" },
	{ "0", "127.0.0.1", "127.0.0.1:0" }, /* a port alone: IPv4 clients come to an IPv6 socket */
	{ "0", "[::1]", "127.0.0.1:0" },
};

START_TEST(both_tuples_are_those_that_the_two_ends_see)
{
	int listener = peer_listen(networks[_i].upstream);
	struct proxy *proxy = proxy_start("-l %s -u %s", networks[_i].listen, peer_local(listener).text);
	const char *bound = proxy_listener(proxy, 0);
	struct peer_name to;

	snprintf(to.text, sizeof(to.text), "%s%s", networks[_i].connect == NULL ? "" : networks[_i].connect,
	    networks[_i].connect == NULL ? bound : strrchr(bound, ':'));
	int client = peer_connect(to.text), upstream = peer_accept(listener);
	json_t *live = proxy_live(proxy, "established");
	expect_tuples(live, client, upstream);
	ck_assert_str_eq(path_text(live, "client.address"), path_text(live, "legs.client.tuple.source_ip"));
	ck_assert_str_eq(path_text(live, "target.address"), path_text(live, "legs.upstream.tuple.destination_ip"));

	peer_close(&client);
	peer_close(&upstream);
	json_t *closed = proxy_closed(proxy, 1);
	ck_assert_str_eq(path_text(closed, "id"), path_text(live, "id"));
	ck_assert(json_equal(path(closed, "legs.client.tuple"), path(live, "legs.client.tuple")));
	ck_assert(json_equal(path(closed, "legs.upstream.tuple"), path(live, "legs.upstream.tuple")));
	proxy_stop(proxy);
}
END_TEST

START_TEST(conns_shows_a_live_connection_and_history_keeps_it)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", echo_address(echo));
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_say(client, "hello");
	peer_expect(client, "hello");
	wait_until(proxy_stat(proxy, "totals.client_bytes_sent") == 5);
	json_t *live = proxy_live(proxy, "established");
	ck_assert_int_eq(path_number(live, "legs.client.bytes_received"), 5);
	ck_assert_int_eq(path_number(live, "legs.client.bytes_sent"), 5);
	ck_assert_int_eq(path_number(live, "legs.upstream.bytes_received"), 5);
	ck_assert_int_eq(path_number(live, "legs.upstream.bytes_sent"), 5);
	ck_assert_str_eq(path_text(live, "legs.client.tcp_state"), "established");
	ck_assert_str_eq(path_text(live, "legs.upstream.tcp_state"), "established");
	ck_assert(json_is_null(path(live, "close")));
	ck_assert(json_is_null(path(live, "closed_at")));

	peer_finish(client);
	peer_expect_end(client);
	json_t *closed = proxy_closed(proxy, 1);
	expect_close(closed, "client_fin", "client", "fin");
	ck_assert(json_is_true(path(closed, "close.clean")));
	ck_assert_str_eq(path_text(closed, "kind"), "proxy");
	ck_assert_int_eq(path_number(closed, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_eq(path_number(closed, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_eq(path_number(closed, "legs.client.bytes_received"), 5);
	ck_assert(json_is_null(path(closed, "legs.client.fd")));
	ck_assert_str_eq(path_text(closed, "legs.client.tcp_state"), "closed");
	ck_assert_int_eq(proxy_active_count(proxy), 0);
	peer_close(&client);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

START_TEST(one_connection_answers_under_its_id_alive_and_dead)
{
	struct hop hop = hop_open("");
	json_t *live = proxy_live(hop.proxy, "established");
	char target[64];

	snprintf(target, sizeof(target), "/conns/%s", path_text(live, "id"));
	json_t *one = http_get_json(hop.proxy, target);
	ck_assert_str_eq(path_text(one, "state"), "established");
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	hop_closed(&hop, "client_fin", "client", "fin");
	one = http_get_json(hop.proxy, target);
	ck_assert_str_eq(path_text(one, "state"), "closed");
	hop_end(&hop);
}
END_TEST

START_TEST(states_are_those_of_the_socket_lifecycle)
{
	struct hop hop = hop_open("");

	peer_finish(hop.client);
	json_t *half = proxy_live(hop.proxy, "client_half_closed");
	ck_assert_str_eq(path_text(half, "legs.client.tcp_state"), "close_wait");
	peer_expect_end(hop.upstream);
	wait_until(strcmp(path_text(proxy_live(hop.proxy, "client_half_closed"), "legs.upstream.tcp_state"),
		       "fin_wait_2") == 0);
	hop_end(&hop);
}
END_TEST

START_TEST(steps_are_timed_in_their_order)
{
	struct hop hop = hop_open("");

	peer_say(hop.client, "question");
	peer_expect(hop.upstream, "question");
	peer_say(hop.upstream, "answer");
	peer_expect(hop.client, "answer");
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	json_int_t connect = path_number(record, "timings_us.connect");
	json_int_t question = path_number(record, "timings_us.first_client_byte");
	json_int_t answer = path_number(record, "timings_us.first_upstream_byte");
	json_int_t client_fin = path_number(record, "legs.client.fin_received_us");
	json_int_t upstream_fin = path_number(record, "legs.upstream.fin_received_us");

	ck_assert_int_gt(connect, 0);
	ck_assert_int_le(question, answer);
	ck_assert_int_le(answer, client_fin);
	ck_assert_int_le(client_fin, path_number(record, "legs.upstream.fin_sent_us"));
	ck_assert_int_le(path_number(record, "legs.upstream.fin_sent_us"), upstream_fin);
	ck_assert_int_le(upstream_fin, path_number(record, "duration_us"));
	ck_assert(json_is_null(path(record, "legs.client.rst_received_us")));
	ck_assert(json_is_null(path(record, "legs.client.rst_sent_us")));
	ck_assert_str_eq(path_text(record, "close.order"), "client_first");
	hop_end(&hop);
}
END_TEST

START_TEST(a_connection_without_a_byte_is_a_probe)
{
	struct hop hop = hop_open("");

	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert_str_eq(path_text(record, "kind"), "probe");
	hop_end(&hop);
}
END_TEST

START_TEST(a_port_selects_from_either_leg)
{
	struct hop hop = hop_open("");
	char target[64];
	json_t *record = proxy_live(hop.proxy, "established");
	const char *const ports[] = {
		"legs.client.tuple.source_port",
		"legs.client.tuple.destination_port",
		"legs.upstream.tuple.source_port",
		"legs.upstream.tuple.destination_port",
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(target, sizeof(target), "/conns?port=%d", (int)path_number(record, ports[i]));
		ck_assert_uint_eq(json_array_size(path(http_get_json(hop.proxy, target), "conns")), 1);
	}
	ck_assert_uint_eq(json_array_size(path(http_get_json(hop.proxy, "/conns?port=1"), "conns")), 0);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/conns");
	TCase *tcase = tcase_create("conns");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(
	    tcase, both_tuples_are_those_that_the_two_ends_see, 0, sizeof(networks) / sizeof(networks[0]));
	tcase_add_test(tcase, conns_shows_a_live_connection_and_history_keeps_it);
	tcase_add_test(tcase, one_connection_answers_under_its_id_alive_and_dead);
	tcase_add_test(tcase, states_are_those_of_the_socket_lifecycle);
	tcase_add_test(tcase, steps_are_timed_in_their_order);
	tcase_add_test(tcase, a_connection_without_a_byte_is_a_probe);
	tcase_add_test(tcase, a_port_selects_from_either_leg);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
