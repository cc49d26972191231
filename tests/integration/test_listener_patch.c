/* SPDX-License-Identifier: MIT */
/* PATCH /listeners/NAME: an admin pauses one listener, whose clients wait, and has it listen again. */
#include "support/hop.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static struct proxy *proxy;
static struct peer_name upstream_name;
static int upstream;

/* Two listeners, each named as -l has it. */
static void
start(const char *more)
{
	upstream = peer_listen("127.0.0.1:0");
	upstream_name = peer_local(upstream);
	proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s -l [::1]:0 -u %s --workers 2 %s", upstream_name.text, upstream_name.text, more);
}

static void
stop(void)
{
	peer_close(&upstream);
	proxy_stop(proxy);
}

static int
patch(const char *name, const char *body, json_t **document)
{
	char target[160], rest[8192];

	snprintf(target, sizeof(target), "/listeners/%s", name);
	snprintf(
	    rest, sizeof(rest), "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	return http_order(proxy, "PATCH", target, rest, document);
}

static void
order(const char *name, const char *state)
{
	char body[64];
	json_t *document;

	snprintf(body, sizeof(body), "{\"state\":\"%s\"}", state);
	ck_assert_int_eq(patch(name, body, &document), 202);
	ck_assert_int_eq(path_number(document, "posted"), 1);
}

static bool
is_in(int listener, const char *state, const char *paused_by)
{
	char at[64];
	json_t *listeners = http_get_json(proxy, "/listeners");

	snprintf(at, sizeof(at), "listeners.%d.state", listener);
	if (strcmp(path_text(listeners, at), state) != 0)
		return false;
	snprintf(at, sizeof(at), "listeners.%d.paused_by", listener);
	char *causes = json_dumps(path(listeners, at), JSON_COMPACT);
	bool same = strcmp(causes, paused_by) == 0;
	free(causes);
	return same;
}

static int
status_of(const char *target)
{
	struct answer answer;

	http_get(&proxy->admin, target, &answer);
	http_forget(&answer);
	return answer.status;
}

/* Whoever comes now waits, unheard. */
static int
come_in_vain(int listener)
{
	int client = peer_connect(proxy_listener(proxy, listener));
	struct pollfd who = { .fd = upstream, .events = POLLIN };

	peer_say(client, "hello?");
	ck_assert_int_eq(poll(&who, 1, 50), 0);
	return client;
}

static void
is_served(int client)
{
	int there = peer_accept(upstream);

	peer_expect(there, "hello?");
	peer_close(&client);
	peer_expect_end(there);
	peer_close(&there);
}

START_TEST(one_pauses_and_the_other_listens_on)
{
	start("--admin-write");
	order("127.0.0.1:0", "paused");
	wait_until(is_in(0, "paused", "[\"admin\"]"));
	ck_assert(is_in(1, "listening", "[]"));
	int waits = come_in_vain(0), client = peer_connect(proxy_listener(proxy, 1));
	peer_say(client, "hello?");
	is_served(client);
	ck_assert_int_eq(status_of("/readyz"), 200);
	order("127.0.0.1:0", "listening");
	is_served(waits);
	wait_until(is_in(0, "listening", "[]"));
	ck_assert(proxy_has_said(proxy, "an admin pauses 127.0.0.1:0"));
	ck_assert(proxy_has_said(proxy, "an admin resumes 127.0.0.1:0"));
	stop();
}
END_TEST

START_TEST(it_may_be_said_twice)
{
	start("--admin-write");
	for (int i = 0; i < 2; i++)
		order("%5B::1%5D:0", "paused");
	wait_until(is_in(1, "paused", "[\"admin\"]"));
	order("%5B::1%5D:0", "listening");
	wait_until(is_in(1, "listening", "[]"));
	ck_assert_int_eq(path_number(http_get_json(proxy, "/listeners"), "listeners.1.steps.paused.times"), 1);
	stop();
}
END_TEST

START_TEST(with_all_paused_it_is_not_ready)
{
	start("--admin-write");
	order("127.0.0.1:0", "paused");
	order("%5B%3A%3A1%5D%3A0", "paused");
	wait_until(status_of("/readyz") == 503);
	order("127.0.0.1:0", "listening");
	wait_until(status_of("/readyz") == 200);
	stop();
}
END_TEST

/* What one reason ends, another does not begin. */
START_TEST(a_drain_that_is_taken_back_leaves_it_paused)
{
	start("--admin-write");
	order("127.0.0.1:0", "paused");
	wait_until(is_in(0, "paused", "[\"admin\"]"));
	ck_assert_int_eq(http_order(proxy, "POST", "/drain", "", NULL), 202);
	wait_until(is_in(0, "paused", "[\"admin\",\"drain\"]") && is_in(1, "paused", "[\"drain\"]"));
	ck_assert_int_eq(http_order(proxy, "DELETE", "/drain", "", NULL), 202);
	wait_until(is_in(1, "listening", "[]"));
	ck_assert(is_in(0, "paused", "[\"admin\"]"));
	int waits = come_in_vain(0);
	order("127.0.0.1:0", "listening");
	is_served(waits);
	stop();
}
END_TEST

START_TEST(a_place_that_comes_free_does_not_open_it)
{
	start("--admin-write --max-conns 1");
	int client = peer_connect(proxy_listener(proxy, 1)), there = peer_accept(upstream), other;

	other = peer_connect(proxy_listener(proxy, 1)); /* for whom there is no place */
	wait_until(is_in(0, "paused", "[\"connections\"]"));
	order("127.0.0.1:0", "paused");
	wait_until(is_in(0, "paused", "[\"admin\",\"connections\"]"));
	peer_close(&client);
	peer_close(&there);
	there = peer_accept(upstream);
	peer_close(&other);
	peer_close(&there);
	wait_until(is_in(0, "paused", "[\"admin\"]"));
	int waits = come_in_vain(0);
	order("127.0.0.1:0", "listening");
	is_served(waits);
	stop();
}
END_TEST

/* The process stops with whoever waits before a paused door served. */
START_TEST(who_waits_is_served_when_it_stops)
{
	start("--admin-write");
	order("127.0.0.1:0", "paused");
	wait_until(is_in(0, "paused", "[\"admin\"]"));
	int waits = come_in_vain(0);
	proxy_signal(proxy, SIGTERM);
	is_served(waits);
	peer_close(&upstream);
	proxy_end(proxy);
}
END_TEST

START_TEST(a_path_with_slashes_is_a_name_too)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", name[128], encoded[300] = "unix:", *at = encoded + 5;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(name, sizeof(name), "unix:%s/in", directory);
	for (const char *from = name + 5; *from != '\0'; from++) {
		if (*from == '/')
			at = stpcpy(at, "%2F");
		else
			*at++ = *from;
	}
	*at = '\0';
	upstream = peer_listen("127.0.0.1:0");
	upstream_name = peer_local(upstream);
	proxy = proxy_start("-l %s -u %s --admin-write", name, upstream_name.text);
	order(encoded, "paused");
	wait_until(is_in(0, "paused", "[\"admin\"]"));
	stop();
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

static const struct {
	const char *name, *body;
	int status;
	const char *detail;
} refused[] = {
	{ "127.0.0.1:1", "{\"state\":\"paused\"}", 404, "did you mean 127.0.0.1:0?" },
	{ "web", "{\"state\":\"paused\"}", 404, "/listeners tells all" },
	{ "127.0.0.1:0", "", 400, "Expected a body" },
	{ "127.0.0.1:0", "{\"state\":", 400, "The body is no JSON" },
	{ "127.0.0.1:0", "{\"state\":\"paused\"} x", 400, "The body is no JSON" },
	{ "127.0.0.1:0", "[]", 400, "Expected an object" },
	{ "127.0.0.1:0", "{}", 400, "Expected the state paused or listening" },
	{ "127.0.0.1:0", "{\"state\":\"closed\"}", 400, "Expected the state paused or listening" },
	{ "127.0.0.1:0", "{\"state\":1}", 400, "Expected the state paused or listening" },
	{ "127.0.0.1:0", "{\"stat\":\"paused\"}", 400, "did you mean state?" },
	{ "127.0.0.1:0", "{\"state\":\"paused\",\"name\":\"x\"}", 400, "only state can" },
	{ "127.0.0.1:0", "{\"state\":\"paused\",\"state\":\"listening\"}", 400, "duplicate" },
};

START_TEST(what_makes_no_sense_is_refused)
{
	json_t *problem;

	start("--admin-write");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ck_assert_int_eq(patch(refused[i].name, refused[i].body, &problem), refused[i].status);
		ck_assert_msg(strstr(path_text(problem, "detail"), refused[i].detail) != NULL, "%s: %s",
		    refused[i].body, path_text(problem, "detail"));
	}
	ck_assert(is_in(0, "listening", "[]"));
	stop();
}
END_TEST

static const struct {
	const char *headers;
	int status;
} bodies[] = {
	{ "Content-Length: 18\r\n\r\n{\"state\":\"paused\"}", 415 },
	{ "Content-Type: text/plain\r\nContent-Length: 18\r\n\r\n{\"state\":\"paused\"}", 415 },
	{ "Content-Type: application/jsonx\r\nContent-Length: 18\r\n\r\n{\"state\":\"paused\"}", 415 },
	{ "Content-Type: application/json\r\nContent-Length: 4097\r\n\r\n", 413 },
	{ "Content-Type: application/json\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413 },
	{ "Content-Type: application/json; charset=utf-8\r\nContent-Length: 18\r\n\r\n{\"state\":\"paused\"}", 202 },
	{ "Content-Type: application/merge-patch+json\r\nContent-Length: 18\r\n\r\n{\"state\":\"paused\"}", 202 },
	{ "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "9\r\n{\"state\":\r\n9\r\n\"paused\"}\r\n0\r\n\r\n",
	    202 },
};

START_TEST(a_body_is_json_and_short)
{
	char chunks[6000];

	start("--admin-write");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		ck_assert_msg(
		    http_order(proxy, "PATCH", "/listeners/127.0.0.1:0", bodies[i].headers, NULL) == bodies[i].status,
		    "%s", bodies[i].headers);
	/* In chunks its length is known too late: all the same. */
	char *at = stpcpy(chunks, "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1200\r\n");
	memset(at, ' ', 0x1200);
	strcpy(at + 0x1200, "\r\n0\r\n\r\n");
	ck_assert_int_eq(http_order(proxy, "PATCH", "/listeners/127.0.0.1:0", chunks, NULL), 413);
	stop();
}
END_TEST

START_TEST(without_admin_write_nothing_changes)
{
	start("");
	ck_assert_int_eq(patch("127.0.0.1:0", "{\"state\":\"paused\"}", NULL), 403);
	ck_assert_int_eq(http_order(proxy, "PATCH", "/listeners", "", NULL), 405);
	ck_assert_int_eq(http_order(proxy, "GET", "/listeners/127.0.0.1:0", "", NULL), 405);
	ck_assert_int_eq(http_order(proxy, "OPTIONS", "/listeners/127.0.0.1:0", "", NULL), 204);
	ck_assert(is_in(0, "listening", "[]"));
	stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/listener patch");
	TCase *pausing = tcase_create("pausing"), *refusing = tcase_create("refusing");

	tcase_set_timeout(pausing, 60);
	tcase_add_test(pausing, one_pauses_and_the_other_listens_on);
	tcase_add_test(pausing, it_may_be_said_twice);
	tcase_add_test(pausing, with_all_paused_it_is_not_ready);
	tcase_add_test(pausing, a_drain_that_is_taken_back_leaves_it_paused);
	tcase_add_test(pausing, a_place_that_comes_free_does_not_open_it);
	tcase_add_test(pausing, who_waits_is_served_when_it_stops);
	tcase_add_test(pausing, a_path_with_slashes_is_a_name_too);
	tcase_set_timeout(refusing, 60);
	tcase_add_test(refusing, what_makes_no_sense_is_refused);
	tcase_add_test(refusing, a_body_is_json_and_short);
	tcase_add_test(refusing, without_admin_write_nothing_changes);
	suite_add_tcase(suite, pausing);
	suite_add_tcase(suite, refusing);
	return suite_main(suite);
}
