/* SPDX-License-Identifier: MIT */
/* Source ports run out: eight of them for each source address and target, in a network namespace of the test's own. */
#include "support/hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/http_client.h"
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/schema.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { PORTS = 8, MOST = 2 * PORTS };

static struct netns netns;
static struct proxy *proxy;
static int listeners[2]; /* 127.0.0.1 and 127.0.0.2, the same port */
static int clients[MOST], upstreams[MOST], open_ones;
static char directory[] = "/tmp/sockproxy-test-XXXXXX";

/* Clients need no port on a Unix socket. */
static void
setup(void)
{
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	netns = netns_open();
	netns_run("sysctl -qw net.ipv4.ip_local_port_range='50000 50007'");
	listeners[0] = peer_listen("127.0.0.1:40000");
	listeners[1] = peer_listen("127.0.0.2:40000");
	open_ones = 0;
}

static void
teardown(void)
{
	for (int i = 0; i < open_ones; i++) {
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
	for (int i = 0; i < 2; i++)
		peer_close(&listeners[i]);
	proxy_stop(proxy);
	netns_close(&netns);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
start(const char *arguments)
{
	proxy = proxy_start(
	    "-l unix:%s/listener -a unix:%s/admin --workers 2 --drain-timeout 0 %s", directory, directory, arguments);
}

/* Connected through; `listener` is the target's that has its turn. */
static void
connect_one(int listener)
{
	clients[open_ones] = peer_connect(proxy_listener(proxy, 0));
	upstreams[open_ones] = peer_accept(listener);
	peer_say(clients[open_ones], "hello");
	peer_expect(upstreams[open_ones], "hello");
	open_ones++;
}

static json_t *
expect_none_left(int closed_before)
{
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_expect_end(client);
	json_t *record = proxy_closed(proxy, closed_before + 1);
	expect_close(record, "resource_ports", "proxy", "error");
	ck_assert_str_eq(path_text(record, "close.errno"), "EADDRNOTAVAIL");
	peer_close(&client);
	return record;
}

static int
count_from(const char *ip)
{
	int count = 0;

	for (int i = 0; i < open_ones; i++)
		count += strncmp(peer_remote(upstreams[i]).text, ip, strlen(ip)) == 0;
	return count;
}

START_TEST(who_finds_no_port_ends_so_and_the_others_live_on)
{
	start("-u 127.0.0.1:40000");
	for (int i = 0; i < PORTS; i++)
		connect_one(listeners[0]);
	ck_assert_int_eq(proxy_stat(proxy, "source_ports_in_use.0.ports"), PORTS);
	ck_assert_str_eq(path_text(http_get_json(proxy, "/stats"), "source_ports_in_use.0.target"), "127.0.0.1:40000");
	ck_assert_int_eq(proxy_stat(proxy, "totals.source_port_shortages"), 0);
	expect_none_left(0);
	expect_none_left(1);
	ck_assert_int_eq(proxy_stat(proxy, "totals.source_port_shortages"), 2);
	ck_assert_int_eq(proxy_stat(proxy, "source_ports_in_use.0.ports"), PORTS);
	ck_assert_int_eq(
	    proxy_count_said(proxy, "no source port is free towards 127.0.0.1:40000: each source address has 8 "), 1);

	/* The upstream ends first, so that no port waits here. */
	open_ones--;
	peer_close(&upstreams[open_ones]);
	peer_expect_end(clients[open_ones]);
	peer_close(&clients[open_ones]);
	wait_until(proxy_stat(proxy, "source_ports_in_use.0.ports") == PORTS - 1);
	connect_one(listeners[0]);
	for (int i = 0; i < open_ones; i++) {
		peer_say(upstreams[i], "still here");
		peer_expect(clients[i], "still here");
	}
}
END_TEST

START_TEST(each_source_brings_as_many_ports)
{
	start("-u 127.0.0.1:40000 --source 127.0.0.5,127.0.0.6 --workers 1");
	for (int i = 0; i < 2 * PORTS; i++)
		connect_one(listeners[0]);
	ck_assert_int_eq(count_from("127.0.0.5:"), PORTS);
	ck_assert_int_eq(count_from("127.0.0.6:"), PORTS);
	expect_none_left(0);
	ck_assert_int_eq(proxy_stat(proxy, "totals.source_port_shortages"), 2); /* one for each source */
}
END_TEST

/* With bind(2) alone each would take a port for every target (IP_BIND_ADDRESS_NO_PORT). */
START_TEST(a_port_is_taken_towards_one_target_only)
{
	start("-u 127.0.0.1:40000,127.0.0.2:40000 --source 127.0.0.5");
	for (int i = 0; i < 2 * PORTS; i++)
		connect_one(listeners[i % 2]);
	ck_assert_int_eq(proxy_stat(proxy, "source_ports_in_use.0.ports"), PORTS);
	ck_assert_int_eq(proxy_stat(proxy, "source_ports_in_use.1.ports"), PORTS);
	expect_none_left(0);
	ck_assert_int_eq(proxy_stat(proxy, "totals.source_port_shortages"), 2); /* one for each target */
}
END_TEST

/* One source has no port left, and the other serves: the client notices nothing. */
START_TEST(the_next_source_is_tried_before_the_client_is_given_up)
{
	start("-u 127.0.0.1:40000 --source 127.0.0.5,127.0.0.6 --workers 1");
	for (int i = 0; i < 2 * PORTS; i++)
		connect_one(listeners[0]);
	/* Both of the second: whoever comes then finds it the turn of the first, which has none. */
	for (int freed = 0, i = open_ones - 1; freed < 2; i--) {
		if (strncmp(peer_remote(upstreams[i]).text, "127.0.0.6:", 10) != 0)
			continue;
		freed++;
		peer_close(&upstreams[i]);
		peer_expect_end(clients[i]);
		peer_close(&clients[i]);
		clients[i] = clients[open_ones - 1];
		upstreams[i] = upstreams[open_ones - 1];
		open_ones--;
	}
	wait_until(proxy_stat(proxy, "source_ports_in_use.0.ports") == 2 * PORTS - 2);
	connect_one(listeners[0]);
	connect_one(listeners[0]);
	ck_assert_int_eq(count_from("127.0.0.6:"), PORTS);
	ck_assert_int_eq(proxy_stat(proxy, "totals.source_port_shortages"), 2);
	ck_assert_int_eq(proxy_history_count(proxy), 2);
}
END_TEST

/* The filter shows those that have the ports, and those that found none. */
START_TEST(ports_that_run_out_are_a_finding)
{
	start("-u 127.0.0.1:40000");
	for (int i = 0; i < PORTS; i++)
		connect_one(listeners[0]);
	wait_until(json_array_size(path(http_get_json(proxy, "/findings"), "findings")) == 1);
	json_t *finding = path(http_get_json(proxy, "/findings"), "findings.0");
	ck_assert_str_eq(path_text(finding, "kind"), "source_ports");
	ck_assert_str_eq(path_text(finding, "severity"), "critical");
	ck_assert_str_eq(path_text(finding, "target"), "127.0.0.1:40000");
	ck_assert_str_eq(path_text(finding, "state"), "active");
	ck_assert_int_eq(path_number(finding, "evidence.ports_in_all"), PORTS);
	ck_assert_int_eq(path_number(finding, "evidence.ports_in_use"), PORTS);
	ck_assert_int_eq(path_number(finding, "evidence.shortages"), 0);
	for (int i = 0; i < 3; i++)
		expect_none_left(i);
	wait_until(path_number(http_get_json(proxy, "/findings"), "findings.0.evidence.shortages") == 3);
	finding = path(http_get_json(proxy, "/findings"), "findings.0");
	schema_judge_answer(proxy, "/findings", "Findings");
	ck_assert_str_eq(path_text(finding, "state"), "all");
	struct text text;
	char target[1024];
	text_init(&text, target, sizeof(target));
	text_add(&text, "/conns?state=all&filter=");
	http_escape(&text, path_text(finding, "filter"));
	ck_assert_uint_eq(json_array_size(path(http_get_json(proxy, target), "conns")), PORTS + 3);

	/* The upstream ends first, so that no port waits here: with half of them free nothing is left to tell. */
	while (open_ones > PORTS / 2) {
		open_ones--;
		peer_close(&upstreams[open_ones]);
		peer_expect_end(clients[open_ones]);
		peer_close(&clients[open_ones]);
	}
	wait_until(json_array_size(path(http_get_json(proxy, "/findings"), "findings")) == 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/source ports");
	TCase *tcase = tcase_create("source ports");

	if (!netns_can())
		return 77;
	tcase_set_timeout(tcase, 40);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_finds_no_port_ends_so_and_the_others_live_on);
	tcase_add_test(tcase, each_source_brings_as_many_ports);
	tcase_add_test(tcase, a_port_is_taken_towards_one_target_only);
	tcase_add_test(tcase, the_next_source_is_tried_before_the_client_is_given_up);
	tcase_add_test(tcase, ports_that_run_out_are_a_finding);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
