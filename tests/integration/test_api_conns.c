/* SPDX-License-Identifier: MIT */
/* The list of connections: filters, pages, and pages while connections come and go. */
#include "support/api_scene.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "api/cursor.h"
#include "support/suite.h"

static json_t *
list(const char *target)
{
	return json_object_get(api_get(target), "conns");
}

static const char *
id_of(const json_t *conns, size_t index)
{
	return json_string_value(json_object_get(json_array_get(conns, index), "id"));
}

static bool
lists(const json_t *conns, const struct api_conn *conn)
{
	for (size_t i = 0; i < json_array_size(conns); i++) {
		if (strcmp(id_of(conns, i), conn->name) == 0)
			return true;
	}
	return false;
}

START_TEST(conns_shows_the_live_and_keeps_the_closed)
{
	struct api_conn live = api_open(0, 1), closed = api_open(1, 2);
	json_t *conns;

	api_close(&closed);
	conns = list("/conns");
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert(lists(conns, &live));
	ck_assert_int_eq(api_number(api.document, "schema_version"), 1);
	ck_assert(json_is_string(json_object_get(api.document, "time")));
	ck_assert(json_is_string(json_object_get(api.document, "cursor")));
	ck_assert(json_is_null(json_object_get(api.document, "next")));
	ck_assert(json_is_null(json_object_get(api.document, "matched")));
	ck_assert(json_is_null(json_object_get(api.document, "overwritten")));
	ck_assert_uint_eq(json_array_size(list("/conns?state=active")), 1);
	conns = list("/conns?state=closed");
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert(lists(conns, &closed));
	ck_assert_int_eq(api_number(api.document, "overwritten"), 0);
	conns = list("/conns?state=all");
	ck_assert_uint_eq(json_array_size(conns), 2);
	ck_assert(lists(conns, &live));
	ck_assert(lists(conns, &closed));
}
END_TEST

START_TEST(an_empty_list_is_a_list)
{
	ck_assert(json_is_array(list("/conns")));
	ck_assert_uint_eq(json_array_size(list("/conns?state=all&count=1")), 0);
	ck_assert_int_eq(api_number(api.document, "matched"), 0);
}
END_TEST

START_TEST(conns_filters_by_state)
{
	struct api_conn established = api_open(0, 1), flushing = api_open(0, 2);

	api_set_state(&flushing, CONN_FLUSHING);
	ck_assert(lists(list("/conns?state=established"), &established));
	ck_assert(!lists(list("/conns?state=established"), &flushing));
	ck_assert(lists(list("/conns?state=flushing"), &flushing));
	ck_assert_uint_eq(json_array_size(list("/conns?state=connecting")), 0);
}
END_TEST

START_TEST(conns_filters_by_any_of_the_four_ports)
{
	struct api_conn one = api_open(0, 1111), other = api_open(0, 2222);

	api_set_leg(&table_edit(api.track.table, 0, other.slot)->legs[LEG_UPSTREAM], 60000, 3333);
	table_commit(api.track.table, 0, other.slot);
	ck_assert_uint_eq(json_array_size(list("/conns?port=8080")), 2);
	ck_assert(lists(list("/conns?port=1111"), &one));
	ck_assert_uint_eq(json_array_size(list("/conns?port=1111")), 1);
	ck_assert_uint_eq(json_array_size(list("/conns?port=50000")), 1);
	ck_assert(lists(list("/conns?port=3333"), &other));
	ck_assert_uint_eq(json_array_size(list("/conns?port=3333")), 1);
	ck_assert_uint_eq(json_array_size(list("/conns?port=4444")), 0);
	api_close(&one);
	ck_assert(lists(list("/conns?port=1111&state=closed"), &one));
}
END_TEST

START_TEST(conns_filters_by_the_port_of_a_client_that_a_header_named)
{
	struct api_conn conn = api_open(0, 1111);
	struct record *record = table_edit(api.track.table, 0, conn.slot);

	record->client_source = CLIENT_PROXY_V1;
	record->client_protocol = FLOW_TCP;
	record->client.port = 5555;
	table_commit(api.track.table, 0, conn.slot);
	ck_assert(lists(list("/conns?port=5555"), &conn));
	ck_assert(lists(list("/conns?port=1111"), &conn));
	ck_assert_uint_eq(json_array_size(list("/conns?port=6666")), 0);
	api_close(&conn);
}
END_TEST

START_TEST(conns_filters_by_kind)
{
	struct api_conn live = api_open(0, 1), proxied = api_open(0, 2), probe = api_open(1, 3);
	json_t *conns;

	api_close(&proxied);
	api_close_as(&probe, KIND_PROBE);
	ck_assert_uint_eq(json_array_size(list("/conns?state=all&count=1")), 3);
	conns = list("/conns?state=all&kind=proxy&count=1");
	ck_assert_uint_eq(json_array_size(conns), 2);
	ck_assert(!lists(conns, &probe));
	ck_assert_int_eq(api_number(api.document, "matched"), 2);
	ck_assert(lists(list("/conns?state=closed&kind=proxy"), &proxied));
	ck_assert_uint_eq(json_array_size(list("/conns?state=closed&kind=proxy")), 1);
	ck_assert(lists(list("/conns?state=all&kind=probe"), &probe));
	ck_assert_uint_eq(json_array_size(list("/conns?state=all&kind=probe")), 1);
	ck_assert_uint_eq(json_array_size(list("/conns?state=active&kind=probe")), 0);
	ck_assert(lists(list("/conns?kind=proxy"), &live));
	ck_assert_uint_eq(json_array_size(list("/conns?kind=proxy")), 1);
}
END_TEST

/* None that lives is a probe. */
START_TEST(who_asks_for_probes_alone_means_the_closed_ones)
{
	struct api_conn older = api_open(0, 1), newer = api_open(0, 2), last = api_open(1, 3);
	char target[CURSOR_TEXT_MAX + 100];
	json_t *conns;

	api_close_as(&older, KIND_PROBE);
	api_close_as(&newer, KIND_PROBE);
	api_close(&last);
	conns = list("/conns?kind=probe&limit=1&count=1");
	ck_assert_str_eq(id_of(conns, 0), newer.name);
	ck_assert_int_eq(api_number(api.document, "matched"), 2);
	ck_assert_int_eq(api_number(api.document, "overwritten"), 0);
	snprintf(target, sizeof(target), "/conns?kind=probe&after=%s",
	    json_string_value(json_object_get(api.document, "next")));
	conns = list(target);
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert_str_eq(id_of(conns, 0), older.name);
}
END_TEST

START_TEST(a_kind_that_does_not_exist_is_refused_with_the_nearest)
{
	api_ask("/conns?kind=prob");
	ck_assert_int_eq(api.answer.status, 400);
	api_check_problem("bad_value", "kind");
	ck_assert_ptr_nonnull(strstr(api.answer.body, "Expected proxy"));
	ck_assert_ptr_nonnull(strstr(api.answer.body, "did you mean probe?"));
	api_ask("/conns?kind=");
	api_check_problem("bad_value", "kind");
	ck_assert_ptr_null(strstr(api.answer.body, "did you mean"));
}
END_TEST

START_TEST(the_full_view_has_more_than_the_short_one)
{
	struct api_conn conn = api_open(0, 1);

	ck_assert_ptr_null(json_object_get(json_array_get(list("/conns"), 0), "node"));
	ck_assert_ptr_null(json_object_get(json_array_get(list("/conns?view=short"), 0), "node"));
	ck_assert_ptr_nonnull(json_object_get(json_array_get(list("/conns?view=full"), 0), "node"));
	api_close(&conn);
}
END_TEST

/* In runs and in turn, and so that each worker has both. */
static enum record_kind
kind_of(int i)
{
	return i % 10 < 4 || i % 2 == 0 ? KIND_PROXY : KIND_PROBE;
}

START_TEST(closed_ones_come_newest_first_over_all_workers_and_kinds)
{
	enum { CLOSED = 60 };
	struct api_conn conns[CLOSED];

	for (int i = 0; i < CLOSED; i++)
		conns[i] = api_open(i * 7 % API_WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < CLOSED; i++)
		api_close_as(&conns[i], kind_of(i));
	json_t *list_of_closed = list("/conns?state=closed");
	ck_assert_uint_eq(json_array_size(list_of_closed), CLOSED);
	for (int i = 0; i < CLOSED; i++)
		ck_assert_str_eq(id_of(list_of_closed, (size_t)i), conns[CLOSED - 1 - i].name);
}
END_TEST

START_TEST(one_that_is_closed_but_has_its_slot_is_found_once)
{
	struct api_conn conn = api_open(0, 1);
	json_t *conns;

	api_close_only(&conn);
	conns = list("/conns?state=all");
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert(json_is_object(json_object_get(json_array_get(conns, 0), "close")));
	ck_assert_uint_eq(json_array_size(list("/conns")), 0);
	ck_assert_uint_eq(json_array_size(list("/conns?state=closed")), 1);
}
END_TEST

/* Between its two writes the worker may be held up for as long as it takes. */
START_TEST(one_on_its_way_into_the_history_is_not_lost)
{
	struct api_conn conn = api_open(0, 1);

	api_set_state(&conn, CONN_CLOSED);
	ck_assert(lists(list("/conns?state=all"), &conn));
}
END_TEST

START_TEST(count_tells_how_many_match_beyond_the_limit)
{
	struct api_conn conns[30];

	for (int i = 0; i < 30; i++)
		conns[i] = api_open(i % API_WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < 10; i++)
		api_close(&conns[i]);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=3&count=1")), 3);
	ck_assert_int_eq(api_number(api.document, "matched"), 20);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=3&count=1&state=closed")), 3);
	ck_assert_int_eq(api_number(api.document, "matched"), 10);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=25&count=1&state=all")), 25);
	ck_assert_int_eq(api_number(api.document, "matched"), 30);
	ck_assert_uint_eq(json_array_size(list("/conns?count=1&state=all")), 30);
	ck_assert_int_eq(api_number(api.document, "matched"), 30);
	list("/conns?count=1&port=30");
	ck_assert_int_eq(api_number(api.document, "matched"), 1);
	list("/conns?count=0");
	ck_assert(json_is_null(json_object_get(api.document, "matched")));
}
END_TEST

START_TEST(a_limit_that_fits_exactly_has_no_next_page)
{
	for (int i = 0; i < 5; i++)
		api_open(i % API_WORKERS, 1);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=5")), 5);
	ck_assert(json_is_null(json_object_get(api.document, "next")));
	ck_assert_uint_eq(json_array_size(list("/conns?limit=4")), 4);
	ck_assert(json_is_string(json_object_get(api.document, "next")));
}
END_TEST

/* Follows `next` to the end; counts how often each conn was listed, and the pages. */
static int
walk_pages(const char *query, const struct api_conn *conns, int count, int *times)
{
	char target[CURSOR_TEXT_MAX + 100], next[CURSOR_TEXT_MAX] = "";
	bool repeated = false;
	int pages = 0;

	memset(times, 0, (size_t)count * sizeof(*times));
	do {
		snprintf(target, sizeof(target), "/conns?%s%s%s", query, pages == 0 ? "" : "&after=", next);
		json_t *page = list(target);
		pages++;
		for (size_t i = 0; i < json_array_size(page); i++) {
			const char *id = id_of(page, i);

			for (size_t j = 0; j < i; j++)
				repeated = repeated || strcmp(id, id_of(page, j)) == 0;
			for (int j = 0; j < count; j++)
				times[j] += strcmp(id, conns[j].name) == 0;
		}
		const char *more = json_string_value(json_object_get(api.document, "next"));
		snprintf(next, sizeof(next), "%s", more == NULL ? "" : more);
	} while (next[0] != '\0');
	ck_assert(!repeated);
	return pages;
}

START_TEST(pages_show_each_once)
{
	static const char *const queries[] = { "state=all&limit=7", "state=all&limit=1", "state=all&limit=10",
		"state=all&limit=20&view=full" };
	struct api_conn conns[30];
	int times[30];

	for (int i = 0; i < 30; i++)
		conns[i] = api_open(i % API_WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < 20; i++)
		api_close_as(&conns[i], kind_of(i));
	for (size_t q = 0; q < sizeof(queries) / sizeof(queries[0]); q++) {
		ck_assert_int_gt(walk_pages(queries[q], conns, 30, times), 1);
		for (int i = 0; i < 30; i++)
			ck_assert_int_eq(times[i], 1);
	}
	walk_pages("limit=3", conns, 30, times);
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(times[i], i >= 20);
	walk_pages("state=closed&limit=3", conns, 30, times);
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(times[i], i < 20);
	for (int kind = KIND_PROXY; kind <= KIND_PROBE; kind++) {
		char query[64];

		snprintf(query, sizeof(query), "state=closed&limit=2&kind=%s", record_kind_text(kind));
		ck_assert_int_gt(walk_pages(query, conns, 30, times), 1);
		for (int i = 0; i < 30; i++)
			ck_assert_int_eq(times[i], i < 20 && (int)kind_of(i) == kind);
	}
}
END_TEST

/* A cursor tells the places in all rings, also in those that its list had no use for. */
START_TEST(a_list_goes_on_with_another_kind)
{
	struct api_conn conns[20];
	char target[CURSOR_TEXT_MAX + 100];

	for (int i = 0; i < 20; i++)
		conns[i] = api_open(i % API_WORKERS, 1);
	for (int i = 0; i < 20; i++)
		api_close_as(&conns[i], kind_of(i));
	list("/conns?state=closed&kind=proxy&limit=1");
	snprintf(target, sizeof(target), "/conns?kind=probe&after=%s",
	    json_string_value(json_object_get(api.document, "next")));
	json_t *probes = list(target);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(lists(probes, &conns[i]), kind_of(i) == KIND_PROBE);
}
END_TEST

/* Workers whose connections come and go as fast as they can.  One thread for all: more would leave the
 * api, which is nice, no processor. */
static atomic_bool churning;

static void *
churn(void *unused)
{
	struct api_conn conns[40];

	for (int i = 0; i < 40; i++)
		conns[i] = api_open(i % API_WORKERS, 7);
	for (int oldest = 0; atomic_load(&churning); oldest = (oldest + 1) % 40) {
		api_close_as(&conns[oldest], kind_of(oldest));
		conns[oldest] = api_open(oldest % API_WORKERS, 7);
	}
	return unused;
}

START_TEST(pages_are_right_while_connections_come_and_go)
{
	enum { STAYING = 60 };
	static const char *const queries[] = { "limit=11", "state=all&limit=200", "limit=7&filter=client.port+in+(8,9)",
		"state=all&limit=50&filter=not+reason==client_fin&view=full" };
	pthread_t thread;
	struct api_conn staying[STAYING];
	int times[STAYING];

	for (int i = 0; i < STAYING; i++) {
		struct api_conn gap = api_open(i % API_WORKERS, 7);

		staying[i] = api_open(i % API_WORKERS, 8);
		api_close(&gap);
	}
	atomic_store(&churning, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, churn, NULL), 0);
	for (int round = 0; round < 12; round++) {
		walk_pages(queries[round % 4], staying, STAYING, times);
		for (int i = 0; i < STAYING; i++)
			ck_assert_int_eq(times[i], 1);
		walk_pages("state=closed&limit=500", staying, STAYING, times);
		api_get("/stats");
	}
	atomic_store(&churning, false);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_closed_list_tells_what_was_overwritten_between_pages)
{
	char target[CURSOR_TEXT_MAX + 100];

	for (int i = 0; i < API_HISTORY; i++) {
		struct api_conn conn = api_open(0, 1);
		api_close(&conn);
	}
	list("/conns?state=closed&limit=10");
	ck_assert_int_eq(api_number(api.document, "overwritten"), 0);
	snprintf(target, sizeof(target), "/conns?state=closed&limit=10000&after=%s",
	    json_string_value(json_object_get(api.document, "next")));
	ck_assert_uint_eq(json_array_size(list(target)), API_HISTORY - 10);
	ck_assert_int_eq(api_number(api.document, "overwritten"), 0);
	for (int i = 0; i < 100; i++) {
		struct api_conn conn = api_open(0, 1);
		api_close(&conn);
	}
	ck_assert_uint_eq(json_array_size(list(target)), API_HISTORY - 10 - 100);
	ck_assert_int_eq(api_number(api.document, "overwritten"), 100);
	for (int i = 0; i < 2 * API_HISTORY; i++) {
		struct api_conn conn = api_open(0, 1);
		api_close(&conn);
	}
	ck_assert_uint_eq(json_array_size(list(target)), 0);
	ck_assert_int_eq(api_number(api.document, "overwritten"), API_HISTORY - 10);
}
END_TEST

static void
close_many(int count, enum record_kind kind)
{
	for (int i = 0; i < count; i++) {
		struct api_conn conn = api_open(0, 1);

		api_close_as(&conn, kind);
	}
}

START_TEST(what_a_scan_overwrites_is_told_to_whom_it_concerns)
{
	static const struct {
		const char *query;
		int64_t listed, overwritten;
	} cases[] = {
		{ "state=closed", API_HISTORY - 3 + HISTORY_PROBES - 10, 10 },
		{ "state=closed&kind=proxy", API_HISTORY - 3, 0 },
		{ "state=closed&kind=probe", HISTORY_PROBES - 10, 10 },
	};
	char next[CURSOR_TEXT_MAX], target[CURSOR_TEXT_MAX + 100];

	close_many(HISTORY_PROBES, KIND_PROBE);
	close_many(API_HISTORY, KIND_PROXY);
	list("/conns?state=closed&limit=3");
	strcpy(next, json_string_value(json_object_get(api.document, "next")));
	close_many(10, KIND_PROBE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/conns?%s&limit=10000&after=%s", cases[i].query, next);
		ck_assert_int_eq((int64_t)json_array_size(list(target)), cases[i].listed);
		ck_assert_int_eq(api_number(api.document, "overwritten"), cases[i].overwritten);
	}
}
END_TEST

START_TEST(a_cursor_is_for_its_list_and_its_boot)
{
	char target[CURSOR_TEXT_MAX + 100], next[CURSOR_TEXT_MAX];

	for (int i = 0; i < 4; i++) {
		struct api_conn conn = api_open(0, 1);
		if (i % 2 == 0)
			api_close(&conn);
	}
	list("/conns?limit=1");
	strcpy(next, json_string_value(json_object_get(api.document, "next")));
	snprintf(target, sizeof(target), "/conns?state=closed&after=%s", next);
	api_ask(target);
	api_check_problem("bad_value", "after");
	snprintf(target, sizeof(target), "/conns?state=all&after=%s", next);
	api_get(target);
	snprintf(target, sizeof(target), "/conns?after=%s", json_string_value(json_object_get(api.document, "cursor")));
	api_ask(target);
	api_check_problem("bad_value", "after");
	api.track.boot ^= 1;
	snprintf(target, sizeof(target), "/conns?after=%s", next);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 410);
	api_check_problem("cursor_gone", "after");
}
END_TEST

/* Cursors in the right form with numbers that no answer ever had. */
START_TEST(an_invented_cursor_does_no_harm)
{
	static const struct {
		const char *state, *numbers;
		int status;
	} cases[] = {
		{ "all", ".0.0", 200 },
		{ "all", ".7f.ffffff", 200 },
		{ "all", ".ffffffffffffffff.0", 400 },
		{ "all", ".0.1000000", 400 },
		{ "all", ".0", 400 },
		{ "all", ".0.0.0", 400 },
		{ "all", "", 400 },
		{ "closed", ".0.0.0.0.0.0.0.0.0.0.0.0", 200 },
		{ "closed", ".1.1.0.0.0.0.0.0.0.0.0.0", 200 },
		{ "closed", ".1.2.0.0.0.0.0.0.0.0.0.0", 400 },
		{ "closed", ".2.1.0.0.0.0.0.0.0.0.0.0", 400 },
		{ "closed", ".ffffffffffffffff.ffffffffffffffff.0.0.0.0.0.0.0.0.0.0", 400 },
		{ "closed", ".0.0.0.0.0.0.0.0.0.0.0", 400 },
		{ "closed", ".0.0.0.0.0.0", 400 },
		{ "closed", ".0.0.0.0.0.0.0.0.0.0.0.0.0.0", 400 },
		{ "closed", ".0.0.1.1.0.0.0.0.0.0.0.0", 200 },
		{ "closed", ".0.0.2.2.0.0.0.0.0.0.0.0", 400 },
	};
	struct api_conn conn = api_open(0, 1), probe = api_open(0, 2);
	char target[200];

	api_close(&conn);
	api_close_as(&probe, KIND_PROBE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/conns?state=%s&after=%c%llx%s", cases[i].state,
		    strcmp(cases[i].state, "closed") == 0 ? 'h' : 't', (unsigned long long)api.track.boot,
		    cases[i].numbers);
		api_ask(target);
		ck_assert_msg(api.answer.status == cases[i].status, "%s: %d", target, api.answer.status);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api conns");
	TCase *tcase = tcase_create("lists and pages");

	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, conns_shows_the_live_and_keeps_the_closed);
	tcase_add_test(tcase, an_empty_list_is_a_list);
	tcase_add_test(tcase, conns_filters_by_state);
	tcase_add_test(tcase, conns_filters_by_any_of_the_four_ports);
	tcase_add_test(tcase, conns_filters_by_the_port_of_a_client_that_a_header_named);
	tcase_add_test(tcase, conns_filters_by_kind);
	tcase_add_test(tcase, who_asks_for_probes_alone_means_the_closed_ones);
	tcase_add_test(tcase, a_kind_that_does_not_exist_is_refused_with_the_nearest);
	tcase_add_test(tcase, the_full_view_has_more_than_the_short_one);
	tcase_add_test(tcase, closed_ones_come_newest_first_over_all_workers_and_kinds);
	tcase_add_test(tcase, one_that_is_closed_but_has_its_slot_is_found_once);
	tcase_add_test(tcase, one_on_its_way_into_the_history_is_not_lost);
	tcase_add_test(tcase, count_tells_how_many_match_beyond_the_limit);
	tcase_add_test(tcase, a_limit_that_fits_exactly_has_no_next_page);
	tcase_add_test(tcase, pages_show_each_once);
	tcase_add_test(tcase, a_list_goes_on_with_another_kind);
	tcase_add_test(tcase, pages_are_right_while_connections_come_and_go);
	tcase_add_test(tcase, a_closed_list_tells_what_was_overwritten_between_pages);
	tcase_add_test(tcase, what_a_scan_overwrites_is_told_to_whom_it_concerns);
	tcase_add_test(tcase, a_cursor_is_for_its_list_and_its_boot);
	tcase_add_test(tcase, an_invented_cursor_does_no_harm);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
