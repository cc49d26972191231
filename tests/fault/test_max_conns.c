/* SPDX-License-Identifier: MIT */
/* More clients than places: they wait in the kernel's queue, and each is served in its turn. */
#include "support/hop.h"

#include <string.h>
#include <sys/socket.h>
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { PLACES = 4, CLIENTS = 40 };

static const char *
listener_state(const struct proxy *proxy)
{
	return path_text(http_get_json(proxy, "/listeners"), "listeners.0.state");
}

START_TEST(accepting_pauses_at_max_conns_and_resumes_by_itself)
{
	struct hop hop = hop_open("-n 1");
	int waiting = peer_connect(proxy_listener(hop.proxy, 0));

	peer_say(waiting, "may I?");
	wait_until(strcmp(listener_state(hop.proxy), "paused") == 0);
	ck_assert_int_eq(proxy_active_count(hop.proxy), 1);
	ck_assert_int_ge(proxy_stat(hop.proxy, "totals.accept_pauses"), 1);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	hop.client = waiting;
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "may I?");
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	wait_until(strcmp(listener_state(hop.proxy), "listening") == 0);
	hop_end(&hop);
}
END_TEST

/* Workers pause and resume many times here; and whichever has clients waiting must get the place. */
START_TEST(no_client_is_lost_and_it_is_said_once)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s --workers %d -n %d", echo_address(echo), 1 + _i, PLACES);
	int clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = peer_connect(proxy_listener(proxy, 0));
		peer_say(clients[i], "hello");
	}
	wait_until(proxy_active_count(proxy) == PLACES);
	for (int served = 0; served < CLIENTS;) {
		int64_t begun = wait_clock_ms();

		for (int i = 0; i < CLIENTS; i++) {
			char got[8];

			if (clients[i] == -1 || recv(clients[i], got, sizeof(got), MSG_DONTWAIT) != 5)
				continue;
			ck_assert_int_le((int)proxy_stat(proxy, "connections_active"), PLACES);
			peer_close(&clients[i]);
			served++;
		}
		wait_a_little(begun, "an answer", __FILE__, __LINE__);
	}
	ck_assert_int_eq(proxy_stat(proxy, "totals.connections_accepted"), CLIENTS);
	ck_assert_int_eq(proxy_count_said(proxy, "accepting pauses"), 1);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

START_TEST(who_waits_when_the_process_ends_is_told)
{
	struct hop hop = hop_open("-n 1 --drain-timeout 50ms");
	int waiting = peer_connect(proxy_listener(hop.proxy, 0));

	wait_until(strcmp(listener_state(hop.proxy), "paused") == 0);
	proxy_stop(hop.proxy);
	peer_expect_reset(waiting);
	peer_expect_reset(hop.client);
	peer_close(&waiting);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/max conns");
	TCase *tcase = tcase_create("max conns");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, accepting_pauses_at_max_conns_and_resumes_by_itself);
	tcase_add_loop_test(tcase, no_client_is_lost_and_it_is_said_once, 0, 4);
	tcase_add_test(tcase, who_waits_when_the_process_ends_is_told);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
