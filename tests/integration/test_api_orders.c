/* SPDX-License-Identifier: MIT */
/* What changes something by HTTP: who may, what is asked for, and what is posted. */
#include "support/api_scene.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"

/* Orders to worker 1, and to the process, come here. */
static struct desk {
	int worker;
	struct loop *loop;
	struct mailbox *mailbox;
	int taken;
	struct admin_order last;
} desk, process;

static void
on_mail(void *argument, const struct mail *mail)
{
	struct desk *it = argument;

	orders_take(api.track.orders, it->worker, mail, &it->last);
	it->taken++;
}

static void
open_desk(struct desk *it, int worker)
{
	*it = (struct desk){ .worker = worker, .loop = loop_new() };
	it->mailbox = mailbox_new(it->loop, on_mail, it);
	orders_deliver_to(api.track.orders, worker, it->mailbox);
}

static void
close_desk(struct desk *it)
{
	mailbox_free(it->mailbox);
	loop_free(it->loop);
}

static void
setup(void)
{
	api.settings.admin_write = true;
	api.settings.drain_timeout_ns = 30 * NS_PER_S;
	api_setup();
	open_desk(&desk, 1);
	open_desk(&process, ORDERS_TO_PROCESS);
}

static void
teardown(void)
{
	api_teardown();
	api.settings.admin_write = false;
	close_desk(&desk);
	close_desk(&process);
}

/* `headers`: each with its CR LF. */
static void
ask(const char *method, const char *target, const char *headers)
{
	char request[1024];

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, headers);
	api_forget();
	http_ask(&api.at, request, &api.answer);
	api.document = json_loadb(api.answer.body, api.answer.length, JSON_REJECT_DUPLICATES, NULL);
}

static void
kill_conn(const struct api_conn *conn, const char *query, const char *headers)
{
	char target[128];

	snprintf(target, sizeof(target), "/conns/%s%s", conn->name, query);
	ask("DELETE", target, headers);
}

static void
check_accepted(int posted)
{
	ck_assert_msg(api.answer.status == 202 && api.document != NULL, "%d %s", api.answer.status, api.answer.body);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), "application/json");
	ck_assert_int_eq(api_number(api.document, "posted"), posted);
	ck_assert_int_eq(json_is_null(json_object_get(api.document, "detail")), posted);
}

/* The order that was posted last. */
static const struct admin_order *
taken(struct desk *it)
{
	loop_turn(it->loop, 0);
	return &it->last;
}

START_TEST(a_kill_is_posted_to_the_worker_of_the_connection)
{
	struct api_conn conn = api_open(1, 77);

	kill_conn(&conn, "", "");
	check_accepted(1);
	ck_assert_int_eq(api_number(api.document, "matched"), 1);
	ck_assert_int_eq(taken(&desk)->kind, ORDER_KILL);
	ck_assert_uint_eq(desk.last.id, conn.id);
	ck_assert_int_eq(desk.last.how, HOW_RST);
	ck_assert_str_eq(desk.last.words, "");
	kill_conn(&conn, "?how=rst&dry_run=0", "");
	check_accepted(1);
	ck_assert_int_eq(taken(&desk)->how, HOW_RST);
	kill_conn(&conn, "?how=fin", "x-reason: maintenance of caf\xc3\xa9 7 \t \r\n");
	check_accepted(1);
	ck_assert_int_eq(taken(&desk)->how, HOW_FIN);
	ck_assert_str_eq(desk.last.words, "maintenance of caf\xc3\xa9 7");
	ck_assert_int_eq(desk.taken, 3);
}
END_TEST

START_TEST(a_dry_run_posts_nothing)
{
	struct api_conn conn = api_open(1, 77);

	kill_conn(&conn, "?dry_run=1&how=fin", "X-Reason: would it?\r\n");
	check_accepted(0);
	ck_assert_int_eq(api_number(api.document, "matched"), 1);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "dry run"));
	taken(&desk);
	ck_assert_int_eq(desk.taken, 0);
}
END_TEST

START_TEST(an_order_without_room_is_not_posted_and_the_answer_says_so)
{
	struct api_conn conn = api_open(1, 77), other = api_open(0, 78); /* worker 0 takes none */

	while (orders_post(api.track.orders, &(struct admin_order){ .kind = ORDER_KILL, .id = conn.id }))
		continue;
	kill_conn(&conn, "", "");
	check_accepted(0);
	ck_assert_int_eq(api_number(api.document, "matched"), 1);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "try again"));
	ck_assert_int_eq(api_number(api_get("/stats"), "orders_refused"), 2);
	kill_conn(&other, "", "");
	check_accepted(0);
}
END_TEST

START_TEST(without_admin_write_nothing_can_be_changed)
{
	static const struct {
		const char *method, *target;
	} changes[] = { { "DELETE", "/conns/x" }, { "POST", "/drain" }, { "DELETE", "/drain" },
		{ "POST", "/drain?timeout=0" } };
	struct api_conn conn = api_open(1, 77);

	server_stop(api.server);
	api.settings.admin_write = false;
	api_start("127.0.0.1:0");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		ask(changes[i].method, changes[i].target, "");
		ck_assert_int_eq(api.answer.status, 403);
		api_check_problem("no_changes", NULL);
		ck_assert_ptr_nonnull(strstr(api.answer.body, "--admin-write"));
	}
	kill_conn(&conn, "", "");
	ck_assert_int_eq(api.answer.status, 403);
	taken(&desk), taken(&process);
	ck_assert_int_eq(desk.taken + process.taken, 0);
}
END_TEST

START_TEST(a_foreign_page_can_change_nothing)
{
	struct api_conn conn = api_open(1, 77);

	kill_conn(&conn, "", "Origin: http://example.org\r\n");
	ck_assert_int_eq(api.answer.status, 403);
	api_check_problem("foreign_origin", NULL);
	ask("POST", "/drain", "Origin: null\r\n");
	ck_assert_int_eq(api.answer.status, 403);
	taken(&desk), taken(&process);
	ck_assert_int_eq(desk.taken + process.taken, 0);
}
END_TEST

static const struct {
	const char *query, *headers, *type, *parameter;
} mistakes[] = {
	{ "?how=", "", "bad_value", "how" },
	{ "?how=FIN", "", "bad_value", "how" },
	{ "?how=rst&how=rst", "", "repeated_parameter", "how" },
	{ "?hwo=fin", "", "unknown_parameter", "hwo" },
	{ "?filter=x", "", "unknown_parameter", "filter" },
	{ "?dry_run", "", "bad_value", "dry_run" },
	{ "?dry_run=yes", "", "bad_value", "dry_run" },
	{ "", "X-Reason: \xff\xfe\r\n", "bad_request", NULL },
	{ "", "X-Reason: cut \xe2\x82\r\n", "bad_request", NULL },
	{ "", "X-Reason: a\r\nX-Reason: b\r\n", "bad_request", NULL },
	{ "", "Content-Length: 3\r\n\r\nabc", "bad_request", NULL },
};

START_TEST(a_mistake_kills_nobody)
{
	struct api_conn conn = api_open(1, 77);

	kill_conn(&conn, mistakes[_i].query, mistakes[_i].headers);
	ck_assert_msg(
	    api.answer.status == 400, "%s %s: %d", mistakes[_i].query, mistakes[_i].headers, api.answer.status);
	api_check_problem(mistakes[_i].type, mistakes[_i].parameter);
	taken(&desk);
	ck_assert_int_eq(desk.taken, 0);
}
END_TEST

START_TEST(words_may_be_as_long_as_they_can_be_kept)
{
	struct api_conn conn = api_open(1, 77);
	char header[200];

	snprintf(header, sizeof(header), "X-Reason: %0*d\r\n", ORDER_WORDS_MAX, 7);
	kill_conn(&conn, "", header);
	check_accepted(1);
	ck_assert_uint_eq(strlen(taken(&desk)->words), ORDER_WORDS_MAX);
	snprintf(header, sizeof(header), "X-Reason: %0*d\r\n", ORDER_WORDS_MAX + 1, 7);
	kill_conn(&conn, "", header);
	ck_assert_int_eq(api.answer.status, 400);
	api_check_problem("bad_request", NULL);
	taken(&desk);
	ck_assert_int_eq(desk.taken, 1);
}
END_TEST

START_TEST(who_is_closed_already_is_shown_as_long_as_it_is_kept)
{
	struct api_conn conn = api_open(1, 77), never = conn;

	api_close_only(&conn);
	for (int released = 0; released < 2; released++) {
		kill_conn(&conn, "?how=fin", "");
		ck_assert_int_eq(api.answer.status, 410);
		api_check_problem("connection_closed", NULL);
		ck_assert_ptr_null(strpbrk(json_string_value(json_object_get(api.document, "detail")), "{}"));
		json_t *connection = json_object_get(api.document, "connection");
		ck_assert_str_eq(json_string_value(json_object_get(connection, "id")), conn.name);
		ck_assert_str_eq(
		    json_string_value(json_object_get(json_object_get(connection, "close"), "reason")), "client_fin");
		ck_assert_ptr_nonnull(json_object_get(connection, "events"));
		if (!released)
			table_release(api.track.table, conn.worker, conn.slot);
	}
	for (int i = 0; i < API_HISTORY; i++) {
		struct api_conn later = api_open(1, 1);
		api_close(&later);
	}
	kill_conn(&conn, "", "");
	ck_assert_int_eq(api.answer.status, 410);
	api_check_problem("connection_gone", NULL);
	conn_id_format(api.track.boot, conn_id_make(1, conn.slot, 100000), never.name);
	kill_conn(&never, "", "");
	ck_assert_int_eq(api.answer.status, 404);
	api_check_problem("unknown_connection", NULL);
	taken(&desk);
	ck_assert_int_eq(desk.taken, 0);
}
END_TEST

/* The drain. */

START_TEST(a_drain_is_posted_with_its_deadline)
{
	ask("POST", "/drain", "");
	check_accepted(1);
	ck_assert_int_eq(taken(&process)->kind, ORDER_DRAIN);
	ck_assert_int_eq(process.last.timeout_ns, 30 * NS_PER_S);
	ask("POST", "/drain?timeout=1500ms", "Content-Length: 0\r\n");
	check_accepted(1);
	ck_assert_int_eq(taken(&process)->timeout_ns, 1500 * NS_PER_MS);
	ask("POST", "/drain?timeout=0", "");
	check_accepted(1);
	ck_assert_int_eq(taken(&process)->timeout_ns, 0);
	ask("DELETE", "/drain", "");
	check_accepted(1);
	ck_assert_int_eq(taken(&process)->kind, ORDER_UNDRAIN);
}
END_TEST

START_TEST(a_deadline_must_be_a_time)
{
	static const char *const targets[] = { "/drain?timeout=", "/drain?timeout=30", "/drain?timeout=-1s",
		"/drain?timeout=1001d", "/drain?timeout=soon" };

	ask("POST", targets[_i], "");
	ck_assert_int_eq(api.answer.status, 400);
	api_check_problem("bad_value", "timeout");
	taken(&process);
	ck_assert_int_eq(process.taken, 0);
}
END_TEST

static const char *
state(void)
{
	return json_string_value(json_object_get(api_get("/drain"), "state"));
}

START_TEST(the_drain_tells_its_state)
{
	struct draining_facts facts = { .state = DRAINING_ON_ORDER,
		.since_us = INT64_C(1795447810000042),
		.since_ns = clock_now(),
		.until_ns = clock_now() + 1000 * NS_PER_S };

	ck_assert_str_eq(state(), "accepting");
	ck_assert(json_is_null(json_object_get(api.document, "since")));
	ck_assert(json_is_null(json_object_get(api.document, "until")));
	ck_assert(json_is_null(json_object_get(api.document, "left_us")));
	ck_assert_int_eq(api_number(api.document, "connections_left"), 0);

	draining_write(api.track.draining, &facts);
	ck_assert_str_eq(state(), "drained");
	struct api_conn conn = api_open(1, 77);
	ck_assert_str_eq(state(), "draining");
	ck_assert_int_eq(api_number(api.document, "connections_left"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(api.document, "since")), "2026-11-23T15:30:10.000042Z");
	ck_assert_ptr_nonnull(json_string_value(json_object_get(api.document, "until")));
	ck_assert_int_gt(api_number(api.document, "left_us"), 900 * 1000000);
	ck_assert_int_le(api_number(api.document, "left_us"), 1000 * 1000000);
	facts.until_ns = facts.since_ns;
	draining_write(api.track.draining, &facts);
	ck_assert_str_eq(json_string_value(json_object_get(api_get("/drain"), "until")), "2026-11-23T15:30:10.000042Z");
	ck_assert_int_eq(api_number(api.document, "left_us"), 0);
	api_close(&conn);
}
END_TEST

START_TEST(a_stop_cannot_be_taken_back)
{
	struct draining_facts facts = { .state = DRAINING_TO_STOP, .since_us = 1, .since_ns = clock_now() };

	draining_write(api.track.draining, &facts);
	ck_assert_str_eq(state(), "stopping");
	ask(_i == 0 ? "DELETE" : "POST", "/drain", "");
	ck_assert_int_eq(api.answer.status, 409);
	api_check_problem("stopping", NULL);
	taken(&process);
	ck_assert_int_eq(process.taken, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api orders");
	TCase *kills = tcase_create("kill");
	TCase *drain = tcase_create("drain");

	tcase_set_timeout(kills, 60);
	tcase_add_checked_fixture(kills, setup, teardown);
	tcase_add_test(kills, a_kill_is_posted_to_the_worker_of_the_connection);
	tcase_add_test(kills, a_dry_run_posts_nothing);
	tcase_add_test(kills, an_order_without_room_is_not_posted_and_the_answer_says_so);
	tcase_add_test(kills, without_admin_write_nothing_can_be_changed);
	tcase_add_test(kills, a_foreign_page_can_change_nothing);
	tcase_add_loop_test(kills, a_mistake_kills_nobody, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(kills, words_may_be_as_long_as_they_can_be_kept);
	tcase_add_test(kills, who_is_closed_already_is_shown_as_long_as_it_is_kept);
	tcase_set_timeout(drain, 60);
	tcase_add_checked_fixture(drain, setup, teardown);
	tcase_add_test(drain, a_drain_is_posted_with_its_deadline);
	tcase_add_loop_test(drain, a_deadline_must_be_a_time, 0, 5);
	tcase_add_test(drain, the_drain_tells_its_state);
	tcase_add_loop_test(drain, a_stop_cannot_be_taken_back, 0, 2);
	suite_add_tcase(suite, kills);
	suite_add_tcase(suite, drain);
	return suite_main(suite);
}
