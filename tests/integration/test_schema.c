/* SPDX-License-Identifier: MIT */
/* Real records of every kind beside what /schema says of them; the judge also sees to it that it notices what is wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/schema.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { OVER_TCP, OVER_UNIX, OVER_IPV6, TO_NOWHERE, WITHOUT_NAME, PAIRS };

static char directory[64];
static struct proxy *proxy;
static int listeners[2];

static void
setup(void)
{
	char upstream[128];

	strcpy(directory, "/tmp/sockproxy-schema-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(upstream, sizeof(upstream), "unix:%s/upstream", directory);
	listeners[OVER_TCP] = peer_listen("127.0.0.1:0");
	listeners[OVER_UNIX] = peer_listen(upstream);
	proxy = proxy_start("-l 127.0.0.1:0 -u %s -l unix:%s/listener -u %s -l [::1]:0 -u %s "
			    "-l 127.0.0.1:0 -u %s,%s -l 127.0.0.1:0 -u no-such-host.invalid:80 "
			    "--deny ::1 --resolver %s --drain-timeout 0 --admin-write --log-conns json",
	    peer_local(listeners[OVER_TCP]).text, directory, upstream, peer_nowhere().text, peer_nowhere().text,
	    peer_nowhere().text, peer_nowhere().text);
}

static void
teardown(void)
{
	static const char *const names[] = { "listener", "upstream" };
	char file[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", directory, names[i]);
		unlink(file);
	}
	rmdir(directory);
}

static int
connect_over(int pair, int *upstream)
{
	int client = peer_connect(proxy_listener(proxy, pair));

	*upstream = peer_accept(listeners[pair]);
	peer_say(client, "to");
	peer_expect(*upstream, "to");
	peer_say(*upstream, "fro");
	peer_expect(client, "fro");
	return client;
}

static void
play_ends(void)
{
	int client, upstream;
	json_t *answer;
	char target[128];

	for (int pair = OVER_TCP; pair <= OVER_UNIX; pair++) {
		client = connect_over(pair, &upstream);
		peer_close(&client);
		peer_expect_end(upstream);
		peer_close(&upstream);
		client = connect_over(pair, &upstream);
		peer_close(&upstream);
		peer_expect_end(client);
		peer_close(&client);
	}
	client = connect_over(OVER_TCP, &upstream);
	peer_reset(&client);
	peer_expect_reset(upstream);
	peer_close(&upstream);
	for (int pair = OVER_IPV6; pair <= WITHOUT_NAME; pair++) {
		client = peer_connect(proxy_listener(proxy, pair));
		peer_expect_reset(client);
		peer_close(&client);
	}
	client = peer_connect(proxy_listener(proxy, OVER_TCP)); /* a probe */
	upstream = peer_accept(listeners[OVER_TCP]);
	peer_close(&client);
	peer_expect_end(upstream);
	peer_close(&upstream);
	client = connect_over(OVER_TCP, &upstream);
	snprintf(target, sizeof(target), "/conns/%s", path_text(proxy_live(proxy, "established"), "id"));
	ck_assert_int_eq(http_order(proxy, "DELETE", target, "X-Reason: INC-4711\r\n", &answer), 202);
	peer_expect_reset(client);
	peer_close(&client);
	peer_close(&upstream);
	wait_until(proxy_history_count(proxy) == 10);
}

static void
add_part(json_t *all, const char *view, json_t *records)
{
	char target[64];

	snprintf(target, sizeof(target), "/schema?view=%s", view);
	json_object_set_new(
	    all, view, json_pack("{s:O, s:o}", "schema", http_get_json(proxy, target), "records", records));
}

/* Those that are listed, and what a list does not show: each by itself, and as the log has it. */
static json_t *
single_records(const json_t *list)
{
	json_t *records = json_array(), *record, *line;
	size_t i;

	json_array_foreach(list, i, record) {
		char target[128];

		snprintf(target, sizeof(target), "/conns/%s", path_text(record, "id"));
		json_array_append(records, http_get_json(proxy, target));
	}
	wait_until(proxy_count_said(proxy, "\n{") == 8); /* neither the probe nor who was refused */
	for (const char *at = proxy_stderr(proxy); (at = strstr(at, "\n{")) != NULL; at++) {
		line = json_loads(at + 1, JSON_DISABLE_EOF_CHECK, NULL);
		ck_assert_ptr_nonnull(line);
		json_array_append_new(records, line);
	}
	return records;
}

START_TEST(records_are_as_the_schema_says)
{
	json_t *all = json_object();
	int over_tcp[2], over_unix[2], young;

	play_ends();
	over_tcp[0] = connect_over(OVER_TCP, &over_tcp[1]);
	over_unix[0] = connect_over(OVER_UNIX, &over_unix[1]);
	young = peer_connect(proxy_listener(proxy, OVER_TCP));
	wait_until(proxy_active_count(proxy) == 3);
	json_t *list = path(http_get_json(proxy, "/conns?state=all"), "conns");
	ck_assert_uint_eq(json_array_size(list), 13);
	add_part(all, "short", json_incref(list));
	add_part(all, "full", json_incref(path(http_get_json(proxy, "/conns?state=all&view=full"), "conns")));
	add_part(all, "single", single_records(list));
	ck_assert(json_equal(path(all, "single.schema"), http_get_json(proxy, "/schema")));
	schema_judge(all);
	for (int i = 0; i < 2; i++) {
		peer_close(&over_tcp[i]);
		peer_close(&over_unix[i]);
	}
	peer_close(&young);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_view_is_one_of_three)
{
	struct answer answer;

	http_get(&proxy->admin, "/schema?view=ful", &answer);
	ck_assert_int_eq(answer.status, 400);
	ck_assert_ptr_nonnull(strstr(answer.body, "did you mean full?"));
	http_forget(&answer);
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/schema");
	TCase *tcase = tcase_create("schema");

	if (!schema_has_judge()) {
		puts("skipped: python3-jsonschema is missing");
		return 77;
	}
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, records_are_as_the_schema_says);
	tcase_add_test(tcase, a_view_is_one_of_three);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
