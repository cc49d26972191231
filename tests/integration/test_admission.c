/* SPDX-License-Identifier: MIT */
/* --allow, --deny, --max-per-…, --rate-per-…: who is refused on arrival, as both sides and the record see it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/echo_upstream.h"
#include "support/hop.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { CROWD = 60, FEW = 3 };

#define HERE  "127.0.0.1:0"
#define THERE "127.0.0.2:0"

static struct echo *echo;
static struct proxy *proxy;

static void
setup(void)
{
	echo = echo_start();
	proxy = NULL;
}

static void
teardown(void)
{
	proxy_stop(proxy);
	echo_stop(echo);
}

static void
start(const char *listen, const char *arguments)
{
	proxy = proxy_start("-l %s -u %s %s", listen, echo_address(echo), arguments);
}

/* Who was served, and is so far; the socket of one who was refused is closed. */
static bool
is_served(int *fd)
{
	char answer;

	send(*fd, "x", 1, MSG_NOSIGNAL);
	if (recv(*fd, &answer, 1, 0) == 1)
		return true;
	ck_assert_msg(errno == ECONNRESET || errno == EPIPE, "neither served nor reset: %s", strerror(errno));
	peer_close(fd);
	return false;
}

/* -1: refused.  The RST may be faster than connect can tell of its success. */
static int
come_to(const char *address, const char *source)
{
	int fd = peer_try_connect_from(source, address);

	ck_assert_msg(fd >= 0 || fd == -ECONNRESET, "connect to %s: %s", address, strerror(-fd));
	return fd >= 0 && is_served(&fd) ? fd : -1;
}

static int
come(const char *source)
{
	return come_to(proxy_listener(proxy, 0), source);
}

static int
count_closed(const char *reason)
{
	char target[80];

	snprintf(target, sizeof(target), "connections_closed_by_reason.%s", reason);
	return (int)proxy_stat(proxy, target);
}

static void
leave(int *fd)
{
	int64_t closed = proxy_stat(proxy, "totals.connections_closed");

	peer_close(fd);
	wait_until(proxy_stat(proxy, "totals.connections_closed") == closed + 1);
}

static void
expect_refusal(const char *source, const char *reason)
{
	int before = count_closed(reason);

	ck_assert_int_eq(come(source), -1);
	wait_until(count_closed(reason) == before + 1);
}

START_TEST(a_refusal_is_a_reset_with_a_record)
{
	struct hop hop = hop_open("--deny 127.0.0.2");
	struct pollfd upstream = { .fd = hop.listener, .events = POLLIN };

	proxy = hop.proxy;
	expect_refusal(THERE, "denied_acl");
	json_t *record = proxy_closed(proxy, 1);

	expect_close(record, "denied_acl", "proxy", "rst");
	ck_assert_str_eq(path_text(record, "kind"), "rejected");
	ck_assert_str_eq(path_text(record, "client.address"), "127.0.0.2");
	ck_assert_str_eq(path_text(record, "close.detail"), "The client's address may not connect here.");
	ck_assert(json_is_null(path(record, "legs.upstream")));
	ck_assert(json_is_null(path(record, "close.errno")));
	ck_assert(json_is_integer(path(record, "legs.client.rst_sent_us")));
	ck_assert_int_eq(proxy_stat(proxy, "totals.connections_accepted"), 2);
	ck_assert_int_eq(proxy_stat(proxy, "totals.connect_attempts"), 1);
	ck_assert_msg(poll(&upstream, 1, 0) == 0, "the upstream heard of it");
	peer_say(hop.client, "not my affair");
	peer_expect(hop.upstream, "not my affair");
	hop_end(&hop);
}
END_TEST

/* A port alone takes both families; who comes over IPv4 has an address of IPv4. */
static const struct {
	const char *arguments, *source, *target;
	bool served;
} lists[] = {
	{ "--allow 127.0.0.0/8", HERE, "127.0.0.1", true },
	{ "--allow 127.0.0.0/8", THERE, "127.0.0.1", true },
	{ "--allow 127.0.0.0/8", "[::1]:0", "[::1]", false },
	{ "--allow 127.0.0.0/8,::1", "[::1]:0", "[::1]", true },
	{ "--allow 127.0.0.0/8 --deny 127.0.0.2", HERE, "127.0.0.1", true },
	{ "--allow 127.0.0.0/8 --deny 127.0.0.2", THERE, "127.0.0.1", false },
	{ "--deny ::/0", HERE, "127.0.0.1", true },
	{ "--deny ::/0", "[::1]:0", "[::1]", false },
	{ "--deny 0.0.0.0/0", "[::1]:0", "[::1]", true },
	{ "--deny 0.0.0.0/0", HERE, "127.0.0.1", false },
};

START_TEST(lists_say_who_may_come)
{
	char address[64];

	start("0", lists[_i].arguments);
	snprintf(address, sizeof(address), "%s%s", lists[_i].target, strrchr(proxy_listener(proxy, 0), ':'));
	int client = come_to(address, lists[_i].source);

	ck_assert_int_eq(client != -1, lists[_i].served);
	if (client != -1)
		peer_close(&client);
	else
		wait_until(count_closed("denied_acl") == 1);
}
END_TEST

START_TEST(a_unix_client_is_on_no_list_and_from_no_source)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", listen[64];
	int clients[FEW];

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(listen, sizeof(listen), "unix:%s/listener", directory);
	start(listen, "--deny 0.0.0.0/0,::/0 --max-per-source 1 --rate-per-source 1");
	for (int i = 0; i < FEW; i++) {
		clients[i] = peer_connect(listen);
		ck_assert(is_served(&clients[i]));
	}
	for (int i = 0; i < FEW; i++)
		peer_close(&clients[i]);
	unlink(listen + strlen("unix:"));
	rmdir(directory);
}
END_TEST

START_TEST(each_source_has_its_limit_and_gets_its_places_back)
{
	int clients[FEW], other;

	start(HERE, "--workers 2 --max-per-source 3");
	for (int i = 0; i < FEW; i++) {
		clients[i] = come(HERE);
		ck_assert_int_ne(clients[i], -1);
	}
	/* … at whichever worker */
	for (int i = 0; i < 20; i++)
		expect_refusal(HERE, "denied_limit");
	other = come(THERE);
	ck_assert_int_ne(other, -1);
	for (int i = 0; i < 10; i++) {
		leave(&clients[i % FEW]);
		clients[i % FEW] = come(HERE);
		ck_assert_int_ne(clients[i % FEW], -1);
		expect_refusal(HERE, "denied_limit");
	}
	peer_reset(&clients[0]);
	wait_until(count_closed("client_reset") == 1);
	clients[0] = come(HERE);
	ck_assert_int_ne(clients[0], -1);
	for (int i = 0; i < FEW; i++)
		peer_close(&clients[i]);
	peer_close(&other);
}
END_TEST

/* They came while the daemon could not look, so that both workers find them at once. */
static int
count_served_of_a_crowd(void)
{
	int clients[CROWD], served = 0;

	proxy_freeze(proxy);
	for (int i = 0; i < CROWD; i++)
		clients[i] = peer_try_connect_from(HERE, proxy_listener(proxy, 0));
	proxy_thaw(proxy);
	for (int i = 0; i < CROWD; i++) {
		ck_assert_int_ge(clients[i], 0);
		served += is_served(&clients[i]);
	}
	for (int i = 0; i < CROWD; i++) {
		if (clients[i] != -1)
			peer_close(&clients[i]);
	}
	wait_until(proxy_stat(proxy, "totals.connections_closed") == proxy_stat(proxy, "totals.connections_accepted"));
	return served;
}

static const char *const limits[] = { "--workers 2 --max-per-source 3", "--workers 2 --max-per-listener 3" };

START_TEST(a_limit_is_exact_over_two_workers_and_leaves_no_count)
{
	start(HERE, limits[_i]);
	for (int round = 1; round <= 5; round++) {
		ck_assert_int_eq(count_served_of_a_crowd(), FEW);
		ck_assert_int_eq(count_closed("denied_limit"), round * (CROWD - FEW));
	}
}
END_TEST

START_TEST(each_listener_has_its_limit)
{
	int first, second;

	proxy = proxy_start(
	    "-l " HERE " -u %s -l " HERE " -u %s --max-per-listener 1", echo_address(echo), echo_address(echo));
	first = come_to(proxy_listener(proxy, 0), HERE);
	second = come_to(proxy_listener(proxy, 1), HERE);
	ck_assert_int_ne(first, -1);
	ck_assert_int_ne(second, -1);
	ck_assert_int_eq(come_to(proxy_listener(proxy, 0), THERE), -1);
	ck_assert_int_eq(come_to(proxy_listener(proxy, 1), THERE), -1);
	wait_until(count_closed("denied_limit") == 2);
	leave(&first);
	first = come_to(proxy_listener(proxy, 0), THERE);
	ck_assert_int_ne(first, -1);
	peer_close(&first);
	peer_close(&second);
}
END_TEST

static const char *const rates[] = { "--workers 2 --rate-per-source 1", "--workers 2 --rate-per-listener 1" };

/* The daemon's clock and ours are one; only how long it takes to look is unknown. */
START_TEST(a_rate_refuses_the_rest_and_a_second_later_lets_one_in)
{
	int64_t begun = wait_clock_ms();
	int client;

	start(HERE, rates[_i]);
	int served = count_served_of_a_crowd();
	int64_t took = wait_clock_ms() - begun;

	ck_assert_int_ge(served, 1);
	ck_assert_int_le(served, 1 + took / 1000);
	wait_until((client = come(HERE)) != -1);
	ck_assert_int_ge(wait_clock_ms() - begun, served * 1000);
	ck_assert_int_ge(count_closed("denied_rate"), CROWD - served);
	peer_close(&client);
}
END_TEST

START_TEST(only_the_source_that_came_too_fast_is_refused)
{
	start(HERE, "--rate-per-source 1");
	ck_assert_int_lt(count_served_of_a_crowd(), CROWD);
	int client = come(THERE);

	ck_assert_int_ne(client, -1);
	peer_close(&client);
}
END_TEST

/* Each takes its place for no longer than its RST. */
START_TEST(a_flood_of_refusals_does_not_make_accepting_pause)
{
	int clients[CROWD], guest;

	start(HERE, "--deny 127.0.0.2 --workers 1 -n 2");
	guest = come(HERE);
	proxy_freeze(proxy);
	for (int i = 0; i < CROWD; i++)
		clients[i] = peer_try_connect_from(THERE, proxy_listener(proxy, 0));
	proxy_thaw(proxy);
	for (int i = 0; i < CROWD; i++)
		peer_expect_reset(clients[i]);
	wait_until(count_closed("denied_acl") == CROWD);
	ck_assert_int_eq(proxy_stat(proxy, "totals.accept_pauses"), 0);
	ck_assert(is_served(&guest));
	peer_close(&guest);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/admission");
	TCase *lists_case = tcase_create("lists");
	TCase *limits_case = tcase_create("limits and rates");

	tcase_set_timeout(lists_case, 30);
	tcase_add_checked_fixture(lists_case, setup, teardown);
	tcase_add_loop_test(lists_case, lists_say_who_may_come, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(lists_case, a_unix_client_is_on_no_list_and_from_no_source);
	tcase_add_test(lists_case, a_flood_of_refusals_does_not_make_accepting_pause);
	tcase_set_timeout(limits_case, 40);
	tcase_add_checked_fixture(limits_case, setup, teardown);
	tcase_add_test(limits_case, each_source_has_its_limit_and_gets_its_places_back);
	tcase_add_loop_test(
	    limits_case, a_limit_is_exact_over_two_workers_and_leaves_no_count, 0, sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(limits_case, each_listener_has_its_limit);
	tcase_add_loop_test(
	    limits_case, a_rate_refuses_the_rest_and_a_second_later_lets_one_in, 0, sizeof(rates) / sizeof(rates[0]));
	tcase_add_test(limits_case, only_the_source_that_came_too_fast_is_refused);
	suite_add_tcase(suite, lists_case);
	suite_add_tcase(suite, limits_case);

	TCase *record = tcase_create("record");

	tcase_set_timeout(record, 30);
	tcase_add_test(record, a_refusal_is_a_reset_with_a_record);
	suite_add_tcase(suite, record);
	return suite_main(suite);
}
