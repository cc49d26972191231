/* SPDX-License-Identifier: MIT */
/* The client and the daemon together: the same program twice. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/command.h"
#include "support/echo_upstream.h"
#include "support/hop.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/tls.h"
#include "support/wait_until.h"

static char directory[64];

static void
setup(void)
{
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
teardown(void)
{
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
expect_out(struct command *command, const char *text)
{
	ck_assert_msg(
	    strstr(command_out(command), text) != NULL, "\"%s\" is missing in: %s", text, command_out(command));
}

/* Runs a command towards this daemon, and expects this status. */
__attribute__((format(printf, 3, 4))) static struct command *
ask(const struct proxy *proxy, int status, const char *format, ...)
{
	char line[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	struct command *command = command_run("sockproxy %s -s %s", line, proxy->admin_text);
	command_expect(command, status);
	return command;
}

static const char *
client_of(const struct hop *hop)
{
	static struct peer_name name;

	name = peer_local(hop->client);
	return name.text;
}

START_TEST(who_is_connected_is_listed_and_shown)
{
	struct hop hop = hop_open("");
	json_t *record = proxy_live(hop.proxy, "established");
	const char *id = path_text(record, "id"), *port = strrchr(client_of(&hop), ':') + 1;
	struct command *command;

	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	command = ask(hop.proxy, 0, "conns");
	expect_out(command, id);
	expect_out(command, client_of(&hop));
	expect_out(command, "established");
	command_free(command);
	command = ask(hop.proxy, 0, "show %s", id);
	expect_out(command, id);
	expect_out(command, "CLIENT LEG");
	expect_out(command, peer_remote(hop.upstream).text); /* the address by which we connected */
	expect_out(command, "first_byte");
	ck_assert_ptr_null(strstr(command_out(command), "ended"));
	command_free(command);
	command = ask(hop.proxy, 0, "show client.port == %s -o json", port);
	json_t *shown = json_loads(command_out(command), 0, NULL);
	ck_assert_str_eq(path_text(shown, "id"), id);
	json_decref(shown);
	command_free(command);
	command = ask(hop.proxy, 3, "show port == %s and age '>' 1d", port);
	command_free(command);
	command = ask(hop.proxy, 3, "show 000000000000000000000");
	command_free(command);
	hop_end(&hop);
}
END_TEST

START_TEST(how_it_ended_is_shown_and_explained)
{
	struct hop hop = hop_open("");
	const char *id;
	struct command *command;

	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	peer_reset(&hop.client);
	id = path_text(proxy_closed(hop.proxy, 1), "id");
	command = ask(hop.proxy, 3, "conns");
	ck_assert_ptr_nonnull(strstr(command_errors(command), "--state closed"));
	command_free(command);
	command = ask(hop.proxy, 0, "conns --state closed reason == client_reset");
	expect_out(command, id);
	expect_out(command, "client_reset\n");
	command_free(command);
	command = ask(hop.proxy, 0, "show %s", id);
	expect_out(command, "client_reset, by client/rst");
	expect_out(command, "The client reset the connection");
	expect_out(command, "rst_received");
	command_free(command);
	command = ask(hop.proxy, 0, "explain %s", id);
	expect_out(command, "reset");
	command_free(command);
	command = ask(hop.proxy, 0, "explain reason == client_reset -o json");
	json_t *told = json_loads(command_out(command), 0, NULL);
	ck_assert_str_eq(path_text(told, "id"), id);
	json_decref(told);
	command_free(command);
	hop.client = -1;
	hop_end(&hop);
}
END_TEST

START_TEST(a_mistake_in_a_filter_is_shown_where_it_is)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9");
	struct command *command = ask(proxy, 2, "conns state == established and idel '>' 5m");

	ck_assert_str_eq(command_errors(command), "sockproxy: filter: No field is called idel; did you mean idle?\n"
						  "state == established and idel > 5m\n"
						  "                         ^~~~\n");
	command_free(command);
	command = ask(proxy, 2, "conns --sort idel");
	ck_assert_ptr_nonnull(strstr(command_errors(command), "did you mean idle"));
	command_free(command);
	command = ask(proxy, 2, "conns --state clsed");
	ck_assert_ptr_nonnull(strstr(command_errors(command), "did you mean closed?"));
	command_free(command);
	proxy_stop(proxy);
}
END_TEST

START_TEST(those_that_were_shown_are_killed)
{
	struct hop hop = hop_open("--admin-write");
	struct command *command;
	json_t *record;

	command = command_run_typed(
	    120, "y\n", "sockproxy kill state == established --reason 'tired of it' -s %s", hop.proxy->admin_text);
	command_expect(command, 0);
	expect_out(command, client_of(&hop));
	expect_out(command, "Kill 1 connection? [y/N]");
	expect_out(command, "1 matched, 1 ordered to end");
	command_free(command);
	peer_expect_reset(hop.client);
	record = proxy_closed(hop.proxy, 1);
	expect_close(record, "admin_kill", "admin", "rst");
	ck_assert_str_eq(path_text(record, "close.admin_reason"), "tired of it");
	command = ask(hop.proxy, 3, "kill --yes state == established");
	ck_assert_str_eq(command_out(command), "0 matched, 0 ordered to end\n");
	command_free(command);
	command = ask(hop.proxy, 3, "kill --yes %s", path_text(record, "id"));
	command_free(command);
	hop_end(&hop);
}
END_TEST

START_TEST(a_daemon_that_lets_nobody_change_says_so)
{
	struct hop hop = hop_open("");
	struct command *command = ask(hop.proxy, 1, "kill --yes age '>' 0s");

	ck_assert_ptr_nonnull(strstr(command_errors(command), "--admin-write"));
	command_free(command);
	peer_say(hop.client, "still here");
	peer_expect(hop.upstream, "still here");
	hop_end(&hop);
}
END_TEST

START_TEST(a_unix_socket_is_reached_by_its_path)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 -a unix:%s/admin", directory);
	struct command *command = command_run("sockproxy conns --state all -s unix:%s/admin", directory);

	command_expect(command, 3);
	command_free(command);
	proxy_stop(proxy);
	command = command_run("sockproxy conns -s unix:%s/admin", directory);
	command_expect(command, 4);
	command_free(command);
}
END_TEST

START_TEST(token_and_certificate_open_the_door)
{
	char cert[96], key[96], token[96];
	struct command *command;
	struct proxy *proxy;
	FILE *file;

	snprintf(cert, sizeof(cert), "%s/cert", directory);
	snprintf(key, sizeof(key), "%s/key", directory);
	snprintf(token, sizeof(token), "%s/token", directory);
	tls_make(cert, key, 86400);
	umask(077);
	file = fopen(token, "w");
	fputs("0123456789abcdef\n", file);
	fclose(file);
	proxy = proxy_start(
	    "-l 127.0.0.1:0 -u 127.0.0.1:9 --admin-cert %s --admin-key %s --admin-token-file %s", cert, key, token);
	const char *port = strrchr(proxy->admin_text, ':') + 1;

	command = command_run(
	    "sockproxy conns --state all --cacert %s --token-file %s -s https://localhost:%s", cert, token, port);
	command_expect(command, 3);
	command_free(command);
	command = command_run("sockproxy conns --cacert %s -s https://localhost:%s", cert, port);
	command_expect(command, 1);
	ck_assert_ptr_nonnull(strstr(command_errors(command), "--token-file"));
	command_free(command);
	command = command_run("sockproxy conns --token-file %s -s https://localhost:%s", token, port);
	command_expect(command, 4); /* nobody vouches for it */
	ck_assert_ptr_nonnull(strstr(command_errors(command), "--cacert"));
	command_free(command);
	proxy_stop(proxy);
	unlink(cert);
	unlink(key);
	unlink(token);
}
END_TEST

START_TEST(events_go_on_behind_a_list)
{
	struct hop hop = hop_open("");
	json_t *list = http_get_json(hop.proxy, "/conns");
	struct command *command;

	peer_close(&hop.client);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	/* That is past by now, and told all the same. */
	command = ask(hop.proxy, 0, "events --types close -n 1 --since %s", path_text(list, "cursor"));
	expect_out(command, path_text(path(list, "conns.0"), "id"));
	expect_out(command, "client_fin");
	command_free(command);
	command = ask(hop.proxy, 2, "events --types opne");
	ck_assert_ptr_nonnull(strstr(command_errors(command), "did you mean open?"));
	command_free(command);
	hop.client = hop.upstream = -1;
	hop_end(&hop);
}
END_TEST

static void
come_and_go(const struct proxy *proxy)
{
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_say(client, "hello");
	peer_expect(client, "hello");
	peer_close(&client);
}

START_TEST(a_follower_outlives_its_daemon)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s -a unix:%s/admin", echo_address(echo), directory);
	struct command *command = command_begin("sockproxy events --types close -o json -s unix:%s/admin", directory);
	char listener[64];

	wait_until((come_and_go(proxy), strstr(command_out(command), "client_fin") != NULL));
	proxy_stop(proxy);
	proxy = proxy_start("-l 127.0.0.1:0 -u %s -a unix:%s/admin", echo_address(echo), directory);
	snprintf(listener, sizeof(listener), "\"destination_port\":%s", strrchr(proxy_listener(proxy, 0), ':') + 1);
	wait_until(strstr(command_errors(command), "some events are lost") != NULL);
	wait_until((come_and_go(proxy), strstr(command_out(command), listener) != NULL));
	command_signal(command, SIGINT);
	command_end(command);
	command_expect(command, 0);
	command_free(command);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/client and daemon");
	TCase *tcase = tcase_create("both");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, who_is_connected_is_listed_and_shown);
	tcase_add_test(tcase, how_it_ended_is_shown_and_explained);
	tcase_add_test(tcase, a_mistake_in_a_filter_is_shown_where_it_is);
	tcase_add_test(tcase, those_that_were_shown_are_killed);
	tcase_add_test(tcase, a_daemon_that_lets_nobody_change_says_so);
	tcase_add_test(tcase, a_unix_socket_is_reached_by_its_path);
	tcase_add_test(tcase, events_go_on_behind_a_list);
	tcase_add_test(tcase, a_follower_outlives_its_daemon);
	tcase_add_test(tcase, token_and_certificate_open_the_door);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
