/* SPDX-License-Identifier: MIT */
/* Who watches and does not read what it asked for slows nobody. */
#include "support/hop.h"

#include <string.h>
#include <sys/socket.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { WATCHERS = 50, CLOSED = 400, ROUNDS = 500, SMALL = 4096 };

static const char request[] = "GET /conns?state=all&view=full&limit=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n";

START_TEST(watchers_that_read_nothing_hold_up_neither_bytes_nor_other_watchers_nor_the_end)
{
	struct hop hop = hop_open("--workers 1");
	int watchers[WATCHERS];

	for (int i = 1; i <= CLOSED; i++) {
		peer_close(&hop.client);
		peer_close(&hop.upstream);
		hop_connect(&hop);
	}
	for (int i = 0; i < WATCHERS; i++) {
		watchers[i] = peer_try_connect(hop.proxy->admin_text, SMALL);
		ck_assert_int_ge(watchers[i], 0);
		http_send(watchers[i], request, strlen(request));
	}
	for (int i = 0; i < ROUNDS; i++) {
		peer_say(hop.client, "ping");
		peer_expect(hop.upstream, "ping");
		peer_say(hop.upstream, "pong");
		peer_expect(hop.client, "pong");
	}
	/* A FIN that the kernel lost on loopback is sent again after 200 ms: until then one more may be flushing. */
	wait_until(proxy_active_count(hop.proxy) == 1);
	ck_assert_int_eq(proxy_history_count(hop.proxy), CLOSED);
	hop_end(&hop);
	for (int i = 0; i < WATCHERS; i++)
		peer_close(&watchers[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/stalled watcher");
	TCase *tcase = tcase_create("stalled watcher");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, watchers_that_read_nothing_hold_up_neither_bytes_nor_other_watchers_nor_the_end);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
