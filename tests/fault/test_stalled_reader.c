/* SPDX-License-Identifier: MIT */
/* Who reads nothing holds back its own connection, and nobody else's. */
#include "support/hop.h"

#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { ROUNDS = 500, KERNEL_MOST = 64 << 20 };

static void
ping_pong(int client, int upstream)
{
	for (int i = 0; i < ROUNDS; i++) {
		peer_say(client, "ping");
		peer_expect(upstream, "ping");
		peer_say(upstream, "pong");
		peer_expect(client, "pong");
	}
}

START_TEST(a_stalled_reader_holds_back_only_its_own_connection)
{
	struct hop hop = hop_open("--workers 1");
	int stalled_client = hop.client, stalled_upstream = hop.upstream;

	peer_fill(stalled_upstream);
	hop_connect(&hop);
	ping_pong(hop.client, hop.upstream);
	ck_assert_int_eq(proxy_active_count(hop.proxy), 2);
	peer_close(&stalled_client);
	peer_close(&stalled_upstream);
	hop_end(&hop);
}
END_TEST

START_TEST(the_other_direction_of_a_stalled_connection_goes_on)
{
	struct hop hop = hop_open("--workers 1");

	peer_fill(hop.upstream);
	for (int i = 0; i < ROUNDS; i++) {
		peer_say(hop.client, "still talking");
		peer_expect(hop.upstream, "still talking");
	}
	hop_end(&hop);
}
END_TEST

START_TEST(a_reader_that_wakes_up_gets_every_byte)
{
	struct hop hop = hop_open("");
	size_t size = peer_fill(hop.upstream);

	ck_assert_uint_gt(size, 0);
	ck_assert_uint_lt(size, KERNEL_MOST); /* there was backpressure at all */
	peer_finish(hop.upstream);
	peer_expect_pattern(hop.client, 0, size);
	peer_expect_end(hop.client);
	peer_close(&hop.client);
	json_t *record = hop_closed(&hop, "upstream_fin", "upstream", "fin");
	ck_assert_int_eq(path_number(record, "legs.upstream.bytes_received"), (json_int_t)size);
	ck_assert_int_eq(path_number(record, "legs.client.bytes_sent"), (json_int_t)size);
	hop_end(&hop);
}
END_TEST

/* One loan in all, and somebody who waits for it: it goes on when the loan comes back. */
START_TEST(who_waits_for_a_buffer_gets_it_in_the_end)
{
	struct hop hop = hop_open("--workers 1 --buffer-memory 16k");
	int stalled_client = hop.client, stalled_upstream = hop.upstream;
	size_t size = peer_fill(stalled_upstream);

	hop_connect(&hop);
	peer_say(hop.client, "hello");
	peer_expect_pattern(stalled_client, 0, size);
	peer_expect(hop.upstream, "hello");
	ping_pong(hop.client, hop.upstream);
	ping_pong(stalled_client, stalled_upstream);
	wait_until(proxy_stat(hop.proxy, "totals.loans_lent") == 0);
	peer_close(&stalled_client);
	peer_close(&stalled_upstream);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/stalled reader");
	TCase *tcase = tcase_create("stalled reader");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, a_stalled_reader_holds_back_only_its_own_connection);
	tcase_add_test(tcase, the_other_direction_of_a_stalled_connection_goes_on);
	tcase_add_test(tcase, a_reader_that_wakes_up_gets_every_byte);
	tcase_add_test(tcase, who_waits_for_a_buffer_gets_it_in_the_end);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
