/* SPDX-License-Identifier: MIT */
/* From where to where: pairs, Unix sockets, source addresses. */
#include "support/hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static char directory[64], listen_path[128], upstream_path[128];

static void
setup(void)
{
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(listen_path, sizeof(listen_path), "unix:%s/listener", directory);
	snprintf(upstream_path, sizeof(upstream_path), "unix:%s/upstream", directory);
}

static void
teardown(void)
{
	unlink(listen_path + strlen("unix:"));
	unlink(upstream_path + strlen("unix:"));
	rmdir(directory);
}

START_TEST(each_listener_has_its_own_upstream)
{
	int first = peer_listen("127.0.0.1:0"), second = peer_listen("[::1]:0"), third = peer_listen(upstream_path);
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s -l [::1]:0 -u %s -l %s -u %s", peer_local(first).text,
	    peer_local(second).text, listen_path, upstream_path);
	int upstreams[] = { first, second, third };

	ck_assert_int_eq(proxy->count, 3);
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(proxy_listener(proxy, i)), upstream = peer_accept(upstreams[i]);

		peer_say(client, "to");
		peer_expect(upstream, "to");
		peer_say(upstream, "fro");
		peer_expect(client, "fro");
		json_t *record = proxy_live(proxy, "established");
		ck_assert_str_eq(path_text(record, "upstream"), peer_local(upstreams[i]).text);
		peer_close(&client);
		peer_expect_end(upstream);
		peer_close(&upstream);
		expect_close(proxy_closed(proxy, i + 1), "client_fin", "client", "fin");
	}
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_unix_leg_has_a_path_and_no_ports)
{
	struct hop hop = hop_open_over(listen_path, upstream_path, "");
	json_t *record = proxy_live(hop.proxy, "established");

	ck_assert_str_eq(proxy_listener(hop.proxy, 0), listen_path);
	ck_assert_str_eq(path_text(record, "legs.client.tuple.protocol"), "unix");
	ck_assert_str_eq(path_text(record, "legs.client.tuple.path"), listen_path + strlen("unix:"));
	ck_assert_str_eq(path_text(record, "legs.upstream.tuple.protocol"), "unix");
	ck_assert_str_eq(path_text(record, "legs.upstream.tuple.path"), upstream_path + strlen("unix:"));
	ck_assert(json_is_null(path(record, "legs.client.tuple.source_ip")));
	ck_assert(json_is_null(path(record, "legs.client.tuple.source_port")));
	ck_assert(json_is_null(path(record, "legs.client.tcp_state")));
	ck_assert(json_is_null(path(record, "client.address")));
	hop_end(&hop);
}
END_TEST

/* A Unix socket cannot carry a reset: an end of file it is, and the record says rst. */
START_TEST(a_reset_towards_a_unix_socket_is_an_end)
{
	struct hop hop = hop_open_over("127.0.0.1:0", upstream_path, "");

	peer_say(hop.client, "last words");
	peer_reset(&hop.client);
	peer_expect(hop.upstream, "last words");
	peer_expect_end(hop.upstream);
	hop_closed(&hop, "client_reset", "client", "rst");
	hop_end(&hop);
}
END_TEST

START_TEST(bytes_pass_unix_sockets_unharmed)
{
	struct hop hop = hop_open_over(listen_path, upstream_path, "");
	size_t size = peer_fill(hop.client);

	ck_assert_uint_gt(size, 0);
	peer_expect_pattern(hop.upstream, 0, size);
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert_int_eq(path_number(record, "legs.upstream.bytes_sent"), (json_int_t)size);
	hop_end(&hop);
}
END_TEST

START_TEST(the_path_of_a_listener_that_died_is_taken_over_and_removed_at_the_end)
{
	struct stat status;
	int dead = peer_listen(listen_path);

	peer_close(&dead);
	struct hop hop = hop_open_over(listen_path, "127.0.0.1:0", "");
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	hop_end(&hop);
	ck_assert_int_eq(stat(listen_path + strlen("unix:"), &status), -1);
}
END_TEST

START_TEST(a_path_that_somebody_listens_on_is_in_use)
{
	int alive = peer_listen(listen_path);
	struct proxy *proxy = proxy_run("-l %s -u 127.0.0.1:9", listen_path);

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, listen_path));
	int client = peer_connect(listen_path);
	peer_close(&client);
	peer_close(&alive);
}
END_TEST

START_TEST(sources_take_turns)
{
	int listener = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s --workers 1 --source 127.0.0.5,127.0.0.6", peer_local(listener).text);
	int seen[2] = { 0 };

	for (int i = 0; i < 4; i++) {
		int client = peer_connect(proxy_listener(proxy, 0)), upstream = peer_accept(listener);
		struct peer_name from = peer_remote(upstream);

		json_t *record = proxy_live(proxy, "established");
		const char *source = path_text(record, "legs.upstream.tuple.source_ip");
		ck_assert_int_eq(strncmp(from.text, source, strlen(source)), 0);
		seen[0] += strcmp(source, "127.0.0.5") == 0;
		seen[1] += strcmp(source, "127.0.0.6") == 0;
		peer_close(&client);
		peer_close(&upstream);
		proxy_closed(proxy, i + 1);
	}
	ck_assert_int_eq(seen[0], 2);
	ck_assert_int_eq(seen[1], 2);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_source_that_is_not_ours_cannot_connect)
{
	int listener = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --source 192.0.2.77", peer_local(listener).text);
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_expect_reset(client);
	json_t *record = proxy_closed(proxy, 1);
	ck_assert_str_eq(path_text(record, "close.errno"), "EADDRNOTAVAIL");
	peer_close(&client);
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/routes");
	TCase *tcase = tcase_create("routes");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_listener_has_its_own_upstream);
	tcase_add_test(tcase, a_unix_leg_has_a_path_and_no_ports);
	tcase_add_test(tcase, a_reset_towards_a_unix_socket_is_an_end);
	tcase_add_test(tcase, bytes_pass_unix_sockets_unharmed);
	tcase_add_test(tcase, the_path_of_a_listener_that_died_is_taken_over_and_removed_at_the_end);
	tcase_add_test(tcase, a_path_that_somebody_listens_on_is_in_use);
	tcase_add_test(tcase, sources_take_turns);
	tcase_add_test(tcase, a_source_that_is_not_ours_cannot_connect);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
