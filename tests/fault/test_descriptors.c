/* SPDX-License-Identifier: MIT */
/* Descriptors run short: few from the start, or fewer of a sudden. */
#include "support/hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "support/descriptors.h"
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { FEW = 80, CLIENTS = 60 };

/* One connection, and no question over HTTP under way: the next client gets what is free. */
static struct hop
hop_at_rest(void)
{
	struct hop hop = { .listener = peer_listen("127.0.0.1:0") };

	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers 1", peer_local(hop.listener).text);
	int at_first = descriptors_count(hop.proxy->pid);
	hop_connect(&hop);
	wait_until(descriptors_count(hop.proxy->pid) == at_first + 2);
	return hop;
}

START_TEST(accepting_resumes_when_descriptors_return)
{
	struct hop hop = hop_at_rest();
	int waiting;

	/* No question over HTTP until they return: it would need one. */
	descriptors_leave(hop.proxy->pid, 0);
	waiting = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(waiting, "may I?");
	wait_until(proxy_has_said(hop.proxy, "accepting pauses"));
	peer_say(hop.client, "not my affair");
	peer_expect(hop.upstream, "not my affair");

	descriptors_leave(hop.proxy->pid, -1);
	int upstream = peer_accept(hop.listener);
	peer_expect(upstream, "may I?");
	ck_assert_int_eq(proxy_count_said(hop.proxy, "accepting pauses"), 1);
	ck_assert_int_ge(proxy_stat(hop.proxy, "totals.accept_errors"), 1);
	peer_close(&waiting);
	peer_close(&upstream);
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_whose_upstream_gets_no_descriptor_is_told)
{
	struct hop hop = hop_at_rest();
	int client;

	descriptors_leave(hop.proxy->pid, 1);
	client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(client);
	descriptors_leave(hop.proxy->pid, -1);
	json_t *record = proxy_closed(hop.proxy, 1);
	expect_close(record, "resource_fds", "proxy", "error");
	ck_assert_str_eq(path_text(record, "close.errno"), "EMFILE");
	peer_close(&client);
	hop_end(&hop);
}
END_TEST

START_TEST(few_descriptors_mean_few_places_and_nobody_lost)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start_with(&(struct proxy_start){ .descriptors = FEW },
	    "-l 127.0.0.1:0 -u %s --workers 2 -n 1000", echo_address(echo));
	int clients[CLIENTS];

	ck_assert(proxy_has_said(proxy, "RLIMIT_NOFILE"));
	int places = (int)proxy_stat(proxy, "connections_max");
	ck_assert_int_gt(places, 0);
	ck_assert_int_lt(places, FEW / 2);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = peer_connect(proxy_listener(proxy, 0));
		peer_say(clients[i], "hello");
	}
	wait_until(proxy_active_count(proxy) == places);
	for (int served = 0; served < CLIENTS;) {
		int64_t begun = wait_clock_ms();

		for (int i = 0; i < CLIENTS; i++) {
			char got[8];

			if (clients[i] == -1 || recv(clients[i], got, sizeof(got), MSG_DONTWAIT) != 5)
				continue;
			peer_close(&clients[i]);
			served++;
		}
		wait_a_little(begun, "an answer", __FILE__, __LINE__);
	}
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_fin") == CLIENTS);
	ck_assert_int_eq(proxy_count_said(proxy, "accepting pauses"), 1);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

START_TEST(too_few_descriptors_for_anything_are_refused_at_once)
{
	struct proxy *proxy = proxy_run_with(
	    &(struct proxy_start){ .descriptors = 16 }, "-l 127.0.0.1:0 -u 127.0.0.1:9");

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, "RLIMIT_NOFILE"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/descriptors");
	TCase *tcase = tcase_create("descriptors");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, accepting_resumes_when_descriptors_return);
	tcase_add_test(tcase, a_client_whose_upstream_gets_no_descriptor_is_told);
	tcase_add_test(tcase, few_descriptors_mean_few_places_and_nobody_lost);
	tcase_add_test(tcase, too_few_descriptors_for_anything_are_refused_at_once);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
