/* SPDX-License-Identifier: MIT */
/* After a load that is known: /conns, /stats, /listeners, /upstreams and /metrics say the same, exactly. */
#include <stdio.h>
#include <string.h>
#include "support/exposition.h"
#include "support/hop.h"
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"
#include "track/close_reason.h"
#include "track/conn_state.h"

enum { PAIRS = 2, ROUNDS = 4, OPEN = 3, BIG = 300000 };

static const char *const legs[] = { "client", "upstream" };

static struct proxy *proxy;
static int upstreams[PAIRS];
static int open_clients[OPEN], open_upstreams[OPEN];
static struct exposition scraped;

static void
scrape(void)
{
	struct answer answer;

	exposition_forget(&scraped);
	http_get(&proxy->admin, "/metrics", &answer);
	ck_assert_int_eq(answer.status, 200);
	scraped = exposition_read(answer.body);
	http_forget(&answer);
}

/* The labels of a pair, as /stats has the names. */
static const char *
labels(int pair)
{
	static char text[2 * PEER_NAME_MAX + 64];
	json_t *listener = path(path(http_get_json(proxy, "/stats"), "listeners"), pair == 0 ? "0" : "1");

	snprintf(text, sizeof(text), "listener=\"%s\",upstream=\"%s\"", path_text(listener, "name"),
	    path_text(listener, "upstream"));
	return text;
}

/* A question, the answer in two pieces, and a large one; two turns. */
static void
talk(int client, int upstream)
{
	peer_say(client, "question");
	peer_expect(upstream, "question");
	peer_say(upstream, "answer");
	peer_expect(client, "answer");
	peer_say(client, "more");
	peer_expect(upstream, "more");
	peer_send_pattern(upstream, 0, BIG);
	peer_expect_pattern(client, 0, BIG);
}

static void
end_in_order(int client, int upstream)
{
	peer_close(&client);
	peer_expect_end(upstream);
	peer_close(&upstream);
}

static void
end_by_reset(int client, int upstream)
{
	peer_reset(&upstream);
	peer_expect_reset(client);
	peer_close(&client);
}

static void
open_one(int pair, int *client, int *upstream)
{
	*client = peer_connect(proxy_listener(proxy, pair));
	*upstream = peer_accept(upstreams[pair]);
}

/* Of each pair some talk and end, in order and by a reset; some come and go without a word; some stay. */
static void
load(void)
{
	int client, upstream, closed = 0;

	for (int pair = 0; pair < PAIRS; pair++) {
		for (int i = 0; i < ROUNDS; i++) {
			open_one(pair, &client, &upstream);
			talk(client, upstream);
			(i % 2 == 0 ? end_in_order : end_by_reset)(client, upstream);
			open_one(pair, &client, &upstream);
			end_in_order(client, upstream);
			closed += 2;
		}
	}
	for (int i = 0; i < OPEN; i++) {
		open_one(i % PAIRS, &open_clients[i], &open_upstreams[i]);
		talk(open_clients[i], open_upstreams[i]);
	}
	wait_until(proxy_stat(proxy, "totals.connections_closed") == closed);
	wait_until(proxy_is_settled(proxy));
}

/* The second target of the first pair refuses: round robin comes to it each other time. */
static void
setup(void)
{
	struct peer_name nowhere = peer_nowhere();

	for (int pair = 0; pair < PAIRS; pair++)
		upstreams[pair] = peer_listen("127.0.0.1:0");
	proxy = proxy_start("--workers 3 -l 127.0.0.1:0 -u %s,%s -l [::1]:0 -u %s", peer_local(upstreams[0]).text,
	    nowhere.text, peer_local(upstreams[1]).text);
	load();
}

static void
teardown(void)
{
	exposition_forget(&scraped);
	for (int i = 0; i < OPEN && open_clients[i] != -1; i++) {
		peer_close(&open_clients[i]);
		peer_close(&open_upstreams[i]);
	}
	for (int pair = 0; pair < PAIRS; pair++)
		peer_close(&upstreams[pair]);
	proxy_stop(proxy);
}

/* All records there are of a pair. */
static json_t *
records(int pair)
{
	char target[512];

	snprintf(target, sizeof(target), "/conns?state=all&view=full&limit=10000&listener=%s",
	    pair == 0 ? "127.0.0.1:0" : "[::1]:0");
	return path(http_get_json(proxy, target), "conns");
}

static json_int_t
sum_over_records(const json_t *conns, const char *field)
{
	json_int_t sum = 0;
	size_t i;
	json_t *record;

	json_array_foreach(conns, i, record) {
		json_t *value = path(record, field);

		sum += json_is_integer(value) ? json_integer_value(value) : 0;
	}
	return sum;
}

/* How many records have this text in a field of an object that may be null. */
static int
count_records(const json_t *conns, const char *object, const char *field, const char *text)
{
	int count = 0;
	size_t i;
	json_t *record;

	json_array_foreach(conns, i, record) {
		json_t *within = *object == '\0' ? record : path(record, object);

		if (json_is_null(within))
			continue;
		const char *value = path_text(within, field);
		count += value == NULL ? text == NULL : text != NULL && strcmp(value, text) == 0;
	}
	return count;
}

static json_t *
stats_of(int pair)
{
	return path(path(http_get_json(proxy, "/stats"), "listeners"), pair == 0 ? "0" : "1");
}

START_TEST(bytes_are_the_sum_of_what_records_say)
{
	scrape();
	for (int pair = 0; pair < PAIRS; pair++) {
		json_t *conns = records(pair);

		for (int leg = 0; leg < 2; leg++) {
			char field[64], name[64];

			snprintf(field, sizeof(field), "legs.%s.bytes_received", legs[leg]);
			json_int_t received = sum_over_records(conns, field);
			snprintf(field, sizeof(field), "legs.%s.bytes_sent", legs[leg]);
			json_int_t sent = sum_over_records(conns, field);
			ck_assert_int_gt(received, 0);
			ck_assert_int_eq(exposition_number(&scraped, "sockproxy_received_bytes_total{%s,leg=\"%s\"}",
					     labels(pair), legs[leg]),
			    received);
			ck_assert_int_eq(exposition_number(&scraped, "sockproxy_sent_bytes_total{%s,leg=\"%s\"}",
					     labels(pair), legs[leg]),
			    sent);
			snprintf(name, sizeof(name), "%s_bytes_received", legs[leg]);
			ck_assert_int_eq(path_number(stats_of(pair), name), received);
			snprintf(name, sizeof(name), "%s_bytes_sent", legs[leg]);
			ck_assert_int_eq(path_number(stats_of(pair), name), sent);
		}
	}
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_received_bytes_total", "leg=\"client\"", NULL),
	    proxy_stat(proxy, "totals.client_bytes_received"));
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_sent_bytes_total", "leg=\"client\"", NULL),
	    proxy_stat(proxy, "totals.client_bytes_sent"));
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_undelivered_bytes_total", NULL, NULL),
	    proxy_stat(proxy, "totals.undelivered_to_client_bytes") +
		proxy_stat(proxy, "totals.undelivered_to_upstream_bytes"));
}
END_TEST

START_TEST(ends_are_counted_by_reason_and_initiator)
{
	scrape();
	for (int pair = 0; pair < PAIRS; pair++) {
		json_t *conns = records(pair);
		int all = 0;

		for (int why = WHY_NONE + 1; why < WHY_COUNT; why++) {
			const char *reason = close_meanings[why].text;
			char label[80], member[96];
			int count = count_records(conns, "close", "reason", reason);

			all += count;
			snprintf(label, sizeof(label), "reason=\"%s\"", reason);
			ck_assert_int_eq(
			    exposition_sum(&scraped, "sockproxy_connections_closed_total", labels(pair), label), count);
			snprintf(member, sizeof(member), "connections_closed_by_reason.%s", reason);
			ck_assert_int_eq(path_number(stats_of(pair), member), count);
		}
		for (int by = BY_CLIENT; by <= BY_ADMIN; by++) {
			const char *initiator = close_initiator_text((enum close_initiator)by);
			char label[80];

			snprintf(label, sizeof(label), "initiator=\"%s\"", initiator);
			ck_assert_int_eq(
			    exposition_sum(&scraped, "sockproxy_connections_closed_total", labels(pair), label),
			    count_records(conns, "close", "initiator", initiator));
		}
		ck_assert_int_eq(
		    exposition_sum(&scraped, "sockproxy_connections_closed_total", labels(pair), "\"unknown\""),
		    count_records(conns, "close", "initiator", NULL));
		ck_assert_int_eq(all, 2 * ROUNDS);
		ck_assert_int_eq(path_number(stats_of(pair), "connections_closed"), all);
		ck_assert_int_eq(
		    exposition_number(&scraped, "sockproxy_connection_duration_seconds_count{%s}", labels(pair)), all);
		ck_assert_int_eq(path_number(stats_of(pair), "duration_us.count"), all);
	}
	ck_assert_int_eq(exposition_number(&scraped, "sockproxy_connections_closed_kind_total{kind=\"probe\"}"),
	    proxy_stat(proxy, "connections_closed_by_kind.probe"));
}
END_TEST

START_TEST(what_is_open_is_counted_by_state)
{
	scrape();
	for (int pair = 0; pair < PAIRS; pair++) {
		json_t *conns = records(pair);
		int accepted = (int)json_array_size(conns);

		for (int state = 0; state < CONN_CLOSED; state++) {
			const char *text = conn_state_text((enum conn_state)state);
			char member[80];
			int count = count_records(conns, "", "state", text);

			ck_assert_int_eq(exposition_number(&scraped, "sockproxy_connections_active{%s,state=\"%s\"}",
					     labels(pair), text),
			    count);
			snprintf(member, sizeof(member), "connections_by_state.%s", text);
			ck_assert_int_eq(path_number(stats_of(pair), member), count);
		}
		ck_assert_int_eq(
		    exposition_number(&scraped, "sockproxy_connections_accepted_total{%s}", labels(pair)), accepted);
		ck_assert_int_eq(path_number(stats_of(pair), "connections_accepted"), accepted);
		ck_assert_int_eq(
		    path_number(
			path(path(http_get_json(proxy, "/listeners"), "listeners"), pair == 0 ? "0" : "1"), "accepted"),
		    accepted);
	}
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_connections_active", NULL, NULL), OPEN);
	ck_assert_int_eq(proxy_stat(proxy, "connections_active"), OPEN);
}
END_TEST

/* Those that came after an overlap the record counts, but how long they took tells nothing. */
START_TEST(turns_are_those_of_the_records)
{
	scrape();
	for (int pair = 0; pair < PAIRS; pair++) {
		json_t *conns = records(pair), *record;
		json_int_t all = sum_over_records(conns, "turns.count"), told_apart = all;
		size_t i;

		json_array_foreach(conns, i, record) {
			if (json_is_true(path(record, "turns.overlapped")))
				told_apart -= path_number(record, "turns.count");
		}
		long long counted = exposition_number(
		    &scraped, "sockproxy_turn_duration_seconds_count{%s}", labels(pair));
		ck_assert_int_eq(all, 2 * (ROUNDS + (pair == 0 ? (OPEN + 1) / 2 : OPEN / 2)));
		ck_assert_int_ge(counted, told_apart);
		ck_assert_int_le(counted, all);
		ck_assert_int_eq(path_number(stats_of(pair), "turn_us.count"), counted);
	}
}
END_TEST

/* By target and result: of all records' attempts, of /upstreams, and of the metrics. */
START_TEST(attempts_are_those_of_the_records)
{
	json_t *shown = path(http_get_json(proxy, "/upstreams"), "upstreams");
	json_int_t all = 0;
	size_t u, t;
	json_t *upstream, *target;

	scrape();
	json_array_foreach(shown, u, upstream) {
		json_t *conns = records((int)u);
		json_int_t connected = 0;

		json_array_foreach(path(upstream, "targets"), t, target) {
			const char *result;
			json_t *count;

			json_object_foreach(path(target, "connect_attempts"), result, count) {
				json_int_t told = 0;
				size_t i, a;
				json_t *record, *attempt;

				json_array_foreach(conns, i, record) {
					json_array_foreach(path(record, "attempts"), a, attempt) {
						told += strcmp(path_text(attempt, "target"),
							    path_text(target, "name")) == 0 &&
							strcmp(path_text(attempt, "result"), result) == 0;
					}
				}
				ck_assert_int_eq(json_integer_value(count), told);
				ck_assert_int_eq(exposition_number(&scraped,
						     "sockproxy_upstream_connect_attempts_total{upstream=\"%s\","
						     "target=\"%s\",result=\"%s\"}",
						     path_text(upstream, "name"), path_text(target, "name"), result),
				    told);
				all += told;
				connected += strcmp(result, "connected") == 0 ? told : 0;
			}
			ck_assert_int_eq(
			    exposition_number(&scraped, "sockproxy_source_ports_in_use{upstream=\"%s\",target=\"%s\"}",
				path_text(upstream, "name"), path_text(target, "name")),
			    path_number(target, "source_ports_in_use"));
		}
		ck_assert_int_eq(path_number(upstream, "connect_us.count"), connected);
		ck_assert_int_eq(
		    exposition_number(&scraped, "sockproxy_upstream_connect_duration_seconds_count{upstream=\"%s\"}",
			path_text(upstream, "name")),
		    connected);
	}
	ck_assert_int_eq(proxy_stat(proxy, "totals.connect_attempts"), all);
	ck_assert_int_gt(exposition_sum(&scraped, "sockproxy_upstream_connect_attempts_total", "\"refused\"", NULL), 0);
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_upstream_connect_attempts_total", "\"refused\"", NULL),
	    proxy_stat(proxy, "totals.connect_failures"));
}
END_TEST

/* When all have ended no sample can come in between. */
START_TEST(segments_are_those_that_records_have_of_their_ends)
{
	for (int i = 0; i < OPEN; i++) {
		peer_close(&open_clients[i]);
		peer_expect_end(open_upstreams[i]);
		peer_close(&open_upstreams[i]);
	}
	wait_until(proxy_stat(proxy, "connections_active") == 0);
	wait_until(proxy_stat(proxy, "totals.connections_closed") == 2 * ROUNDS * PAIRS + OPEN);
	scrape();
	for (int pair = 0; pair < PAIRS; pair++) {
		json_t *conns = records(pair);

		/* Refused SYNs are no part of the records any more, and only the first pair's upstream has some. */
		for (int leg = 0; leg < (pair == 0 ? 1 : 2); leg++) {
			char field[64];

			snprintf(field, sizeof(field), "legs.%s.tcp.segments_sent", legs[leg]);
			ck_assert_int_eq(exposition_number(&scraped, "sockproxy_tcp_segments_sent_total{%s,leg=\"%s\"}",
					     labels(pair), legs[leg]),
			    sum_over_records(conns, field));
			snprintf(field, sizeof(field), "legs.%s.tcp.retransmits_total", legs[leg]);
			ck_assert_int_eq(
			    exposition_number(&scraped, "sockproxy_tcp_segments_retransmitted_total{%s,leg=\"%s\"}",
				labels(pair), legs[leg]),
			    sum_over_records(conns, field));
		}
		ck_assert_int_ge(
		    exposition_number(&scraped, "sockproxy_tcp_rtt_seconds_count{%s,leg=\"client\"}", labels(pair)),
		    (long long)json_array_size(conns));
	}
	ck_assert_int_eq(exposition_sum(&scraped, "sockproxy_connections_active", NULL, NULL), 0);
	ck_assert_ptr_null(strstr(scraped.text, "sockproxy_connection_oldest_age_seconds{"));
}
END_TEST

START_TEST(bytes_move_while_a_connection_lives)
{
	char series[512];

	snprintf(series, sizeof(series), "sockproxy_received_bytes_total{%s,leg=\"client\"}", labels(0));
	scrape();
	long long before = exposition_number(&scraped, "%s", series);
	peer_say(open_clients[0], "hello");
	peer_expect(open_upstreams[0], "hello");
	scrape();
	ck_assert_int_eq(exposition_number(&scraped, "%s", series), before + 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/numbers_agree");
	TCase *tcase = tcase_create("numbers");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bytes_are_the_sum_of_what_records_say);
	tcase_add_test(tcase, ends_are_counted_by_reason_and_initiator);
	tcase_add_test(tcase, what_is_open_is_counted_by_state);
	tcase_add_test(tcase, turns_are_those_of_the_records);
	tcase_add_test(tcase, attempts_are_those_of_the_records);
	tcase_add_test(tcase, segments_are_those_that_records_have_of_their_ends);
	tcase_add_test(tcase, bytes_move_while_a_connection_lives);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
