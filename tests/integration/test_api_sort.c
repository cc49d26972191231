/* SPDX-License-Identifier: MIT */
/* Sorted lists: the first of all, by any field. */
#include "support/api_scene.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/suite.h"
#include "support/wait_until.h"

static json_t *
list(const char *target)
{
	return json_object_get(api_get(target), "conns");
}

static struct api_conn
open_with(int worker, uint16_t port, uint64_t bytes)
{
	struct api_conn conn = api_open(worker, port);

	table_edit(api.track.table, worker, conn.slot)->bytes[LEG_CLIENT].received = bytes;
	table_commit(api.track.table, worker, conn.slot);
	return conn;
}

static int64_t
bytes_of(const json_t *conns, size_t place)
{
	json_t *legs = json_object_get(json_array_get(conns, place), "legs");

	return api_number(json_object_get(legs, "client"), "bytes_received");
}

static const char *
id_of(const json_t *conns, size_t place)
{
	return json_string_value(json_object_get(json_array_get(conns, place), "id"));
}

START_TEST(the_greatest_of_all_come_first)
{
	for (uint64_t i = 0; i < 300; i++) {
		struct api_conn conn = open_with((int)i % API_WORKERS, 1, i * 7919 % 1000);

		if (i % 3 == 0)
			api_close(&conn);
	}
	json_t *conns = list("/conns?sort=-legs.client.bytes_received&limit=20&state=all");
	ck_assert_uint_eq(json_array_size(conns), 20);
	for (size_t i = 1; i < 20; i++)
		ck_assert_int_le(bytes_of(conns, i), bytes_of(conns, i - 1));
	int64_t twentieth = bytes_of(conns, 19);
	ck_assert(json_is_null(json_object_get(api.document, "next")));
	conns = list("/conns?limit=10000&state=all");
	size_t more = 0;
	for (size_t i = 0; i < json_array_size(conns); i++)
		more += bytes_of(conns, i) > twentieth;
	ck_assert_uint_lt(more, 20);
	conns = list("/conns?sort=legs.client.bytes_received&limit=20&count=1");
	ck_assert_int_eq(api_number(api.document, "matched"), 200);
	for (size_t i = 1; i < 20; i++)
		ck_assert_int_ge(bytes_of(conns, i), bytes_of(conns, i - 1));
}
END_TEST

START_TEST(the_same_table_gives_the_same_list)
{
	char first[100][CONN_ID_TEXT_MAX];

	for (int i = 0; i < 100; i++)
		open_with(i % API_WORKERS, 1, i < 50 ? 7 : 8);
	for (int round = 0; round < 3; round++) {
		json_t *conns = list("/conns?sort=-legs.client.bytes_received");

		ck_assert_uint_eq(json_array_size(conns), 100);
		for (size_t i = 0; i < 100; i++) {
			if (round == 0)
				strcpy(first[i], id_of(conns, i));
			ck_assert_str_eq(id_of(conns, i), first[i]);
		}
	}
}
END_TEST

START_TEST(null_comes_last_in_either_order)
{
	struct api_conn known = api_open(0, 1), unknown = api_open(1, 2), other = api_open(2, 3);

	table_edit(api.track.table, 0, known.slot)->connect_us = 10;
	table_commit(api.track.table, 0, known.slot);
	table_edit(api.track.table, 2, other.slot)->connect_us = 20;
	table_commit(api.track.table, 2, other.slot);
	json_t *conns = list("/conns?sort=timings_us.connect");
	ck_assert_str_eq(id_of(conns, 0), known.name);
	ck_assert_str_eq(id_of(conns, 1), other.name);
	ck_assert_str_eq(id_of(conns, 2), unknown.name);
	conns = list("/conns?sort=-timings_us.connect");
	ck_assert_str_eq(id_of(conns, 0), other.name);
	ck_assert_str_eq(id_of(conns, 2), unknown.name);
	conns = list("/conns?sort=-timings_us.connect&limit=2&filter=client.port!=3");
	ck_assert_str_eq(id_of(conns, 0), known.name);
	ck_assert_str_eq(id_of(conns, 1), unknown.name);
}
END_TEST

START_TEST(age_is_compared_as_of_one_moment)
{
	for (int i = 0; i < 5000; i++)
		api_open(i % API_WORKERS, 1);
	json_t *conns = list("/conns?sort=-age&limit=10000");
	ck_assert_uint_eq(json_array_size(conns), 5000);
	for (size_t i = 1; i < 5000; i++)
		ck_assert_int_le(api_number(json_array_get(conns, i), "duration_us"),
		    api_number(json_array_get(conns, i - 1), "duration_us"));
}
END_TEST

START_TEST(one_that_is_closed_but_has_its_slot_is_sorted_once)
{
	struct api_conn conn = open_with(0, 1, 5);

	api_close_only(&conn);
	ck_assert_uint_eq(json_array_size(list("/conns?state=all&sort=age")), 1);
}
END_TEST

static atomic_bool churning;

static void *
churn(void *unused)
{
	struct api_conn conns[40];

	for (int i = 0; i < 40; i++)
		conns[i] = open_with(i % API_WORKERS, 7, (uint64_t)i);
	for (int oldest = 0; atomic_load(&churning); oldest = (oldest + 1) % 40) {
		api_close(&conns[oldest]);
		conns[oldest] = open_with(oldest % API_WORKERS, 7, (uint64_t)oldest);
	}
	return unused;
}

START_TEST(who_stays_is_sorted_once_while_others_come_and_go)
{
	enum { STAYING = 20 };
	struct api_conn staying[STAYING];
	pthread_t thread;

	for (int i = 0; i < STAYING; i++)
		staying[i] = open_with(i % API_WORKERS, 8, 1000 + (uint64_t)i);
	atomic_store(&churning, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, churn, NULL), 0);
	for (int round = 0; round < 20; round++) {
		json_t *conns = list("/conns?sort=-legs.client.bytes_received&state=all&limit=500");
		size_t count = json_array_size(conns);

		for (size_t i = 0; i < STAYING; i++)
			ck_assert_str_eq(id_of(conns, i), staying[STAYING - 1 - i].name);
		for (size_t i = 0; i < count; i++) {
			for (size_t j = 0; j < i; j++)
				ck_assert_str_ne(id_of(conns, i), id_of(conns, j));
		}
	}
	atomic_store(&churning, false);
	pthread_join(thread, NULL);
}
END_TEST

/* They are kept in memory until their clients have read them. */
START_TEST(too_many_sorted_lists_at_once_are_refused_until_some_are_read)
{
	static const char request[] = "GET /conns?sort=age&limit=10000&view=full HTTP/1.1\r\nHost: localhost\r\n\r\n";
	enum { LISTS = 10 };
	int fds[LISTS], refused = 0;
	struct answer answer;

	for (int i = 0; i < 15000; i++)
		api_open(i % API_WORKERS, 1);
	for (int i = 0; i < LISTS; i++) {
		char status[16] = "";

		fds[i] = http_connect(&api.at);
		http_send(fds[i], request, strlen(request));
		ck_assert_int_eq(recv(fds[i], status, 12, MSG_WAITALL), 12);
		refused += strcmp(status, "HTTP/1.1 503") == 0;
	}
	ck_assert_int_ge(refused, 1);
	ck_assert_int_le(refused, LISTS - 3);
	http_get(&api.at, "/conns?sort=age&limit=10000", &answer);
	ck_assert_int_eq(answer.status, 503);
	ck_assert_str_eq(http_header(&answer, "Retry-After"), "1");
	http_forget(&answer);
	ck_assert_uint_eq(json_array_size(list("/conns?sort=age&limit=20")), 20); /* a small one has room */
	for (int i = 0; i < LISTS; i++)
		close(fds[i]);
	wait_until((api_ask("/conns?sort=age&limit=10000"), api.answer.status == 200));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api sort");
	TCase *tcase = tcase_create("sort");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_add_test(tcase, the_greatest_of_all_come_first);
	tcase_add_test(tcase, the_same_table_gives_the_same_list);
	tcase_add_test(tcase, null_comes_last_in_either_order);
	tcase_add_test(tcase, age_is_compared_as_of_one_moment);
	tcase_add_test(tcase, one_that_is_closed_but_has_its_slot_is_sorted_once);
	tcase_add_test(tcase, who_stays_is_sorted_once_while_others_come_and_go);
	tcase_add_test(tcase, too_many_sorted_lists_at_once_are_refused_until_some_are_read);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
