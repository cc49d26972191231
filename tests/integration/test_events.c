/* SPDX-License-Identifier: MIT */
/* What really happens, as followers are told: each type of event, and a table that is followed while it churns. */
#include "support/hop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "support/descriptors.h"
#include "support/echo_upstream.h"
#include "support/follow.h"
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { FOLLOWERS = 500, DESCRIPTORS = 4000, THREADS = 4, EACH = 1000, KEPT_EACH = 25, AHEAD = 200, WATCHERS = 4 };

static struct follow follow;

static void
begin(const struct proxy *proxy, const char *target)
{
	follow_open(&follow, &proxy->admin, target, "", 0);
	ck_assert_msg(follow.status == 200, "%s", follow.headers);
}

static const char *
word(const char *dotted)
{
	return path_text(follow.event, dotted);
}

START_TEST(a_life_is_told_step_by_step)
{
	struct hop hop = hop_open("");
	char id[64];

	begin(hop.proxy, "/events?format=ndjson&view=full");
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	follow_event(&follow, "half_close");
	follow_event(&follow, "close");
	hop_connect(&hop);
	follow_event(&follow, "open");
	snprintf(id, sizeof(id), "%s", word("conn.id"));
	follow_event(&follow, "connected");
	ck_assert_str_eq(word("conn.state"), "established");
	peer_finish(hop.client);
	follow_event(&follow, "half_close");
	ck_assert_str_eq(word("conn.id"), id);
	ck_assert_str_eq(word("conn.state"), "client_half_closed");
	peer_close(&hop.upstream);
	follow_event(&follow, "close");
	ck_assert_str_eq(word("conn.id"), id);
	ck_assert_str_eq(word("conn.close.reason"), "client_fin");
	peer_close(&hop.client);
	ck_assert(follow_is_quiet(&follow));
	follow_close(&follow);
	hop_end(&hop);
}
END_TEST

START_TEST(who_is_refused_is_denied_and_nothing_else)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:1 --deny 127.0.0.1 --admin-write");

	begin(proxy, "/events?format=ndjson");
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(proxy_listener(proxy, 0));

		follow_event(&follow, "denied");
		ck_assert_str_eq(word("conn.kind"), "rejected");
		ck_assert_str_eq(word("conn.state"), "closed");
		ck_assert_str_eq(word("conn.close.reason"), "denied_acl");
		close(client);
	}
	follow_close(&follow);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_drain_and_its_listeners_are_told)
{
	struct hop hop = hop_open("--admin-write");

	begin(hop.proxy, "/events?format=ndjson&types=drain,listener");
	ck_assert_int_eq(http_order(hop.proxy, "POST", "/drain", "", NULL), 202);
	follow_event(&follow, "drain");
	ck_assert_str_eq(word("drain.state"), "draining");
	follow_event(&follow, "listener");
	ck_assert_str_eq(word("listener.state"), "paused");
	peer_close(&hop.client);
	peer_close(&hop.upstream);
	follow_event(&follow, "drain");
	ck_assert_str_eq(word("drain.state"), "drained");
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", "/drain", "", NULL), 202);
	follow_event(&follow, "drain");
	ck_assert_str_eq(word("drain.state"), "accepting");
	follow_event(&follow, "listener");
	ck_assert_str_eq(word("listener.state"), "listening");
	follow_close(&follow);
	hop_end(&hop);
}
END_TEST

/* Nobody answers for that name: the resolver that is asked does not exist. */
START_TEST(an_upstream_whose_name_is_not_found_is_told)
{
	struct peer_name nowhere = peer_nowhere();
	struct proxy *proxy;
	json_t *list;
	char target[600];

	proxy = proxy_start("-l 127.0.0.1:0 -u nobody.invalid:80 --resolver %s", nowhere.text);
	list = http_get_json(proxy, "/conns");
	snprintf(target, sizeof(target), "/events?format=ndjson&types=upstream&since=%s", path_text(list, "cursor"));
	/* What was known before that list needs no telling; who follows from the very beginning is told. */
	for (char *end = strrchr(target, '.'); end != NULL; end = NULL)
		strcpy(end, ".0");
	begin(proxy, target);
	follow_event(&follow, "upstream");
	ck_assert_str_eq(word("upstream.name"), "nobody.invalid:80");
	ck_assert_str_eq(word("upstream.target"), "nobody.invalid:80");
	ck_assert_uint_eq(json_array_size(path(follow.event, "upstream.addresses")), 0);
	ck_assert_ptr_nonnull(word("upstream.error"));
	follow_close(&follow);
	proxy_stop(proxy);
}
END_TEST

START_TEST(updates_show_bytes_on_their_way)
{
	struct hop hop = hop_open("");

	begin(hop.proxy, "/events?format=ndjson&interval=200ms&types=update");
	for (int bytes = 4; bytes <= 12; bytes += 4) {
		peer_say(hop.client, "more");
		peer_expect(hop.upstream, "more");
		do
			follow_event(&follow, "update");
		while (path_number(follow.event, "conn.legs.client.bytes_received") < bytes);
	}
	follow_close(&follow);
	hop_end(&hop);
}
END_TEST

START_TEST(five_hundred_may_follow_and_others_still_get_in)
{
	static struct follow followers[FOLLOWERS];
	struct hop hop = hop_open("");

	for (int i = 0; i < FOLLOWERS; i++) {
		follow_open(&followers[i], &hop.proxy->admin, "/events?format=ndjson", "", 0);
		ck_assert_int_eq(followers[i].status, 200);
	}
	follow_open(&follow, &hop.proxy->admin, "/events", "", 0);
	ck_assert_int_eq(follow.status, 503);
	follow_close(&follow);
	ck_assert_int_eq(proxy_stat(hop.proxy, "followers"), FOLLOWERS);
	peer_close(&hop.client);
	for (int i = 0; i < FOLLOWERS; i++)
		follow_event(&followers[i], "half_close");
	peer_close(&hop.upstream);
	for (int i = 0; i < FOLLOWERS; i++)
		follow_event(&followers[i], "close");
	hop_end(&hop); /* with all of them asleep */
	for (int i = 0; i < FOLLOWERS; i++)
		follow_close(&followers[i]);
}
END_TEST

/* List, then watch. */

/* The table as one knows it who read a list and follows from its cursor. */
struct watcher {
	struct follow follow;
	json_t *table; /* records by id */
	int told;
};

static void
learn(struct watcher *watcher, json_t *conn)
{
	const char *id = path_text(conn, "id");
	json_t *known = json_object_get(watcher->table, id);

	if (known == NULL || path_number(conn, "revision") > path_number(known, "revision"))
		json_object_set(watcher->table, id, conn);
}

static void
watch(struct watcher *watcher, const struct proxy *proxy)
{
	struct answer answer;
	json_t *list, *conn;
	char target[600];
	size_t i;

	http_get(&proxy->admin, "/conns?limit=10000", &answer);
	list = json_loads(answer.body, 0, NULL);
	ck_assert_ptr_nonnull(list);
	http_forget(&answer);
	*watcher = (struct watcher){ .table = json_object() };
	json_array_foreach(json_object_get(list, "conns"), i, conn)
		learn(watcher, conn);
	snprintf(target, sizeof(target), "/events?format=ndjson&since=%s", path_text(list, "cursor"));
	json_decref(list);
	follow_open(&watcher->follow, &proxy->admin, target, "", 0);
	ck_assert_msg(watcher->follow.status == 200, "%s", watcher->follow.headers);
}

/* All that the contract says: sockproxy-api(7), EVENTS. */
static void
hear(struct watcher *watcher)
{
	while (!follow_is_quiet(&watcher->follow)) {
		json_t *event = follow_event(&watcher->follow, NULL), *conn = json_object_get(event, "conn");
		const char *type = path_text(event, "type");

		ck_assert_str_ne(type, "lost");
		ck_assert_ptr_nonnull(conn);
		watcher->told++;
		if (strcmp(type, "close") == 0)
			json_object_del(watcher->table, path_text(conn, "id"));
		else if (strcmp(path_text(conn, "state"), "closed") != 0)
			learn(watcher, conn);
	}
}

static bool
agrees(struct watcher *watcher, json_t *conns)
{
	json_t *conn;
	size_t i;

	hear(watcher);
	if (json_object_size(watcher->table) != json_array_size(conns))
		return false;
	json_array_foreach(conns, i, conn) {
		json_t *known = json_object_get(watcher->table, path_text(conn, "id"));

		if (known == NULL || strcmp(path_text(known, "state"), path_text(conn, "state")) != 0)
			return false;
	}
	return true;
}

static const char *listener;
static atomic_int opened, allowed; /* connections, over all threads; and how many there may be by now */
static int kept[THREADS][KEPT_EACH];

static void *
churn(void *argument)
{
	int *mine = argument;

	for (int i = 0; i < EACH; i++) {
		while (atomic_load(&opened) >= atomic_load(&allowed))
			usleep(500);
		int client = peer_connect(listener);

		if (i % 2 == 0) {
			peer_say(client, "hello");
			peer_expect(client, "hello");
		}
		atomic_fetch_add(&opened, 1);
		if (i % (EACH / KEPT_EACH) == 0)
			mine[i / (EACH / KEPT_EACH)] = client;
		else if (i % 3 == 0)
			peer_reset(&client);
		else
			peer_close(&client);
	}
	return NULL;
}

/* Lists and listens while it churns, but no slower than this process can follow. */
static void
follow_churn(struct watcher watchers[WATCHERS], const struct proxy *proxy)
{
	int watching = 0, before;

	while ((before = atomic_load(&opened)) < THREADS * EACH) {
		atomic_store(&allowed, before + AHEAD);
		if (before > watching * EACH && watching < WATCHERS)
			watch(&watchers[watching++], proxy);
		for (int i = 0; i < watching; i++)
			hear(&watchers[i]);
	}
	ck_assert_int_eq(watching, WATCHERS);
}

START_TEST(who_lists_and_then_watches_knows_the_whole_table)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers 2 --log-conns off", echo_address(echo));
	struct watcher watchers[WATCHERS];
	pthread_t threads[THREADS];
	json_t *conns;

	listener = proxy_listener(proxy, 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, kept[i]), 0);
	follow_churn(watchers, proxy);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wait_until(proxy_active_count(proxy) == THREADS * KEPT_EACH);
	conns = path(http_get_json(proxy, "/conns?limit=10000"), "conns");
	for (int i = 0; i < WATCHERS; i++) {
		wait_until(agrees(&watchers[i], conns));
		ck_assert_int_gt(watchers[i].told, EACH);
		follow_close(&watchers[i].follow);
		json_decref(watchers[i].table);
	}
	for (int i = 0; i < THREADS * KEPT_EACH; i++)
		peer_close(&kept[i / KEPT_EACH][i % KEPT_EACH]);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/events");
	TCase *tcase = tcase_create("events");

	descriptors_need(DESCRIPTORS);
	tcase_set_timeout(tcase, 180);
	tcase_add_test(tcase, a_life_is_told_step_by_step);
	tcase_add_test(tcase, who_is_refused_is_denied_and_nothing_else);
	tcase_add_test(tcase, a_drain_and_its_listeners_are_told);
	tcase_add_test(tcase, an_upstream_whose_name_is_not_found_is_told);
	tcase_add_test(tcase, updates_show_bytes_on_their_way);
	tcase_add_test(tcase, five_hundred_may_follow_and_others_still_get_in);
	tcase_add_test(tcase, who_lists_and_then_watches_knows_the_whole_table);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
