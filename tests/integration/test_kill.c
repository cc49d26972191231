/* SPDX-License-Identifier: MIT */
/* Connections that an admin ends by HTTP: what both sides see, and what the record says. */
#include "support/hop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "net/socket.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static void
target_of(const json_t *record, const char *query, char target[128])
{
	snprintf(target, 128, "/conns/%s%s", path_text(record, "id"), query);
}

/* Ends the one live connection. */
static void
kill_it(const struct hop *hop, const char *state, const char *query)
{
	char target[128];
	json_t *answer;

	target_of(proxy_live(hop->proxy, state), query, target);
	ck_assert_int_eq(http_order(hop->proxy, "DELETE", target, "X-Reason: test of caf\xc3\xa9\r\n", &answer), 202);
	ck_assert_int_eq(path_number(answer, "matched"), 1);
	ck_assert_int_eq(path_number(answer, "posted"), 1);
	ck_assert(json_is_null(path(answer, "detail")));
}

static json_t *
closed_by_admin(struct hop *hop, const char *how)
{
	json_t *record = hop_closed(hop, "admin_kill", "admin", how);

	ck_assert_str_eq(path_text(record, "close.admin_reason"), "test of caf\xc3\xa9");
	ck_assert(json_is_null(path(record, "close.leg")));
	return record;
}

static void
check_reset_sent(const json_t *record, bool client, bool upstream)
{
	ck_assert_int_eq(json_is_integer(path(record, "legs.client.rst_sent_us")), client);
	ck_assert_int_eq(json_is_integer(path(record, "legs.upstream.rst_sent_us")), upstream);
}

/* The step's time; -1: it is not told. */
static json_int_t
time_of(const struct hop *hop, const json_t *record, const char *step)
{
	char target[128];
	size_t i;
	json_t *event;

	target_of(record, "", target);
	json_array_foreach(path(http_get_json(hop->proxy, target), "events"), i, event) {
		if (strcmp(path_text(event, "event"), step) == 0)
			return path_number(event, "at_us");
	}
	return -1;
}

START_TEST(a_kill_resets_both_sides_and_says_why)
{
	struct hop hop = hop_open("--admin-write");
	char target[128];
	json_t *record, *answer;

	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	kill_it(&hop, "established", _i == 0 ? "" : "?how=rst");
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	record = closed_by_admin(&hop, "rst");
	check_reset_sent(record, true, true);
	ck_assert(json_is_false(path(record, "close.clean")));
	ck_assert(json_is_null(path(record, "legs.client.fin_sent_us")));
	ck_assert_int_ge(time_of(&hop, record, "kill"), path_number(record, "timings_us.first_client_byte"));
	ck_assert_int_le(time_of(&hop, record, "kill"), path_number(record, "duration_us"));
	wait_until(proxy_has_said(hop.proxy, "admin_kill               by admin/rst"));
	wait_until(proxy_has_said(hop.proxy, ", admin_reason \"test of caf??\""));

	target_of(record, "", target);
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", target, "X-Reason: again\r\n", &answer), 410);
	ck_assert_str_eq(path_text(answer, "connection.id"), path_text(record, "id"));
	ck_assert_str_eq(path_text(answer, "connection.close.admin_reason"), "test of caf\xc3\xa9");
	hop_end(&hop);
}
END_TEST

START_TEST(without_admin_write_nobody_is_killed)
{
	struct hop hop = hop_open("");
	char target[128];

	target_of(proxy_live(hop.proxy, "established"), "", target);
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", target, "", NULL), 403);
	ck_assert_int_eq(http_order(hop.proxy, "POST", "/drain", "", NULL), 403);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	hop_end(&hop);
}
END_TEST

START_TEST(a_dry_run_kills_nobody)
{
	struct hop hop = hop_open("--admin-write");
	char target[128];
	json_t *answer;

	target_of(proxy_live(hop.proxy, "established"), "?dry_run=1", target);
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", target, "", &answer), 202);
	ck_assert_int_eq(path_number(answer, "matched"), 1);
	ck_assert_int_eq(path_number(answer, "posted"), 0);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", "/conns/000000000000000000000", "", NULL), 404);
	hop_end(&hop);
}
END_TEST

START_TEST(in_order_both_sides_see_an_end)
{
	struct hop hop = hop_open("--admin-write");
	json_t *record;

	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	kill_it(&hop, "established", "?how=fin");
	peer_expect_end(hop.client);
	peer_expect_end(hop.upstream);
	proxy_live(hop.proxy, "flushing");
	peer_close(&hop.upstream);
	peer_close(&hop.client);
	record = closed_by_admin(&hop, "fin");
	check_reset_sent(record, false, false);
	ck_assert(json_is_true(path(record, "close.clean")));
	ck_assert_int_le(time_of(&hop, record, "kill"), path_number(record, "legs.client.fin_sent_us"));
	ck_assert_int_le(
	    path_number(record, "legs.client.fin_sent_us"), path_number(record, "legs.client.fin_received_us"));
	hop.client = hop.upstream = -1;
	hop_end(&hop);
}
END_TEST

/* As far as it has come to us: acknowledged, and some of it not even read. */
static size_t
send_until_some_is_left_unread(struct hop *hop)
{
	char target[128];
	size_t sent = 0;

	target_of(proxy_live(hop->proxy, "established"), "", target);
	while (path_number(http_get_json(hop->proxy, target), "legs.upstream.receive_queue_bytes") < 20000) {
		peer_send_pattern(hop->upstream, sent, 4096);
		sent += 4096;
		wait_until(socket_outq(hop->upstream) == 0);
	}
	return sent;
}

START_TEST(in_order_the_last_bytes_arrive)
{
	struct hop hop = hop_open("--admin-write");
	json_t *record;
	size_t sent;

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	hop.client = peer_try_connect(proxy_listener(hop.proxy, 0), 4096);
	hop.upstream = peer_accept(hop.listener);
	sent = send_until_some_is_left_unread(&hop);
	kill_it(&hop, "established", "?how=fin");
	peer_expect_end(hop.upstream); /* which is told at once */
	peer_expect_pattern(hop.client, 0, sent);
	peer_expect_end(hop.client);
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	record = proxy_closed(hop.proxy, 2);
	expect_close(record, "admin_kill", "admin", "fin");
	check_reset_sent(record, false, false);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_eq(path_number(record, "legs.client.bytes_sent"), (json_int_t)sent);
	ck_assert(json_is_true(path(record, "close.clean")));
	hop.client = hop.upstream = -1;
	hop_end(&hop);
}
END_TEST

START_TEST(in_order_who_goes_on_speaking_is_reset)
{
	struct hop hop = hop_open("--admin-write");
	json_t *record;

	kill_it(&hop, "established", "?how=fin");
	peer_expect_end(hop.client);
	peer_expect_end(hop.upstream);
	peer_say(hop.upstream, "but");
	ck_assert_int_eq(peer_await_error(hop.upstream), EPIPE);
	ck_assert_int_eq(peer_await_error(hop.client), EPIPE);
	record = closed_by_admin(&hop, "rst");
	check_reset_sent(record, true, true);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 3);
	ck_assert(json_is_false(path(record, "close.clean")));
	ck_assert(json_is_integer(path(record, "legs.client.fin_sent_us")));
	hop_end(&hop);
}
END_TEST

START_TEST(in_order_who_does_not_finish_is_reset_in_the_end)
{
	struct hop hop = hop_open("--admin-write --flush-timeout 100ms");
	json_t *record;

	kill_it(&hop, "established", "?how=fin");
	peer_expect_end(hop.client);
	peer_expect_end(hop.upstream);
	peer_finish(hop.client);
	ck_assert_int_eq(peer_await_error(hop.upstream), EPIPE);
	record = closed_by_admin(&hop, "rst");
	check_reset_sent(record, false, true);
	hop_end(&hop);
}
END_TEST

START_TEST(a_client_can_be_killed_while_we_connect)
{
	int filler, listener = peer_listen_full("127.0.0.1:0", &filler);
	struct hop hop = { .proxy = proxy_start("-l 127.0.0.1:0 -u %s --admin-write", peer_local(listener).text),
		.upstream = -1,
		.listener = listener };

	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(hop.client, "anybody?");
	kill_it(&hop, "connecting", _i == 0 ? "?how=fin" : "?how=rst");
	peer_expect_reset(hop.client);
	check_reset_sent(closed_by_admin(&hop, "rst"), true, false);
	peer_close(&filler);
	hop_end(&hop);
}
END_TEST

/* A reset cannot be told there. */
START_TEST(on_unix_legs_a_kill_is_an_end_of_file)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", listen[64], upstream[64];
	json_t *record;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(listen, sizeof(listen), "unix:%s/listener", directory);
	snprintf(upstream, sizeof(upstream), "unix:%s/upstream", directory);
	struct hop hop = hop_open_over(listen, upstream, "--admin-write");
	kill_it(&hop, "established", _i == 0 ? "?how=fin" : "?how=rst");
	peer_expect_end(hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	record = closed_by_admin(&hop, _i == 0 ? "fin" : "rst");
	check_reset_sent(record, false, false);
	hop.client = hop.upstream = -1;
	hop_end(&hop);
	unlink(upstream + strlen("unix:"));
	rmdir(directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/kill");
	TCase *tcase = tcase_create("kill");

	tcase_set_timeout(tcase, 40);
	tcase_add_loop_test(tcase, a_kill_resets_both_sides_and_says_why, 0, 2);
	tcase_add_test(tcase, without_admin_write_nobody_is_killed);
	tcase_add_test(tcase, a_dry_run_kills_nobody);
	tcase_add_test(tcase, in_order_both_sides_see_an_end);
	tcase_add_test(tcase, in_order_the_last_bytes_arrive);
	tcase_add_test(tcase, in_order_who_goes_on_speaking_is_reset);
	tcase_add_test(tcase, in_order_who_does_not_finish_is_reset_in_the_end);
	tcase_add_loop_test(tcase, a_client_can_be_killed_while_we_connect, 0, 2);
	tcase_add_loop_test(tcase, on_unix_legs_a_kill_is_an_end_of_file, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
