/* SPDX-License-Identifier: MIT */
/* No new clients, and who is connected may finish until the deadline: for the end of the process, after
 * which there is none, and on an admin's order, which can be taken back. */
#include "support/hop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static int
status_of(const struct proxy *proxy, const char *target)
{
	struct answer answer;

	http_get(&proxy->admin, target, &answer);
	http_forget(&answer);
	return answer.status;
}

static const int ways[] = { SIGTERM, SIGINT };

START_TEST(what_is_live_may_finish)
{
	struct hop hop = hop_open("");

	ck_assert_int_eq(status_of(hop.proxy, "/readyz"), 200);
	proxy_signal(hop.proxy, ways[_i]);
	wait_until(status_of(hop.proxy, "/readyz") == 503);
	ck_assert_int_eq(status_of(hop.proxy, "/livez"), 200);
	wait_until(strcmp(path_text(http_get_json(hop.proxy, "/listeners"), "listeners.0.state"), "closed") == 0);
	ck_assert_int_eq(peer_try_connect(proxy_listener(hop.proxy, 0), 0), -ECONNREFUSED);
	peer_say(hop.client, "not done yet");
	peer_expect(hop.upstream, "not done yet");
	peer_say(hop.upstream, "nor am I");
	peer_expect(hop.client, "nor am I");
	ck_assert(!proxy_is_gone(hop.proxy));
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	wait_until(proxy_has_said(hop.proxy, "client_fin"));
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(nothing_live_means_gone_at_once)
{
	struct hop hop = hop_open("--drain-timeout 1h");

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	proxy_stop(hop.proxy);
}
END_TEST

START_TEST(what_meets_the_deadline_ends_as_shutdown)
{
	struct hop hop = hop_open("--drain-timeout 100ms");

	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	ck_assert_msg(proxy_has_said(hop.proxy, "shutdown"), "%s", proxy_stderr(hop.proxy));
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(a_second_signal_stops_at_once)
{
	struct hop hop = hop_open("--drain-timeout 1h");

	proxy_signal(hop.proxy, SIGTERM);
	wait_until(proxy_has_said(hop.proxy, "draining"));
	ck_assert(!proxy_is_gone(hop.proxy));
	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	ck_assert_msg(proxy_has_said(hop.proxy, "shutdown"), "%s", proxy_stderr(hop.proxy));
	proxy_end(hop.proxy);
}
END_TEST

/* They are the kernel's already, and were told that they are connected. */
START_TEST(clients_in_the_queue_are_served_before_the_door_closes)
{
	enum { WAITING = 20 };
	struct hop hop = hop_open("");
	int clients[WAITING], upstreams[WAITING];

	proxy_freeze(hop.proxy);
	for (int i = 0; i < WAITING; i++) {
		clients[i] = peer_connect(proxy_listener(hop.proxy, 0));
		peer_say(clients[i], "am I late?");
	}
	proxy_signal(hop.proxy, SIGTERM);
	proxy_thaw(hop.proxy);
	for (int i = 0; i < WAITING; i++) {
		upstreams[i] = peer_accept(hop.listener);
		peer_expect(upstreams[i], "am I late?");
	}
	for (int i = 0; i < WAITING; i++) {
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_end(hop.proxy);
}
END_TEST

START_TEST(a_drain_does_not_wait_for_who_reads_conns)
{
	struct hop hop = hop_open("");
	int reader = http_connect(&hop.proxy->admin);

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_stop(hop.proxy);
	peer_close(&reader);
}
END_TEST

/* On order. */

static const char *
drain_state(const struct proxy *proxy)
{
	return path_text(http_get_json(proxy, "/drain"), "state");
}

static const char *
listener_state(const struct proxy *proxy)
{
	return path_text(http_get_json(proxy, "/listeners"), "listeners.0.state");
}

static void
order(const struct proxy *proxy, const char *method, const char *target)
{
	json_t *answer;

	ck_assert_int_eq(http_order(proxy, method, target, "", &answer), 202);
	ck_assert_int_eq(path_number(answer, "posted"), 1);
}

static void
begin_drain(const struct proxy *proxy, const char *target)
{
	order(proxy, "POST", target);
	wait_until(strcmp(drain_state(proxy), "accepting") != 0 && strcmp(listener_state(proxy), "paused") == 0);
}

static void
end_drain(const struct proxy *proxy)
{
	order(proxy, "DELETE", "/drain");
	wait_until(strcmp(drain_state(proxy), "accepting") == 0);
}

/* Nobody comes through, for long enough. */
static void
expect_nobody(const struct hop *hop)
{
	struct pollfd poll_listener = { .fd = hop->listener, .events = POLLIN };

	ck_assert_int_eq(poll(&poll_listener, 1, 100), 0);
}

START_TEST(a_drain_on_order_can_be_taken_back)
{
	struct hop hop = hop_open("--admin-write --workers 3");
	int waiting;

	ck_assert_str_eq(drain_state(hop.proxy), "accepting");
	begin_drain(hop.proxy, "/drain");
	ck_assert_str_eq(drain_state(hop.proxy), "draining");
	ck_assert_int_eq(status_of(hop.proxy, "/readyz"), 503);
	ck_assert_int_eq(status_of(hop.proxy, "/livez"), 200);
	ck_assert(proxy_has_said(hop.proxy, "1 connections may finish within 30s"));
	waiting = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(waiting, "may I?");
	peer_say(hop.client, "not done yet");
	peer_expect(hop.upstream, "not done yet");
	expect_nobody(&hop);
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	wait_until(strcmp(drain_state(hop.proxy), "drained") == 0);
	expect_nobody(&hop);

	end_drain(hop.proxy);
	hop.client = waiting;
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "may I?");
	wait_until(status_of(hop.proxy, "/readyz") == 200);
	wait_until(strcmp(listener_state(hop.proxy), "listening") == 0);
	ck_assert_int_eq(path_number(http_get_json(hop.proxy, "/listeners"), "listeners.0.steps.paused.times"), 1);
	ck_assert_int_eq(path_number(http_get_json(hop.proxy, "/listeners"), "listeners.0.steps.resumed.times"), 1);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.accept_pauses"), 0); /* for want of nothing */
	hop_end(&hop);
}
END_TEST

START_TEST(what_meets_the_deadline_of_an_order_ends_as_admin_drain)
{
	struct hop hop = hop_open("--admin-write");
	json_t *record;

	begin_drain(hop.proxy, _i == 0 ? "/drain?timeout=50ms" : "/drain?timeout=0");
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	record = hop_closed(&hop, "admin_drain", "admin", "rst");
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert(json_is_integer(path(record, "legs.upstream.rst_sent_us")));
	wait_until(strcmp(drain_state(hop.proxy), "drained") == 0);
	ck_assert_int_eq(path_number(http_get_json(hop.proxy, "/drain"), "left_us"), 0);
	ck_assert_int_eq(status_of(hop.proxy, "/readyz"), 503);
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	end_drain(hop.proxy);
	hop_connect(&hop);
	peer_say(hop.client, "again");
	peer_expect(hop.upstream, "again");
	hop_end(&hop);
}
END_TEST

START_TEST(an_order_repeated_sets_the_deadline_anew)
{
	struct hop hop = hop_open("--admin-write");
	const char *since;

	begin_drain(hop.proxy, "/drain?timeout=1h");
	since = path_text(http_get_json(hop.proxy, "/drain"), "since");
	ck_assert_int_gt(path_number(http_get_json(hop.proxy, "/drain"), "left_us"), 1800 * 1000000LL);
	order(hop.proxy, "POST", "/drain?timeout=50ms");
	peer_expect_reset(hop.client);
	ck_assert_str_eq(path_text(http_get_json(hop.proxy, "/drain"), "since"), since);
	hop_closed(&hop, "admin_drain", "admin", "rst");
	hop_end(&hop);
}
END_TEST

START_TEST(a_drain_taken_back_cuts_nobody)
{
	struct hop hop = hop_open("--admin-write");

	begin_drain(hop.proxy, "/drain?timeout=1s");
	end_drain(hop.proxy);
	for (int tenths = 0; tenths < 12; tenths++)
		expect_nobody(&hop);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	hop_end(&hop);
}
END_TEST

/* Who waits is served first, as at any stop. */
START_TEST(a_signal_while_draining_stops_as_ever)
{
	struct hop hop = hop_open("--admin-write --drain-timeout 1h");
	int waiting, served;

	begin_drain(hop.proxy, "/drain?timeout=1h");
	waiting = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(waiting, "am I late?");
	proxy_signal(hop.proxy, SIGTERM);
	served = peer_accept(hop.listener);
	peer_expect(served, "am I late?");
	ck_assert_str_eq(drain_state(hop.proxy), "stopping");
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", "/drain", "", NULL), 409);
	ck_assert_int_eq(http_order(hop.proxy, "POST", "/drain?timeout=1h", "", NULL), 409);
	peer_close(&waiting);
	peer_close(&served);
	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	ck_assert_msg(proxy_has_said(hop.proxy, "shutdown"), "%s", proxy_stderr(hop.proxy));
	ck_assert_msg(!proxy_has_said(hop.proxy, "admin_drain"), "%s", proxy_stderr(hop.proxy));
	proxy_end(hop.proxy);
}
END_TEST

/* Two reasons not to accept: it goes on when neither holds. */

START_TEST(a_place_that_comes_free_ends_no_drain)
{
	struct hop hop = hop_open("--admin-write -n 1 --workers 2");
	int waiting = peer_connect(proxy_listener(hop.proxy, 0));

	peer_say(waiting, "may I?");
	wait_until(strcmp(listener_state(hop.proxy), "paused") == 0);
	order(hop.proxy, "POST", "/drain");
	wait_until(strcmp(drain_state(hop.proxy), "draining") == 0);
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	expect_nobody(&hop);
	ck_assert_str_eq(listener_state(hop.proxy), "paused");
	end_drain(hop.proxy);
	hop.client = waiting;
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "may I?");
	hop_end(&hop);
}
END_TEST

START_TEST(a_drain_taken_back_makes_no_place)
{
	struct hop hop = hop_open("--admin-write -n 1 --workers 2");
	int waiting = peer_connect(proxy_listener(hop.proxy, 0));

	peer_say(waiting, "may I?");
	wait_until(strcmp(listener_state(hop.proxy), "paused") == 0);
	begin_drain(hop.proxy, "/drain?timeout=1h");
	end_drain(hop.proxy);
	expect_nobody(&hop);
	wait_until(strcmp(listener_state(hop.proxy), "paused") == 0);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	hop.client = waiting;
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "may I?");
	hop_end(&hop);
}
END_TEST

START_TEST(orders_back_and_forth_end_where_the_last_one_says)
{
	enum { ROUNDS = 300 };
	struct hop hop = hop_open("--admin-write --workers 4");

	for (int i = 0; i < ROUNDS; i++) {
		order(hop.proxy, "POST", "/drain?timeout=1h");
		order(hop.proxy, "DELETE", "/drain");
	}
	end_drain(hop.proxy);
	wait_until(strcmp(listener_state(hop.proxy), "listening") == 0);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	for (int i = 0; i < 20; i++) { /* every worker's socket */
		peer_close(&hop.client);
		peer_close(&hop.upstream);
		hop_connect(&hop);
	}
	begin_drain(hop.proxy, "/drain?timeout=1h");
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/drain");
	TCase *tcase = tcase_create("drain");
	TCase *ordered = tcase_create("on order");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, what_is_live_may_finish, 0, 2);
	tcase_add_test(tcase, nothing_live_means_gone_at_once);
	tcase_add_test(tcase, what_meets_the_deadline_ends_as_shutdown);
	tcase_add_test(tcase, a_second_signal_stops_at_once);
	tcase_add_test(tcase, clients_in_the_queue_are_served_before_the_door_closes);
	tcase_add_test(tcase, a_drain_does_not_wait_for_who_reads_conns);
	tcase_set_timeout(ordered, 40);
	tcase_add_test(ordered, a_drain_on_order_can_be_taken_back);
	tcase_add_loop_test(ordered, what_meets_the_deadline_of_an_order_ends_as_admin_drain, 0, 2);
	tcase_add_test(ordered, an_order_repeated_sets_the_deadline_anew);
	tcase_add_test(ordered, a_drain_taken_back_cuts_nobody);
	tcase_add_test(ordered, a_signal_while_draining_stops_as_ever);
	tcase_add_test(ordered, a_place_that_comes_free_ends_no_drain);
	tcase_add_test(ordered, a_drain_taken_back_makes_no_place);
	tcase_add_test(ordered, orders_back_and_forth_end_where_the_last_one_says);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, ordered);
	return suite_main(suite);
}
