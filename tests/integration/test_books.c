/* SPDX-License-Identifier: MIT */
/* The books that are kept beside /conns: the listeners' lives, and the sums. */
#include "support/hop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static json_t *
listener(const struct proxy *proxy)
{
	return path(http_get_json(proxy, "/listeners"), "listeners.0");
}

START_TEST(a_listener_shows_each_step_of_its_life)
{
	struct hop hop = hop_open("--workers 2");
	json_t *life = listener(hop.proxy);
	const char *const steps[] = { "socket", "bind", "listening" };

	ck_assert_str_eq(path_text(life, "state"), "listening");
	ck_assert_str_eq(path_text(life, "name"), "127.0.0.1:0");
	ck_assert_str_eq(path_text(life, "bound"), proxy_listener(hop.proxy, 0));
	ck_assert_str_eq(path_text(life, "upstream"), peer_local(hop.listener).text);
	ck_assert_int_eq(path_number(life, "sockets"), 2);
	for (int i = 0; i < 3; i++) {
		json_t *step = path(path(life, "steps"), steps[i]);

		ck_assert_ptr_ne(path_text(step, "at"), NULL);
		ck_assert_ptr_eq(path_text(step, "errno"), NULL);
		ck_assert_int_eq(path_number(step, "times"), 1);
	}
	ck_assert_ptr_eq(path_text(life, "steps.closed.at"), NULL);
	ck_assert_int_eq(path_number(life, "accepted"), 1);
	wait_until(json_is_integer(path(listener(hop.proxy), "queue_limit")));
	ck_assert_int_gt(path_number(listener(hop.proxy), "queue_limit"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(a_listener_goes_on_listening_for_the_next_client)
{
	struct hop hop = hop_open("");

	for (int i = 1; i <= 5; i++) {
		ck_assert_int_eq(path_number(listener(hop.proxy), "accepted"), i);
		ck_assert_str_eq(path_text(listener(hop.proxy), "state"), "listening");
		peer_close(&hop.client);
		peer_expect_end(hop.upstream);
		peer_close(&hop.upstream);
		proxy_closed(hop.proxy, i);
		hop_connect(&hop);
		proxy_live(hop.proxy, "established");
	}
	hop_end(&hop);
}
END_TEST

START_TEST(a_draining_listener_is_closed_while_its_clients_go_on)
{
	struct hop hop = hop_open("");

	proxy_signal(hop.proxy, SIGTERM);
	wait_until(strcmp(path_text(listener(hop.proxy), "state"), "closed") == 0);
	ck_assert_ptr_ne(path_text(listener(hop.proxy), "steps.closed.at"), NULL);
	ck_assert_int_eq(peer_try_connect(proxy_listener(hop.proxy, 0), 0), -ECONNREFUSED);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(stats_sum_up_what_the_records_say)
{
	struct hop hop = hop_open("--workers 3");

	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_active"), 1);
	wait_until(proxy_stat(hop.proxy, "connections_by_state.established") == 1);
	peer_say(hop.client, "12345");
	peer_expect(hop.upstream, "12345");
	peer_say(hop.upstream, "123");
	peer_expect(hop.client, "123");
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	for (int i = 2; i <= 4; i++) {
		hop_connect(&hop);
		peer_reset(&hop.client);
		peer_expect_reset(hop.upstream);
		peer_close(&hop.upstream);
		proxy_closed(hop.proxy, i);
	}
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_active"), 0);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.connections_accepted"), 4);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.connections_closed"), 4);
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_closed_by_reason.client_fin"), 1);
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_closed_by_reason.client_reset"), 3);
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_closed_by_kind.proxy"), 1);
	ck_assert_int_eq(proxy_stat(hop.proxy, "connections_closed_by_kind.probe"), 3);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.client_bytes_received"), 5);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.upstream_bytes_sent"), 5);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.upstream_bytes_received"), 3);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.client_bytes_sent"), 3);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.connect_attempts"), 4);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.loans_lent"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(history_keeps_the_newest_first_and_forgets_the_oldest)
{
	struct hop hop = hop_open("--workers 1 --history 4");
	char first[64];

	snprintf(first, sizeof(first), "/conns/%s", path_text(proxy_live(hop.proxy, "established"), "id"));
	for (int i = 1; i <= 6; i++) {
		peer_say(hop.client, "hello"); /* else it is a probe, which is kept elsewhere */
		peer_expect(hop.upstream, "hello");
		peer_close(&hop.client);
		peer_expect_end(hop.upstream);
		peer_close(&hop.upstream);
		wait_until(proxy_stat(hop.proxy, "totals.connections_closed") == i);
		hop_connect(&hop);
	}
	json_t *closed = path(http_get_json(hop.proxy, "/conns?state=closed&view=full"), "conns");
	ck_assert_int_ge((int)json_array_size(closed), 3);
	ck_assert_int_le((int)json_array_size(closed), 4);
	for (size_t i = 1; i < json_array_size(closed); i++)
		ck_assert_int_ge(strcmp(path_text(json_array_get(closed, i - 1), "closed_at"),
				     path_text(json_array_get(closed, i), "closed_at")),
		    0);
	struct answer gone;
	http_get(&hop.proxy->admin, first, &gone);
	ck_assert_int_eq(gone.status, 410);
	http_forget(&gone);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/books");
	TCase *tcase = tcase_create("books");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_listener_shows_each_step_of_its_life);
	tcase_add_test(tcase, a_listener_goes_on_listening_for_the_next_client);
	tcase_add_test(tcase, a_draining_listener_is_closed_while_its_clients_go_on);
	tcase_add_test(tcase, stats_sum_up_what_the_records_say);
	tcase_add_test(tcase, history_keeps_the_newest_first_and_forgets_the_oldest);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
