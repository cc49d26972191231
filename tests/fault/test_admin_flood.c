/* SPDX-License-Identifier: MIT */
/* Too many, too fast or too slow at the HTTP interface: the others are answered, and forwarding goes on. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/descriptors.h"
#include "support/echo_upstream.h"
#include "support/http_ask.h"
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { FLOOD = 2000, DESCRIPTORS = FLOOD + 200 };

static int idle[FLOOD];

static void
flood(const struct proxy *proxy)
{
	for (int i = 0; i < FLOOD; i++)
		idle[i] = http_connect(&proxy->admin);
}

static void
flood_is_over(void)
{
	for (int i = 0; i < FLOOD; i++)
		close(idle[i]);
}

static void
check_alive(const struct proxy *proxy)
{
	struct answer answer;

	http_get(&proxy->admin, "/livez", &answer);
	ck_assert_int_eq(answer.status, 200);
	http_forget(&answer);
}

static void
check_forwards(const struct proxy *proxy)
{
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_say(client, "still there?");
	peer_expect(client, "still there?");
	peer_close(&client);
}

START_TEST(two_thousand_that_say_nothing_keep_nobody_out)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", echo_address(echo));
	size_t most = 0, before;

	check_alive(proxy);
	before = proxy_memory(proxy, "VmRSS");
	for (int round = 0; round < 3; round++) {
		int64_t begun;
		size_t now;

		flood(proxy);
		begun = wait_clock_ms();
		check_alive(proxy);
		printf("answered behind %d idle ones after %lld ms\n", FLOOD, (long long)(wait_clock_ms() - begun));
		check_forwards(proxy);
		now = proxy_memory(proxy, "VmRSS");
		most = now > most ? now : most;
		flood_is_over();
	}
	printf("%zu KiB more at most\n", (most - before) / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (getenv("SOCKPROXY") == NULL || strstr(getenv("SOCKPROXY"), "valgrind") == NULL)
		ck_assert_uint_lt(most - before, 24u << 20);
#endif
	ck_assert(proxy_has_said(proxy, "idle ones are cut to make room"));
	ck_assert_int_eq(proxy_count_said(proxy, "to make room"), 1);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

/* A byte now and then would hold off a timeout that only looks for silence. */
struct trickler {
	const char *begin, *drop;
	int fd;
	int64_t begun, lasted; /* 0: still there */
};

static bool
is_cut(int fd)
{
	char bytes[4096];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		continue;
	return got == 0 || errno != EAGAIN;
}

static bool
trickle(struct trickler *it)
{
	send(it->fd, it->drop, strlen(it->drop), MSG_NOSIGNAL);
	if (!is_cut(it->fd))
		return false;
	it->lasted = wait_clock_ms() - it->begun;
	close(it->fd);
	return true;
}

START_TEST(who_dawdles_is_cut)
{
	struct trickler tricklers[] = {
		{ "GET /livez HTTP/1.1\r\nX: ", "x", -1, 0, 0 },
		{ "", "G", -1, 0, 0 },
		{ "", "", -1, 0, 0 },
		{ "GET /livez HTTP/1.1\r\n", "A: b\r\n", -1, 0, 0 },
		{ "PATCH /listeners/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		  "Content-Length: 4000\r\n\r\n",
		    " ", -1, 0, 0 },
		{ "PATCH /listeners/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		    "1\r\n \r\n", -1, 0, 0 },
	};
	enum { COUNT = sizeof(tricklers) / sizeof(tricklers[0]) };
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9");
	int64_t begun = wait_clock_ms();
	int left = COUNT;

	for (int i = 0; i < COUNT; i++) {
		tricklers[i].fd = http_connect(&proxy->admin);
		tricklers[i].begun = wait_clock_ms();
		http_send(tricklers[i].fd, tricklers[i].begin, strlen(tricklers[i].begin));
	}
	while (left > 0 && wait_clock_ms() - begun < 40000) {
		for (int i = 0; i < COUNT; i++)
			left -= tricklers[i].lasted == 0 && trickle(&tricklers[i]);
		check_alive(proxy);
		poll(NULL, 0, 100);
	}
	for (int i = 0; i < COUNT; i++)
		ck_assert_msg(tricklers[i].lasted > 9000, "%s...%s: after %lld ms", tricklers[i].begin,
		    tricklers[i].drop, (long long)tricklers[i].lasted);
	proxy_stop(proxy);
}
END_TEST

static int
ask_from(const struct proxy *proxy, const char *source, struct answer *answer)
{
	static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = peer_try_connect_from(source, proxy->admin_text);

	ck_assert_int_ge(fd, 0);
	http_send(fd, request, strlen(request));
	http_read(fd, answer, 0);
	close(fd);
	return answer->status;
}

START_TEST(who_asks_too_often_is_told_when_to_come_back)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 --admin-rate 3");
	struct answer answer = { 0 };
	int fine = 0;

	while (ask_from(proxy, "127.0.0.1:0", &answer) == 200) {
		fine++;
		ck_assert_int_lt(fine, 1000);
		http_forget(&answer);
	}
	ck_assert_int_ge(fine, 3);
	ck_assert_int_eq(answer.status, 429);
	ck_assert_str_eq(http_header(&answer, "Retry-After"), "1");
	ck_assert_str_eq(http_header(&answer, "Connection"), "close");
	ck_assert_ptr_nonnull(strstr(answer.body, "urn:sockproxy:problem:too_many_requests"));
	ck_assert_ptr_nonnull(strstr(answer.body, "--admin-rate"));
	http_forget(&answer);
	ck_assert_int_eq(ask_from(proxy, "127.0.0.2:0", &answer), 200);
	http_forget(&answer);
	/* A second later there is room again. */
	wait_until((ask_from(proxy, "127.0.0.1:0", &answer), http_forget(&answer), answer.status == 200));
	proxy_stop(proxy);
}
END_TEST

/* Of few descriptors a sixteenth is for HTTP, and half of that for a host from elsewhere. */
enum { FEW = 320, SHARE = FEW / 16 / 2 };

static char token_file[] = "/tmp/sockproxy-test-XXXXXX";

static void
write_token(void)
{
	int fd;

	strcpy(token_file, "/tmp/sockproxy-test-XXXXXX");
	fd = mkstemp(token_file); /* mode 600 */
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, "0123456789abcdef\n", 17), 17);
	close(fd);
}

#define FAR_HEADERS "Host: " NETNS_HERE "\r\nAuthorization: Bearer 0123456789abcdef\r\n"

START_TEST(a_host_from_elsewhere_cannot_take_all_places)
{
	static const char waits[] = "PATCH /listeners/x HTTP/1.1\r\n" FAR_HEADERS "Content-Type: application/json\r\n"
				    "Content-Length: 10\r\n\r\n",
			  asks[] = "GET /conns HTTP/1.1\r\n" FAR_HEADERS "\r\n";
	struct netns netns = netns_open();
	struct proxy_start few = { .descriptors = FEW };
	struct proxy *proxy;
	struct answer answer;
	int busy[SHARE];

	write_token();
	proxy = proxy_start_with(
	    &few, "-l 127.0.0.1:0 -u 127.0.0.1:9 -a " NETNS_HERE ":0 --admin-token-file %s", token_file);
	netns_visit_far(&netns);
	for (int i = 0; i < SHARE; i++) {
		busy[i] = http_connect(&proxy->admin);
		http_send(busy[i], waits, strlen(waits));
	}
	/* The last of them may not have been read yet. */
	wait_until((http_ask(&proxy->admin, asks, &answer), answer.status == 503) || (http_forget(&answer), false));
	ck_assert_int_eq(answer.status, 503);
	ck_assert_str_eq(http_header(&answer, "Retry-After"), "10");
	ck_assert_ptr_nonnull(strstr(answer.body, "urn:sockproxy:problem:busy"));
	http_forget(&answer);
	netns_return(&netns);
	http_ask(&proxy->admin, asks, &answer);
	ck_assert_int_eq(answer.status, 200);
	http_forget(&answer);
	for (int i = 0; i < SHARE; i++) {
		ck_assert_msg(!is_cut(busy[i]), "%d", i);
		close(busy[i]);
	}
	proxy_stop(proxy);
	unlink(token_file);
	netns_close(&netns);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/admin flood");
	TCase *tcase = tcase_create("too much");

	descriptors_need(DESCRIPTORS);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, two_thousand_that_say_nothing_keep_nobody_out);
	tcase_add_test(tcase, who_dawdles_is_cut);
	tcase_add_test(tcase, who_asks_too_often_is_told_when_to_come_back);
	if (netns_can())
		tcase_add_test(tcase, a_host_from_elsewhere_cannot_take_all_places);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
