/* SPDX-License-Identifier: MIT */
/* stderr is a pipe that nobody reads: lines are lost, and nothing else. */
#include "support/proxy_process.h"

#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

/* A page of pipe, and what the log itself holds back, are full long before. */
enum { CLIENTS = 3000, REPORTED_EACH = 100 };

START_TEST(a_stderr_that_nobody_reads_stops_no_byte)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start_with(
	    &(struct proxy_start){ .deaf = true }, "-l 127.0.0.1:0 -u %s --log-level debug", echo_address(echo));

	for (int i = 1; i <= CLIENTS; i++) {
		int client = peer_connect(proxy_listener(proxy, 0));

		peer_say(client, "hello");
		peer_expect(client, "hello");
		peer_finish(client);
		peer_expect_end(client);
		peer_close(&client);
		if (i % REPORTED_EACH == 0)
			wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_fin") == i);
	}
	ck_assert_int_eq(proxy_history_count(proxy), CLIENTS);
	proxy_stop(proxy); /* nor does it hold up the end */
	echo_stop(echo);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/deaf stderr");
	TCase *tcase = tcase_create("deaf stderr");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, a_stderr_that_nobody_reads_stops_no_byte);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
