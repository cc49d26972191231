/* SPDX-License-Identifier: MIT */
/* GET /events as HTTP: what may be asked, in which form it comes, where it goes on, and how many may follow. */
#include "support/api_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/follow.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { FOLLOWERS = API_CLIENTS_MAX - 32, STORM = 3 * BUS_CAPACITY };

static struct follow follow;

static const struct {
	const char *target;
	int status;
	const char *type, *parameter, *says;
} faults[] = {
	{ "/events?filter=state+=", 400, "bad_filter", "filter", NULL },
	{ "/events?types=opn", 400, "bad_value", "types", "did you mean open?" },
	{ "/events?types=nothing", 400, "bad_value", "types", "there are open," },
	{ "/events?types=", 400, "bad_value", "types", NULL },
	{ "/events?types=open,,close", 400, "bad_value", "types", NULL },
	{ "/events?types=open,update", 400, "bad_value", "types", "interval" },
	{ "/events?interval=199ms", 400, "bad_value", "interval", "200ms" },
	{ "/events?interval=61m", 400, "bad_value", "interval", "1h" },
	{ "/events?interval=1", 400, "bad_value", "interval", NULL },
	{ "/events?interval=", 400, "bad_value", "interval", NULL },
	{ "/events?client=nobody", 400, "bad_value", "client", NULL },
	{ "/events?fields=idd", 400, "bad_value", "fields", "did you mean id?" },
	{ "/events?view=single", 400, "bad_value", "view", NULL },
	{ "/events?format=table", 400, "bad_value", "format", "sse or ndjson" },
	{ "/events?format=", 400, "bad_value", "format", NULL },
	{ "/events?since=", 400, "bad_value", "since", NULL },
	{ "/events?since=x", 400, "bad_value", "since", NULL },
	{ "/events?since=e0", 410, "cursor_gone", "since", "another start" },
	{ "/events?since=t0", 400, "bad_value", "since", NULL },
	{ "/events?since=e1.0.0.0.0", 410, "cursor_gone", "since", "another start" },
	{ "/events?from=0", 400, "unknown_parameter", "from", NULL },
};

START_TEST(what_makes_no_sense_is_refused_before_the_stream_begins)
{
	api_ask(faults[_i].target);
	ck_assert_int_eq(api.answer.status, faults[_i].status);
	api_check_problem(faults[_i].type, faults[_i].parameter);
	if (faults[_i].says != NULL)
		ck_assert_ptr_nonnull(strstr(api.answer.body, faults[_i].says));
}
END_TEST

static void
begin(const char *target)
{
	follow_open(&follow, &api.at, target, "", 0);
	ck_assert_msg(follow.status == 200, "%s", follow.headers);
}

static const char *
cursor_of(const json_t *document)
{
	static char cursor[512];

	snprintf(cursor, sizeof(cursor), "%s", json_string_value(json_object_get(document, "cursor")));
	return cursor;
}

static const char *
id_of(const json_t *event)
{
	return json_string_value(json_object_get(json_object_get(event, "conn"), "id"));
}

static const struct {
	const char *target, *headers, *type;
} forms[] = {
	{ "/events", "", "text/event-stream" },
	{ "/events", "Accept: */*\r\n", "text/event-stream" },
	{ "/events", "Accept: application/x-ndjson\r\n", "application/x-ndjson" },
	{ "/events", "Accept: application/x-ndjson;q=0.1, text/event-stream\r\n", "text/event-stream" },
	{ "/events?format=ndjson", "Accept: text/event-stream\r\n", "application/x-ndjson" },
	{ "/events?format=sse", "Accept: application/x-ndjson\r\n", "text/event-stream" },
};

START_TEST(the_form_is_what_format_or_else_accept_asks_for)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "Content-Type: %s\r\n", forms[_i].type);
	follow_open(&follow, &api.at, forms[_i].target, forms[_i].headers, 0);
	ck_assert_int_eq(follow.status, 200);
	ck_assert_ptr_nonnull(strstr(follow.headers, expected));
	ck_assert_ptr_nonnull(strstr(follow.headers, "Cache-Control: no-store\r\n"));
	follow_close(&follow);
}
END_TEST

START_TEST(a_form_that_there_is_not_is_not_acceptable)
{
	follow_open(&follow, &api.at, "/events", "Accept: text/html\r\n", 0);
	ck_assert_int_eq(follow.status, 406);
	follow_close(&follow);
}
END_TEST

START_TEST(head_answers_and_follows_nothing)
{
	struct answer answer;

	http_ask(&api.at, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n", &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "text/event-stream");
	http_forget(&answer);
	wait_until(api_number(api_get("/stats"), "followers") == 0);
}
END_TEST

START_TEST(server_sent_events_are_what_browsers_expect)
{
	char expected[600];

	begin("/events");
	ck_assert_str_eq(follow_line(&follow), ": sockproxy");
	ck_assert_str_eq(follow_line(&follow), "retry: 1000");
	ck_assert_int_eq(strncmp(follow_line(&follow), "id: e", 5), 0);
	ck_assert_str_eq(follow_line(&follow), "");
	struct api_conn conn = api_open(1, 1000);
	api_publish(&conn, EVENT_OPEN);
	snprintf(expected, sizeof(expected), "%s", follow_line(&follow));
	ck_assert_int_eq(strncmp(expected, "id: e", 5), 0);
	ck_assert_str_eq(follow_line(&follow), "event: open");
	const char *data = follow_line(&follow);
	ck_assert_int_eq(strncmp(data, "data: {\"cursor\":\"", 17), 0);
	ck_assert_int_eq(strncmp(data + 17, expected + 4, strlen(expected + 4)), 0);
	ck_assert_str_eq(follow_line(&follow), "");
	follow_close(&follow);
}
END_TEST

START_TEST(each_event_is_a_line_of_ndjson)
{
	struct api_conn conn, denied;
	int steps[] = { EVENT_OPEN, EVENT_CONNECTED, EVENT_HALF_CLOSE };
	const char *types[] = { "open", "connected", "half_close" };

	begin("/events?format=ndjson");
	conn = api_open(0, 1000);
	for (int i = 0; i < 3; i++) {
		api_publish(&conn, (enum event_type)steps[i]);
		ck_assert_str_eq(id_of(follow_event(&follow, types[i])), conn.name);
	}
	api_close(&conn);
	ck_assert_str_eq(id_of(follow_event(&follow, "close")), conn.name);
	denied = api_open(2, 1001);
	api_close_as(&denied, KIND_REJECTED);
	ck_assert_str_eq(id_of(follow_event(&follow, "denied")), denied.name);
	listeners_step(api.track.listeners, 0, STEP_LISTENING, 0);
	follow_event(&follow, "listener");
	ck_assert(follow_is_quiet(&follow));
	follow_close(&follow);
}
END_TEST

START_TEST(the_fields_are_those_that_are_asked_for)
{
	struct api_conn conn;

	begin("/events?format=ndjson&fields=id,close&port=1000");
	conn = api_open(0, 1000);
	api_publish(&conn, EVENT_OPEN);
	json_t *it = json_object_get(follow_event(&follow, "open"), "conn");
	ck_assert_uint_eq(json_object_size(it), 2);
	ck_assert_str_eq(id_of(follow.event), conn.name);
	follow_close(&follow);
}
END_TEST

START_TEST(the_whole_record_comes_on_demand)
{
	struct api_conn conn;

	begin("/events?format=ndjson&view=full");
	conn = api_open(0, 1000);
	api_publish(&conn, EVENT_OPEN);
	json_t *it = json_object_get(follow_event(&follow, "open"), "conn");
	ck_assert_ptr_nonnull(json_object_get(it, "timings_us"));
	follow_close(&follow);
}
END_TEST

/* What a filter means are connections: the rest comes by name only. */
START_TEST(a_filter_chooses_connections)
{
	struct api_conn one, other;

	begin("/events?format=ndjson&filter=client.port+==+1001");
	one = api_open(0, 1000);
	other = api_open(0, 1001);
	api_publish(&one, EVENT_OPEN);
	listeners_step(api.track.listeners, 0, STEP_LISTENING, 0);
	api_publish(&other, EVENT_OPEN);
	ck_assert_str_eq(id_of(follow_event(&follow, "open")), other.name);
	follow_close(&follow);
	begin("/events?format=ndjson&filter=client.port+==+1001&types=open,listener");
	listeners_step(api.track.listeners, 0, STEP_LISTENING, 0);
	follow_event(&follow, "listener");
	follow_close(&follow);
}
END_TEST

/* So many that it is done in several turns, others in between. */
START_TEST(a_filter_may_leave_out_thousands_at_once)
{
	struct api_conn one = api_open(0, 1000), other = api_open(0, 1001);
	char target[600];

	snprintf(target, sizeof(target), "/events?format=ndjson&port=1001&since=%s", cursor_of(api_get("/conns")));
	for (int i = 1; i < BUS_CAPACITY; i++)
		api_publish(&one, EVENT_HALF_CLOSE);
	api_publish(&other, EVENT_OPEN);
	begin(target);
	ck_assert_str_eq(id_of(follow_event(&follow, "open")), other.name);
	follow_close(&follow);
}
END_TEST

/* List, then watch: the cursor of a list, and then those of events. */
START_TEST(a_cursor_goes_on_without_a_hole)
{
	struct api_conn conns[4];
	char target[600], headers[600], list[512], first[512];

	snprintf(list, sizeof(list), "%s", cursor_of(api_get("/conns")));
	for (int i = 0; i < 4; i++) {
		conns[i] = api_open(i % API_WORKERS, 1000);
		api_publish(&conns[i], EVENT_OPEN);
	}
	snprintf(target, sizeof(target), "/events?format=ndjson&since=%s", list);
	begin(target);
	for (int i = 0; i < 4; i++) {
		ck_assert_str_eq(id_of(follow_event(&follow, "open")), conns[i].name);
		if (i == 0)
			snprintf(first, sizeof(first), "%s", cursor_of(follow.event));
	}
	follow_close(&follow);
	/* A browser asks for the same again, and says how far it came. */
	snprintf(headers, sizeof(headers), "Last-Event-ID: %s\r\n", first);
	follow_open(&follow, &api.at, target, headers, 0);
	for (int i = 1; i < 4; i++)
		ck_assert_str_eq(id_of(follow_event(&follow, "open")), conns[i].name);
	follow_close(&follow);
	/* One that came nowhere so far says nothing. */
	follow_open(&follow, &api.at, target, "Last-Event-ID: \r\n", 0);
	ck_assert_str_eq(id_of(follow_event(&follow, "open")), conns[0].name);
	follow_close(&follow);
}
END_TEST

START_TEST(a_cursor_that_was_overtaken_is_gone)
{
	char target[600];
	struct api_conn conn = api_open(1, 1000);

	snprintf(target, sizeof(target), "/events?since=%s", cursor_of(api_get("/conns")));
	for (int i = 0; i <= BUS_CAPACITY; i++)
		api_publish(&conn, EVENT_OPEN);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 410);
	api_check_problem("cursor_gone", "since");
}
END_TEST

START_TEST(a_cursor_of_the_future_makes_no_sense)
{
	char target[600];
	const char *cursor = cursor_of(api_get("/conns"));

	snprintf(target, sizeof(target), "/events?since=%.*s9", (int)strlen(cursor) - 1, cursor);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 400);
	api_check_problem("bad_value", "since");
	follow_open(&follow, &api.at, "/events", "Last-Event-ID: 17\r\n", 0);
	ck_assert_int_eq(follow.status, 400);
	follow_close(&follow);
}
END_TEST

START_TEST(updates_come_as_often_as_asked)
{
	struct api_conn conn;

	begin("/events?format=ndjson&interval=200ms&types=update");
	conn = api_open(0, 1000);
	for (int i = 0; i < 2; i++) {
		table_edit(api.track.table, conn.worker, conn.slot)->last_payload_ns = clock_now();
		table_commit(api.track.table, conn.worker, conn.slot);
		ck_assert_str_eq(id_of(follow_event(&follow, "update")), conn.name);
	}
	follow_close(&follow);
}
END_TEST

/* It stops reading: the buffers on the way to it fill, and then the ring comes round. */
START_TEST(one_that_stalls_is_told_what_it_missed)
{
	struct api_conn conn = api_open(0, 1000), last;
	json_int_t told = 0, missed = 0;

	follow_open(&follow, &api.at, "/events?format=ndjson", "", 4096);
	for (int i = 0; i < STORM; i++) {
		api_publish(&conn, EVENT_HALF_CLOSE);
		if (i % 1000 == 0) /* time enough to fill them */
			usleep(20000);
	}
	last = api_open(0, 1001);
	api_publish(&last, EVENT_OPEN);
	while (strcmp(json_string_value(json_object_get(follow_event(&follow, NULL), "type")), "open") != 0) {
		if (json_object_get(follow.event, "missed") == NULL)
			told++;
		else
			missed += api_number(follow.event, "missed");
	}
	ck_assert_int_gt(missed, 0);
	ck_assert_int_gt(told, 0);
	ck_assert_int_eq(told + missed, STORM);
	ck_assert_int_eq(api_number(api_get("/stats"), "events_missed"), missed);
	ck_assert_str_eq(id_of(follow.event), last.name);
	follow_close(&follow);
}
END_TEST

START_TEST(who_leaves_is_noticed_though_nothing_happens)
{
	for (int i = 0; i < 2; i++) {
		begin("/events");
		follow_line(&follow);
		ck_assert_int_eq(api_number(api_get("/stats"), "followers"), 1);
		follow_close(&follow);
		wait_until(api_number(api_get("/stats"), "followers") == 0);
	}
}
END_TEST

START_TEST(however_many_follow_others_get_in)
{
	static struct follow followers[FOLLOWERS];
	struct api_conn conn = api_open(0, 1000);

	for (int i = 0; i < FOLLOWERS; i++) {
		follow_open(&followers[i], &api.at, "/events?format=ndjson", "", 0);
		ck_assert_int_eq(followers[i].status, 200);
	}
	follow_open(&follow, &api.at, "/events", "", 0);
	ck_assert_int_eq(follow.status, 503);
	ck_assert_ptr_nonnull(strstr(follow.headers, "Retry-After: 5\r\n"));
	follow_close(&follow);
	ck_assert_int_eq(api_number(api_get("/stats"), "followers"), FOLLOWERS);
	ck_assert_int_eq(api_number(api.document, "followers_refused"), 1);
	api_publish(&conn, EVENT_OPEN);
	for (int i = 0; i < FOLLOWERS; i++)
		ck_assert_str_eq(id_of(follow_event(&followers[i], "open")), conn.name);
	follow_close(&followers[0]);
	wait_until(api_number(api_get("/stats"), "followers") == FOLLOWERS - 1);
	begin("/events?format=ndjson");
	/* The end comes to all of them, asleep or not, and in order. */
	int64_t begun_ms = wait_clock_ms();
	server_stop(api.server);
	ck_assert_int_lt(wait_clock_ms() - begun_ms, 5000);
	for (int i = 1; i < FOLLOWERS; i++) {
		ck_assert_ptr_null(follow_event(&followers[i], NULL));
		ck_assert(followers[i].over);
		follow_close(&followers[i]);
	}
	follow_close(&follow);
	api_start("127.0.0.1:0");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/events");
	TCase *tcase = tcase_create("events");

	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, what_makes_no_sense_is_refused_before_the_stream_begins, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_loop_test(
	    tcase, the_form_is_what_format_or_else_accept_asks_for, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tcase, a_form_that_there_is_not_is_not_acceptable);
	tcase_add_test(tcase, head_answers_and_follows_nothing);
	tcase_add_test(tcase, server_sent_events_are_what_browsers_expect);
	tcase_add_test(tcase, each_event_is_a_line_of_ndjson);
	tcase_add_test(tcase, the_fields_are_those_that_are_asked_for);
	tcase_add_test(tcase, the_whole_record_comes_on_demand);
	tcase_add_test(tcase, a_filter_chooses_connections);
	tcase_add_test(tcase, a_filter_may_leave_out_thousands_at_once);
	tcase_add_test(tcase, a_cursor_goes_on_without_a_hole);
	tcase_add_test(tcase, a_cursor_that_was_overtaken_is_gone);
	tcase_add_test(tcase, a_cursor_of_the_future_makes_no_sense);
	tcase_add_test(tcase, updates_come_as_often_as_asked);
	tcase_add_test(tcase, one_that_stalls_is_told_what_it_missed);
	tcase_add_test(tcase, who_leaves_is_noticed_though_nothing_happens);
	tcase_add_test(tcase, however_many_follow_others_get_in);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
