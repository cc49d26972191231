/* SPDX-License-Identifier: MIT */
/* The client against whatever can answer it: what it shows, what it asks, and how it ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>
#include "support/command.h"
#include "support/fake_admin.h"
#include "support/peers.h"
#include "support/suite.h"
#include "support/wait_until.h"

#define HEAD(status, type) "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nConnection: close\r\n\r\n"
#define JSON(body)         HEAD("200 OK", "application/json") body
#define PROBLEM(status, type, rest) \
	HEAD(status " X", "application/problem+json") \
	"{\"type\":\"urn:sockproxy:problem:" type "\",\"title\":\"A title\",\"status\":" status "," rest "}\n"
#define LIST(conns, next) \
	JSON("{\"schema_version\":1,\"time\":\"2026-11-26T13:45:55.359109Z\",\"cursor\":\"c1\",\"conns\":[" conns \
	     "],\"next\":" next ",\"matched\":null,\"overwritten\":null}\n")

/* As the daemon writes them. */
#define LIVE(id, port) \
	"{\"id\":\"" id "\",\"listener\":\"127.0.0.1:8080\",\"upstream\":\"db\",\"kind\":\"proxy\"," \
	"\"state\":\"established\",\"opened_at\":\"2026-11-26T13:45:51.469804Z\",\"duration_us\":192000000," \
	"\"idle_us\":587105,\"client\":{\"address\":\"192.0.2.7\",\"port\":" port "}," \
	"\"target\":{\"address\":\"2001:db8::7\",\"port\":5432},\"legs\":{\"client\":{\"tuple\":{\"protocol\":" \
	"\"tcp\"," \
	"\"source_ip\":\"192.0.2.7\",\"source_port\":" port ",\"destination_ip\":\"127.0.0.1\"," \
	"\"destination_port\":8080},\"tcp_state\":\"established\",\"bytes_received\":102,\"bytes_sent\":1200000," \
	"\"tcp\":{\"rtt_us\":1800,\"retransmits_total\":2}},\"upstream\":{\"tuple\":{\"protocol\":\"tcp\"," \
	"\"source_ip\":\"::1\",\"source_port\":42046,\"destination_ip\":\"2001:db8::7\"," \
	"\"destination_port\":5432},\"tcp_state\":\"established\",\"bytes_received\":1200000,\"bytes_sent\":102," \
	"\"tcp\":{\"rtt_us\":13,\"retransmits_total\":0}}},\"limited_by\":\"application\",\"close\":null}"

/* From a client on a Unix socket, with a name that would steer a terminal. */
#define HOSTILE \
	"{\"id\":\"dc43g9dj0200000000009\",\"listener\":\"evil\\u001b[2J\\u202e\\nname\",\"upstream\":\"db\"," \
	"\"kind\":\"proxy\",\"state\":\"closed\",\"opened_at\":\"2026-11-26T13:45:51.469804Z\",\"duration_us\":51," \
	"\"idle_us\":1,\"client\":{\"address\":null,\"port\":null},\"target\":{\"address\":null,\"port\":null}," \
	"\"legs\":{\"client\":{\"tuple\":{\"protocol\":\"unix\",\"source_ip\":null,\"source_port\":null," \
	"\"destination_ip\":null,\"destination_port\":null},\"tcp_state\":null,\"bytes_received\":0,\"bytes_sent\":0," \
	"\"tcp\":{\"rtt_us\":null,\"retransmits_total\":null}},\"upstream\":null},\"limited_by\":null," \
	"\"close\":{\"reason\":\"upstream_reset\"}}"

#define FIRST  "dc43g9dj0200000000001"
#define SECOND "dc43g9dj0200000000002"

static struct fake_admin *
answering(const struct fake_answer *answers, int count)
{
	return fake_admin_start("127.0.0.1:0", answers, count);
}

static void
expect_said(struct command *command, const char *text)
{
	ck_assert_msg(
	    strstr(command_errors(command), text) != NULL, "\"%s\" is missing in: %s", text, command_errors(command));
}

static void
expect_out(struct command *command, const char *text)
{
	ck_assert_msg(
	    strstr(command_out(command), text) != NULL, "\"%s\" is missing in: %s", text, command_out(command));
}

static void
expect_asked(struct fake_admin *fake, int number, const char *text)
{
	const char *request = fake_admin_asked(fake, number);

	ck_assert_msg(strstr(request, text) != NULL, "\"%s\" is missing in: %s", text, request);
}

/* What a script reads must not depend on what happens to be empty. */
START_TEST(a_list_is_a_table_of_all_columns_in_a_pipe)
{
	static const struct fake_answer answers[] = { { LIST(LIVE(FIRST, "51034") "," HOSTILE, "null"), 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run("sockproxy conns -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_errors(command), "");
	ck_assert_str_eq(command_out(command),
	    "ID                     STATE        CLIENT           LISTENER        TARGET                 AGE    "
	    "IDLE      UP    DOWN     RTT  RETR  LIMITED_BY   REASON\n" FIRST
	    "  established  192.0.2.7:51034  127.0.0.1:8080  [2001:db8::7]:5432   3m12s   "
	    "587ms    102B  1.20MB  1.80ms     2  application  -\n"
	    "dc43g9dj0200000000009  closed       unix             evil?[2J??name  -                     51us     "
	    "1us      0B       -       -     -  -            upstream_reset\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(json_is_passed_on_byte_by_byte)
{
	static const struct fake_answer answers[] = { { LIST(LIVE(FIRST, "51034"), "\"x\""), 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run("sockproxy conns -o json -s http://%s/", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), strstr(answers[0].bytes, "\r\n\r\n") + 4);
	expect_asked(fake, 0, "GET /conns HTTP/1.1\r\n");
	expect_asked(fake, 0, "\r\nAccept: application/json\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(wide_shows_every_column)
{
	static const struct fake_answer answers[] = { { LIST(LIVE(FIRST, "51034"), "null"), 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run_typed(40, "", "sockproxy conns -o wide -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_out(command, "OPENED");
	expect_out(command, "2026-11-26T13:45:51.469804Z");
	expect_out(command, "[::1]:42046"); /* by way of which it goes on */
	expect_out(command, "REASON");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(what_is_asked_for_is_asked_of_the_daemon)
{
	static const struct fake_answer answers[] = { { LIST(LIVE(FIRST, "51034"), "null"), 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run(
	    "sockproxy conns 'client in' '10.0.0.0/8' and upstream '~' '\"d&b\"' --state closed --sort -idle "
	    "--fields id,age,rtt,new.field -n 7 -s %s",
	    fake_admin_address(fake));

	command_expect(command, 0);
	expect_asked(fake, 0,
	    "GET /conns?state=closed&filter=client%20in%2010.0.0.0%2F8%20and%20upstream%20~%20%22d%26b%22&sort=-idle"
	    "&fields=id%2Cage%2Crtt%2Cnew.field&limit=7 HTTP/1.1\r\n");
	expect_out(command,
	    "id                     duration_us  legs.client.tcp.rtt_us  legs.upstream.tcp.rtt_us  new.field\n" FIRST
	    "        3m12s                  1.80ms                      13us  -\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(all_pages_are_one_list)
{
	static const struct fake_answer answers[] = {
		{ LIST(LIVE(FIRST, "51034"), "\"t1&2\""), 0 },
		{ LIST(LIVE(SECOND, "51035"), "null"), 0 },
	};
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run("sockproxy conns --all --no-header -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_asked(fake, 0, "GET /conns?limit=10000 ");
	expect_asked(fake, 1, "GET /conns?after=t1%262&limit=10000 ");
	ck_assert_ptr_nonnull(strstr(strstr(command_out(command), FIRST), "\n" SECOND));
	ck_assert_ptr_null(strstr(command_out(command), "STATE"));
	command_free(command);
	fake_admin_stop(fake);

	fake = answering(answers, 2);
	command = command_run("sockproxy conns --all -o json -s %s", fake_admin_address(fake));
	command_expect(command, 0);
	json_t *list = json_loads(command_out(command), 0, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(list, "conns")), 2);
	ck_assert_str_eq(json_string_value(json_object_get(list, "cursor")), "c1");
	json_decref(list);
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(many_pages_are_json_whatever_the_daemon_calls_a_time)
{
	static const struct fake_answer answers[] = {
		{ JSON("{\"schema_version\":1,\"time\":\"\\\"\\u001b[31m\",\"cursor\":7,\"conns\":[],\"next\":null}"),
		    0 },
	};
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run("sockproxy conns --all -o json -s %s", fake_admin_address(fake));
	json_t *list = json_loads(command_out(command), 0, NULL);

	ck_assert_msg(list != NULL, "%s", command_out(command));
	ck_assert_str_eq(json_string_value(json_object_get(list, "time")), "\"\033[31m");
	ck_assert_int_eq(json_integer_value(json_object_get(list, "cursor")), 7);
	ck_assert_ptr_null(strchr(command_out(command), '\033'));
	json_decref(list);
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(that_there_is_more_is_said_unless_a_number_was)
{
	static const struct fake_answer answers[] = { { LIST(LIVE(FIRST, "51034"), "\"t1\""), 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run("sockproxy conns -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_said(command, "--all");
	command_free(command);
	command = command_run("sockproxy conns -n 1 -s %s", fake_admin_address(fake));
	ck_assert_str_eq(command_errors(command), "");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_count_is_a_number_alone)
{
	static const struct fake_answer answers[] = {
		{ JSON("{\"conns\":[],\"next\":\"x\",\"matched\":8500}"), 0 },
		{ JSON("{\"conns\":[],\"next\":null,\"matched\":0}"), 0 },
	};
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run("sockproxy conns --count -s %s idle '>' 5m", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), "8500\n");
	expect_asked(fake, 0, "/conns?filter=idle%20%3E%205m&limit=1&count=1 ");
	command_free(command);
	command = command_run("sockproxy conns --count -s %s", fake_admin_address(fake));
	command_expect(command, 3);
	ck_assert_str_eq(command_out(command), "0\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* Each answer that is none, its status, and what must be said of it. */
static const struct {
	const char *arguments, *answer;
	int status;
	const char *says;
} failures[] = {
	{ "conns", LIST("", "null"), 3, "no connection is open" },
	{ "conns idle '>' 1d", LIST("", "null"), 3, "--state closed" },
	{ "conns -o json", LIST("", "null"), 3, "" },
	{ "conns --all -o json", LIST("", "null"), 3, "" },
	{ "conns idel '>' 5m",
	    PROBLEM("400", "bad_filter",
		"\"detail\":\"No field is called idel; did you mean idle?\",\"parameter\":\"filter\",\"position\":0,"
		"\"caret\":\"idel > 5m\\n^~~~\\n\""),
	    2, "sockproxy: filter: No field is called idel; did you mean idle?\nidel > 5m\n^~~~\n" },
	{ "conns", PROBLEM("400", "bad_value", "\"detail\":\"a\\u001b[2Jb\\u202ec\",\"caret\":\"x\\u0007\\ny\""), 2,
	    "a?[2Jb?c\nx?\ny\n" },
	{ "conns", PROBLEM("401", "unauthorized", "\"detail\":\"A token is needed.\""), 1, "--token-file" },
	{ "kill --yes x1", PROBLEM("403", "no_changes", "\"detail\":\"Needs --admin-write.\""), 1, "--admin-write" },
	{ "show x1", PROBLEM("404", "unknown_connection", "\"detail\":\"Never issued.\""), 3, "Never issued." },
	{ "show x1", PROBLEM("410", "connection_gone", "\"detail\":\"Not kept.\""), 3, "Not kept." },
	{ "explain x1", PROBLEM("410", "connection_gone", "\"detail\":\"Not kept.\""), 3, "Not kept." },
	{ "kill --yes x1", PROBLEM("410", "connection_closed", "\"detail\":\"Closed already.\""), 3,
	    "Closed already." },
	{ "events", PROBLEM("404", "unknown_path", "\"detail\":\"/ lists all.\""), 1, "another version" },
	{ "conns", PROBLEM("421", "wrong_host", "\"detail\":\"Another host.\""), 1, "Another host." },
	{ "conns", HEAD("500 Oh", "text/plain") "oh", 1, "status 500" },
	{ "conns", "HTTP/1.1 503 X\r\nRetry-After: 7\r\nConnection: close\r\n\r\n", 1, "again in 7 s" },
	{ "conns", "HTTP/1.1 302 X\r\nLocation: /conns\r\nConnection: close\r\n\r\n", 1, "status 302" },
	{ "conns", JSON("<html>"), 1, "is no sockproxy" },
	{ "show x1", JSON("[1]"), 1, "is no sockproxy" },
	{ "conns", JSON("[1]"), 1, "is no sockproxy" },
	{ "conns", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"conns\"", 1, "broke off" },
	{ "conns", "SSH-2.0-OpenSSH_9.2\r\n", 4, "does not speak HTTP" },
	{ "conns", "", 4, "hung up without an answer" },
};

START_TEST(an_answer_that_is_none_is_told_and_has_a_status)
{
	const struct fake_answer answer = { failures[_i].answer, 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run("sockproxy %s -s %s", failures[_i].arguments, fake_admin_address(fake));

	command_expect(command, failures[_i].status);
	expect_said(command, failures[_i].says);
	ck_assert_ptr_null(strchr(command_errors(command), '\033'));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(who_does_not_answer_is_unreachable)
{
	static const struct fake_answer silence = { "", 1 };
	struct fake_admin *fake = answering(&silence, 1);
	struct peer_name nowhere = peer_nowhere();
	struct command *command;

	command = command_run("sockproxy conns --timeout 300ms -s %s", fake_admin_address(fake));
	command_expect(command, 4);
	expect_said(command, fake_admin_address(fake));
	expect_said(command, "does not answer");
	command_free(command);

	command = command_run("sockproxy conns -s http://%s", nowhere.text);
	command_expect(command, 4);
	expect_said(command, nowhere.text);
	expect_said(command, "Connection refused");
	expect_said(command, "-s");
	command_free(command);

	command = command_run("sockproxy show abc1 -s unix:/nonexistent/socket");
	command_expect(command, 4);
	expect_said(command, "unix:/nonexistent/socket: No such file or directory");
	command_free(command);

	command = command_run("sockproxy events --timeout 5s -s http://no-such-host.invalid:9100");
	command_expect(command, 4);
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(https_towards_one_that_speaks_none_is_unreachable)
{
	static const struct fake_answer answer = { HEAD("400 Bad", "text/plain"), 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run("sockproxy conns --timeout 2s -s https://%s", fake_admin_address(fake));

	command_expect(command, 4);
	expect_said(command, fake_admin_address(fake));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* A token must not go astray. */
START_TEST(neither_proxies_nor_redirects_are_followed)
{
	static const struct fake_answer astray = {
		"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n", 0
	};
	struct fake_admin *fake = answering(&astray, 1);
	struct command *command = command_run(
	    "http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 $sockproxy conns -s %s",
	    fake_admin_address(fake));

	command_expect(command, 1);
	expect_asked(fake, 0, "GET /conns HTTP/1.1\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_token_comes_from_a_file)
{
	static const struct fake_answer answer = { LIST(LIVE(FIRST, "51034"), "null"), 0 };
	struct fake_admin *fake = answering(&answer, 1);
	char path[] = "/tmp/sockproxy-test-XXXXXX";
	int fd = mkstemp(path);
	struct command *command;

	ck_assert_int_eq(write(fd, "s3cret.token\n", 13), 13);
	command = command_run("sockproxy conns --token-file %s -s %s", path, fake_admin_address(fake));
	command_expect(command, 0);
	expect_asked(fake, 0, "\r\nAuthorization: Bearer s3cret.token\r\n");
	command_free(command);
	command = command_run(
	    "SOCKPROXY_TOKEN_FILE=%s SOCKPROXY_URL=%s $sockproxy conns", path, fake_admin_address(fake));
	command_expect(command, 0);
	expect_asked(fake, 1, "\r\nAuthorization: Bearer s3cret.token\r\n");
	command_free(command);
	command = command_run("sockproxy conns --token-file %s.not -s %s", path, fake_admin_address(fake));
	command_expect(command, 1);
	expect_said(command, "No such file");
	command_free(command);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	command = command_run("sockproxy conns --token-file %s -s %s", path, fake_admin_address(fake));
	command_expect(command, 1);
	expect_said(command, "token is expected");
	command_free(command);
	close(fd);
	unlink(path);
	fake_admin_stop(fake);
}
END_TEST

static char *
long_list(int count)
{
	static const char record[] = LIVE(FIRST, "51034") ",\n";
	size_t length = strlen(record);
	char *bytes = malloc(4096 + (size_t)count * length), *at = bytes;

	ck_assert_ptr_nonnull(bytes);
	at += sprintf(at, "%s{\"conns\":[", HEAD("200 OK", "application/json"));
	for (int i = 0; i < count; i++, at += length)
		memcpy(at, record, length);
	sprintf(at - 2, "],\"next\":null,\"matched\":null,\"overwritten\":null}\n");
	return bytes;
}

START_TEST(a_reader_that_has_seen_enough_is_no_failure)
{
	char *list = long_list(2000);
	const struct fake_answer answer = { list, 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run("{ $sockproxy conns %s -s %s; echo status $? >&2; } | head -n 1",
	    _i == 0 ? "" : "-o json", fake_admin_address(fake));

	command_expect(command, 0);
	expect_said(command, "status 0\n");
	ck_assert_ptr_null(strstr(command_errors(command), "sockproxy:"));
	command_free(command);
	fake_admin_stop(fake);
	free(list);
}
END_TEST

START_TEST(a_full_disk_is_a_failure)
{
	static const struct fake_answer answer = { LIST(LIVE(FIRST, "51034"), "null"), 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run("sockproxy conns -s %s >/dev/full", fake_admin_address(fake));

	command_expect(command, 1);
	expect_said(command, "No space left");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

static bool
is_coloured(const char *before, const char *arguments, const char *after, bool terminal)
{
	static const struct fake_answer answer = { LIST(LIVE(FIRST, "51034") "," HOSTILE, "null"), 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = terminal ? command_run_typed(200, "", "%s $sockproxy conns %s -s %s %s", before,
						 arguments, fake_admin_address(fake), after)
					   : command_run("%s $sockproxy conns %s -s %s %s", before, arguments,
						 fake_admin_address(fake), after);

	command_expect(command, 0);
	bool coloured = strstr(command_out(command), "\033[31mupstream_reset\033[0m") != NULL;
	ck_assert_int_eq(strchr(command_out(command), '\033') != NULL, coloured);
	command_free(command);
	fake_admin_stop(fake);
	return coloured;
}

START_TEST(colour_is_for_terminals_that_want_it)
{
	ck_assert(is_coloured("", "", "", true));
	ck_assert(!is_coloured("", "", "", false));
	ck_assert(!is_coloured("", "", "| cat", true));
	ck_assert(!is_coloured("NO_COLOR=1", "", "", true));
	ck_assert(!is_coloured("TERM=dumb", "", "", true));
	ck_assert(!is_coloured("", "--color never", "", true));
	ck_assert(is_coloured("", "--color always", "", false));
	ck_assert(is_coloured("NO_COLOR=1", "--color=always", "", true));
}
END_TEST

START_TEST(a_narrow_terminal_gets_fewer_columns_and_whole_ids)
{
	static const struct fake_answer answer = { LIST(LIVE(FIRST, "51034"), "null"), 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run_typed(
	    80, "", "sockproxy conns --color never -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_out(command),
	    "ID                     STATE        CLIENT             IDLE      UP    DOWN\r\n" FIRST
	    "  established  192.0.2.7:51034   587ms    102B  1.20MB\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(one_connection_may_be_named_by_a_filter)
{
	static const struct fake_answer answers[] = {
		{ LIST(LIVE(FIRST, "51034"), "null"), 0 },
		{ HEAD("200 OK", "text/plain") "It is \033[2J open.\n", 0 },
	};
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run("sockproxy explain port == 51034 -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_asked(fake, 0, "GET /conns?state=all&filter=port%20%3D%3D%2051034&limit=10 ");
	expect_asked(fake, 1, "GET /conns/" FIRST "/explain ");
	ck_assert_str_eq(command_out(command), "It is ?[2J open.\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(several_that_match_are_shown_instead)
{
	static const struct fake_answer answers[] = {
		{ LIST(LIVE(FIRST, "51034") "," LIVE(SECOND, "51035"), "null"), 0 },
		{ LIST("", "null"), 0 },
	};
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run("sockproxy show state == established -s %s", fake_admin_address(fake));

	command_expect(command, 1);
	ck_assert_str_eq(command_out(command), "");
	expect_said(command, "2 match");
	expect_said(command, SECOND);
	command_free(command);
	command = command_run("sockproxy show state == closed -s %s", fake_admin_address(fake));
	command_expect(command, 3);
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

static const char killed[] = HEAD("202 Accepted", "application/json") "{\"matched\":2,\"posted\":2,\"detail\":null}\n";
static const char two[] = LIST(LIVE(FIRST, "51034") "," LIVE(SECOND, "51035"), "null");

START_TEST(yes_kills_without_a_question)
{
	const struct fake_answer answer = { killed, 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run(
	    "sockproxy kill --yes --how fin --max 5 --reason 'M\xc3\xbcll & mehr' idle '>' 5m -s %s",
	    fake_admin_address(fake));

	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), "2 matched, 2 ordered to end\n");
	expect_asked(fake, 0, "DELETE /conns?filter=idle%20%3E%205m&how=fin&max=5 HTTP/1.1\r\n");
	expect_asked(fake, 0, "\r\nX-Reason: M\xc3\xbcll & mehr\r\n");
	command_free(command);
	command = command_run("sockproxy kill --yes " FIRST " -o json -s %s", fake_admin_address(fake));
	command_expect(command, 0);
	ck_assert_str_eq(command_out(command), "{\"matched\":2,\"posted\":2,\"detail\":null}\n");
	expect_asked(fake, 1, "DELETE /conns/" FIRST " HTTP/1.1\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

static const struct {
	const char *answer, *arguments;
	int status;
	const char *out;
} kills[] = {
	{ "{\"matched\":0,\"posted\":0,\"detail\":null}", "", 3, "0 matched, 0 ordered to end\n" },
	{ "{\"matched\":9,\"posted\":4,\"detail\":\"Too many wait.\"}", "", 1,
	    "9 matched, 4 ordered to end: Too many wait.\n" },
	{ "{\"matched\":9,\"posted\":4,\"detail\":null}", "--max 4", 0, "9 matched, 4 ordered to end\n" },
	{ "{\"matched\":9,\"posted\":3,\"detail\":null}", "--max 4", 1, "9 matched, 3 ordered to end\n" },
};

START_TEST(what_came_of_a_kill_is_told)
{
	char bytes[512];
	const struct fake_answer answer = { bytes, 0 };

	snprintf(bytes, sizeof(bytes), "%s%s", HEAD("202 Accepted", "application/json"), kills[_i].answer);
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run(
	    "sockproxy kill --yes %s age '>' 1h -s %s", kills[_i].arguments, fake_admin_address(fake));
	command_expect(command, kills[_i].status);
	ck_assert_str_eq(command_out(command), kills[_i].out);
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(without_a_terminal_nobody_is_killed_unasked)
{
	const struct fake_answer answer = { two, 0 };
	struct fake_admin *fake = answering(&answer, 1);
	struct command *command = command_run("sockproxy kill age '>' 1h -s %s", fake_admin_address(fake));

	command_expect(command, 2);
	expect_said(command, "--yes");
	command_free(command);
	command = command_run("sockproxy kill age '>' 1h -o json -s %s", fake_admin_address(fake));
	command_expect(command, 2);
	command_free(command);
	/* None of them has asked anything. */
	command = command_run("sockproxy conns --sort marker -s %s", fake_admin_address(fake));
	expect_asked(fake, 0, "sort=marker");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_question_at_the_terminal_must_be_answered_with_yes)
{
	static const char *const typed[] = { "n\n", "\n", "nyet\n", "\004" };
	const struct fake_answer answers[] = { { two, 0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run_typed(
	    120, typed[_i], "sockproxy kill age '>' 1h -s %s", fake_admin_address(fake));

	command_expect(command, 1);
	expect_out(command, FIRST);
	expect_out(command, SECOND);
	expect_out(command, "Kill 2 connections? [y/N]");
	expect_out(command, "Nothing was ordered.");
	expect_asked(fake, 0, "GET /conns?filter=age%20%3E%201h&limit=50&count=1 ");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* Whoever comes in the meantime was not meant. */
START_TEST(yes_at_the_terminal_kills_those_that_were_shown)
{
	static const char *const typed[] = { "y\n", "yes\n", "YES\n" };
	const struct fake_answer answers[] = { { two, 0 }, { killed, 0 } };
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run_typed(
	    120, typed[_i], "sockproxy kill age '>' 1h or clean --how fin -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_out(command, "End 2 connections? [y/N]");
	expect_out(command, "2 matched, 2 ordered to end");
	expect_asked(fake, 1,
	    "DELETE /conns?filter=%28age%20%3E%201h%20or%20clean%29%20and%20id%20in%20%28%22" FIRST
	    "%22%2C%20%22" SECOND "%22%29&how=fin&max=2 HTTP/1.1\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_dry_run_shows_and_orders_nothing)
{
	const struct fake_answer answers[] = {
		{ two, 0 },
		{ HEAD("202 Accepted", "application/json") "{\"matched\":2,\"posted\":0,\"detail\":\"A dry run.\"}",
		    0 },
	};
	struct fake_admin *fake = answering(answers, 2);
	struct command *command = command_run(
	    "sockproxy kill --dry-run --yes age '>' 1h -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_out(command, FIRST);
	expect_out(command, "2 matched, none ordered to end: a dry run");
	expect_asked(fake, 1, "&dry_run=1 HTTP/1.1\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

START_TEST(a_mistyped_command_names_the_nearest)
{
	struct command *command = command_run("sockproxy con");

	command_expect(command, 2);
	ck_assert_str_eq(command_errors(command), "sockproxy: \"con\": no such command; did you mean conns?\n");
	command_free(command);
	command = command_run("sockproxy something");
	command_expect(command, 2);
	expect_said(command, "sockproxy help lists them");
	command_free(command);
	command = command_run("sockproxy conns -s nowhere");
	command_expect(command, 2);
	expect_said(command, "--server: \"nowhere\": must be a URL");
	command_free(command);
}
END_TEST

START_TEST(help_is_found_where_one_looks)
{
	static const char *const lines[] = { "-h", "help", "help conns", "conns -h", "kill --help", "help help" };
	static const char *const says[] = { "conns [FILTER]", "explain ID|FILTER", "--sort", "--sort", "--yes",
		"[COMMAND]" };
	struct command *command = command_run("sockproxy %s", lines[_i]);

	command_expect(command, 0);
	expect_out(command, says[_i]);
	ck_assert_str_eq(command_errors(command), "");
	command_free(command);
}
END_TEST

/* Whoever copies what stands beneath a finding runs it. */
START_TEST(what_a_finding_says_is_no_command)
{
	static const struct fake_answer answers[] = {
		{ JSON("{\"findings\":[{\"title\":\"A title\",\"advice\":\"Do it\","
		       "\"state\":\"closed;reboot\",\"filter\":\"it's $(reboot)\"}]}"),
		    0 }
	};
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run_typed(100, "", "sockproxy findings -s %s", fake_admin_address(fake));

	command_expect(command, 0);
	expect_out(command, "sockproxy conns --state 'closed;reboot' 'it'\\''s $(reboot)'\r\n");
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

/* In double quotes a shell runs what it is offered. */
START_TEST(what_is_completed_is_no_command)
{
	static const struct fake_answer answers[] = { { LIST("{\"id\":\"a`reboot`\",\"listener\":\"b`reboot`\"},"
							     "{\"id\":\"a$IFS\",\"listener\":\"b$IFS\"},"
							     "{\"id\":\"a!!\",\"listener\":\"b!!\"},"
							     "{\"id\":\"a1\",\"listener\":\"b:1\"}",
							    "null"),
	    0 } };
	struct fake_admin *fake = answering(answers, 1);
	struct command *command = command_run("sockproxy complete -- show -s %s a", fake_admin_address(fake));

	command_expect(command, 0);
	expect_out(command, "a1\tunix \n");
	ck_assert_msg(strpbrk(command_out(command), "`$!") == NULL, "%s", command_out(command));
	command_free(command);
	command = command_run("sockproxy complete -- conns -s %s 'listener == b'", fake_admin_address(fake));
	command_expect(command, 0);
	expect_out(command, "b:1\n");
	ck_assert_msg(strpbrk(command_out(command), "`$!") == NULL, "%s", command_out(command));
	command_free(command);
	fake_admin_stop(fake);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/client");
	TCase *list = tcase_create("list"), *faults = tcase_create("faults"), *kill = tcase_create("kill"),
	      *terminal = tcase_create("terminal");

	tcase_add_test(list, a_list_is_a_table_of_all_columns_in_a_pipe);
	tcase_add_test(list, json_is_passed_on_byte_by_byte);
	tcase_add_test(list, wide_shows_every_column);
	tcase_add_test(list, what_is_asked_for_is_asked_of_the_daemon);
	tcase_add_test(list, all_pages_are_one_list);
	tcase_add_test(list, many_pages_are_json_whatever_the_daemon_calls_a_time);
	tcase_add_test(list, that_there_is_more_is_said_unless_a_number_was);
	tcase_add_test(list, a_count_is_a_number_alone);
	tcase_add_test(list, one_connection_may_be_named_by_a_filter);
	tcase_add_test(list, several_that_match_are_shown_instead);
	tcase_add_loop_test(
	    faults, an_answer_that_is_none_is_told_and_has_a_status, 0, sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(faults, who_does_not_answer_is_unreachable);
	tcase_add_test(faults, https_towards_one_that_speaks_none_is_unreachable);
	tcase_add_test(faults, neither_proxies_nor_redirects_are_followed);
	tcase_add_test(faults, a_token_comes_from_a_file);
	tcase_add_loop_test(faults, a_reader_that_has_seen_enough_is_no_failure, 0, 2);
	tcase_add_test(faults, a_full_disk_is_a_failure);
	tcase_add_test(faults, a_mistyped_command_names_the_nearest);
	tcase_add_loop_test(faults, help_is_found_where_one_looks, 0, 6);
	tcase_add_test(kill, yes_kills_without_a_question);
	tcase_add_loop_test(kill, what_came_of_a_kill_is_told, 0, sizeof(kills) / sizeof(kills[0]));
	tcase_add_test(kill, without_a_terminal_nobody_is_killed_unasked);
	tcase_add_loop_test(kill, a_question_at_the_terminal_must_be_answered_with_yes, 0, 4);
	tcase_add_loop_test(kill, yes_at_the_terminal_kills_those_that_were_shown, 0, 3);
	tcase_add_test(kill, a_dry_run_shows_and_orders_nothing);
	tcase_add_test(terminal, colour_is_for_terminals_that_want_it);
	tcase_add_test(terminal, a_narrow_terminal_gets_fewer_columns_and_whole_ids);
	tcase_add_test(terminal, what_is_completed_is_no_command);
	tcase_add_test(terminal, what_a_finding_says_is_no_command);
	TCase *all[] = { list, faults, kill, terminal };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		tcase_set_timeout(all[i], 120);
		suite_add_tcase(suite, all[i]);
	}
	return suite_main(suite);
}
