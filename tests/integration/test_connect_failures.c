/* SPDX-License-Identifier: MIT */
/* Upstreams that cannot be had: the client gets a reset, never an end that looks like an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/hop.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

/* Expects that whoever connects is reset for this reason; returns the record. */
static json_t *
refused_by(struct proxy *proxy, const char *reason, const char *initiator, const char *how)
{
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_expect_reset(client);
	peer_close(&client);
	json_t *record = proxy_closed(proxy, 1);
	expect_close(record, reason, initiator, how);
	ck_assert(json_is_null(path(record, "timings_us.connect")));
	return record;
}

START_TEST(an_upstream_that_is_down_at_start_is_no_error)
{
	struct peer_name nowhere = peer_nowhere();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", nowhere.text);
	json_t *record = refused_by(proxy, "upstream_refused", "upstream", "rst");

	ck_assert_str_eq(path_text(record, "close.errno"), "ECONNREFUSED");
	ck_assert_uint_eq(json_array_size(path(record, "attempts")), 1);
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));

	/* … and when it comes up, the next client is served. */
	int listener = peer_listen(nowhere.text), client = peer_connect(proxy_listener(proxy, 0));
	int upstream = peer_accept(listener);
	peer_say(client, "at last");
	peer_expect(upstream, "at last");
	peer_close(&client);
	peer_close(&upstream);
	proxy_stop(proxy);
}
END_TEST

START_TEST(an_address_without_a_route_is_unreachable)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 255.255.255.255:9");
	json_t *record = refused_by(proxy, "upstream_unreachable", "upstream", "error");

	ck_assert_ptr_ne(path_text(record, "close.errno"), NULL);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_unix_path_that_does_not_exist_is_unreachable)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u unix:/nonexistent/upstream.sock");
	json_t *record = refused_by(proxy, "upstream_unreachable", "upstream", "error");

	ck_assert_str_eq(path_text(record, "close.errno"), "ENOENT");
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_unix_path_that_nobody_listens_on_refuses)
{
	char name[] = "/tmp/sockproxy-test-XXXXXX", address[64];
	int fd = mkstemp(name);

	unlink(name);
	close(fd);
	snprintf(address, sizeof(address), "unix:%s", name);
	int listener = peer_listen(address);
	peer_close(&listener);
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", address);
	refused_by(proxy, "upstream_refused", "upstream", "rst");
	unlink(name);
	proxy_stop(proxy);
}
END_TEST

START_TEST(an_upstream_that_does_not_answer_meets_the_connect_timeout)
{
	int filler, listener = peer_listen_full("127.0.0.1:0", &filler);
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --connect-timeout 100ms", peer_local(listener).text);
	json_t *record = refused_by(proxy, "upstream_connect_timeout", "proxy", "timeout");

	ck_assert_int_ge(path_number(record, "duration_us"), 100000);
	ck_assert(json_is_null(path(record, "legs.upstream.rst_received_us")));
	peer_close(&filler);
	peer_close(&listener);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_client_may_abort_while_we_connect)
{
	int filler, listener = peer_listen_full("127.0.0.1:0", &filler);
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", peer_local(listener).text);
	int client = peer_connect(proxy_listener(proxy, 0));
	json_t *live = proxy_live(proxy, "connecting");

	ck_assert_str_eq(path_text(live, "legs.upstream.tcp_state"), "syn_sent");
	peer_reset(&client);
	expect_close(proxy_closed(proxy, 1), "client_abort_connecting", "client", "rst");
	peer_close(&filler);
	peer_close(&listener);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_name_without_an_address_is_a_dns_failure)
{
	struct peer_name nobody = peer_nowhere();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u no-such-host.invalid:80 --resolver %s", nobody.text);
	json_t *record = refused_by(proxy, "upstream_dns", "proxy", "error");

	ck_assert(json_is_null(path(record, "legs.upstream")));
	ck_assert_uint_eq(json_array_size(path(record, "attempts")), 0);
	proxy_stop(proxy);
}
END_TEST

START_TEST(localhost_is_a_name_with_addresses)
{
	int listener = peer_listen("127.0.0.1:0");
	const struct peer_name at = peer_local(listener);
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u localhost%s", at.text + strlen("127.0.0.1"));
	int client = peer_connect(proxy_listener(proxy, 0)), upstream = peer_accept(listener);

	json_t *live = proxy_live(proxy, "established");
	ck_assert_str_eq(path_text(live, "target.address"), "127.0.0.1");
	ck_assert_int_eq(strncmp(path_text(live, "target.name"), "localhost:", 10), 0);
	peer_close(&client);
	peer_close(&upstream);
	proxy_stop(proxy);
}
END_TEST

START_TEST(the_next_target_is_tried_when_one_fails)
{
	int filler, full = peer_listen_full("127.0.0.1:0", &filler), listener = peer_listen("127.0.0.1:0");
	struct peer_name nowhere = peer_nowhere();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s,unix:/nonexistent,%s,%s --connect-timeout 50ms",
	    nowhere.text, peer_local(full).text, peer_local(listener).text);
	int client = peer_connect(proxy_listener(proxy, 0)), upstream = peer_accept(listener);

	peer_say(client, "through");
	peer_expect(upstream, "through");
	json_t *live = proxy_live(proxy, "established");
	ck_assert_uint_eq(json_array_size(path(live, "attempts")), 4);
	ck_assert(json_is_null(path(live, "legs.upstream.errno")));
	ck_assert_int_eq(proxy_stat(proxy, "totals.connect_failures"), 3);
	peer_close(&client);
	peer_expect_end(upstream);
	peer_close(&upstream);
	expect_close(proxy_closed(proxy, 1), "client_fin", "client", "fin");
	proxy_stop(proxy);
}
END_TEST

START_TEST(the_reason_is_that_of_the_last_target)
{
	struct peer_name nowhere = peer_nowhere();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u unix:/nonexistent,%s", nowhere.text);
	json_t *record = refused_by(proxy, "upstream_refused", "upstream", "rst");

	ck_assert_uint_eq(json_array_size(path(record, "attempts")), 2);
	proxy_stop(proxy);
}
END_TEST

START_TEST(targets_take_turns)
{
	int first = peer_listen("127.0.0.1:0"), second = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s,%s", peer_local(first).text, peer_local(second).text);
	int clients[4], upstreams[4];

	for (int i = 0; i < 4; i++)
		clients[i] = peer_connect(proxy_listener(proxy, 0));
	for (int i = 0; i < 4; i++)
		upstreams[i] = peer_accept(i % 2 == 0 ? first : second);
	for (int i = 0; i < 4; i++) {
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
	peer_close(&first);
	peer_close(&second);
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/connect failures");
	TCase *tcase = tcase_create("connect failures");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, an_upstream_that_is_down_at_start_is_no_error);
	tcase_add_test(tcase, an_address_without_a_route_is_unreachable);
	tcase_add_test(tcase, a_unix_path_that_does_not_exist_is_unreachable);
	tcase_add_test(tcase, a_unix_path_that_nobody_listens_on_refuses);
	tcase_add_test(tcase, an_upstream_that_does_not_answer_meets_the_connect_timeout);
	tcase_add_test(tcase, a_client_may_abort_while_we_connect);
	tcase_add_test(tcase, a_name_without_an_address_is_a_dns_failure);
	tcase_add_test(tcase, localhost_is_a_name_with_addresses);
	tcase_add_test(tcase, the_next_target_is_tried_when_one_fails);
	tcase_add_test(tcase, the_reason_is_that_of_the_last_target);
	tcase_add_test(tcase, targets_take_turns);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
