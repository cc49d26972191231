/* SPDX-License-Identifier: MIT */
/* The table of sources has no room: whoever comes is let in, and counted. */
#include <stdio.h>
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { SOURCES = 40 };

/* With one place the table holds eight sources, and each keeps its entry for a second.  They come
 * while the daemon cannot look, and are served one after the other. */
START_TEST(who_cannot_be_counted_is_let_in)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s -n 1 --rate-per-source 1", echo_address(echo));
	int clients[SOURCES];
	char source[32];

	proxy_freeze(proxy);
	for (int i = 0; i < SOURCES; i++) {
		snprintf(source, sizeof(source), "127.0.1.%d:0", i);
		clients[i] = peer_try_connect_from(source, proxy_listener(proxy, 0));
		ck_assert_int_ge(clients[i], 0);
		peer_say(clients[i], "hello");
		peer_finish(clients[i]);
	}
	proxy_thaw(proxy);
	for (int i = 0; i < SOURCES; i++) {
		peer_expect(clients[i], "hello");
		peer_expect_end(clients[i]);
		peer_close(&clients[i]);
	}
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_fin") == SOURCES);
	ck_assert_int_ge(proxy_stat(proxy, "totals.source_table_full"), 1);
	ck_assert_int_le(proxy_stat(proxy, "totals.source_table_full"), SOURCES - 8);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/source table full");
	TCase *tcase = tcase_create("source table full");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, who_cannot_be_counted_is_let_in);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
