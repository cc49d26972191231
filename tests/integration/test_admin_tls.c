/* SPDX-License-Identifier: MIT */
/* HTTPS: what is spoken, what is refused, and which file is at fault when it cannot start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/http_ask.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/tls.h"
#include "support/wait_until.h"

#define PAIR "-l 127.0.0.1:0 -u 127.0.0.1:9 "
#define END  "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

static char directory[] = "/tmp/sockproxy-test-XXXXXX", cert[64], key[64], other_cert[64], other_key[64];

static void
setup(void)
{
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(cert, sizeof(cert), "%s/cert", directory);
	snprintf(key, sizeof(key), "%s/key", directory);
	snprintf(other_cert, sizeof(other_cert), "%s/other-cert", directory);
	snprintf(other_key, sizeof(other_key), "%s/other-key", directory);
	tls_make(cert, key, 86400);
	tls_make(other_cert, other_key, 86400);
}

static void
teardown(void)
{
	unlink(cert);
	unlink(key);
	unlink(other_cert);
	unlink(other_key);
	rmdir(directory);
}

static struct proxy *
start(void)
{
	return proxy_start(PAIR "--admin-cert %s --admin-key %s --log-level debug", cert, key);
}

START_TEST(https_answers_and_says_so_at_the_start)
{
	struct proxy *proxy = start();
	const char *answer;
	int fault;

	ck_assert(proxy_has_said(proxy, ", admin https://127.0.0.1:"));
	answer = tls_ask(&proxy->admin, cert, NULL, "GET /conns " END "\r\n", &fault);
	ck_assert_msg(answer != NULL, "%s", gnutls_strerror(fault));
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200 "), answer);
	ck_assert_ptr_nonnull(strstr(answer, "\"conns\":["));
	answer = tls_ask(&proxy->admin, cert, NULL, "GET /conns " END "Origin: https://localhost\r\n\r\n", &fault);
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200 "), answer);
	answer = tls_ask(&proxy->admin, cert, NULL, "GET /conns " END "Origin: http://localhost\r\n\r\n", &fault);
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 403 "), answer);
	proxy_stop(proxy);
}
END_TEST

static const struct {
	const char *priorities;
	bool spoken;
} versions[] = {
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT", false },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT", false },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC:-MAC-ALL:+SHA1", false },
};

START_TEST(only_what_is_safe_is_spoken)
{
	struct proxy *proxy = start();
	int fault;
	const char *answer = tls_ask(&proxy->admin, cert, versions[_i].priorities, "GET /livez " END "\r\n", &fault);

	ck_assert_msg(
	    (answer != NULL) == versions[_i].spoken, "%s: %s", versions[_i].priorities, gnutls_strerror(fault));
	proxy_stop(proxy);
}
END_TEST

/* It is no answer to a certificate that the client does not know, nor to no TLS at all. */
START_TEST(who_speaks_otherwise_harms_nobody)
{
	struct proxy *proxy = start();
	struct answer plain;
	int fault, idle = http_connect(&proxy->admin);

	ck_assert_ptr_null(tls_ask(&proxy->admin, other_cert, NULL, "GET /livez " END "\r\n", &fault));
	ck_assert_int_eq(fault, GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR);
	http_ask(&proxy->admin, "GET /livez " END "\r\n", &plain);
	ck_assert_int_eq(plain.status, 0);
	http_forget(&plain);
	ck_assert_ptr_nonnull(tls_ask(&proxy->admin, cert, NULL, "GET /livez " END "\r\n", &fault));
	close(idle);
	proxy_stop(proxy);
}
END_TEST

START_TEST(the_key_stays_secret)
{
	char text[4096], line[128], target[] = "GET /config " END "\r\n";
	FILE *file = fopen(key, "r");
	struct proxy *proxy = start();
	int fault, lines = 0;
	const char *config = tls_ask(&proxy->admin, cert, NULL, target, &fault);

	ck_assert_ptr_nonnull(strstr(config, key));
	snprintf(text, sizeof(text), "/proc/%d/cmdline", (int)proxy->pid);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '-')
			continue;
		lines++;
		ck_assert_ptr_null(strstr(config, line));
		ck_assert(!proxy_has_said(proxy, line));
	}
	ck_assert_int_gt(lines, 0);
	fclose(file);
	proxy_stop(proxy);
}
END_TEST

static void
check_refused(const char *certificate, const char *secret, const char *named, const char *says)
{
	struct proxy *proxy = proxy_run(PAIR "--admin-cert %s --admin-key %s", certificate, secret);

	ck_assert_int_eq(proxy_exit_status(proxy), 1);
	ck_assert_msg(proxy_has_said(proxy, named) && proxy_has_said(proxy, says), "%s", proxy_stderr(proxy));
	ck_assert(!proxy_has_said(proxy, "ready:"));
}

START_TEST(a_file_that_cannot_be_used_is_named)
{
	char none[80];
	FILE *file;

	snprintf(none, sizeof(none), "%s/none", directory);
	check_refused(none, key, none, "No such file");
	check_refused(cert, none, none, "No such file");
	check_refused(cert, other_key, other_key, "the key of another certificate");
	check_refused(key, key, key, "holds no certificate");
	check_refused(cert, cert, cert, "holds no private key");
	check_refused(directory, key, directory, "no regular file");
	ck_assert_int_eq(chmod(key, 0644), 0);
	check_refused(cert, key, key, "can be read by others");
	ck_assert_int_eq(chmod(key, 0600), 0);
	file = fopen(other_key, "w");
	fclose(file);
	check_refused(cert, other_key, other_key, "is empty");
	file = fopen(other_cert, "w");
	fwrite("-----BEGIN CERTIFICATE-----\0", 1, 28, file);
	fclose(file);
	check_refused(other_cert, key, other_cert, "holds no certificate");
}
END_TEST

START_TEST(an_outdated_certificate_is_used_and_complained_of)
{
	tls_make(cert, key, -86400);
	struct proxy *proxy = start();

	ck_assert(proxy_has_said(proxy, "warning: --admin-cert: "));
	ck_assert(proxy_has_said(proxy, "out of date since "));
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/admin tls");
	TCase *tcase = tcase_create("https");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, https_answers_and_says_so_at_the_start);
	tcase_add_loop_test(tcase, only_what_is_safe_is_spoken, 0, sizeof(versions) / sizeof(versions[0]));
	tcase_add_test(tcase, who_speaks_otherwise_harms_nobody);
	tcase_add_test(tcase, the_key_stays_secret);
	tcase_add_test(tcase, a_file_that_cannot_be_used_is_named);
	tcase_add_test(tcase, an_outdated_certificate_is_used_and_complained_of);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
