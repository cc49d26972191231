/* SPDX-License-Identifier: MIT */
/* sockproxy events: it follows, comes back where it was, and tells what it could not see. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/command.h"
#include "support/fake_admin.h"
#include "support/peers.h"
#include "support/suite.h"
#include "support/wait_until.h"

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
#define EVENT(cursor, type, id) \
	"{\"cursor\":\"" cursor "\",\"type\":\"" type \
	"\",\"at\":\"2026-11-26T13:45:51.469804Z\",\"conn\":{\"id\":\"" id \
	"\",\"listener\":\"a\",\"state\":\"established\",\"duration_us\":5000,\"idle_us\":1," \
	"\"client\":{\"address\":\"192.0.2.7\",\"port\":1},\"target\":{\"address\":\"192.0.2.8\",\"port\":2}," \
	"\"legs\":" \
	"{\"client\":{\"bytes_received\":1},\"upstream\":{\"bytes_received\":2}},\"close\":null}}\n"
#define GONE \
	"HTTP/1.1 410 X\r\nConnection: close\r\n\r\n" \
	"{\"type\":\"urn:sockproxy:problem:cursor_gone\",\"title\":\"Gone\",\"detail\":\"Of another start.\"}"

static void
expect_asked(struct fake_admin *fake, int number, const char *text)
{
	const char *request = fake_admin_asked(fake, number);

	ck_assert_msg(strstr(request, text) != NULL, "\"%s\" is missing in: %s", text, request);
}

static bool
has(const char *said, const char *text)
{
	return strstr(said, text) != NULL;
}

START_TEST(each_event_is_a_line_as_soon_as_it_comes)
{
	static const struct fake_answer answers[] = { { STREAM "\n" EVENT("c1", "open", "id1") "\n\n", 1 } };
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 1);
	struct command *command = command_begin(
	    "sockproxy events state == established --types open,close --interval 1s -s %s", fake_admin_address(fake));

	wait_until(has(command_out(command), "id1"));
	expect_asked(
	    fake, 0, "GET /events?filter=state%20%3D%3D%20established&types=open%2Cclose&interval=1s HTTP/1.1\r\n");
	expect_asked(fake, 0, "\r\nAccept: application/x-ndjson\r\n");
	command_signal(command, _i == 0 ? SIGINT : SIGTERM);
	command_end(command);
	command_expect(command, 0); /* as asked */
	ck_assert_str_eq(command_errors(command), "");
	ck_assert(has(command_out(command), "TIME          EVENT       ID "));
	ck_assert(has(command_out(command), "13:45:51.469  open        id1 "));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(as_json_events_are_lines_of_json_and_nothing_else)
{
	static const struct fake_answer answers[] = {
		{ STREAM "\n" EVENT("c1", "open", "id1") "\n" EVENT("c2", "close", "id1") EVENT("c3", "open", "id2"),
		    1 },
	};
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 1);
	struct command *command = command_run("sockproxy events -o json -n 2 -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), EVENT("c1", "open", "id1") EVENT("c2", "close", "id1"));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* The last line was not whole: it comes again. */
START_TEST(cut_off_it_goes_on_behind_the_last_event)
{
	static const struct fake_answer answers[] = {
		{ STREAM EVENT("c1", "open", "id1") "{\"cursor\":\"c2\",\"type\":\"op", 0 },
		{ "", 0 }, /* hangs up */
		{ "HTTP/1.1 503 X\r\nConnection: close\r\n\r\n", 0 },
		{ STREAM EVENT("c2", "open", "id2"), 1 },
	};
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 4);
	struct command *command = command_run(
	    "sockproxy events -n 2 -o json --since c0 -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_asked(fake, 0, "GET /events?since=c0 ");
	for (int i = 1; i < 4; i++)
		expect_asked(fake, i, "GET /events?since=c1 ");
	ck_assert_str_eq(command_out(command), EVENT("c1", "open", "id1") EVENT("c2", "open", "id2"));
	ck_assert_str_eq(command_errors(command), ""); /* nothing is lost */
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(what_is_lost_is_told)
{
	static const struct fake_answer answers[] = {
		{ STREAM EVENT("c1", "open", "id1") "{\"cursor\":\"c5\",\"type\":\"lost\",\"at\":\"2026-11-26T13:45:51."
						    "469804Z\",\"missed\":17}\n",
		    0 },
		{ GONE, 0 },
		{ STREAM EVENT("d1", "open", "id9"), 1 },
	};
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 3);
	struct command *command = command_run("sockproxy events -n 3 -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert(has(command_out(command), "13:45:51.469  lost        17 events were missed"));
	expect_asked(fake, 1, "since=c5 "); /* of another start */
	expect_asked(fake, 2, "GET /events HTTP");
	ck_assert(has(command_errors(command), "some events are lost"));
	ck_assert(has(command_out(command), "id9"));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_cursor_that_leads_nowhere_is_a_failure_when_it_was_given)
{
	static const struct fake_answer answers[] = { { GONE, 0 } };
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 1);
	struct command *command = command_run("sockproxy events --since c0 -s %s", fake_admin_address(fake));

	command_expect(command, 1);
	ck_assert(has(command_errors(command), "Of another start."));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(coming_back_has_an_end)
{
	static const struct fake_answer answers[] = { { STREAM EVENT("c1", "open", "id1"), 0 }, { "", 0 } };
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 2);
	struct command *command = command_run(
	    "sockproxy events --retry %s -s %s", _i == 0 ? "0" : "500ms", fake_admin_address(fake));

	command_expect(command, 4);
	ck_assert(has(command_out(command), "id1"));
	ck_assert(has(command_errors(command), "sockproxy: "));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(other_events_are_a_line_too)
{
	static const struct fake_answer answers[] = {
		{ STREAM
		    "{\"cursor\":\"c1\",\"type\":\"listener\",\"at\":\"2026-11-26T13:45:51.469804Z\",\"listener\":"
		    "{\"name\":\"127.0.0.1:8080\",\"state\":\"paused\"}}\n"
		    "{\"cursor\":\"c2\",\"type\":\"upstream\",\"at\":\"2026-11-26T13:45:51.469804Z\",\"upstream\":"
		    "{\"name\":\"db\\u001b[2J\",\"target\":\"db:1\",\"addresses\":[],\"error\":\"no such name\"}}\n"
		    "{\"cursor\":\"c3\",\"type\":\"drain\",\"at\":\"2026-11-26T13:45:51.469804Z\",\"drain\":"
		    "{\"state\":\"draining\"}}\n"
		    "{\"cursor\":\"c4\",\"type\":\"of the future\",\"at\":null}\n"
		    "{\"cursor\":\"c5\",\"type\":\"drain\",\"at\":\"2026-11-26T\\u001b"
		    "[2J45:51.469Z\"}\n",
		    1 },
	};
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 1);
	struct command *command = command_run("sockproxy events -n 5 --color always -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert(has(command_out(command), "listener    127.0.0.1:8080  paused\n"));
	ck_assert(has(command_out(command), "upstream    db?[2J  db:1  no such name\n"));
	ck_assert(has(command_out(command), "drain       draining\n"));
	ck_assert(has(command_out(command), "of the future"));
	ck_assert(has(command_out(command), "?[2J45:51.46\033[0m  drain"));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* More than a line may have; the next one counts again. */
START_TEST(an_endless_line_is_left_out_and_told)
{
	enum { LENGTH = 300000 };
	char *bytes = malloc(LENGTH + 4096), *at = bytes;
	const struct fake_answer answer = { bytes, 1 };
	struct command *command;

	at += sprintf(at, "%s{\"type\":\"", STREAM);
	memset(at, 'x', LENGTH);
	strcpy(at + LENGTH, "\"}\n" EVENT("c1", "open", "id1"));
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", &answer, 1);
	command = command_run("sockproxy events -n 1 -o json -s %s", fake_admin_address(fake));
	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), EVENT("c1", "open", "id1"));
	ck_assert(has(command_errors(command), "an event was left out"));
	command_free(command);
	fake_admin_stop(fake);
	free(bytes);
}
END_TEST

START_TEST(a_reader_that_has_seen_enough_ends_it)
{
	static const struct fake_answer answers[] = {
		{ STREAM EVENT("c1", "open", "id1"), 0 },
		{ STREAM EVENT("c2", "open", "id2"), 0 },
	};
	struct fake_admin *fake = fake_admin_start("127.0.0.1:0", answers, 2);
	struct command *command = command_run(
	    "{ $sockproxy events -o json -s %s; echo status $? >&2; } | head -n 1", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert(has(command_errors(command), "status 0\n"));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/client events");
	TCase *tcase = tcase_create("events");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, each_event_is_a_line_as_soon_as_it_comes, 0, 2);
	tcase_add_test(tcase, as_json_events_are_lines_of_json_and_nothing_else);
	tcase_add_test(tcase, cut_off_it_goes_on_behind_the_last_event);
	tcase_add_test(tcase, what_is_lost_is_told);
	tcase_add_test(tcase, a_cursor_that_leads_nowhere_is_a_failure_when_it_was_given);
	tcase_add_loop_test(tcase, coming_back_has_an_end, 0, 2);
	tcase_add_test(tcase, other_events_are_a_line_too);
	tcase_add_test(tcase, an_endless_line_is_left_out_and_told);
	tcase_add_test(tcase, a_reader_that_has_seen_enough_ends_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
