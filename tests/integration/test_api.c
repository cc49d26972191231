/* SPDX-License-Identifier: MIT */
/* The HTTP interface over facts that the test writes as a worker would. */
#include "api/server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "api/cursor.h"
#include "base/clock.h"
#include "support/http_ask.h"
#include "support/suite.h"
#include "track/conn_id.h"

enum { WORKERS = 3, MAX_CONNS = 20000, HISTORY = 1000, UPSTREAM_PORT = 9, CLIENTS_MAX = 256 };

static struct settings settings;
static struct track track;
static _Atomic int readiness;
static struct server *server;
static struct addr at;
static char directory[] = "/tmp/sockproxy-test-XXXXXX";

static struct answer answer;
static json_t *document;

static void
start_server(const char *admin)
{
	ck_assert(addr_parse(&settings.admin, admin));
	ck_assert_int_eq(server_start(&server, &track, &readiness, CLIENTS_MAX), 0);
	at = *server_address(server);
}

static void
setup(void)
{
	sigset_t all;

	/* As the daemon does before it starts a thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	settings.pair_count = 2;
	settings.workers = WORKERS;
	settings.history = HISTORY;
	settings.buffer_memory = 1 << 20;
	settings.demo = true;
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.listeners[1].name, "unix:/run/\xff\"");
	strcpy(settings.upstreams[0].name, "db:5432");
	strcpy(settings.upstreams[1].name, "web:80");
	ck_assert_int_eq(track_init(&track, &settings, MAX_CONNS), 0);
	atomic_store(&readiness, READY);
	start_server("127.0.0.1:0");
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
forget(void)
{
	http_forget(&answer);
	answer = (struct answer){ 0 };
	json_decref(document);
	document = NULL;
}

static void
teardown(void)
{
	forget();
	server_stop(server);
	track_fini(&track);
	rmdir(directory);
}

/* What a worker does, one connection at a time. */

struct conn {
	int worker;
	uint32_t slot;
	uint64_t id;
	char name[CONN_ID_TEXT_MAX];
};

static void
set_leg(struct record_leg *leg, uint16_t source_port, uint16_t destination_port)
{
	struct addr source, destination;

	addr_parse(&source, "127.0.0.1:1");
	addr_parse(&destination, "127.0.0.1:2");
	addr_set_port(&source, source_port);
	addr_set_port(&destination, destination_port);
	flow_set(&leg->flow, &source, &destination);
}

static struct conn
open_conn(int worker, uint16_t client_port)
{
	struct conn conn = { .worker = worker };

	ck_assert(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &conn.slot);
	record->state = CONN_ESTABLISHED;
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	set_leg(&record->legs[LEG_CLIENT], client_port, 8080);
	set_leg(&record->legs[LEG_UPSTREAM], 50000, UPSTREAM_PORT);
	conn.id = record->id;
	table_commit(track.table, worker, conn.slot);
	conn_id_format(track.boot, conn.id, conn.name);
	return conn;
}

static void
set_state(const struct conn *conn, enum conn_state state)
{
	table_edit(track.table, conn->worker, conn->slot)->state = (uint8_t)state;
	table_commit(track.table, conn->worker, conn->slot);
}

/* Closed, but still in its slot, as until the end of the worker's turn. */
static void
close_conn_only(const struct conn *conn)
{
	struct record *record = table_edit(track.table, conn->worker, conn->slot);

	record->state = CONN_CLOSED;
	record->closed_ns = clock_now();
	record->close.reason = WHY_CLIENT_FIN;
	const union record_words *closed = table_commit(track.table, conn->worker, conn->slot);
	struct event event = { .id = conn->id, .type = EVENT_CLOSE };
	event.history_number = history_append(track.history, closed);
	bus_publish(track.bus, conn->worker, &event);
}

static void
close_conn(const struct conn *conn)
{
	close_conn_only(conn);
	table_release(track.table, conn->worker, conn->slot);
}

/* What a client sees. */

static void
ask(const char *target)
{
	forget();
	http_get(&at, target, &answer);
	document = json_loadb(answer.body, answer.length, JSON_REJECT_DUPLICATES, NULL);
}

static void
check_problem(const char *type, const char *parameter)
{
	char expected[80];

	ck_assert_msg(document != NULL, "%s", answer.body);
	snprintf(expected, sizeof(expected), "urn:sockproxy:problem:%s", type);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "application/problem+json");
	ck_assert_str_eq(json_string_value(json_object_get(document, "type")), expected);
	ck_assert_int_eq(json_integer_value(json_object_get(document, "status")), answer.status);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(document, "title")));
	ck_assert_ptr_nonnull(json_string_value(json_object_get(document, "detail")));
	ck_assert_pstr_eq(json_string_value(json_object_get(document, "parameter")), parameter);
}

static json_t *
get(const char *target)
{
	ask(target);
	ck_assert_msg(answer.status == 200 && document != NULL, "%s: %d %s", target, answer.status, answer.body);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "application/json");
	ck_assert_str_eq(http_header(&answer, "Cache-Control"), "no-store");
	ck_assert_str_eq(http_header(&answer, "X-Content-Type-Options"), "nosniff");
	return document;
}

static json_t *
list(const char *target)
{
	return json_object_get(get(target), "conns");
}

static const char *
id_of(const json_t *conns, size_t index)
{
	return json_string_value(json_object_get(json_array_get(conns, index), "id"));
}

static bool
lists(const json_t *conns, const struct conn *conn)
{
	for (size_t i = 0; i < json_array_size(conns); i++) {
		if (strcmp(id_of(conns, i), conn->name) == 0)
			return true;
	}
	return false;
}

static int64_t
number(const json_t *from, const char *key)
{
	const json_t *value = json_object_get(from, key);

	ck_assert_msg(json_is_integer(value), "%s", key);
	return json_integer_value(value);
}

START_TEST(the_index_names_paths_that_answer)
{
	json_t *index = json_deep_copy(get("/")), *path;
	size_t i;

	ck_assert_uint_ge(json_array_size(json_object_get(index, "paths")), 8);
	json_array_foreach(json_object_get(index, "paths"), i, path) {
		const char *name = json_string_value(json_object_get(path, "path"));

		ck_assert_ptr_nonnull(json_string_value(json_object_get(path, "help")));
		ask(name);
		ck_assert_int_eq(answer.status, strcmp(name, "/conns/ID") == 0 ? 404 : 200);
	}
	json_decref(index);
}
END_TEST

START_TEST(probes_tell_alive_from_ready)
{
	ask("/livez");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "ok\n");
	ask("/readyz");
	ck_assert_int_eq(answer.status, 200);
	atomic_store(&readiness, NOT_READY_STARTING);
	ask("/readyz");
	ck_assert_int_eq(answer.status, 503);
	check_problem("not_ready", NULL);
	ck_assert_ptr_nonnull(strstr(answer.body, "Starting"));
	atomic_store(&readiness, NOT_READY_DRAINING);
	ask("/readyz");
	ck_assert_int_eq(answer.status, 503);
	ck_assert_ptr_nonnull(strstr(answer.body, "Draining"));
	ask("/livez");
	ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(version_tells_what_runs_here)
{
	json_t *version = get("/version");

	ck_assert_str_eq(json_string_value(json_object_get(version, "name")), "sockproxy");
	ck_assert_str_eq(json_string_value(json_object_get(version, "version")), PACKAGE_VERSION);
	ck_assert_str_eq(json_string_value(json_object_get(version, "node")), track.node);
	ck_assert(json_is_true(json_object_get(version, "demo")));
	ck_assert_uint_eq(json_object_size(json_object_get(version, "libraries")), 3);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(version, "started_at")));
}
END_TEST

START_TEST(stats_sum_over_workers)
{
	struct conn conns[] = { open_conn(0, 1), open_conn(1, 2), open_conn(2, 3) };

	set_state(&conns[2], CONN_FLUSHING);
	close_conn(&conns[0]);
	totals_add(&track.totals[0].counts[TOTAL_ACCEPTED], 1);
	totals_add(&track.totals[2].counts[TOTAL_ACCEPTED], 2);
	totals_add(&track.totals[0].closed_by[WHY_CLIENT_FIN], 1);
	json_t *stats = get("/stats");
	ck_assert_int_eq(number(stats, "connections_active"), 2);
	ck_assert_int_eq(number(stats, "connections_max"), MAX_CONNS);
	ck_assert_int_eq(number(json_object_get(stats, "connections_by_state"), "established"), 1);
	ck_assert_int_eq(number(json_object_get(stats, "connections_by_state"), "flushing"), 1);
	ck_assert_int_eq(number(json_object_get(stats, "connections_by_state"), "accepted"), 0);
	ck_assert_int_eq(number(json_object_get(stats, "connections_closed_by_reason"), "client_fin"), 1);
	ck_assert_int_eq(number(json_object_get(stats, "connections_closed_by_reason"), "shutdown"), 0);
	ck_assert_int_eq(number(json_object_get(stats, "totals"), "connections_accepted"), 3);
	ck_assert_uint_eq(json_object_size(json_object_get(stats, "totals")), TOTAL_COUNT);
	ck_assert_int_eq(number(stats, "buffer_memory_bytes"), WORKERS << 20);
	ck_assert_int_ge(number(stats, "uptime_us"), 0);
	number(stats, "log_lines_dropped");
}
END_TEST

START_TEST(listeners_show_their_steps)
{
	struct addr bound;

	addr_parse(&bound, "127.0.0.1:8080");
	listeners_bound(track.listeners, 0, &bound, WORKERS);
	listeners_step(track.listeners, 0, STEP_SOCKET, 0);
	listeners_step(track.listeners, 0, STEP_BIND, 0);
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	listeners_step(track.listeners, 0, STEP_PAUSED, EMFILE);
	listeners_step(track.listeners, 1, STEP_BIND, EADDRINUSE);
	for (int i = 0; i < WORKERS; i++) {
		listeners_accepted(track.listeners, 0, i);
		listeners_queue(track.listeners, 0, i, 1, 128);
	}
	json_t *listeners = json_object_get(get("/listeners"), "listeners"), *it = json_array_get(listeners, 0);
	json_t *steps = json_object_get(it, "steps"), *paused = json_object_get(steps, "paused");
	ck_assert_uint_eq(json_array_size(listeners), 2);
	ck_assert_str_eq(json_string_value(json_object_get(it, "name")), "8080");
	ck_assert_str_eq(json_string_value(json_object_get(it, "upstream")), "db:5432");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "paused");
	ck_assert_str_eq(json_string_value(json_object_get(it, "bound")), "127.0.0.1:8080");
	ck_assert_int_eq(number(it, "sockets"), WORKERS);
	ck_assert_int_eq(number(it, "accepted"), WORKERS);
	ck_assert_int_eq(number(it, "queue_length"), WORKERS);
	ck_assert_int_eq(number(it, "queue_limit"), WORKERS * 128);
	ck_assert_uint_eq(json_object_size(steps), LISTENER_STEPS);
	ck_assert_str_eq(json_string_value(json_object_get(paused, "errno")), "EMFILE");
	ck_assert_int_eq(number(paused, "times"), 1);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(paused, "at")));
	ck_assert(json_is_null(json_object_get(json_object_get(steps, "closed"), "at")));
	ck_assert(json_is_null(json_object_get(json_object_get(steps, "bind"), "errno")));

	it = json_array_get(listeners, 1);
	ck_assert_str_eq(json_string_value(json_object_get(it, "name")), "unix:/run/\xef\xbf\xbd\"");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "failed");
	ck_assert(json_is_null(json_object_get(it, "bound")));
	ck_assert(json_is_null(json_object_get(it, "queue_length")));
	ck_assert(json_is_null(json_object_get(it, "queue_limit")));
}
END_TEST

START_TEST(conns_shows_the_live_and_keeps_the_closed)
{
	struct conn live = open_conn(0, 1), closed = open_conn(1, 2);
	json_t *conns;

	close_conn(&closed);
	conns = list("/conns");
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert(lists(conns, &live));
	ck_assert_int_eq(number(document, "schema_version"), 1);
	ck_assert(json_is_string(json_object_get(document, "time")));
	ck_assert(json_is_string(json_object_get(document, "cursor")));
	ck_assert(json_is_null(json_object_get(document, "next")));
	ck_assert(json_is_null(json_object_get(document, "matched")));
	ck_assert(json_is_null(json_object_get(document, "overwritten")));
	ck_assert_uint_eq(json_array_size(list("/conns?state=active")), 1);
	conns = list("/conns?state=closed");
	ck_assert_uint_eq(json_array_size(conns), 1);
	ck_assert(lists(conns, &closed));
	ck_assert_int_eq(number(document, "overwritten"), 0);
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
	ck_assert_int_eq(number(document, "matched"), 0);
}
END_TEST

START_TEST(conns_filters_by_state)
{
	struct conn established = open_conn(0, 1), flushing = open_conn(0, 2);

	set_state(&flushing, CONN_FLUSHING);
	ck_assert(lists(list("/conns?state=established"), &established));
	ck_assert(!lists(list("/conns?state=established"), &flushing));
	ck_assert(lists(list("/conns?state=flushing"), &flushing));
	ck_assert_uint_eq(json_array_size(list("/conns?state=connecting")), 0);
}
END_TEST

START_TEST(conns_filters_by_any_of_the_four_ports)
{
	struct conn one = open_conn(0, 1111), other = open_conn(0, 2222);

	set_leg(&table_edit(track.table, 0, other.slot)->legs[LEG_UPSTREAM], 60000, 3333);
	table_commit(track.table, 0, other.slot);
	ck_assert_uint_eq(json_array_size(list("/conns?port=8080")), 2);
	ck_assert(lists(list("/conns?port=1111"), &one));
	ck_assert_uint_eq(json_array_size(list("/conns?port=1111")), 1);
	ck_assert_uint_eq(json_array_size(list("/conns?port=50000")), 1);
	ck_assert(lists(list("/conns?port=3333"), &other));
	ck_assert_uint_eq(json_array_size(list("/conns?port=3333")), 1);
	ck_assert_uint_eq(json_array_size(list("/conns?port=4444")), 0);
	close_conn(&one);
	ck_assert(lists(list("/conns?port=1111&state=closed"), &one));
}
END_TEST

START_TEST(the_full_view_has_more_than_the_short_one)
{
	struct conn conn = open_conn(0, 1);

	ck_assert_ptr_null(json_object_get(json_array_get(list("/conns"), 0), "node"));
	ck_assert_ptr_null(json_object_get(json_array_get(list("/conns?view=short"), 0), "node"));
	ck_assert_ptr_nonnull(json_object_get(json_array_get(list("/conns?view=full"), 0), "node"));
	close_conn(&conn);
}
END_TEST

START_TEST(closed_ones_come_newest_first_over_all_workers)
{
	enum { CLOSED = 60 };
	struct conn conns[CLOSED];

	for (int i = 0; i < CLOSED; i++)
		conns[i] = open_conn(i * 7 % WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < CLOSED; i++)
		close_conn(&conns[i]);
	json_t *list_of_closed = list("/conns?state=closed");
	ck_assert_uint_eq(json_array_size(list_of_closed), CLOSED);
	for (int i = 0; i < CLOSED; i++)
		ck_assert_str_eq(id_of(list_of_closed, (size_t)i), conns[CLOSED - 1 - i].name);
}
END_TEST

START_TEST(one_that_is_closed_but_has_its_slot_is_found_once)
{
	struct conn conn = open_conn(0, 1);
	json_t *conns;

	close_conn_only(&conn);
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
	struct conn conn = open_conn(0, 1);

	set_state(&conn, CONN_CLOSED);
	ck_assert(lists(list("/conns?state=all"), &conn));
}
END_TEST

START_TEST(count_tells_how_many_match_beyond_the_limit)
{
	struct conn conns[30];

	for (int i = 0; i < 30; i++)
		conns[i] = open_conn(i % WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < 10; i++)
		close_conn(&conns[i]);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=3&count=1")), 3);
	ck_assert_int_eq(number(document, "matched"), 20);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=3&count=1&state=closed")), 3);
	ck_assert_int_eq(number(document, "matched"), 10);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=25&count=1&state=all")), 25);
	ck_assert_int_eq(number(document, "matched"), 30);
	ck_assert_uint_eq(json_array_size(list("/conns?count=1&state=all")), 30);
	ck_assert_int_eq(number(document, "matched"), 30);
	list("/conns?count=1&port=30");
	ck_assert_int_eq(number(document, "matched"), 1);
	list("/conns?count=0");
	ck_assert(json_is_null(json_object_get(document, "matched")));
}
END_TEST

START_TEST(a_limit_that_fits_exactly_has_no_next_page)
{
	for (int i = 0; i < 5; i++)
		open_conn(i % WORKERS, 1);
	ck_assert_uint_eq(json_array_size(list("/conns?limit=5")), 5);
	ck_assert(json_is_null(json_object_get(document, "next")));
	ck_assert_uint_eq(json_array_size(list("/conns?limit=4")), 4);
	ck_assert(json_is_string(json_object_get(document, "next")));
}
END_TEST

/* Follows `next` to the end; counts how often each conn was listed, and the pages. */
static int
walk_pages(const char *query, const struct conn *conns, int count, int *times)
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
		const char *more = json_string_value(json_object_get(document, "next"));
		snprintf(next, sizeof(next), "%s", more == NULL ? "" : more);
	} while (next[0] != '\0');
	ck_assert(!repeated);
	return pages;
}

START_TEST(pages_show_each_once)
{
	static const char *const queries[] = { "state=all&limit=7", "state=all&limit=1", "state=all&limit=10",
		"state=all&limit=20&view=full" };
	struct conn conns[30];
	int times[30];

	for (int i = 0; i < 30; i++)
		conns[i] = open_conn(i % WORKERS, (uint16_t)(i + 1));
	for (int i = 0; i < 20; i++)
		close_conn(&conns[i]);
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
}
END_TEST

/* Workers whose connections come and go as fast as they can.  One thread for all: more would leave the
 * api, which is nice, no processor. */
static atomic_bool churning;

static void *
churn(void *unused)
{
	struct conn conns[40];

	for (int i = 0; i < 40; i++)
		conns[i] = open_conn(i % WORKERS, 7);
	for (int oldest = 0; atomic_load(&churning); oldest = (oldest + 1) % 40) {
		close_conn(&conns[oldest]);
		conns[oldest] = open_conn(oldest % WORKERS, 7);
	}
	return unused;
}

START_TEST(pages_are_right_while_connections_come_and_go)
{
	enum { STAYING = 60 };
	pthread_t thread;
	struct conn staying[STAYING];
	int times[STAYING];

	for (int i = 0; i < STAYING; i++) {
		struct conn gap = open_conn(i % WORKERS, 7);

		staying[i] = open_conn(i % WORKERS, 8);
		close_conn(&gap);
	}
	atomic_store(&churning, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, churn, NULL), 0);
	for (int round = 0; round < 10; round++) {
		walk_pages(round % 2 == 0 ? "limit=11" : "state=all&limit=200", staying, STAYING, times);
		for (int i = 0; i < STAYING; i++)
			ck_assert_int_eq(times[i], 1);
		walk_pages("state=closed&limit=500", staying, STAYING, times);
		get("/stats");
	}
	atomic_store(&churning, false);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_closed_list_tells_what_was_overwritten_between_pages)
{
	char target[CURSOR_TEXT_MAX + 100];

	for (int i = 0; i < HISTORY; i++) {
		struct conn conn = open_conn(0, 1);
		close_conn(&conn);
	}
	list("/conns?state=closed&limit=10");
	ck_assert_int_eq(number(document, "overwritten"), 0);
	snprintf(target, sizeof(target), "/conns?state=closed&limit=10000&after=%s",
	    json_string_value(json_object_get(document, "next")));
	ck_assert_uint_eq(json_array_size(list(target)), HISTORY - 10);
	ck_assert_int_eq(number(document, "overwritten"), 0);
	for (int i = 0; i < 100; i++) {
		struct conn conn = open_conn(0, 1);
		close_conn(&conn);
	}
	ck_assert_uint_eq(json_array_size(list(target)), HISTORY - 10 - 100);
	ck_assert_int_eq(number(document, "overwritten"), 100);
	for (int i = 0; i < 2 * HISTORY; i++) {
		struct conn conn = open_conn(0, 1);
		close_conn(&conn);
	}
	ck_assert_uint_eq(json_array_size(list(target)), 0);
	ck_assert_int_eq(number(document, "overwritten"), HISTORY - 10);
}
END_TEST

START_TEST(a_cursor_is_for_its_list_and_its_boot)
{
	char target[CURSOR_TEXT_MAX + 100], next[CURSOR_TEXT_MAX];

	for (int i = 0; i < 4; i++) {
		struct conn conn = open_conn(0, 1);
		if (i % 2 == 0)
			close_conn(&conn);
	}
	list("/conns?limit=1");
	strcpy(next, json_string_value(json_object_get(document, "next")));
	snprintf(target, sizeof(target), "/conns?state=closed&after=%s", next);
	ask(target);
	check_problem("bad_value", "after");
	snprintf(target, sizeof(target), "/conns?state=all&after=%s", next);
	get(target);
	snprintf(target, sizeof(target), "/conns?after=%s", json_string_value(json_object_get(document, "cursor")));
	ask(target);
	check_problem("bad_value", "after");
	track.boot ^= 1;
	snprintf(target, sizeof(target), "/conns?after=%s", next);
	ask(target);
	ck_assert_int_eq(answer.status, 410);
	check_problem("cursor_gone", "after");
}
END_TEST

START_TEST(one_connection_is_found_as_long_as_it_is_kept)
{
	struct conn conn = open_conn(1, 77), never = conn;
	char target[64];

	snprintf(target, sizeof(target), "/conns/%s", conn.name);
	ck_assert_str_eq(json_string_value(json_object_get(get(target), "state")), "established");
	ck_assert_ptr_nonnull(json_object_get(document, "node"));
	close_conn_only(&conn);
	ck_assert_str_eq(json_string_value(json_object_get(get(target), "state")), "closed");
	table_release(track.table, conn.worker, conn.slot);
	ck_assert_str_eq(json_string_value(json_object_get(get(target), "state")), "closed");
	ck_assert_str_eq(json_string_value(json_object_get(document, "id")), conn.name);
	for (int i = 0; i < HISTORY; i++) {
		struct conn later = open_conn(1, 1);
		close_conn(&later);
	}
	ask(target);
	ck_assert_int_eq(answer.status, 410);
	check_problem("connection_gone", NULL);

	conn_id_format(track.boot, conn_id_make(1, conn.slot, 100000), never.name);
	snprintf(target, sizeof(target), "/conns/%s", never.name);
	ask(target);
	ck_assert_int_eq(answer.status, 404);
	check_problem("unknown_connection", NULL);
	conn_id_format(track.boot ^ 1, conn.id, never.name);
	snprintf(target, sizeof(target), "/conns/%s", never.name);
	ask(target);
	ck_assert_int_eq(answer.status, 404);
}
END_TEST

static const struct {
	const char *target;
	int status;
	const char *type, *parameter;
	const char *says; /* NULL: whatever */
} faults[] = {
	{ "/nothing", 404, "unknown_path", NULL, "/ lists" },
	{ "/conn", 404, "unknown_path", NULL, "/conns?" },
	{ "/conns/", 404, "unknown_path", NULL, NULL },
	{ "/conns/a/b", 404, "unknown_path", NULL, NULL },
	{ "//", 404, "unknown_path", NULL, NULL },
	{ "/../conns", 404, "unknown_path", NULL, NULL },
	{ "/%00", 400, "bad_request", NULL, NULL },
	{ "/%", 400, "bad_request", NULL, NULL },
	{ "/%4", 400, "bad_request", NULL, NULL },
	{ "/%zz", 400, "bad_request", NULL, NULL },
	{ "/%ff", 400, "bad_request", NULL, NULL },
	{ "/conns%00", 400, "bad_request", NULL, NULL },
	{ "http://localhost/conns", 400, "bad_request", NULL, NULL },
	{ "*", 400, "bad_request", NULL, NULL },
	{ "/conns/x", 404, "unknown_connection", NULL, NULL },
	{ "/conns/%2e%2E", 404, "unknown_connection", NULL, NULL },
	{ "/conns/%22%0a", 404, "unknown_connection", NULL, NULL },
	{ "/conns/000000000000000000000", 404, "unknown_connection", NULL, NULL },
	{ "/conns/zzzzzzzzzzzzzzzzzzzzz", 404, "unknown_connection", NULL, NULL },
	{ "/conns?stat=all", 400, "unknown_parameter", "stat", "state" },
	{ "/conns?STATE=all", 400, "unknown_parameter", "STATE", NULL },
	{ "/conns?limits=1", 400, "unknown_parameter", "limits", "limit" },
	{ "/conns?filter=x", 400, "unknown_parameter", "filter", NULL },
	{ "/conns?=1", 400, "unknown_parameter", "", NULL },
	{ "/conns?%22%3c=1", 400, "unknown_parameter", "\"<", NULL },
	{ "/livez?verbose", 400, "unknown_parameter", "verbose", "takes none" },
	{ "/?a", 400, "unknown_parameter", "a", NULL },
	{ "/conns?limit=1&limit=1", 400, "repeated_parameter", "limit", NULL },
	{ "/conns?limit=1&%6cimit=2", 400, "repeated_parameter", "limit", NULL },
	{ "/conns?state=establised", 400, "bad_value", "state", "established" },
	{ "/conns?state=", 400, "bad_value", "state", NULL },
	{ "/conns?state", 400, "bad_value", "state", NULL },
	{ "/conns?state=act%00ive", 400, "bad_value", "state", NULL },
	{ "/conns?state=%ff", 400, "bad_value", "state", NULL },
	{ "/conns?state=%c0%80", 400, "bad_value", "state", NULL },
	{ "/conns?state=%", 400, "bad_value", "state", NULL },
	{ "/conns?%00=1", 400, "bad_value", "", NULL },
	{ "/conns?limit=0", 400, "bad_value", "limit", "10000" },
	{ "/conns?limit=10001", 400, "bad_value", "limit", "10000" },
	{ "/conns?limit=-1", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=+1", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=1e3", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=99999999999999999999999999", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=18446744073709551617", 400, "bad_value", "limit", NULL },
	{ "/conns?port=0", 400, "bad_value", "port", "65535" },
	{ "/conns?port=65536", 400, "bad_value", "port", NULL },
	{ "/conns?port=http", 400, "bad_value", "port", NULL },
	{ "/conns?view=long", 400, "bad_value", "view", NULL },
	{ "/conns?count=2", 400, "bad_value", "count", NULL },
	{ "/conns?after=", 400, "bad_value", "after", NULL },
	{ "/conns?after=t", 400, "bad_value", "after", NULL },
	{ "/conns?after=x1.2", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.2.", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.02.3", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.2.3", 410, "cursor_gone", "after", NULL },
	{ "/conns?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", 400, "bad_value", NULL, NULL },
};

START_TEST(a_bad_target_gets_a_clear_answer)
{
	ask(faults[_i].target);
	ck_assert_msg(answer.status == faults[_i].status, "%s: %d", faults[_i].target, answer.status);
	check_problem(faults[_i].type, faults[_i].parameter);
	if (faults[_i].says != NULL)
		ck_assert_msg(strstr(json_string_value(json_object_get(document, "detail")), faults[_i].says) != NULL,
		    "%s", answer.body);
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
		{ "closed", ".0.0.0.0.0.0", 200 },
		{ "closed", ".1.1.0.0.0.0", 200 },
		{ "closed", ".1.2.0.0.0.0", 400 },
		{ "closed", ".2.1.0.0.0.0", 400 },
		{ "closed", ".ffffffffffffffff.ffffffffffffffff.0.0.0.0", 400 },
		{ "closed", ".0.0.0.0.0", 400 },
	};
	struct conn conn = open_conn(0, 1);
	char target[200];

	close_conn(&conn);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/conns?state=%s&after=%c%llx%s", cases[i].state,
		    strcmp(cases[i].state, "closed") == 0 ? 'h' : 't', (unsigned long long)track.boot,
		    cases[i].numbers);
		ask(target);
		ck_assert_msg(answer.status == cases[i].status, "%s: %d", target, answer.status);
	}
}
END_TEST

static const struct {
	const char *request;
	int status;
	const char *header, *value; /* NULL: whatever */
} requests[] = {
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /%6civez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez? HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns?&&state=all& HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns HTTP/1.0\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },

	{ "HEAD /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "Content-Type", "application/json" },
	{ "HEAD /stats HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "Content-Type", "application/json" },
	{ "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },
	{ "OPTIONS /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS" },
	{ "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS" },
	{ "OPTIONS /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },
	{ "POST /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS" },
	{ "DELETE /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS" },
	{ "get /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, NULL, NULL },
	{ "GE /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, NULL, NULL },
	{ "POST /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },

	{ "GET /livez HTTP/1.1\r\nHost: LocalHost:1\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1]\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1]:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: example.org\r\n\r\n", 421, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost.example.org\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.1\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: evil@localhost\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost:\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\n\r\n", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "Connection", "close" },

	{ "GET /livez HTTP/1.1\r\nHost: localhost:9100\r\nOrigin: http://localhost:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:9100\r\nOrigin: http://localhost:3000\r\n\r\n", 403, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: http://example.org\r\n\r\n", 403, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 403, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: ftp://localhost\r\n\r\n", 403, NULL, NULL },

	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 400, "Connection", "close" },
	{ "POST /conns HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	  "GET /conns HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    400, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", 400, NULL,
	    NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400, NULL, NULL },
};

START_TEST(a_request_gets_its_status)
{
	forget();
	http_ask(&at, requests[_i].request, &answer);
	ck_assert_msg(
	    answer.status == requests[_i].status, "%s%d\n%s", requests[_i].request, answer.status, answer.headers);
	if (requests[_i].header != NULL)
		ck_assert_str_eq(http_header(&answer, requests[_i].header), requests[_i].value);
	ck_assert(requests[_i].status != 405 || http_header(&answer, "Allow") != NULL);
}
END_TEST

/* HEAD says what GET says, and then nothing: the next answer follows at once. */
START_TEST(requests_follow_each_other_on_one_connection)
{
	static const struct {
		const char *request;
		int status, bodiless;
	} in_turn[] = {
		{ "GET /conns?state=all HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 0 },
		{ "HEAD /stats HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 1 },
		{ "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, 0 },
		{ "OPTIONS /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, 0 },
		{ "POST /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, 0 },
		{ "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 0 },
	};
	int fd = http_connect(&at);

	for (size_t i = 0; i < sizeof(in_turn) / sizeof(in_turn[0]); i++) {
		forget();
		http_send(fd, in_turn[i].request, strlen(in_turn[i].request));
		http_read(fd, &answer, in_turn[i].bodiless);
		ck_assert_int_eq(answer.status, in_turn[i].status);
	}
	ck_assert_str_eq(answer.body, "ok\n");
	close(fd);
}
END_TEST

START_TEST(after_the_headers_a_head_gets_nothing)
{
	static const char *const heads[] = { "HEAD /conns?limit=1", "HEAD /stats", "HEAD /nothing", "HEAD /conns?x" };
	char request[100], bytes[2000];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int fd = http_connect(&at);
		size_t length = 0;
		ssize_t got;

		snprintf(
		    request, sizeof(request), "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", heads[i]);
		http_send(fd, request, strlen(request));
		while ((got = recv(fd, bytes + length, sizeof(bytes) - 1 - length, 0)) > 0)
			length += (size_t)got;
		bytes[length] = '\0';
		ck_assert_str_eq(strstr(bytes, "\r\n\r\n"), "\r\n\r\n");
		ck_assert_ptr_null(strstr(bytes, "Content-Length: 0"));
		close(fd);
	}
}
END_TEST

START_TEST(nonsense_ends_without_harm)
{
	static const struct {
		const char *bytes;
		size_t count;
	} nonsense[] = {
#define BYTES(literal) { literal, sizeof(literal) - 1 }
		BYTES("GET\r\n\r\n"),
		BYTES("GET /livez\r\n\r\n"),
		BYTES("GET  HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /conns\0x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /conns?a=\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /livez HTTP/1.1\r\nHost: local\0host\r\n\r\n"),
		BYTES("G\xff\xfe /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		BYTES("GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /livez HTTP/1.1\r\n: localhost\r\n \r\n\r\n"),
#undef BYTES
	};
	static const char *const beginnings[] = { "", "\r\n\r\n", "G", "GET /livez HTTP/1.1\r\nHost: loc",
		"\x16\x03\x01\x02" };
	struct answer first;
	char *long_path = malloc(200000);

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		int fd = http_connect(&at);

		http_send(fd, nonsense[i].bytes, nonsense[i].count);
		shutdown(fd, SHUT_WR);
		http_read(fd, &first, 0);
		ck_assert_msg(
		    first.status == 0 || first.status >= 400 || strncmp(nonsense[i].bytes, "GET /conns", 10) == 0,
		    "%zu: %d", i, first.status);
		http_forget(&first);
		close(fd);
	}
	/* These are no request yet, and then the client leaves. */
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		int fd = http_connect(&at);

		http_send(fd, beginnings[i], strlen(beginnings[i]));
		close(fd);
	}
	memset(long_path, 'a', 200000);
	memcpy(long_path, "GET /", 5);
	memcpy(long_path + 199000, " HTTP/1.1\r\n\r\n", 14);
	http_ask(&at, long_path, &first);
	ck_assert_msg(first.status == 0 || first.status == 414 || first.status == 431, "%d", first.status);
	http_forget(&first);
	free(long_path);
	ask("/livez");
	ck_assert_int_eq(answer.status, 200);
}
END_TEST

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident;

	ck_assert_int_eq(fscanf(file, "%ld %ld", &size, &resident), 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
open_many(int count)
{
	for (int i = 0; i < count; i++)
		open_conn(i % WORKERS, (uint16_t)(i % 60000 + 1));
}

static const char ten_thousand[] =
    "GET /conns?limit=10000&view=full HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

START_TEST(ten_thousand_records_take_no_memory)
{
	enum { LISTERS = 8 };
	static char piece[65536];
	int fds[LISTERS];
	size_t got[LISTERS] = { 0 };
	bool all_done = false;

	open_many(10000);
	get("/conns?limit=10000");
	ck_assert_uint_eq(json_array_size(json_object_get(document, "conns")), 10000);
	forget();
	long before = resident_kib(), most = before;
	for (int i = 0; i < LISTERS; i++) {
		fds[i] = http_connect(&at);
		http_send(fds[i], ten_thousand, sizeof(ten_thousand) - 1);
	}
	while (!all_done) {
		all_done = true;
		for (int i = 0; i < LISTERS; i++) {
			ssize_t count = recv(fds[i], piece, sizeof(piece), 0);

			ck_assert_int_ge(count, 0);
			got[i] += (size_t)count;
			all_done = all_done && count == 0;
			most = resident_kib() > most ? resident_kib() : most;
		}
	}
	for (int i = 0; i < LISTERS; i++) {
		ck_assert_uint_gt(got[i], 10000 * 1000);
		close(fds[i]);
	}
	ck_assert_int_lt(most - before, 16 * 1024); /* of more than 100 MB */
}
END_TEST

static int
start_slow_reader(void)
{
	static char little[1000];
	int fd = http_connect(&at);

	http_send(fd, ten_thousand, sizeof(ten_thousand) - 1);
	ck_assert_int_gt(recv(fd, little, sizeof(little), 0), 0);
	return fd;
}

START_TEST(a_slow_reader_delays_nobody)
{
	int slow[20];

	open_many(10000);
	for (int i = 0; i < 20; i++)
		slow[i] = start_slow_reader();
	for (int i = 0; i < 20; i++)
		get("/stats");
	for (int i = 0; i < 20; i++)
		close(slow[i]);
}
END_TEST

START_TEST(a_stop_ends_answers_under_way)
{
	int slow[20];

	open_many(10000);
	for (int i = 0; i < 20; i++)
		slow[i] = start_slow_reader();
	server_stop(server);
	server = NULL;
	for (int i = 0; i < 20; i++)
		close(slow[i]);
}
END_TEST

START_TEST(clients_that_leave_early_leave_nothing_behind)
{
	open_many(10000);
	for (int i = 0; i < 50; i++)
		close(start_slow_reader());
	get("/stats");
}
END_TEST

START_TEST(a_stopped_server_frees_its_port)
{
	char text[ADDR_TEXT_MAX];

	get("/stats");
	server_stop(server);
	start_server(addr_format(&at, text, sizeof(text)));
	get("/stats");
}
END_TEST

START_TEST(a_taken_port_is_named_by_its_errno)
{
	struct server *second = NULL;

	settings.admin = at;
	ck_assert_int_eq(server_start(&second, &track, &readiness, CLIENTS_MAX), -EADDRINUSE);
	ck_assert_ptr_null(second);
	get("/stats");
}
END_TEST

START_TEST(a_server_on_every_address_answers_to_the_one_that_was_asked)
{
	server_stop(server);
	start_server("0.0.0.0:0");
	at.v4.sin_addr.s_addr = htonl(0x7f000002); /* 127.0.0.2 */
	forget();
	http_ask(&at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n", &answer);
	ck_assert_int_eq(answer.status, 200);
	forget();
	http_ask(&at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.3\r\n\r\n", &answer);
	ck_assert_int_eq(answer.status, 421);
}
END_TEST

static const char *
socket_path(char admin[200])
{
	snprintf(admin, 200, "unix:%s/api", directory);
	return admin + 5;
}

START_TEST(a_unix_socket_is_its_owners_alone_and_goes_away)
{
	char admin[200];
	const char *path = socket_path(admin);
	struct stat file;

	server_stop(server);
	start_server(admin);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert(S_ISSOCK(file.st_mode));
	ck_assert_int_eq(file.st_mode & 0777, 0600);
	get("/stats");
	forget();
	http_ask(&at, "GET /livez HTTP/1.1\r\nHost: whatever\r\n\r\n", &answer);
	ck_assert_int_eq(answer.status, 200);
	server_stop(server);
	server = NULL;
	ck_assert_int_eq(stat(path, &file), -1);
}
END_TEST

START_TEST(a_unix_socket_left_behind_is_replaced)
{
	char admin[200];
	const char *path = socket_path(admin);
	struct addr addr;
	struct server *second = NULL;
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert(addr_parse(&addr, admin));
	ck_assert_int_eq(bind(dead, &addr.any, addr.length), 0);
	close(dead);
	server_stop(server);
	start_server(admin);
	get("/stats");
	/* But not one that answers, … */
	ck_assert_int_eq(server_start(&second, &track, &readiness, CLIENTS_MAX), -EADDRINUSE);
	get("/stats");
	server_stop(server);
	server = NULL;
	/* … and nothing else. */
	fclose(fopen(path, "w"));
	ck_assert_int_eq(server_start(&second, &track, &readiness, CLIENTS_MAX), -EADDRINUSE);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* The thread of this process that is called so, or 0. */
static pid_t
thread_called(const char *wanted)
{
	char path[100], name[100];
	pid_t found = 0;
	struct dirent *task;
	DIR *tasks = opendir("/proc/self/task");

	ck_assert_ptr_nonnull(tasks);
	while (found == 0 && (task = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", task->d_name);
		FILE *file = fopen(path, "r");
		if (file == NULL)
			continue;
		if (fgets(name, sizeof(name), file) != NULL && strcmp(name, wanted) == 0)
			found = atoi(task->d_name);
		fclose(file);
	}
	closedir(tasks);
	return found;
}

START_TEST(the_thread_is_nice_and_has_a_name)
{
	pid_t thread = 0;

	get("/stats");
	/* A thread of an earlier test that is just going may cut the list short. */
	for (int tries = 0; thread == 0 && tries < 100; tries++)
		thread = thread_called("api\n");
	ck_assert_int_ne(thread, 0);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)thread), 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api");
	TCase *tcase = tcase_create("over HTTP");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_index_names_paths_that_answer);
	tcase_add_test(tcase, probes_tell_alive_from_ready);
	tcase_add_test(tcase, version_tells_what_runs_here);
	tcase_add_test(tcase, stats_sum_over_workers);
	tcase_add_test(tcase, listeners_show_their_steps);
	tcase_add_test(tcase, conns_shows_the_live_and_keeps_the_closed);
	tcase_add_test(tcase, an_empty_list_is_a_list);
	tcase_add_test(tcase, conns_filters_by_state);
	tcase_add_test(tcase, conns_filters_by_any_of_the_four_ports);
	tcase_add_test(tcase, the_full_view_has_more_than_the_short_one);
	tcase_add_test(tcase, closed_ones_come_newest_first_over_all_workers);
	tcase_add_test(tcase, one_that_is_closed_but_has_its_slot_is_found_once);
	tcase_add_test(tcase, one_on_its_way_into_the_history_is_not_lost);
	tcase_add_test(tcase, count_tells_how_many_match_beyond_the_limit);
	tcase_add_test(tcase, a_limit_that_fits_exactly_has_no_next_page);
	tcase_add_test(tcase, pages_show_each_once);
	tcase_add_test(tcase, pages_are_right_while_connections_come_and_go);
	tcase_add_test(tcase, a_closed_list_tells_what_was_overwritten_between_pages);
	tcase_add_test(tcase, a_cursor_is_for_its_list_and_its_boot);
	tcase_add_test(tcase, one_connection_is_found_as_long_as_it_is_kept);
	tcase_add_loop_test(tcase, a_bad_target_gets_a_clear_answer, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, an_invented_cursor_does_no_harm);
	tcase_add_loop_test(tcase, a_request_gets_its_status, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(tcase, requests_follow_each_other_on_one_connection);
	tcase_add_test(tcase, after_the_headers_a_head_gets_nothing);
	tcase_add_test(tcase, nonsense_ends_without_harm);
	tcase_add_test(tcase, ten_thousand_records_take_no_memory);
	tcase_add_test(tcase, a_slow_reader_delays_nobody);
	tcase_add_test(tcase, a_stop_ends_answers_under_way);
	tcase_add_test(tcase, clients_that_leave_early_leave_nothing_behind);
	tcase_add_test(tcase, a_stopped_server_frees_its_port);
	tcase_add_test(tcase, a_taken_port_is_named_by_its_errno);
	tcase_add_test(tcase, a_server_on_every_address_answers_to_the_one_that_was_asked);
	tcase_add_test(tcase, a_unix_socket_is_its_owners_alone_and_goes_away);
	tcase_add_test(tcase, a_unix_socket_left_behind_is_replaced);
	tcase_add_test(tcase, the_thread_is_nice_and_has_a_name);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
