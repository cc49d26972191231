/* SPDX-License-Identifier: MIT */
/* The door of the HTTP interface: the token, where it is needed, the names, the mode of the Unix socket. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/http_ask.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

#define PAIR   "-l 127.0.0.1:0 -u 127.0.0.1:9 "
#define TOKEN  "correct-horse-battery-staple"
#define BEARER "Authorization: Bearer " TOKEN "\r\n"

static char directory[] = "/tmp/sockproxy-test-XXXXXX", file[64];

static void
setup(void)
{
	FILE *stream;

	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/token", directory);
	stream = fopen(file, "w");
	fputs(TOKEN "\n", stream);
	fclose(stream);
	ck_assert_int_eq(chmod(file, 0600), 0);
}

static void
teardown(void)
{
	unlink(file);
	rmdir(directory);
}

static int
ask(const struct proxy *proxy, const char *target, const char *headers, struct answer *answer)
{
	char request[512];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
	http_ask(&proxy->admin, request, answer);
	return answer->status;
}

static int
status(const struct proxy *proxy, const char *target, const char *headers)
{
	struct answer answer;
	int got = ask(proxy, target, headers, &answer);

	http_forget(&answer);
	return got;
}

START_TEST(without_the_token_only_probes_are_answered)
{
	struct proxy *proxy = proxy_start(PAIR "--admin-write --admin-token-file %s", file);
	struct answer answer;

	ck_assert_int_eq(ask(proxy, "/conns", "", &answer), 401);
	ck_assert_str_eq(http_header(&answer, "WWW-Authenticate"), "Bearer realm=\"sockproxy\"");
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "application/problem+json");
	ck_assert_ptr_nonnull(strstr(answer.body, "urn:sockproxy:problem:unauthorized"));
	http_forget(&answer);
	ck_assert_int_eq(ask(proxy, "/conns", "Authorization: Bearer wrong-horse-battery-staple\r\n", &answer), 401);
	ck_assert_ptr_nonnull(strstr(http_header(&answer, "WWW-Authenticate"), "invalid_token"));
	http_forget(&answer);
	ck_assert_int_eq(status(proxy, "/conns", BEARER BEARER), 400);
	ck_assert_int_eq(status(proxy, "/nothing", ""), 401);
	ck_assert_int_eq(status(proxy, "/livez", ""), 200);
	ck_assert_int_eq(status(proxy, "/readyz", ""), 200);
	ck_assert_int_eq(status(proxy, "/conns", BEARER), 200);
	ck_assert_int_eq(http_order(proxy, "POST", "/drain", "", NULL), 401);
	ck_assert_int_eq(status(proxy, "/readyz", ""), 200);
	ck_assert_int_eq(http_order(proxy, "POST", "/drain", BEARER, NULL), 202);
	proxy_stop(proxy);
}
END_TEST

static void
check_not_in(const char *path, const char *secret)
{
	char bytes[65536];
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, bytes, sizeof(bytes));

	ck_assert_int_gt(got, 0);
	ck_assert_ptr_null(memmem(bytes, (size_t)got, secret, strlen(secret)));
	close(fd);
}

START_TEST(the_token_stays_secret)
{
	struct proxy *proxy = proxy_start(PAIR "--log-level debug --admin-token-file %s", file);
	struct answer config;
	char path[64];

	ck_assert_int_eq(ask(proxy, "/config", BEARER, &config), 200);
	ck_assert_ptr_nonnull(strstr(config.body, file));
	ck_assert_ptr_null(strstr(config.body, TOKEN));
	http_forget(&config);
	/* What the library makes of broken requests goes to the log. */
	status(proxy, "/conns", BEARER " " TOKEN "\r\n");
	status(proxy, "/conns", BEARER TOKEN "\r\n");
	status(proxy, "/%zz", BEARER "Content-Length: x\r\n");
	status(proxy, "/conns?x=" TOKEN, "");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)proxy->pid);
	check_not_in(path, TOKEN);
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)proxy->pid);
	check_not_in(path, TOKEN);
	ck_assert_msg(!proxy_has_said(proxy, TOKEN), "%s", proxy_stderr(proxy));
	proxy_stop(proxy);
}
END_TEST

START_TEST(off_loopback_there_must_be_a_token)
{
	static const char *const addresses[] = { "0.0.0.0:0", "[::]:0", "0", "192.0.2.1:0" };
	struct proxy *proxy;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		proxy = proxy_run(PAIR "-a %s", addresses[i]);
		ck_assert_int_eq(proxy_exit_status(proxy), 2);
		ck_assert(proxy_has_said(proxy, addresses[i]) && proxy_has_said(proxy, "--admin-token-file"));
	}
	proxy = proxy_start(PAIR "-a 0.0.0.0:0 --admin-token-file %s", file);
	ck_assert(proxy_has_said(proxy, "warning: the token travels in the clear to 0.0.0.0:0: --admin-cert"));
	proxy->admin.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(status(proxy, "/conns", ""), 401);
	ck_assert_int_eq(status(proxy, "/conns", BEARER), 200);
	proxy_stop(proxy);
}
END_TEST

START_TEST(a_token_file_that_others_can_read_ends_the_start)
{
	struct proxy *proxy;

	ck_assert_int_eq(chmod(file, 0644), 0);
	proxy = proxy_run(PAIR "--admin-token-file %s", file);
	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, file) && proxy_has_said(proxy, "can be read by others"));
	ck_assert(!proxy_has_said(proxy, "ready:"));
	unlink(file);
	proxy = proxy_run(PAIR "--admin-token-file %s", file);
	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert(proxy_has_said(proxy, "--admin-token-file: ") && proxy_has_said(proxy, "No such file"));
}
END_TEST

START_TEST(a_name_that_leads_here_may_be_asked_for)
{
	struct proxy *proxy = proxy_start(PAIR "--admin-host proxy.example,192.0.2.7");
	static const struct {
		const char *host;
		int status;
	} hosts[] = { { "proxy.example", 200 }, { "PROXY.example:443", 200 }, { "192.0.2.7:9100", 200 },
		{ "localhost", 200 }, { "proxy.example.org", 421 }, { "192.0.2.8", 421 } };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char request[200];
		struct answer answer;

		snprintf(request, sizeof(request), "GET /conns HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i].host);
		http_ask(&proxy->admin, request, &answer);
		ck_assert_msg(answer.status == hosts[i].status, "%s: %d", hosts[i].host, answer.status);
		ck_assert(answer.status == 200 || strstr(answer.body, "--admin-host") != NULL);
		http_forget(&answer);
	}
	proxy_stop(proxy);
}
END_TEST

static const struct {
	const char *option;
	mode_t umask, mode;
} modes[] = {
	{ "", 022, 0600 },
	{ "", 000, 0600 },
	{ "--admin-mode 660", 077, 0660 },
	{ "--admin-mode 660", 000, 0660 },
	{ "--admin-mode 666", 022, 0666 },
	{ "--admin-mode 0600", 022, 0600 },
};

START_TEST(the_mode_of_the_socket_is_the_one_that_was_asked_for)
{
	char path[80];
	struct stat socket;
	mode_t mask = umask(modes[_i].umask);

	snprintf(path, sizeof(path), "%s/admin", directory);
	struct proxy *proxy = proxy_start(PAIR "-a unix:%s %s", path, modes[_i].option);
	umask(mask);
	ck_assert_int_eq(stat(path, &socket), 0);
	ck_assert_msg((socket.st_mode & 07777) == modes[_i].mode, "%o", socket.st_mode);
	ck_assert_int_eq(status(proxy, "/conns", ""), 200);
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/admin token");
	TCase *tcase = tcase_create("door");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, without_the_token_only_probes_are_answered);
	tcase_add_test(tcase, the_token_stays_secret);
	tcase_add_test(tcase, off_loopback_there_must_be_a_token);
	tcase_add_test(tcase, a_token_file_that_others_can_read_ends_the_start);
	tcase_add_test(tcase, a_name_that_leads_here_may_be_asked_for);
	tcase_add_loop_test(
	    tcase, the_mode_of_the_socket_is_the_one_that_was_asked_for, 0, sizeof(modes) / sizeof(modes[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
