/* SPDX-License-Identifier: MIT */
/* The ends that clients and upstreams bring about: each side sees what the other did, and the record says who began. */
#include "support/hop.h"

#include <errno.h>
#include <sys/socket.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static struct hop hop;

static void
setup(void)
{
	hop = hop_open("");
}

static void
teardown(void)
{
	hop_end(&hop);
}

static void
talk(void)
{
	peer_say(hop.client, "question");
	peer_expect(hop.upstream, "question");
	peer_say(hop.upstream, "answer");
	peer_expect(hop.client, "answer");
}

START_TEST(client_may_finish_first)
{
	talk();
	peer_finish(hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	peer_expect_end(hop.client);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
	ck_assert(json_is_null(path(record, "close.errno")));
}
END_TEST

START_TEST(upstream_may_finish_first)
{
	talk();
	peer_finish(hop.upstream);
	peer_expect_end(hop.client);
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	json_t *record = hop_closed(&hop, "upstream_fin", "upstream", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
	ck_assert_str_eq(path_text(record, "close.order"), "upstream_first");
}
END_TEST

START_TEST(a_reset_of_the_client_reaches_the_upstream_as_a_reset)
{
	talk();
	peer_reset(&hop.client);
	peer_expect_reset(hop.upstream);
	json_t *record = hop_closed(&hop, "client_reset", "client", "rst");
	ck_assert(!json_is_true(path(record, "close.clean")));
	ck_assert_str_eq(path_text(record, "close.errno"), "ECONNRESET");
	ck_assert(json_is_integer(path(record, "legs.client.rst_received_us")));
	ck_assert(json_is_integer(path(record, "legs.upstream.rst_sent_us")));
	ck_assert(json_is_null(path(record, "legs.upstream.fin_sent_us")));
}
END_TEST

START_TEST(a_reset_of_the_upstream_reaches_the_client_as_a_reset)
{
	talk();
	peer_reset(&hop.upstream);
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_reset", "upstream", "rst");
	ck_assert_str_eq(path_text(record, "close.errno"), "ECONNRESET");
	ck_assert(json_is_integer(path(record, "legs.upstream.rst_received_us")));
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert(json_is_null(path(record, "legs.client.fin_sent_us")));
}
END_TEST

START_TEST(a_client_that_closes_before_its_answer_has_abandoned_it)
{
	talk();
	peer_finish(hop.client);
	peer_expect_end(hop.upstream);
	proxy_live(hop.proxy, "client_half_closed");
	peer_reset(&hop.client);
	ck_assert_int_eq(peer_await_error(hop.upstream), EPIPE);
	json_t *record = hop_closed(&hop, "client_abandoned", "client", "rst");
	ck_assert(!json_is_true(path(record, "close.clean")));
	ck_assert(json_is_integer(path(record, "legs.client.fin_received_us")));
	ck_assert(json_is_integer(path(record, "legs.client.rst_received_us")));
}
END_TEST

/* close() and then the answer arrives: the client's own kernel resets. */
START_TEST(an_answer_to_a_client_that_is_gone_was_abandoned)
{
	talk();
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_say(hop.upstream, "too late");
	ck_assert_int_eq(peer_await_error(hop.upstream), EPIPE);
	json_t *record = hop_closed(&hop, "client_abandoned", "client", "rst");
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 8);
}
END_TEST

START_TEST(an_upstream_that_closes_before_the_client_has_finished_has_abandoned_it)
{
	talk();
	peer_finish(hop.upstream);
	peer_expect_end(hop.client);
	proxy_live(hop.proxy, "upstream_half_closed");
	peer_reset(&hop.upstream);
	ck_assert_int_eq(peer_await_error(hop.client), EPIPE);
	hop_closed(&hop, "upstream_abandoned", "upstream", "rst");
}
END_TEST

START_TEST(a_reset_after_the_other_side_finished_is_that_sides_end)
{
	talk();
	peer_finish(hop.client);
	peer_expect_end(hop.upstream);
	proxy_live(hop.proxy, "client_half_closed");
	peer_reset(&hop.upstream);
	peer_expect_reset(hop.client);
	hop_closed(&hop, "upstream_reset", "upstream", "rst");
}
END_TEST

START_TEST(a_client_with_unread_bytes_that_closes_has_reset)
{
	peer_say(hop.upstream, "never read");
	wait_until(proxy_stat(hop.proxy, "totals.client_bytes_sent") == 10);
	peer_close(&hop.client);
	peer_expect_reset(hop.upstream);
	hop_closed(&hop, "client_reset", "client", "rst");
}
END_TEST

START_TEST(urgent_bytes_do_not_break_the_stream)
{
	peer_say(hop.client, "before ");
	ck_assert_int_eq(send(hop.client, "!", 1, MSG_OOB), 1);
	peer_say(hop.client, " after");
	peer_finish(hop.client);
	ck_assert_uint_ge(peer_read_to_end(hop.upstream), 13);
	peer_close(&hop.upstream);
	hop_closed(&hop, "client_fin", "client", "fin");
}
END_TEST

START_TEST(ends_seen_at_once_blame_nobody)
{
	talk();
	proxy_freeze(hop.proxy);
	peer_finish(hop.upstream);
	peer_finish(hop.client);
	proxy_thaw(hop.proxy);
	peer_expect_end(hop.client);
	peer_expect_end(hop.upstream);
	json_t *record = proxy_closed(hop.proxy, 1);
	ck_assert_str_eq(path_text(record, "close.how"), "fin");
	ck_assert_str_eq(path_text(record, "close.order"), "same_turn");
	ck_assert_ptr_eq(path_text(record, "close.initiator"), NULL);
}
END_TEST

START_TEST(each_closed_connection_is_a_line_on_stderr)
{
	talk();
	const char *id = path_text(proxy_live(hop.proxy, "established"), "id");

	peer_reset(&hop.client);
	peer_expect_reset(hop.upstream);
	wait_until(proxy_has_said(hop.proxy, "client_reset"));
	ck_assert(proxy_has_said(hop.proxy, id));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/endings");
	TCase *tcase = tcase_create("endings");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, client_may_finish_first);
	tcase_add_test(tcase, upstream_may_finish_first);
	tcase_add_test(tcase, a_reset_of_the_client_reaches_the_upstream_as_a_reset);
	tcase_add_test(tcase, a_reset_of_the_upstream_reaches_the_client_as_a_reset);
	tcase_add_test(tcase, a_client_that_closes_before_its_answer_has_abandoned_it);
	tcase_add_test(tcase, an_answer_to_a_client_that_is_gone_was_abandoned);
	tcase_add_test(tcase, an_upstream_that_closes_before_the_client_has_finished_has_abandoned_it);
	tcase_add_test(tcase, a_reset_after_the_other_side_finished_is_that_sides_end);
	tcase_add_test(tcase, a_client_with_unread_bytes_that_closes_has_reset);
	tcase_add_test(tcase, urgent_bytes_do_not_break_the_stream);
	tcase_add_test(tcase, ends_seen_at_once_blame_nobody);
	tcase_add_test(tcase, each_closed_connection_is_a_line_on_stderr);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
