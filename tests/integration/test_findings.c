/* SPDX-License-Identifier: MIT */
/* Each finding provoked by its cause, and none on a healthy day; the filter of each shows the connections that are meant. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/http_client.h"
#include "support/command.h"
#include "support/echo_upstream.h"
#include "support/exposition.h"
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/schema.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { SOME = 14, MOST = 64 };

static struct proxy *proxy;
static int listener;
static int clients[MOST], upstreams[MOST];

static void
start(const char *arguments)
{
	listener = peer_listen("127.0.0.1:0");
	proxy = proxy_start("-l 127.0.0.1:0 -u %s %s", peer_local(listener).text, arguments);
}

static void
stop(void)
{
	peer_close(&listener);
	proxy_stop(proxy);
}

/* Connected through, and something was said both ways. */
static void
open_some(int count)
{
	for (int i = 0; i < count; i++) {
		clients[i] = peer_connect(proxy_listener(proxy, 0));
		upstreams[i] = peer_accept(listener);
		peer_say(clients[i], "question");
		peer_expect(upstreams[i], "question");
		peer_say(upstreams[i], "answer");
		peer_expect(clients[i], "answer");
	}
}

/* Each client ends, and the upstream hears of it. */
static void
close_clients(int count)
{
	for (int i = 0; i < count; i++) {
		peer_close(&clients[i]);
		peer_expect_end(upstreams[i]);
		peer_close(&upstreams[i]);
	}
}

/* The daemon ends all. */
static void
expect_all_reset(void)
{
	for (int i = 0; i < SOME; i++) {
		peer_expect_reset(clients[i]);
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
}

/* Each client finishes, and the upstream never does: the daemon ends all. */
static void
leave_half_closed(void)
{
	for (int i = 0; i < SOME; i++)
		peer_finish(clients[i]);
	expect_all_reset();
}

static json_t *
findings(void)
{
	return http_get_json(proxy, "/findings");
}

static bool
has_findings(size_t count)
{
	return json_array_size(path(findings(), "findings")) == count;
}

/* What has closed is looked at and judged in one go. */
static bool
has_looked_at(json_int_t closed)
{
	return path_number(findings(), "watched.closed") >= closed;
}

/* How many connections its filter shows. */
static size_t
count_meant(const json_t *finding)
{
	static char target[16384];
	struct text text;

	text_init(&text, target, sizeof(target));
	text_addf(&text, "/conns?limit=10000&state=%s&filter=", path_text(finding, "state"));
	http_escape(&text, path_text(finding, "filter"));
	ck_assert(!text.truncated);
	return json_array_size(path(http_get_json(proxy, target), "conns"));
}

static void
expect_counted(const char *kind)
{
	struct answer answer;

	http_get(&proxy->admin, "/metrics", &answer);
	struct exposition metrics = exposition_read(answer.body);
	ck_assert_int_eq(exposition_number(&metrics, "sockproxy_findings{kind=\"%s\"}", kind), 1);
	exposition_forget(&metrics);
	http_forget(&answer);
}

static json_t *
expect_one(const char *kind)
{
	wait_until(has_findings(1));
	json_t *finding = path(findings(), "findings.0");

	ck_assert_str_eq(path_text(finding, "kind"), kind);
	ck_assert_str_eq(path_text(finding, "listener"), "127.0.0.1:0");
	expect_counted(kind);
	schema_judge_answer(proxy, "/findings", "Findings");
	ck_assert_str_le(path_text(finding, "first_seen_at"), path_text(findings(), "time"));
	return finding;
}

/* A moment that the cause itself is made of. */
static void
pass(int64_t until_ms)
{
	int64_t now;

	while ((now = wait_clock_ms()) < until_ms)
		poll(NULL, 0, (int)(until_ms - now));
}

/* Those that nobody uses for half a second are forgotten by something in front of the upstream. */
enum { IDLE_MS = 500 };

static void
be_cut_when_idle(void)
{
	int64_t said[SOME];

	for (int i = 0; i < SOME; i++) {
		peer_say(clients[i], "question");
		peer_expect(upstreams[i], "question");
		said[i] = wait_clock_ms();
	}
	for (int i = 0; i < SOME; i++) {
		pass(said[i] + IDLE_MS);
		peer_reset(&upstreams[i]);
	}
	for (int i = 0; i < SOME; i++) {
		peer_expect_reset(clients[i]);
		peer_close(&clients[i]);
	}
}

START_TEST(ends_at_one_idle_time_are_noticed)
{
	int closed = 0;

	start("");
	/* On a busy machine the times of one round may be too far from each other. */
	do {
		open_some(SOME);
		be_cut_when_idle();
		closed += SOME;
		wait_until(has_looked_at(closed));
	} while (!has_findings(1) && closed < 8 * SOME);
	json_t *finding = expect_one("idle_cutoff");
	ck_assert_str_eq(path_text(finding, "side"), "upstream");
	ck_assert_str_eq(path_text(finding, "severity"), "warning");
	ck_assert_str_eq(path_text(finding, "upstream"), peer_local(listener).text);
	ck_assert_ptr_null(path_text(finding, "target"));
	ck_assert_int_ge(path_number(finding, "evidence.idle_us"), IDLE_MS * 900);
	ck_assert_int_ge(path_number(finding, "evidence.ends"), 10);
	ck_assert_int_eq(path_number(finding, "evidence.client_addresses"), 1);
	ck_assert_uint_eq(count_meant(finding), (size_t)path_number(finding, "evidence.ends"));
	stop();
}
END_TEST

START_TEST(our_own_idle_timeout_is_no_suspicion)
{
	start("--idle-timeout 300ms");
	open_some(SOME);
	expect_all_reset();
	wait_until(has_looked_at(SOME));
	ck_assert(has_findings(0));
	stop();
}
END_TEST

START_TEST(an_upstream_that_never_finishes_is_noticed)
{
	start("--half-close-timeout 200ms");
	open_some(SOME);
	leave_half_closed();
	json_t *finding = expect_one("never_finishes");
	wait_until(has_looked_at(SOME));
	finding = path(findings(), "findings.0");
	ck_assert_str_eq(path_text(finding, "side"), "upstream");
	ck_assert_str_eq(path_text(finding, "state"), "closed");
	ck_assert_int_eq(path_number(finding, "evidence.cut"), SOME);
	ck_assert_uint_eq(count_meant(finding), SOME);
	stop();
}
END_TEST

START_TEST(those_that_wait_for_a_client_are_noticed_while_they_live)
{
	start("--half-close-timeout 12s");
	open_some(SOME);
	for (int i = 0; i < SOME; i++)
		peer_finish(upstreams[i]);
	wait_until(has_findings(1));
	json_t *finding = path(findings(), "findings.0");
	ck_assert_str_eq(path_text(finding, "kind"), "never_finishes");
	ck_assert_str_eq(path_text(finding, "side"), "client");
	ck_assert_str_eq(path_text(finding, "state"), "active");
	schema_judge_answer(proxy, "/findings", "Findings");
	ck_assert_uint_eq(count_meant(finding), SOME);
	close_clients(SOME);
	wait_until(has_findings(0)); /* it goes with its cause */
	stop();
}
END_TEST

START_TEST(a_target_that_refuses_beside_a_good_one_is_noticed)
{
	struct peer_name nowhere = peer_nowhere();

	listener = peer_listen("127.0.0.1:0");
	proxy = proxy_start("-l 127.0.0.1:0 -u %s,%s", nowhere.text, peer_local(listener).text);
	open_some(MOST);
	json_t *finding = expect_one("target_fails"); /* while they live */
	ck_assert_str_eq(path_text(finding, "target"), nowhere.text);
	wait_until(path_number(findings(), "findings.0.evidence.tried") == MOST / 2);
	finding = path(findings(), "findings.0");
	ck_assert_int_eq(path_number(finding, "evidence.refused"), MOST / 2);
	ck_assert_int_eq(path_number(finding, "evidence.others_tried"), MOST / 2);
	ck_assert_int_eq(path_number(finding, "evidence.others_failed"), 0);
	ck_assert_uint_eq(count_meant(finding), MOST / 2);
	close_clients(MOST);
	wait_until(has_looked_at(MOST));
	wait_until(path_number(findings(), "findings.0.evidence.tried") == MOST / 2); /* each once */
	ck_assert_uint_eq(count_meant(path(findings(), "findings.0")), MOST / 2);
	stop();
}
END_TEST

START_TEST(a_target_that_aborts_beside_a_good_one_is_noticed)
{
	int good = peer_listen("127.0.0.1:0");

	listener = peer_listen("127.0.0.1:0");
	proxy = proxy_start("-l 127.0.0.1:0 -u %s,%s", peer_local(listener).text, peer_local(good).text);
	for (int i = 0; i < MOST; i++) { /* they take turns */
		clients[i] = peer_connect(proxy_listener(proxy, 0));
		upstreams[i] = peer_accept(i % 2 == 0 ? listener : good);
		peer_say(clients[i], "question");
		peer_expect(upstreams[i], "question");
		if (i % 2 == 0) {
			peer_reset(&upstreams[i]);
			peer_expect_reset(clients[i]);
		} else {
			peer_close(&upstreams[i]);
			peer_expect_end(clients[i]);
		}
		peer_close(&clients[i]);
	}
	wait_until(has_looked_at(MOST));
	json_t *finding = expect_one("target_fails");
	ck_assert_str_eq(path_text(finding, "target"), peer_local(listener).text);
	ck_assert_str_eq(path_text(finding, "evidence.of"), "connections");
	ck_assert_int_eq(path_number(finding, "evidence.reset"), MOST / 2);
	ck_assert_uint_eq(count_meant(finding), MOST / 2);
	peer_close(&good);
	stop();
}
END_TEST

START_TEST(an_upstream_that_nobody_serves_is_critical)
{
	listener = peer_listen("127.0.0.1:0");
	proxy = proxy_start("-l 127.0.0.1:0 -u %s", peer_nowhere().text);
	for (int i = 0; i < SOME; i++) {
		clients[i] = peer_connect(proxy_listener(proxy, 0));
		peer_expect_reset(clients[i]);
		peer_close(&clients[i]);
	}
	wait_until(has_looked_at(SOME));
	json_t *finding = expect_one("target_fails");
	ck_assert_str_eq(path_text(finding, "severity"), "critical");
	ck_assert_uint_eq(count_meant(finding), SOME);
	stop();
}
END_TEST

/* Short and long ones, ended by either side, in order and not, some by a half-close, some without a word. */
START_TEST(a_healthy_day_is_silent)
{
	struct echo *echo = echo_start();
	int count = 0;

	listener = peer_listen("127.0.0.1:0");
	proxy = proxy_start("-l 127.0.0.1:0 -u %s -l 127.0.0.1:0 -u %s", peer_local(listener).text, echo_address(echo));
	for (int round = 0; round < 5; round++) {
		open_some(SOME);
		for (int i = 0; i < SOME; i++) {
			int *first = i % 2 == 0 ? &clients[i] : &upstreams[i];
			int *second = i % 2 == 0 ? &upstreams[i] : &clients[i];

			if (i % 7 == 3) {
				peer_reset(first);
				peer_expect_reset(*second);
			} else if (i % 3 == 0) {
				peer_finish(*first);
				peer_expect_end(*second);
				peer_say(*second, "the rest");
				peer_close(second);
				peer_expect(*first, "the rest");
				peer_expect_end(*first);
			} else {
				peer_close(first);
				peer_expect_end(*second);
			}
			if (*first != -1)
				peer_close(first);
			if (*second != -1)
				peer_close(second);
		}
		for (int i = 0; i < SOME; i++) {
			int client = peer_connect(proxy_listener(proxy, 1));

			if (i % 2 == 0) {
				peer_say(client, "hello");
				peer_expect(client, "hello");
			}
			peer_close(&client);
		}
		count += 2 * SOME;
		wait_until(has_looked_at(count));
		ck_assert(has_findings(0));
	}
	ck_assert_int_eq(path_number(findings(), "watched.missed"), 0);
	stop();
	echo_stop(echo);
}
END_TEST

START_TEST(the_command_shows_them_and_says_when_there_are_none)
{
	start("--half-close-timeout 200ms");
	struct command *command = command_run("sockproxy findings -s %s", proxy->admin_text);
	command_expect(command, 3);
	ck_assert_str_eq(command_out(command), "");
	ck_assert_ptr_nonnull(strstr(command_errors(command), "nothing is worth a look; 0 closed connections"));
	command_free(command);
	open_some(SOME);
	leave_half_closed();
	wait_until(has_looked_at(SOME));
	wait_until(has_findings(1));

	command = command_run("sockproxy findings -s %s", proxy->admin_text);
	command_expect(command, 0);
	ck_assert_ptr_nonnull(strstr(command_out(command), "SEVERITY  KIND"));
	ck_assert_ptr_nonnull(strstr(command_out(command), "warning   never_finishes"));
	ck_assert_ptr_nonnull(strstr(command_out(command), " 14 were cut by --half-close-timeout\n"));
	ck_assert_ptr_null(strstr(command_out(command), "close.reason"));
	command_free(command);

	command = command_run("sockproxy findings -o wide --no-header -s %s", proxy->admin_text);
	command_expect(command, 0);
	ck_assert_ptr_null(strstr(command_out(command), "SEVERITY"));
	ck_assert_ptr_nonnull(strstr(command_out(command), "close.reason == half_close_timeout"));
	command_free(command);

	command = command_run("sockproxy findings -o json -s %s", proxy->admin_text);
	command_expect(command, 0);
	json_t *document = json_loads(command_out(command), 0, NULL);
	ck_assert_str_eq(path_text(document, "findings.0.kind"), "never_finishes");
	json_decref(document);
	command_free(command);

	/* On a terminal there is advice, and what to type next, which works. */
	command = command_run_typed(100, "", "sockproxy findings -s %s", proxy->admin_text);
	command_expect(command, 0);
	const char *typed = strstr(command_out(command), "sockproxy conns --state closed '");
	ck_assert_msg(typed != NULL, "%s", command_out(command));
	size_t length = strcspn(typed, "\r\n");
	struct command *conns = command_run("%.*s --no-header -s %s", (int)length, typed, proxy->admin_text);
	command_expect(conns, 0);
	int lines = 0;
	for (const char *at = command_out(conns); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ck_assert_int_eq(lines, SOME);
	command_free(conns);
	command_free(command);

	command = command_run("sockproxy findings idle -s %s", proxy->admin_text);
	command_expect(command, 2);
	ck_assert_ptr_nonnull(strstr(command_errors(command), "findings takes no \"idle\""));
	command_free(command);
	stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/findings");
	TCase *tcase = tcase_create("findings");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, ends_at_one_idle_time_are_noticed);
	tcase_add_test(tcase, our_own_idle_timeout_is_no_suspicion);
	tcase_add_test(tcase, an_upstream_that_never_finishes_is_noticed);
	tcase_add_test(tcase, those_that_wait_for_a_client_are_noticed_while_they_live);
	tcase_add_test(tcase, a_target_that_refuses_beside_a_good_one_is_noticed);
	tcase_add_test(tcase, a_target_that_aborts_beside_a_good_one_is_noticed);
	tcase_add_test(tcase, an_upstream_that_nobody_serves_is_critical);
	tcase_add_test(tcase, a_healthy_day_is_silent);
	tcase_add_test(tcase, the_command_shows_them_and_says_when_there_are_none);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
