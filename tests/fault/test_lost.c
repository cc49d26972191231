/* SPDX-License-Identifier: MIT */
/*
 * A side that is gone without a word: its host, or the path to it.  The other
 * side gets a reset, and the record says who answered no more.
 */
#include "support/hop.h"

#include <stdio.h>
#include <string.h>
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"
#include "track/leg.h"

enum { SKIP = 77 };

static struct netns netns;
static struct hop hop;

static void
setup(void)
{
	netns = netns_open();
}

static void
teardown(void)
{
	hop_end(&hop);
	netns_close(&netns);
}

/* The side of that leg is far, the other one is here. */
static void
open_hop(enum leg_name far, const char *arguments)
{
	if (far == LEG_UPSTREAM)
		netns_visit_far(&netns);
	hop.listener = peer_listen(far == LEG_UPSTREAM ? NETNS_FAR ":0" : "127.0.0.1:0");
	netns_return(&netns);
	hop.proxy = proxy_start(
	    "-l %s:0 -u %s %s", far == LEG_CLIENT ? NETNS_HERE : "127.0.0.1", peer_local(hop.listener).text, arguments);
	if (far == LEG_CLIENT)
		netns_visit_far(&netns);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	netns_return(&netns);
	hop.upstream = peer_accept(hop.listener);
	wait_until(proxy_is_settled(hop.proxy));
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	peer_say(hop.upstream, "welcome");
	peer_expect(hop.client, "welcome");
}

static json_t *
expect_lost(enum leg_name far)
{
	peer_expect_reset(far == LEG_CLIENT ? hop.upstream : hop.client);
	json_t *record = hop_closed(&hop, far == LEG_CLIENT ? "client_lost" : "upstream_lost",
	    far == LEG_CLIENT ? "client" : "upstream", "timeout");
	const json_t *lost = path(path(record, "legs"), far == LEG_CLIENT ? "client" : "upstream");
	const json_t *other = path(path(record, "legs"), far == LEG_CLIENT ? "upstream" : "client");

	ck_assert_str_eq(path_text(record, "close.errno"), "ETIMEDOUT");
	ck_assert_str_eq(path_text(lost, "errno"), "ETIMEDOUT");
	ck_assert(json_is_null(path(lost, "rst_received_us")));
	ck_assert(json_is_null(path(lost, "fin_received_us")));
	ck_assert(json_is_integer(path(other, "rst_sent_us")));
	ck_assert(json_is_null(path(other, "fin_sent_us")));
	ck_assert(!json_is_true(path(record, "close.clean")));
	return record;
}

static json_t *
in_full(const json_t *record)
{
	char target[128];

	snprintf(target, sizeof(target), "/conns/%s", path_text(record, "id"));
	return http_get_json(hop.proxy, target);
}

/* Nothing was under way: keepalive notices. */
START_TEST(a_quiet_side_whose_path_is_cut_is_lost_by_keepalive)
{
	open_hop((enum leg_name)_i, "--keepalive 1s,1s,2");
	netns_cut(&netns);
	json_t *record = expect_lost((enum leg_name)_i);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert(told_of(in_full(record), "lost", _i == LEG_CLIENT ? "client" : "upstream"));
}
END_TEST

START_TEST(a_side_whose_link_goes_down_is_lost_by_keepalive)
{
	open_hop((enum leg_name)_i, "--keepalive 1s,1s,2");
	netns_run_far(&netns, "ip link set link1 down");
	expect_lost((enum leg_name)_i);
}
END_TEST

/* Bytes were under way to it: their silence is noticed, and they are counted. */
START_TEST(a_side_that_acknowledges_nothing_any_more_is_lost_by_the_user_timeout)
{
	open_hop((enum leg_name)_i, "--keepalive 0 --user-timeout 1s");
	netns_cut(&netns);
	peer_say(_i == LEG_CLIENT ? hop.upstream : hop.client, "into the void");
	json_t *record = expect_lost((enum leg_name)_i);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), _i == LEG_CLIENT ? 13 : 0);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), _i == LEG_CLIENT ? 0 : 13);
	json_t *lost = path(path(record, "legs"), _i == LEG_CLIENT ? "client" : "upstream");
	ck_assert_int_ge(path_number(lost, "tcp.retransmits_total"), 2);
}
END_TEST

START_TEST(an_upstream_that_answers_no_arp_is_unreachable)
{
	hop.listener = peer_listen("127.0.0.1:0");
	hop.upstream = -1;
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s:80 --connect-timeout 10s", NETNS_NOWHERE);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_unreachable", "upstream", "error");
	ck_assert_str_eq(path_text(record, "close.errno"), "EHOSTUNREACH");
	ck_assert_str_eq(path_text(record, "attempts.0.result"), "unreachable");
	ck_assert(json_is_null(path(record, "legs.upstream.tcp.rtt_us")));
}
END_TEST

/* And a SYN that vanishes is waited for as long as we were told to. */
START_TEST(an_upstream_behind_a_cut_path_meets_the_connect_timeout)
{
	netns_cut(&netns);
	hop.listener = peer_listen("127.0.0.1:0");
	hop.upstream = -1;
	netns_run("ip neigh replace %s lladdr 02:00:00:00:00:01 dev link0", NETNS_FAR);
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s:80 --connect-timeout 500ms", NETNS_FAR);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_connect_timeout", "proxy", "timeout");
	ck_assert_str_eq(path_text(record, "attempts.0.result"), "timeout");
	ck_assert_int_ge(path_number(record, "attempts.0.duration_us"), 500000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/lost");
	TCase *tcase = tcase_create("lost");

	if (!netns_can())
		return SKIP;
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_quiet_side_whose_path_is_cut_is_lost_by_keepalive, 0, LEG_COUNT);
	tcase_add_loop_test(tcase, a_side_whose_link_goes_down_is_lost_by_keepalive, 0, LEG_COUNT);
	tcase_add_loop_test(tcase, a_side_that_acknowledges_nothing_any_more_is_lost_by_the_user_timeout, 0, LEG_COUNT);
	tcase_add_test(tcase, an_upstream_that_answers_no_arp_is_unreachable);
	tcase_add_test(tcase, an_upstream_behind_a_cut_path_meets_the_connect_timeout);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
