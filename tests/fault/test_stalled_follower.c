/* SPDX-License-Identifier: MIT */
/* Who follows and does not read is left behind, slows nobody, and is cut in the end. */
#include "support/hop.h"

#include <unistd.h>
#include "support/follow.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum {
	STALLED = 20,
	CONNECTIONS = 600, /* more than fills every buffer on the way to one that does not read */
	ROUNDS = 500,
	SMALL = 4096,
	MEMORY_MOST = 128 << 20, /* also with a sanitizer */
	CUT_MS = 60000,          /* after 30 s; a busy machine has longer ones */
};

static bool
all_are_cut(const struct proxy *proxy)
{
	return proxy_stat(proxy, "followers_cut") == STALLED;
}

START_TEST(followers_that_read_nothing_slow_nobody_and_are_cut)
{
	struct hop hop = hop_open("--workers 1 --log-conns off");
	struct follow stalled[STALLED], reads;
	size_t before = proxy_memory(hop.proxy, "VmRSS");

	for (int i = 0; i < STALLED; i++)
		follow_open(&stalled[i], &hop.proxy->admin, "/events", "", SMALL);
	follow_open(&reads, &hop.proxy->admin, "/events?format=ndjson&types=close", "", 0);
	for (int i = 0; i < CONNECTIONS; i++) {
		peer_close(&hop.client);
		peer_close(&hop.upstream);
		hop_connect(&hop);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		follow_event(&reads, "close");
	for (int i = 0; i < ROUNDS; i++) {
		peer_say(hop.client, "ping");
		peer_expect(hop.upstream, "ping");
		peer_say(hop.upstream, "pong");
		peer_expect(hop.client, "pong");
	}
	ck_assert_uint_lt(proxy_memory(hop.proxy, "VmRSS") - before, MEMORY_MOST);
	for (int64_t begun_ms = wait_clock_ms(); !all_are_cut(hop.proxy) && wait_clock_ms() - begun_ms < CUT_MS;) {
		follow_is_quiet(&reads);
		usleep(20000);
	}
	ck_assert(all_are_cut(hop.proxy));
	wait_until(proxy_stat(hop.proxy, "followers") == 1);
	follow_close(&reads);
	hop_end(&hop);
	for (int i = 0; i < STALLED; i++)
		follow_close(&stalled[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/stalled follower");
	TCase *tcase = tcase_create("stalled follower");

	tcase_set_timeout(tcase, 180);
	tcase_add_test(tcase, followers_that_read_nothing_slow_nobody_and_are_cut);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
