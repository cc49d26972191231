/* SPDX-License-Identifier: MIT */
/* What a list can be asked: which connections, which fields, in which form. */
#include "support/api_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "api/cursor.h"
#include "support/suite.h"

static json_t *
list(const char *target)
{
	return json_object_get(api_get(target), "conns");
}

static size_t
size_of_list(const char *target)
{
	return json_array_size(list(target));
}

/* That one and no other. */
static bool
lists_only(const char *target, const struct api_conn *conn)
{
	json_t *conns = list(target);

	return json_array_size(conns) == 1 &&
	       strcmp(json_string_value(json_object_get(json_array_get(conns, 0), "id")), conn->name) == 0;
}

/* `headers`: each with its CR LF.  The document is NULL unless the answer is one. */
static void
ask(const char *target, const char *headers)
{
	char request[2048];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
	api_forget();
	http_ask(&api.at, request, &api.answer);
	api.document = json_loadb(api.answer.body, api.answer.length, JSON_REJECT_DUPLICATES, NULL);
}

static struct record *
edit(const struct api_conn *conn)
{
	return table_edit(api.track.table, conn->worker, conn->slot);
}

static void
commit(const struct api_conn *conn)
{
	table_commit(api.track.table, conn->worker, conn->slot);
}

static void
set_end(struct flow_end *end, const char *text)
{
	struct addr addr;
	struct flow flow;

	ck_assert(addr_parse(&addr, text));
	flow_set(&flow, &addr, &addr);
	*end = flow.source;
}

/* Which connections. */

START_TEST(a_filter_chooses_live_and_closed_ones)
{
	struct api_conn one = api_open(0, 1001), other = api_open(1, 1002), closed = api_open(2, 1001);

	api_close(&closed);
	ck_assert(lists_only("/conns?filter=client.port==1001", &one));
	ck_assert(lists_only("/conns?filter=client.port+%3e+1001", &other));
	ck_assert(lists_only("/conns?filter=client.port==1001&state=closed", &closed));
	ck_assert_uint_eq(size_of_list("/conns?filter=client.port==1001&state=all&count=1"), 2);
	ck_assert_int_eq(api_number(api.document, "matched"), 2);
	ck_assert(lists_only("/conns?filter=reason==client_fin&state=all", &closed));
	ck_assert_uint_eq(size_of_list("/conns?filter=age+%3e+1h&state=all"), 0);
	ck_assert_uint_eq(size_of_list("/conns?filter=client.port+in+(1001,1002)+and+not+worker==0"), 1);
}
END_TEST

START_TEST(a_bad_filter_is_told_with_its_place)
{
	api_ask("/conns?filter=idle+%3e+5m+and+stat+==+flushing");
	ck_assert_int_eq(api.answer.status, 400);
	api_check_problem("bad_filter", "filter");
	ck_assert_int_eq(api_number(api.document, "position"), 14);
	ck_assert_int_eq(api_number(api.document, "length"), 4);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(api.document, "detail")), "state"));
	ck_assert_str_eq(json_string_value(json_object_get(api.document, "caret")),
	    "idle > 5m and stat == flushing\n              ^~~~");
}
END_TEST

START_TEST(pages_of_a_filter_show_each_once)
{
	char target[CURSOR_TEXT_MAX + 100], next[CURSOR_TEXT_MAX] = "";
	size_t seen = 0;

	for (int i = 0; i < 60; i++) {
		struct api_conn conn = api_open(i % API_WORKERS, (uint16_t)(1 + i % 3));

		if (i % 2 == 0)
			api_close(&conn);
	}
	do {
		snprintf(target, sizeof(target), "/conns?filter=client.port==2&state=all&limit=3%s%s",
		    next[0] == '\0' ? "" : "&after=", next);
		json_t *page = list(target);
		seen += json_array_size(page);
		for (size_t i = 0; i < json_array_size(page); i++) {
			json_t *client = json_object_get(json_array_get(page, i), "client");

			ck_assert_int_eq(api_number(client, "port"), 2);
		}
		const char *more = json_string_value(json_object_get(api.document, "next"));
		snprintf(next, sizeof(next), "%s", more == NULL ? "" : more);
	} while (next[0] != '\0');
	ck_assert_uint_eq(seen, 20);
}
END_TEST

START_TEST(plain_parameters_are_small_filters)
{
	struct api_conn one = api_open(0, 1001), other = api_open(1, 1002), closed = api_open(2, 1003);
	struct record *record = edit(&other);

	set_end(&record->legs[LEG_CLIENT].flow.source, "10.1.2.3:1002");
	set_end(&record->legs[LEG_UPSTREAM].flow.destination, "[2001:db8::7]:80");
	record->target_chosen = true;
	record->listener = record->upstream = 1;
	commit(&other);
	api_close(&closed);
	ck_assert(lists_only("/conns?client=10.1.2.3", &other));
	ck_assert(lists_only("/conns?client=10.0.0.0/8", &other));
	ck_assert(lists_only("/conns?client=127.0.0.0/8", &one));
	ck_assert_uint_eq(size_of_list("/conns?client=192.0.2.0/24"), 0);
	ck_assert(lists_only("/conns?target=2001:db8::/32", &other));
	ck_assert_uint_eq(size_of_list("/conns?target=10.0.0.0/8"), 0);
	ck_assert(lists_only("/conns?listener=8080", &one));
	ck_assert(lists_only("/conns?upstream=web:80", &other));
	ck_assert(lists_only("/conns?port=1002", &other));
	ck_assert_uint_eq(size_of_list("/conns?port=1002&client=127.0.0.1"), 0); /* all must hold */
	ck_assert(lists_only("/conns?port=1002&filter=listener+!=+8080&client=10.1.2.3", &other));
	/* Only closed ones have ended. */
	ck_assert(lists_only("/conns?reason=client_fin", &closed));
	ck_assert_uint_eq(size_of_list("/conns?reason=client_fin&state=active"), 0);
	ck_assert_uint_eq(size_of_list("/conns?reason=client_reset"), 0);
	ck_assert_uint_eq(size_of_list("/conns?initiator=upstream"), 0);
	ck_assert(lists_only("/conns?reason=client_fin&kind=proxy&state=all", &closed));
}
END_TEST

/* Which fields. */

START_TEST(only_the_fields_that_are_asked_for_are_shown)
{
	struct api_conn conn = api_open(0, 1001);
	char expected[256];

	snprintf(expected, sizeof(expected),
	    "{\"id\":\"%s\",\"client\":{\"port\":1001},\"legs\":{\"client\":{\"bytes_received\":0},"
	    "\"upstream\":{\"bytes_received\":0}},\"close\":null}",
	    conn.name);
	ask("/conns?fields=close,bytes_received,client.port,id&format=ndjson", "");
	ck_assert_int_eq(api.answer.status, 200);
	api.answer.body[strcspn(api.answer.body, "\n")] = '\0';
	ck_assert_str_eq(api.answer.body, expected);
	json_t *shown = json_array_get(list("/conns?fields=close.reason,events,age"), 0);
	ck_assert_uint_eq(json_object_size(shown), 3);
	ck_assert(json_is_array(json_object_get(shown, "events")));
	ck_assert(json_is_integer(json_object_get(shown, "duration_us")));
	api_close(&conn);
	shown = json_array_get(list("/conns?fields=close.reason&state=closed"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(shown, "close"), "reason")), "client_fin");
	ck_assert_uint_eq(json_object_size(json_object_get(shown, "close")), 1);
}
END_TEST

/* In which form. */

static const struct {
	const char *query, *accept;
	int status;
	const char *type;
} forms[] = {
	{ "", "", 200, "application/json" },
	{ "", "Accept: */*\r\n", 200, "application/json" },
	{ "", "Accept: application/json\r\n", 200, "application/json" },
	{ "", "Accept: application/x-ndjson\r\n", 200, "application/x-ndjson" },
	{ "", "Accept: text/plain\r\n", 200, "text/plain; charset=utf-8" },
	{ "", "Accept: text/plain;q=0.5, application/x-ndjson;q=0.6\r\n", 200, "application/x-ndjson" },
	{ "", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", 200, "application/json" },
	{ "", "Accept: text/html\r\n", 406, "application/problem+json" },
	{ "", "Accept: application/json;q=0\r\n", 406, "application/problem+json" },
	{ "?format=json", "Accept: text/plain\r\n", 200, "application/json" },
	{ "?format=ndjson", "Accept: text/html\r\n", 200, "application/x-ndjson" },
	{ "?format=table", "Accept: application/json\r\n", 200, "text/plain; charset=utf-8" },
};

START_TEST(the_form_is_what_was_asked_for)
{
	char target[64];

	api_open(0, 1);
	snprintf(target, sizeof(target), "/conns%s", forms[_i].query);
	ask(target, forms[_i].accept);
	ck_assert_msg(api.answer.status == forms[_i].status, "%d", api.answer.status);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), forms[_i].type);
	if (forms[_i].status == 406)
		api_check_problem("not_acceptable", NULL);
}
END_TEST

/* Each line is a document; how many there are that have an id, and the last one. */
static int
count_lines(json_t **last)
{
	int records = 0;

	*last = NULL;
	for (char *rest = api.answer.body, *line; (line = strsep(&rest, "\n")) != NULL && rest != NULL;) {
		json_decref(*last);
		*last = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json_is_object(*last), "%s", line);
		records += json_object_get(*last, "id") != NULL;
	}
	ck_assert(api.answer.length == 0 || api.answer.body[api.answer.length - 1] == '\0');
	return records;
}

static int
lines_of(const char *target, json_t **last)
{
	ask(target, "");
	ck_assert_int_eq(api.answer.status, 200);
	ck_assert(api.answer.length == 0 || api.answer.body[api.answer.length - 1] == '\n');
	return count_lines(last);
}

START_TEST(ndjson_is_a_record_a_line_and_a_last_one_only_if_there_is_more_to_tell)
{
	json_t *last;

	ck_assert_int_eq(lines_of("/conns?format=ndjson", &last), 0);
	ck_assert_uint_eq(api.answer.length, 0);
	for (int i = 0; i < 5; i++) {
		struct api_conn conn = api_open(i % API_WORKERS, 1);

		if (i == 0)
			api_close(&conn);
	}
	ck_assert_int_eq(lines_of("/conns?format=ndjson&state=all&view=full", &last), 5);
	ck_assert_ptr_nonnull(json_object_get(last, "id"));
	json_decref(last);
	ck_assert_int_eq(lines_of("/conns?format=ndjson&limit=3", &last), 3);
	ck_assert(json_is_string(json_object_get(last, "next")));
	ck_assert(json_is_null(json_object_get(last, "matched")));
	json_decref(last);
	ck_assert_int_eq(lines_of("/conns?format=ndjson&count=1", &last), 4);
	ck_assert(json_is_null(json_object_get(last, "next")));
	ck_assert_int_eq(api_number(last, "matched"), 4);
	json_decref(last);
	ck_assert_int_eq(lines_of("/conns?format=ndjson&count=1&port=9999", &last), 0);
	ck_assert_int_eq(api_number(last, "matched"), 0);
	json_decref(last);
}
END_TEST

/* The lines of a table, in place. */
static int
take_lines(char *lines[20])
{
	int count = 0;

	for (char *rest = api.answer.body; rest != NULL && *rest != '\0';) {
		ck_assert_int_lt(count, 20);
		lines[count++] = strsep(&rest, "\n");
	}
	return count;
}

START_TEST(a_table_has_a_heading_a_line_for_each_and_what_else_there_is_to_say)
{
	char *lines[20];

	ask("/conns?format=table", "");
	ck_assert_int_eq(take_lines(lines), 1);
	ck_assert_int_eq(strncmp(lines[0], "ID  ", 4), 0);
	for (int i = 0; i < 5; i++)
		api_open(i % API_WORKERS, (uint16_t)(1000 + i));
	ask("/conns?format=table", "");
	ck_assert_int_eq(take_lines(lines), 6);
	ck_assert_ptr_nonnull(strstr(lines[1], " established "));
	ck_assert_ptr_nonnull(strstr(lines[1], " 127.0.0.1:1000 "));
	/* What was closed and is wide stands beneath its heading. */
	ck_assert_ptr_eq(strstr(lines[0], "LISTENER") - lines[0] + lines[1], strstr(lines[1], "8080"));
	ask("/conns?format=table&limit=2", "");
	ck_assert_int_eq(take_lines(lines), 5);
	ck_assert_str_eq(lines[3], "");
	ck_assert_int_eq(strncmp(lines[4], "more with after=t", 17), 0);
	ask("/conns?format=table&limit=2&count=1", "");
	ck_assert_int_eq(take_lines(lines), 6);
	ck_assert_str_eq(lines[4], "2 of 5");
	ask("/conns?format=table&fields=state,client.port&limit=1&sort=-client.port", "");
	ck_assert_int_eq(take_lines(lines), 4);
	ck_assert_str_eq(lines[0], "state         client.port");
	ck_assert_str_eq(lines[1], "established          1004");
	ck_assert_str_eq(lines[3], "the first 1 of more");
}
END_TEST

START_TEST(no_name_steers_the_terminal_of_a_table)
{
	struct api_conn conn = api_open(0, 1);

	edit(&conn)->listener = 1; /* its name has a byte that is none, and a quote */
	commit(&conn);
	ask("/conns?format=table", "");
	ck_assert_ptr_nonnull(strstr(api.answer.body, " unix:/run/?\" "));
	ask("/conns?format=table&fields=listener", "");
	ck_assert_ptr_nonnull(strstr(api.answer.body, "unix:/run/?\""));
}
END_TEST

/* A walk that finds nothing for long. */

enum { MANY = 20000 };

/* Takes a hundred comparisons for each, and holds for none. */
static void
make_slow(char *target, size_t size, const char *query)
{
	struct text text;

	text_init(&text, target, size);
	text_addf(&text, "/conns?%s&filter=id~'*!a*'", query);
	for (int i = 0; i < 100; i++)
		text_addf(&text, "+or+id~'*!%d*'", i);
	ck_assert(!text.truncated);
}

static void
open_many(void)
{
	for (int i = 0; i < MANY; i++)
		api_open(i % API_WORKERS, (uint16_t)(i % 60000 + 1));
}

START_TEST(a_long_search_stays_a_good_answer)
{
	char target[4096];
	json_t *last;
	char *lines[20];

	open_many();
	make_slow(target, sizeof(target), "count=1");
	ck_assert_uint_eq(size_of_list(target), 0);
	ck_assert_int_eq(api_number(api.document, "matched"), 0);
	make_slow(target, sizeof(target), "sort=age");
	ck_assert_uint_eq(size_of_list(target), 0);
	make_slow(target, sizeof(target), "format=ndjson");
	ck_assert_int_eq(lines_of(target, &last), 0);
	ck_assert(last == NULL || json_is_null(json_object_get(last, "next")));
	json_decref(last);
	make_slow(target, sizeof(target), "format=table");
	ask(target, "");
	ck_assert_int_eq(take_lines(lines), 1);
}
END_TEST

START_TEST(others_are_answered_during_a_long_search)
{
	char target[4096], request[5000], piece[4096];
	ssize_t got;

	open_many();
	make_slow(target, sizeof(target), "state=all");
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
	int fd = http_connect(&api.at);
	http_send(fd, request, strlen(request));
	ck_assert_int_gt(recv(fd, piece, sizeof(piece), 0), 0);
	ask("/livez", "");
	ck_assert_int_eq(api.answer.status, 200);
	while ((got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		continue;
	ck_assert_msg(got == -1, "the search was over before");
	while (recv(fd, piece, sizeof(piece), 0) > 0)
		continue;
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api list");
	TCase *tcase = tcase_create("list");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_add_test(tcase, a_filter_chooses_live_and_closed_ones);
	tcase_add_test(tcase, a_bad_filter_is_told_with_its_place);
	tcase_add_test(tcase, pages_of_a_filter_show_each_once);
	tcase_add_test(tcase, plain_parameters_are_small_filters);
	tcase_add_test(tcase, only_the_fields_that_are_asked_for_are_shown);
	tcase_add_loop_test(tcase, the_form_is_what_was_asked_for, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tcase, ndjson_is_a_record_a_line_and_a_last_one_only_if_there_is_more_to_tell);
	tcase_add_test(tcase, a_table_has_a_heading_a_line_for_each_and_what_else_there_is_to_say);
	tcase_add_test(tcase, no_name_steers_the_terminal_of_a_table);
	tcase_add_test(tcase, a_long_search_stays_a_good_answer);
	tcase_add_test(tcase, others_are_answered_during_a_long_search);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
