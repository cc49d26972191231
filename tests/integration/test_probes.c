/* SPDX-License-Identifier: MIT */
/* A scan of the port: counted and remembered, but apart from what people look for, and not logged. */
#include "support/proxy_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"
#include "track/bus.h"
#include "track/history.h"

enum {
	AT_ONCE = 100, /* scans come in batches, each waited for */
	SCAN = 3000,
	GROWTH_MOST = 256 * 1024,
};

static struct echo *echo;

static void
setup(void)
{
	echo = echo_start();
}

static void
teardown(void)
{
	echo_stop(echo);
}

static int
port_of(int fd)
{
	return atoi(strrchr(peer_local(fd).text, ':') + 1);
}

/* Connects and closes so often; `ports` are those of the last AT_ONCE. */
static void
scan(const struct proxy *proxy, int count, int ports[AT_ONCE])
{
	json_int_t before = proxy_stat(proxy, "totals.connections_closed");

	for (int done = 1; done <= count; done++) {
		int client = peer_connect(proxy_listener(proxy, 0));

		ports[done % AT_ONCE] = port_of(client);
		peer_close(&client);
		if (done % AT_ONCE == 0 || done == count)
			wait_until(proxy_stat(proxy, "totals.connections_closed") == before + done);
	}
}

/* A client that has something to say; its port. */
static int
talk(const struct proxy *proxy)
{
	json_int_t before = proxy_stat(proxy, "connections_closed_by_kind.proxy");
	int client = peer_connect(proxy_listener(proxy, 0)), port = port_of(client);

	peer_say(client, "hello");
	peer_expect(client, "hello");
	peer_close(&client);
	wait_until(proxy_stat(proxy, "connections_closed_by_kind.proxy") == before + 1);
	return port;
}

static json_t *
list(const struct proxy *proxy, const char *query)
{
	char target[128];

	snprintf(target, sizeof(target), "/conns?limit=10000&%s", query);
	return path(http_get_json(proxy, target), "conns");
}

static bool
lists(json_t *conns, int port)
{
	bool found = false;

	for (size_t i = 0; i < json_array_size(conns) && !found; i++)
		found = path_number(json_array_get(conns, i), "client.port") == port;
	return found;
}

START_TEST(a_scan_evicts_nobody_but_older_probes)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers 1 --history 16", echo_address(echo));
	int first[AT_ONCE], last[AT_ONCE], port = talk(proxy);
	char target[64];

	scan(proxy, AT_ONCE, first);
	scan(proxy, SCAN - AT_ONCE, last);
	ck_assert_int_eq(proxy_stat(proxy, "connections_closed_by_kind.probe"), SCAN);
	ck_assert_int_eq(proxy_stat(proxy, "connections_closed_by_kind.proxy"), 1);

	json_t *proxied = list(proxy, "state=closed&kind=proxy");
	ck_assert_uint_eq(json_array_size(proxied), 1);
	ck_assert(lists(proxied, port));
	snprintf(target, sizeof(target), "/conns/%s", path_text(proxied, "0.id"));
	ck_assert_str_eq(path_text(http_get_json(proxy, target), "kind"), "proxy");

	json_t *probes = list(proxy, "kind=probe");
	ck_assert_uint_eq(json_array_size(probes), HISTORY_PROBES);
	for (int i = 0; i < AT_ONCE; i++)
		ck_assert(lists(probes, last[i]) && !lists(probes, first[i]));
	snprintf(target, sizeof(target), "/conns/%s", path_text(probes, "1023.id"));
	ck_assert_str_eq(path_text(http_get_json(proxy, target), "kind"), "probe");
	ck_assert_uint_eq(json_array_size(list(proxy, "state=closed")), HISTORY_PROBES + 1);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_scan_is_not_in_the_log)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", echo_address(echo));
	int ports[AT_ONCE];

	scan(proxy, AT_ONCE, ports);
	talk(proxy);
	scan(proxy, AT_ONCE, ports);
	proxy_signal(proxy, SIGTERM);
	ck_assert_int_eq(proxy_exit_status(proxy), 0);
	ck_assert_int_eq(proxy_count_said(proxy, " closed "), 1);
	ck_assert_int_eq(proxy_count_said(proxy, "probe"), 0);
	ck_assert_int_eq(proxy_count_said(proxy, "missed"), 0);
	proxy_end(proxy);
}
END_TEST

START_TEST(a_scan_is_logged_on_demand)
{
	static const struct {
		const char *form, *probe, *proxied;
	} forms[] = {
		{ "text", ", probe\n", " up     5B  down     5B " },
		{ "json", "\"kind\":\"probe\"", "\"kind\":\"proxy\"" },
	};
	struct proxy *proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s --log-probes --log-conns %s", echo_address(echo), forms[_i].form);
	int ports[AT_ONCE];

	talk(proxy);
	scan(proxy, AT_ONCE, ports);
	proxy_signal(proxy, SIGTERM);
	ck_assert_int_eq(proxy_exit_status(proxy), 0);
	ck_assert_int_eq(proxy_count_said(proxy, forms[_i].probe), AT_ONCE);
	ck_assert_int_eq(proxy_count_said(proxy, forms[_i].proxied), 1);
	proxy_end(proxy);
}
END_TEST

/* Nobody said a word there, either. */
START_TEST(a_client_that_found_no_upstream_is_in_the_log)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", peer_nowhere().text);
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_expect_reset(client);
	peer_close(&client);
	ck_assert_str_eq(path_text(proxy_closed(proxy, 1), "kind"), "proxy");
	wait_until(proxy_has_said(proxy, " upstream_refused "));
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_scan_that_goes_on_takes_no_more_memory)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers 1 --log-conns off", echo_address(echo));
	int ports[AT_ONCE];

	/* Some four events each: by then the ring of those has come round, too. */
	scan(proxy, BUS_CAPACITY / 4 + HISTORY_PROBES, ports);
	size_t before = proxy_memory(proxy, "RssAnon");
	scan(proxy, SCAN, ports);
	size_t after = proxy_memory(proxy, "RssAnon");
	printf("%zd bytes more after %d probes more\n", (ssize_t)(after - before), SCAN);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_uint_le(after, before + GROWTH_MOST);
#endif
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/probes");
	TCase *tcase = tcase_create("probes");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_scan_evicts_nobody_but_older_probes);
	tcase_add_test(tcase, a_scan_is_not_in_the_log);
	tcase_add_loop_test(tcase, a_scan_is_logged_on_demand, 0, 2);
	tcase_add_test(tcase, a_client_that_found_no_upstream_is_in_the_log);
	tcase_add_test(tcase, a_scan_that_goes_on_takes_no_more_memory);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
