/* SPDX-License-Identifier: MIT */
/* The end of the process: who is connected may finish, until the deadline or a second signal. */
#include "support/hop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static int
status_of(const struct proxy *proxy, const char *target)
{
	struct answer answer;

	http_get(&proxy->admin, target, &answer);
	http_forget(&answer);
	return answer.status;
}

static const int ways[] = { SIGTERM, SIGINT };

START_TEST(what_is_live_may_finish)
{
	struct hop hop = hop_open("");

	ck_assert_int_eq(status_of(hop.proxy, "/readyz"), 200);
	proxy_signal(hop.proxy, ways[_i]);
	wait_until(status_of(hop.proxy, "/readyz") == 503);
	ck_assert_int_eq(status_of(hop.proxy, "/livez"), 200);
	wait_until(strcmp(path_text(http_get_json(hop.proxy, "/listeners"), "listeners.0.state"), "closed") == 0);
	ck_assert_int_eq(peer_try_connect(proxy_listener(hop.proxy, 0), 0), -ECONNREFUSED);
	peer_say(hop.client, "not done yet");
	peer_expect(hop.upstream, "not done yet");
	peer_say(hop.upstream, "nor am I");
	peer_expect(hop.client, "nor am I");
	ck_assert(!proxy_is_gone(hop.proxy));
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	wait_until(proxy_has_said(hop.proxy, "client_fin"));
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(nothing_live_means_gone_at_once)
{
	struct hop hop = hop_open("--drain-timeout 1h");

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	proxy_stop(hop.proxy);
}
END_TEST

START_TEST(what_meets_the_deadline_ends_as_shutdown)
{
	struct hop hop = hop_open("--drain-timeout 100ms");

	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	ck_assert_msg(proxy_has_said(hop.proxy, "shutdown"), "%s", proxy_stderr(hop.proxy));
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(a_second_signal_stops_at_once)
{
	struct hop hop = hop_open("--drain-timeout 1h");

	proxy_signal(hop.proxy, SIGTERM);
	wait_until(proxy_has_said(hop.proxy, "draining"));
	ck_assert(!proxy_is_gone(hop.proxy));
	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	ck_assert_msg(proxy_has_said(hop.proxy, "shutdown"), "%s", proxy_stderr(hop.proxy));
	proxy_end(hop.proxy);
}
END_TEST

/* They are the kernel's already, and were told that they are connected. */
START_TEST(clients_in_the_queue_are_served_before_the_door_closes)
{
	enum { WAITING = 20 };
	struct hop hop = hop_open("");
	int clients[WAITING], upstreams[WAITING];

	proxy_freeze(hop.proxy);
	for (int i = 0; i < WAITING; i++) {
		clients[i] = peer_connect(proxy_listener(hop.proxy, 0));
		peer_say(clients[i], "am I late?");
	}
	proxy_signal(hop.proxy, SIGTERM);
	proxy_thaw(hop.proxy);
	for (int i = 0; i < WAITING; i++) {
		upstreams[i] = peer_accept(hop.listener);
		peer_expect(upstreams[i], "am I late?");
	}
	for (int i = 0; i < WAITING; i++) {
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(a_drain_does_not_wait_for_who_reads_conns)
{
	struct hop hop = hop_open("");
	int reader = http_connect(&hop.proxy->admin);

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_stop(hop.proxy);
	peer_close(&reader);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/drain");
	TCase *tcase = tcase_create("drain");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, what_is_live_may_finish, 0, 2);
	tcase_add_test(tcase, nothing_live_means_gone_at_once);
	tcase_add_test(tcase, what_meets_the_deadline_ends_as_shutdown);
	tcase_add_test(tcase, a_second_signal_stops_at_once);
	tcase_add_test(tcase, clients_in_the_queue_are_served_before_the_door_closes);
	tcase_add_test(tcase, a_drain_does_not_wait_for_who_reads_conns);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
