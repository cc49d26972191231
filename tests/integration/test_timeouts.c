/* SPDX-License-Identifier: MIT */
/* Our own timers: both sides get a reset, and the record says which timer it was and at whose side. */
#include "support/hop.h"

#include <sys/socket.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { TIMEOUT_US = 100000, SMALL = 4096, LEFTOVER = 32768 };

/* `leg` may be NULL. */
static json_t *
expect_timeout(struct hop *hop, const char *reason, const char *leg)
{
	json_t *record = hop_closed(hop, reason, "proxy", "timeout");

	ck_assert_pstr_eq(path_text(record, "close.leg"), leg);
	ck_assert(!json_is_true(path(record, "close.clean")));
	ck_assert_int_ge(path_number(record, "duration_us"), TIMEOUT_US);
	return record;
}

START_TEST(an_idle_connection_is_closed_at_its_deadline)
{
	struct hop hop = hop_open("--idle-timeout 100ms");

	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	json_t *record = expect_timeout(&hop, "idle_timeout", NULL);
	ck_assert_int_ge(path_number(record, "close.idle_before_us"), TIMEOUT_US);
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert(json_is_integer(path(record, "legs.upstream.rst_sent_us")));
	hop_end(&hop);
}
END_TEST

START_TEST(bytes_either_way_keep_it_from_being_idle)
{
	struct hop hop = hop_open("--idle-timeout 400ms");
	int64_t begun = wait_clock_ms();

	while (wait_clock_ms() - begun < 900) {
		peer_say(hop.client, "a");
		peer_expect(hop.upstream, "a");
		peer_say(hop.upstream, "b");
		peer_expect(hop.client, "b");
		wait_a_little(begun, "still open", __FILE__, __LINE__);
	}
	ck_assert_int_eq(proxy_active_count(hop.proxy), 1);
	hop_end(&hop);
}
END_TEST

START_TEST(an_upstream_that_never_finishes_meets_the_half_close_timeout)
{
	struct hop hop = hop_open("--half-close-timeout 100ms");

	peer_finish(hop.client);
	peer_expect_reset(hop.client);
	ck_assert_int_ne(peer_await_error(hop.upstream), 0);
	expect_timeout(&hop, "half_close_timeout", "upstream");
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_that_never_finishes_meets_the_half_close_timeout)
{
	struct hop hop = hop_open("--half-close-timeout 100ms");

	peer_finish(hop.upstream);
	ck_assert_int_ne(peer_await_error(hop.client), 0);
	expect_timeout(&hop, "half_close_timeout", "client");
	hop_end(&hop);
}
END_TEST

START_TEST(an_answer_under_way_puts_the_half_close_timeout_off)
{
	struct hop hop = hop_open("--half-close-timeout 300ms");
	int64_t begun = wait_clock_ms();

	peer_finish(hop.client);
	while (wait_clock_ms() - begun < 700) {
		peer_say(hop.upstream, "b");
		peer_expect(hop.client, "b");
		wait_a_little(begun, "still open", __FILE__, __LINE__);
	}
	peer_close(&hop.upstream);
	peer_expect_end(hop.client);
	hop_closed(&hop, "client_fin", "client", "fin");
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_that_takes_nothing_meets_the_stall_timeout)
{
	struct hop hop = { .listener = peer_listen("127.0.0.1:0") };

	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --stall-timeout 100ms", peer_local(hop.listener).text);
	hop.client = peer_try_connect(proxy_listener(hop.proxy, 0), SMALL);
	hop.upstream = peer_accept(hop.listener);
	peer_send_to_reset(hop.upstream);
	json_t *record = expect_timeout(&hop, "stall_timeout", "client");
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_client"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(an_upstream_that_takes_nothing_meets_the_stall_timeout)
{
	struct hop hop = { .listener = peer_listen_with("127.0.0.1:0", 1, SMALL) };

	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --stall-timeout 100ms", peer_local(hop.listener).text);
	hop_connect(&hop);
	peer_send_to_reset(hop.client);
	json_t *record = expect_timeout(&hop, "stall_timeout", "upstream");
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(last_bytes_that_nobody_takes_meet_the_flush_timeout)
{
	struct hop hop = { .listener = peer_listen("127.0.0.1:0") };

	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --flush-timeout 100ms", peer_local(hop.listener).text);
	hop.client = peer_try_connect(proxy_listener(hop.proxy, 0), SMALL);
	hop.upstream = peer_accept(hop.listener);
	peer_send_pattern(hop.upstream, 0, LEFTOVER);
	peer_finish(hop.upstream);
	proxy_live(hop.proxy, "upstream_half_closed");
	peer_finish(hop.client);
	json_t *record = expect_timeout(&hop, "flush_timeout", "client");
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_lt(path_number(record, "close.undelivered_bytes.to_client"), LEFTOVER);
	hop_end(&hop);
}
END_TEST

START_TEST(a_busy_connection_meets_its_longest_life_too)
{
	struct hop hop = hop_open("--max-duration 150ms");
	int64_t begun = wait_clock_ms();

	while (proxy_history_count(hop.proxy) == 0) {
		if (send(hop.client, "x", 1, MSG_NOSIGNAL) == -1)
			break;
		wait_a_little(begun, "the end of a long life", __FILE__, __LINE__);
	}
	peer_read_to_reset(hop.upstream);
	expect_timeout(&hop, "max_duration", NULL);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/timeouts");
	TCase *tcase = tcase_create("timeouts");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, an_idle_connection_is_closed_at_its_deadline);
	tcase_add_test(tcase, bytes_either_way_keep_it_from_being_idle);
	tcase_add_test(tcase, an_upstream_that_never_finishes_meets_the_half_close_timeout);
	tcase_add_test(tcase, a_client_that_never_finishes_meets_the_half_close_timeout);
	tcase_add_test(tcase, an_answer_under_way_puts_the_half_close_timeout_off);
	tcase_add_test(tcase, a_client_that_takes_nothing_meets_the_stall_timeout);
	tcase_add_test(tcase, an_upstream_that_takes_nothing_meets_the_stall_timeout);
	tcase_add_test(tcase, last_bytes_that_nobody_takes_meet_the_flush_timeout);
	tcase_add_test(tcase, a_busy_connection_meets_its_longest_life_too);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
