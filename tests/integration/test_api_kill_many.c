/* SPDX-License-Identifier: MIT */
/* DELETE /conns: which connections are ended, how many, and what is said of those that are not. */
#include "support/api_scene.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/suite.h"
#include "support/wait_until.h"

enum { MANY = 8500 };

/* Where the workers' orders go. */
static struct desk {
	int worker;
	struct loop *loop;
	struct mailbox *mailbox;
	int taken, most_at_once;
	struct admin_order last;
	pthread_t thread;
} desks[API_WORKERS];
static _Atomic int times[API_WORKERS][API_CONNS_MAX]; /* how often each slot was named */
static atomic_bool working;

static void
on_mail(void *argument, const struct mail *mail)
{
	struct desk *desk = argument;

	orders_take(api.track.orders, desk->worker, mail, &desk->last);
	desk->taken++;
	if (conn_id_slot(desk->last.id) < API_CONNS_MAX)
		atomic_fetch_add(&times[desk->worker][conn_id_slot(desk->last.id)], 1);
}

static void
take(struct desk *desk, int patience_ms)
{
	int before = desk->taken;

	loop_turn(desk->loop, patience_ms);
	if (desk->taken - before > desk->most_at_once)
		desk->most_at_once = desk->taken - before;
}

static void *
work(void *argument)
{
	while (atomic_load(&working))
		take(argument, 5);
	return NULL;
}

static void
setup(void)
{
	api.settings.admin_write = true;
	api_setup();
	memset(times, 0, sizeof(times));
	for (int i = 0; i < API_WORKERS; i++) {
		desks[i] = (struct desk){ .worker = i, .loop = loop_new() };
		desks[i].mailbox = mailbox_new(desks[i].loop, on_mail, &desks[i]);
		orders_deliver_to(api.track.orders, i, desks[i].mailbox);
	}
}

static void
teardown(void)
{
	api_teardown();
	api.settings.admin_write = false;
	for (int i = 0; i < API_WORKERS; i++) {
		mailbox_free(desks[i].mailbox);
		loop_free(desks[i].loop);
	}
}

static void
begin_work(void)
{
	atomic_store(&working, true);
	for (int i = 0; i < API_WORKERS; i++)
		ck_assert_int_eq(pthread_create(&desks[i].thread, NULL, work, &desks[i]), 0);
}

static void
end_work(void)
{
	atomic_store(&working, false);
	for (int i = 0; i < API_WORKERS; i++)
		pthread_join(desks[i].thread, NULL);
}

static void
take_all(struct desk *desk)
{
	int before;

	do {
		before = desk->taken;
		take(desk, 0);
	} while (desk->taken > before);
}

static int
all_taken(void)
{
	int all = 0;

	for (int i = 0; i < API_WORKERS; i++) {
		take_all(&desks[i]);
		all += desks[i].taken;
	}
	return all;
}

static void
ask_to_kill(const char *query, const char *headers)
{
	char request[1024];

	snprintf(request, sizeof(request), "DELETE /conns%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", query, headers);
	api_forget();
	http_ask(&api.at, request, &api.answer);
	api.document = json_loadb(api.answer.body, api.answer.length, JSON_REJECT_DUPLICATES, NULL);
}

static const char *
detail(void)
{
	return json_string_value(json_object_get(api.document, "detail"));
}

static void
kill_many(const char *query, int matched, int posted)
{
	ask_to_kill(query, "");
	ck_assert_msg(api.answer.status == 202 && api.document != NULL, "%d %s", api.answer.status, api.answer.body);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), "application/json");
	ck_assert_int_eq(api_number(api.document, "matched"), matched);
	ck_assert_int_eq(api_number(api.document, "posted"), posted);
}

static int
times_of(const struct api_conn *conn)
{
	return atomic_load(&times[conn->worker][conn->slot]);
}

START_TEST(those_that_the_filter_chooses_are_ended_and_no_others)
{
	struct api_conn conns[30];

	for (int i = 0; i < 30; i++)
		conns[i] = api_open(i % API_WORKERS, (uint16_t)(1000 + i / 10));
	api_close(&conns[10]);
	kill_many("?filter=client.port==1001", 9, 9);
	ck_assert_ptr_null(detail());
	ck_assert_int_eq(all_taken(), 9);
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(times_of(&conns[i]), i > 10 && i < 20);
	kill_many("?filter=state+!=+closed&port=1000", 10, 10);
	ck_assert_int_eq(all_taken(), 19);
	kill_many("?filter=client.port==7", 0, 0);
	ck_assert_ptr_null(detail());
}
END_TEST

START_TEST(how_and_the_words_go_with_each_order)
{
	for (int i = 0; i < 3; i++)
		api_open(i, 1);
	ask_to_kill("?filter=age+%3e=+0us&how=fin", "X-Reason: maintenance \r\n");
	ck_assert_int_eq(all_taken(), 3);
	for (int i = 0; i < API_WORKERS; i++) {
		ck_assert_int_eq(desks[i].last.kind, ORDER_KILL);
		ck_assert_int_eq(desks[i].last.how, HOW_FIN);
		ck_assert_str_eq(desks[i].last.words, "maintenance");
	}
	kill_many("?filter=age+%3e=+0us", 3, 3);
	ck_assert_int_eq(all_taken(), 6);
	ck_assert_int_eq(desks[0].last.how, HOW_RST);
	ck_assert_str_eq(desks[0].last.words, "");
}
END_TEST

START_TEST(a_dry_run_of_many_posts_nothing)
{
	for (int i = 0; i < 30; i++)
		api_open(i % API_WORKERS, 1);
	kill_many("?filter=port==1&dry_run=1", 30, 0);
	ck_assert_ptr_nonnull(strstr(detail(), "dry run"));
	kill_many("?filter=port==1&dry_run=1&max=3", 30, 0);
	ck_assert_int_eq(all_taken(), 0);
}
END_TEST

START_TEST(max_bounds_how_many_are_ended)
{
	for (int i = 0; i < 30; i++)
		api_open(i % API_WORKERS, 1);
	kill_many("?filter=port==1&max=7", 30, 7);
	ck_assert_str_eq(detail(), "23 more match than max allows.");
	ck_assert_int_eq(all_taken(), 7);
	kill_many("?filter=port==1&max=30", 30, 30);
	ck_assert_ptr_null(detail());
	ck_assert_int_eq(all_taken(), 37);
}
END_TEST

START_TEST(thousands_are_ended_at_once_each_by_one_order)
{
	static struct api_conn conns[MANY];

	for (int i = 0; i < MANY; i++)
		conns[i] = api_open(i % 7 == 0 ? 0 : 1, (uint16_t)(1 + i));
	begin_work();
	kill_many("?filter=state+!=+closed", MANY, MANY);
	end_work();
	ck_assert_ptr_null(detail());
	ck_assert_int_eq(all_taken(), MANY);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(times_of(&conns[i]), 1);
	/* A worker forwards between them. */
	ck_assert_int_le(desks[1].most_at_once, MAILBOX_TURN);
	ck_assert_int_eq(api_number(api_get("/stats"), "orders_refused"), 0);
}
END_TEST

/* Worker 1 is stuck; whoever else is asked goes on. */
START_TEST(what_finds_no_room_in_time_is_told)
{
	enum { OF_STUCK = ORDERS_AT_ONCE + 100, OF_OTHER = 100 };

	for (int i = 0; i < OF_STUCK; i++)
		api_open(1, 1);
	for (int i = 0; i < OF_OTHER; i++)
		api_open(2, 1);
	int64_t begun = wait_clock_ms();
	kill_many("?filter=port==1", OF_STUCK + OF_OTHER, ORDERS_AT_ONCE + OF_OTHER);
	ck_assert_int_ge(wait_clock_ms() - begun, 1900);
	ck_assert_ptr_nonnull(strstr(detail(), "100 found no room"));
	ck_assert_int_eq(all_taken(), ORDERS_AT_ONCE + OF_OTHER);
	ck_assert_int_eq(api_number(api_get("/stats"), "orders_refused"), 100);
	kill_many("?filter=port==1&max=10", OF_STUCK + OF_OTHER, 10);
}
END_TEST

START_TEST(others_are_answered_while_orders_wait)
{
	static const char request[] = "DELETE /conns?filter=worker==1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct answer answer;
	int asked = 0, fd = http_connect(&api.at);

	for (int i = 0; i < 2 * ORDERS_AT_ONCE; i++)
		api_open(1, 1);
	http_send(fd, request, strlen(request));
	/* It waits for two seconds, and each answer may cost one of its naps. */
	for (int64_t begun = wait_clock_ms(); wait_clock_ms() - begun < 500; asked++)
		api_get("/version");
	ck_assert_int_gt(asked, 10);
	http_read(fd, &answer, 0);
	ck_assert_int_eq(answer.status, 202);
	ck_assert_ptr_nonnull(strstr(answer.body, "found no room"));
	http_forget(&answer);
	close(fd);
	ck_assert_int_eq(all_taken(), ORDERS_AT_ONCE);
}
END_TEST

START_TEST(without_a_slip_nothing_is_begun)
{
	uint32_t slips[ORDER_SLIPS];

	api_open(0, 1);
	for (int i = 0; i < ORDER_SLIPS; i++)
		ck_assert(orders_begin(api.track.orders, &(struct admin_order){ .kind = ORDER_KILL }, &slips[i]));
	ask_to_kill("?filter=port==1", "");
	ck_assert_int_eq(api.answer.status, 503);
	api_check_problem("busy", NULL);
	ck_assert_str_eq(http_header(&api.answer, "Retry-After"), "1");
	kill_many("?filter=port==1&dry_run=1", 1, 0); /* needs none */
	for (int i = 0; i < ORDER_SLIPS; i++)
		orders_end(api.track.orders, slips[i], 0);
	for (int i = 0; i < 2 * ORDER_SLIPS; i++) { /* and gives back what it took */
		kill_many("?filter=port==1", 1, 1);
		take(&desks[0], 0);
	}
}
END_TEST

static const struct {
	const char *query, *headers;
	int status;
	const char *type, *parameter;
	const char *says; /* in the detail; NULL: whatever */
} faults[] = {
	{ "", "", 400, "missing_parameter", "filter", "filter=state != closed" },
	{ "?filter=", "", 400, "missing_parameter", "filter", "filter=state != closed" },
	{ "?filter=+%09+", "", 400, "missing_parameter", "filter", NULL },
	{ "?client=127.0.0.1", "", 400, "missing_parameter", "filter", NULL },
	{ "?fliter=port==1", "", 400, "unknown_parameter", "fliter", "filter" },
	{ "?filter=stat==established", "", 400, "bad_filter", "filter", "state" },
	{ "?filter=port==1&client=x", "", 400, "bad_value", "client", NULL },
	{ "?filter=port==1&state=all", "", 400, "unknown_parameter", "state", NULL },
	{ "?filter=port==1&limit=1", "", 400, "unknown_parameter", "limit", NULL },
	{ "?filter=port==1&max=0", "", 400, "bad_value", "max", "from 1" },
	{ "?filter=port==1&max=all", "", 400, "bad_value", "max", NULL },
	{ "?filter=port==1&how=now", "", 400, "bad_value", "how", "rst or fin" },
	{ "?filter=port==1&dry_run=yes", "", 400, "bad_value", "dry_run", NULL },
	{ "?filter=port==1", "X-Reason: \xff\r\n", 400, "bad_request", NULL, "X-Reason" },
};

START_TEST(a_mistake_ends_nothing)
{
	api_open(0, 1);
	ask_to_kill(faults[_i].query, faults[_i].headers);
	ck_assert_msg(api.answer.status == faults[_i].status, "%s: %d", faults[_i].query, api.answer.status);
	api_check_problem(faults[_i].type, faults[_i].parameter);
	ck_assert_msg(faults[_i].says == NULL || strstr(detail(), faults[_i].says) != NULL, "%s", detail());
	ck_assert_int_eq(all_taken(), 0);
}
END_TEST

START_TEST(without_admin_write_nothing_is_ended)
{
	api.settings.admin_write = false;
	api_open(0, 1);
	ask_to_kill("?filter=port==1", "");
	ck_assert_int_eq(api.answer.status, 403);
	api_check_problem("no_changes", NULL);
	ck_assert_int_eq(all_taken(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api kill many");
	TCase *tcase = tcase_create("kill many");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, those_that_the_filter_chooses_are_ended_and_no_others);
	tcase_add_test(tcase, how_and_the_words_go_with_each_order);
	tcase_add_test(tcase, a_dry_run_of_many_posts_nothing);
	tcase_add_test(tcase, max_bounds_how_many_are_ended);
	tcase_add_test(tcase, thousands_are_ended_at_once_each_by_one_order);
	tcase_add_test(tcase, what_finds_no_room_in_time_is_told);
	tcase_add_test(tcase, others_are_answered_while_orders_wait);
	tcase_add_test(tcase, without_a_slip_nothing_is_begun);
	tcase_add_loop_test(tcase, a_mistake_ends_nothing, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, without_admin_write_nothing_is_ended);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
