/* SPDX-License-Identifier: MIT */
/* What the program says for good and bad command lines, and that a bad one starts nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"

static const struct {
	const char *arguments, *named; /* what the one line must name */
} wrong[] = {
	{ "", "-l" },
	{ "-l 127.0.0.1:0", "-u" },
	{ "-u 127.0.0.1:9", "-l" },
	{ "-l 127.0.0.1:0 -l 127.0.0.2:0 -u 127.0.0.1:9", "-l" },
	{ "-l nonsense -u 127.0.0.1:9", "-l" },
	{ "-l 127.0.0.1:65536 -u 127.0.0.1:9", "-l" },
	{ "--listen 127.0.0.1:x -u 127.0.0.1:9", "--listen" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:65536", "-u" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1", "-u" },
	{ "-l 127.0.0.1:0 -u [::1", "-u" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --no-such-option", "--no-such-option" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 -z", "-z" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --max-conns 0", "--max-conns" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 -n many", "-n" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --workers 100000", "--workers" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --idle-timeout 5", "--idle-timeout" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --connect-timeout 0", "--connect-timeout" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --buffer-memory 1", "--buffer-memory" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --proxy-out v3", "--proxy-out" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --congestion none-such", "net.ipv4.tcp_available_congestion_control" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --source here", "--source" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --admin 127.0.0.1", "--admin" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --log-level loud", "--log-level" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 --idle-timeout", "--idle-timeout" },
	{ "-l 127.0.0.1:0 -u 127.0.0.1:9 surplus", "surplus" },
};

static int
count_lines(const char *text)
{
	int lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* proxy_run adds -a, which might stand where an argument is missing: here it comes first. */
START_TEST(a_wrong_command_line_is_one_line_and_status_2)
{
	struct proxy *proxy = proxy_run("--admin 127.0.0.1:0 %s", wrong[_i].arguments);

	ck_assert_int_eq(proxy_exit_status(proxy), 2);
	ck_assert_msg(count_lines(proxy_stderr(proxy)) == 1, "%s: %s", wrong[_i].arguments, proxy_stderr(proxy));
	ck_assert_msg(proxy_has_said(proxy, wrong[_i].named), "%s: %s", wrong[_i].arguments, proxy_stderr(proxy));
}
END_TEST

START_TEST(a_mistake_in_a_filter_is_shown_with_its_place)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX";
	struct proxy *proxy;

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	proxy = proxy_run("-l unix:%s/listener -u 127.0.0.1:9 --log-filter age>1h&&claen", directory);
	ck_assert_int_eq(proxy_exit_status(proxy), 2);
	ck_assert_str_eq(proxy_stderr(proxy), "sockproxy: --log-filter: No field is called claen; did you mean clean?\n"
					      "age>1h&&claen\n"
					      "        ^~~~~\n");
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(a_wrong_command_line_starts_nothing)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX";
	struct proxy *proxy;

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	proxy = proxy_run("-l unix:%s/listener -u 127.0.0.1:9 -l 127.0.0.1:65536 -u 127.0.0.1:9", directory);
	ck_assert_int_eq(proxy_exit_status(proxy), 2);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
	int taken = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_run("-l %s -u 127.0.0.1:9", peer_local(taken).text);

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, peer_local(taken).text));
	ck_assert(!proxy_has_said(proxy, "ready:"));
	peer_close(&taken);
}
END_TEST

/* SO_REUSEPORT would let two of the same user share the clients in silence. */
START_TEST(a_port_of_another_sockproxy_is_in_use)
{
	struct proxy *first = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9");
	struct proxy *second = proxy_run("-l %s -u 127.0.0.1:9", proxy_listener(first, 0));

	ck_assert_int_eq(proxy_exit_status(second), 1);
	ck_assert(proxy_has_said(second, proxy_listener(first, 0)));
	proxy_stop(first);
}
END_TEST

START_TEST(the_second_of_two_listeners_may_be_the_one_that_fails)
{
	int taken = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_run("-l 127.0.0.1:0 -u 127.0.0.1:9 -l %s -u 127.0.0.1:9", peer_local(taken).text);

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, peer_local(taken).text));
	peer_close(&taken);
}
END_TEST

START_TEST(an_admin_port_in_use_names_the_way_out)
{
	int taken = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_run("-l 127.0.0.1:0 -u 127.0.0.1:9 -a %s", peer_local(taken).text);

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, peer_local(taken).text));
	ck_assert(proxy_has_said(proxy, "-a"));
	peer_close(&taken);
}
END_TEST

START_TEST(port_9100_names_node_exporter_too)
{
	char address[64];
	unsigned pid = (unsigned)getpid();

	/* One of the many loopback addresses, lest the machine's own node_exporter or another run be met. */
	snprintf(address, sizeof(address), "127.%u.%u.%u:9100", 1 + (pid >> 16) % 250, (pid >> 8) & 255, pid & 255);
	int taken = peer_listen(address);
	struct proxy *proxy = proxy_run("-l 127.0.0.1:0 -u 127.0.0.1:9 -a %s", address);
	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, address));
	ck_assert(proxy_has_said(proxy, "node_exporter"));
	ck_assert(proxy_has_said(proxy, "-a"));
	peer_close(&taken);
}
END_TEST

START_TEST(ready_is_one_line_with_every_bound_address)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", admin[64], want[256];
	struct proxy *proxy;

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(admin, sizeof(admin), "unix:%s/admin", directory);
	proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 -l [::1]:0 -u 127.0.0.1:9,[::1]:9 -a %s", admin);
	ck_assert_int_eq(proxy->count, 2);
	snprintf(want, sizeof(want), "ready: %s -> 127.0.0.1:9; %s -> 127.0.0.1:9,[::1]:9, admin %s\n",
	    proxy_listener(proxy, 0), proxy_listener(proxy, 1), admin);
	ck_assert_msg(proxy_has_said(proxy, want), "%s", proxy_stderr(proxy));
	ck_assert_int_eq(proxy_count_said(proxy, "ready:"), 1);
	ck_assert_int_eq(proxy_active_count(proxy), 0); /* over the Unix socket */
	proxy_stop(proxy);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(help_and_version_are_answers)
{
	struct proxy *help = proxy_run("-h"), *version = proxy_run("--version");

	ck_assert_int_eq(proxy_exit_status(help), 0);
	ck_assert_int_eq(proxy_exit_status(version), 0);
	ck_assert_str_eq(proxy_stderr(help), "");
	ck_assert_str_eq(proxy_stderr(version), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/command line");
	TCase *tcase = tcase_create("command line");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, a_wrong_command_line_is_one_line_and_status_2, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tcase, a_mistake_in_a_filter_is_shown_with_its_place);
	tcase_add_test(tcase, a_wrong_command_line_starts_nothing);
	tcase_add_test(tcase, a_port_in_use_is_named);
	tcase_add_test(tcase, a_port_of_another_sockproxy_is_in_use);
	tcase_add_test(tcase, the_second_of_two_listeners_may_be_the_one_that_fails);
	tcase_add_test(tcase, an_admin_port_in_use_names_the_way_out);
	tcase_add_test(tcase, port_9100_names_node_exporter_too);
	tcase_add_test(tcase, ready_is_one_line_with_every_bound_address);
	tcase_add_test(tcase, help_and_version_are_answers);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
