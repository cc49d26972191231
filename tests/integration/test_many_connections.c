/* SPDX-License-Identifier: MIT */
/* Two thousand connections at once: each carried, each listed, each as small as promised, and many ended by one request.
 * And none, with room for a million. */
#include "support/proxy_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/descriptors.h"
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum {
	CONNECTIONS = 2000,
	WARM = 20,
	DESCRIPTORS = 2 * CONNECTIONS + 200,
	BYTES_EACH_MOST = 1125, /* user-space memory of an idle one, record included */
	BYTES_AT_START_MOST = 6 * 1024 * 1024,
};

#define KILLED        1500
#define STRING(value) STRING_OF(value)
#define STRING_OF(it) #it

static int clients[CONNECTIONS];

static void
connect_and_exchange(const struct proxy *proxy, int from, int to)
{
	char hello[32];

	for (int i = from; i < to; i++)
		clients[i] = peer_connect(proxy_listener(proxy, 0));
	for (int i = from; i < to; i++) {
		snprintf(hello, sizeof(hello), "I am number %d", i);
		peer_say(clients[i], hello);
	}
	for (int i = from; i < to; i++) {
		snprintf(hello, sizeof(hello), "I am number %d", i);
		peer_expect(clients[i], hello);
	}
}

static void
expect_each_listed_once(const struct proxy *proxy)
{
	json_t *conns = path(http_get_json(proxy, "/conns?limit=10000"), "conns");
	static bool seen[65536];

	ck_assert_uint_eq(json_array_size(conns), CONNECTIONS);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < CONNECTIONS; i++) {
		json_t *conn = json_array_get(conns, i);
		json_int_t port = path_number(conn, "legs.client.tuple.source_port");

		ck_assert_str_eq(path_text(conn, "state"), "established");
		ck_assert(!seen[port]);
		seen[port] = true;
	}
	for (int i = 0; i < CONNECTIONS; i++)
		ck_assert(seen[atoi(strrchr(peer_local(clients[i]).text, ':') + 1)]);
}

/* Page by page the same table. */
static void
expect_pages(const struct proxy *proxy)
{
	json_t *page = http_get_json(proxy, "/conns?limit=300&count=1");
	size_t listed = json_array_size(path(page, "conns"));
	char target[256];

	ck_assert_int_eq(path_number(page, "matched"), CONNECTIONS);
	while (path_text(page, "next") != NULL) {
		snprintf(target, sizeof(target), "/conns?limit=300&after=%s", path_text(page, "next"));
		page = http_get_json(proxy, target);
		listed += json_array_size(path(page, "conns"));
	}
	ck_assert_uint_eq(listed, CONNECTIONS);
}

/* By one request, and each with the words of it. */
static void
kill_some(const struct proxy *proxy)
{
	json_t *answer;

	ck_assert_int_eq(http_order(proxy, "DELETE", "/conns?filter=state==established&max=" STRING(KILLED),
			     "X-Reason: too many\r\n", &answer),
	    202);
	ck_assert_int_eq(path_number(answer, "matched"), CONNECTIONS);
	ck_assert_int_eq(path_number(answer, "posted"), KILLED);
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.admin_kill") == KILLED);
	answer = http_get_json(proxy, "/conns?state=closed&count=1&limit=1&filter=close.admin_reason=='too+many'");
	ck_assert_int_eq(path_number(answer, "matched"), KILLED);
	ck_assert_int_eq(proxy_active_count(proxy), CONNECTIONS - KILLED);
}

/* The bus keeps the last 16,384 events of each worker, however many connections there are: its memory is the
 * daemon's and not a connection's.  Three events make a short connection; 5,500 of them fill a worker's ring.
 * As probes they leave the history alone. */
static void
fill_rings(const struct proxy *proxy)
{
	enum { SHORT_ONES = 2 * 5500 };

	for (int i = 0; i < SHORT_ONES; i++) {
		int client = peer_connect(proxy_listener(proxy, 0));

		peer_reset(&client);
	}
	wait_until(proxy_stat(proxy, "totals.connections_closed") == SHORT_ONES);
}

START_TEST(two_thousand_at_once_are_carried_listed_and_ended)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --log-conns off --admin-write", echo_address(echo));

	fill_rings(proxy);
	connect_and_exchange(proxy, 0, WARM);
	size_t before = proxy_memory(proxy, "RssAnon");
	connect_and_exchange(proxy, WARM, CONNECTIONS);
	size_t after = proxy_memory(proxy, "RssAnon");
	size_t each = (after - before) / (CONNECTIONS - WARM);
	printf("%zu bytes of user-space memory for each idle connection\n", each);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_uint_le(each, BYTES_EACH_MOST);
#endif
	wait_until(proxy_stat(proxy, "connections_by_state.established") == CONNECTIONS);
	expect_each_listed_once(proxy);
	expect_pages(proxy);
	kill_some(proxy);
	for (int i = 0; i < CONNECTIONS; i++)
		peer_close(&clients[i]);
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_fin") == CONNECTIONS - KILLED);
	ck_assert_int_eq(proxy_active_count(proxy), 0);
	ck_assert_int_eq(proxy_stat(proxy, "connections_closed_by_kind.proxy"), CONNECTIONS);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

/* What is reserved by --max-conns, and for history and events, is not touched before it is needed. */
START_TEST(room_for_a_million_costs_no_memory)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 --max-conns 1000000 --max-per-source 100 "
					  "--workers 8 --history 100000");
	size_t held = proxy_memory(proxy, "RssAnon");

	printf("%zu bytes of user-space memory at start\n", held);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_uint_le(held, BYTES_AT_START_MOST);
#endif
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/many connections");
	TCase *tcase = tcase_create("many connections");

	descriptors_need(DESCRIPTORS);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, room_for_a_million_costs_no_memory);
	tcase_add_test(tcase, two_thousand_at_once_are_carried_listed_and_ended);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
