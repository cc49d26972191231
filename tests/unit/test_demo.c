/* SPDX-License-Identifier: MIT */
#include "daemon/demo.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/clock.h"
#include "daemon/demo_clients.h"
#include "support/suite.h"

#define PREFIX "sockproxy demo"

enum { PATIENCE_S = 10, SEATS = 16 };

static struct demo *demo;
static struct addr upstream;
static char heard[1 << 20];
static size_t heard_length;

static void
setup(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	ck_assert_int_eq(demo_start_upstream(&demo, &upstream), 0);
}

static void
teardown(void)
{
	demo_stop(demo);
}

static int
visit(const char *words)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(upstream.any.sa_family, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(fd, &upstream.any, upstream.length), 0);
	ck_assert_int_eq(send(fd, words, strlen(words), 0), strlen(words));
	return fd;
}

/* Until so many bytes came, or an end: 0, or its errno. */
static int
hear(int fd, size_t count)
{
	heard_length = 0;
	while (heard_length < count) {
		ssize_t got = recv(fd, heard + heard_length, sizeof(heard) - 1 - heard_length, 0);

		if (got <= 0) {
			heard[heard_length] = '\0';
			return got == 0 ? 0 : errno;
		}
		heard_length += (size_t)got;
	}
	heard[heard_length] = '\0';
	return 0;
}

static bool
is_labelled(const char *text)
{
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, PREFIX, strlen(PREFIX)) != 0 || strchr(line, '\n') == NULL)
			return false;
	return true;
}

START_TEST(an_answer_has_the_bytes_asked_for_each_line_labelled)
{
	int fd = visit(PREFIX ": GIVE 100\nGIVE 64\r\n");

	ck_assert_int_eq(hear(fd, 192), 0);
	ck_assert_uint_eq(heard_length, 192);
	ck_assert(is_labelled(heard));
	close(fd);
}
END_TEST

START_TEST(who_finishes_first_gets_the_whole_answer)
{
	int fd = visit("HOLD 50\nGIVE 640000\n");
	int64_t before = clock_now();

	shutdown(fd, SHUT_WR);
	ck_assert_int_eq(hear(fd, SIZE_MAX), 0);
	ck_assert_uint_eq(heard_length, 640000);
	ck_assert_int_ge(clock_now() - before, 45 * NS_PER_MS);
	close(fd);
}
END_TEST

START_TEST(bye_makes_it_finish_first)
{
	int fd = visit("GIVE 64\nBYE\n");

	ck_assert_int_eq(hear(fd, SIZE_MAX), 0);
	ck_assert_uint_eq(heard_length, 128);
	close(fd);
}
END_TEST

START_TEST(reset_makes_it_reset)
{
	int fd = visit("RESET 64\n");

	ck_assert_int_eq(hear(fd, SIZE_MAX), ECONNRESET);
	close(fd);
}
END_TEST

START_TEST(what_it_does_not_know_it_explains)
{
	int fd = visit("hello\n");

	ck_assert_int_eq(hear(fd, 1), 0);
	ck_assert(is_labelled(heard));
	ck_assert_ptr_nonnull(strstr(heard, "GIVE"));
	close(fd);
}
END_TEST

START_TEST(many_words_at_once_are_all_obeyed)
{
	char words[40 * 8 + 1] = "";

	for (int i = 0; i < 40; i++)
		strcat(words, "GIVE 64\n");
	int fd = visit(words);
	ck_assert_int_eq(hear(fd, 40 * 64), 0);
	ck_assert_uint_eq(heard_length, 40 * 64);
	close(fd);
}
END_TEST

/* Longer than what it reads at once: none of it may stay unread, or the end would be a RST. */
START_TEST(an_http_request_is_answered_with_a_page)
{
	static char request[4000];

	strcpy(request, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
	memset(request + strlen(request), 'x', 3000);
	strcat(request, "\r\n\r\n");
	int fd = visit(request);
	ck_assert_int_eq(hear(fd, SIZE_MAX), 0);
	ck_assert_int_eq(strncmp(heard, "HTTP/1.1 200 OK\r\n", 17), 0);
	char *body = strstr(heard, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	ck_assert(is_labelled(body + 4));
	ck_assert_uint_gt(strlen(body), 100);
	close(fd);
}
END_TEST

START_TEST(an_http_head_has_no_body)
{
	int fd = visit("HEAD / HTTP/1.1\r\n\r\n");

	ck_assert_int_eq(hear(fd, SIZE_MAX), 0);
	ck_assert_str_eq(heard + heard_length - 4, "\r\n\r\n");
	close(fd);
}
END_TEST

START_TEST(without_descriptors_it_waits_and_goes_on)
{
	const char *preloaded = getenv("LD_PRELOAD");
	struct rlimit before, none;
	int first = visit(""), fd = socket(upstream.any.sa_family, SOCK_STREAM, 0);

	/* Valgrind plays the limit itself: it lets accept happen, and then closes what came. */
	if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) {
		close(fd);
		close(first);
		return;
	}
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)first; /* all below are taken, and stay so: what accept could give is above */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(connect(fd, &upstream.any, upstream.length), 0);
	ck_assert_int_eq(send(fd, "BYE\n", 4, 0), 4);
	/* not within this: it must not have been accepted */
	struct pollfd in = { .fd = fd, .events = POLLIN };
	int answered = poll(&in, 1, 50);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(answered, 0);
	ck_assert_int_eq(poll(&in, 1, PATIENCE_S * 1000), 1);
	close(fd);
	close(first);
}
END_TEST

START_TEST(the_clients_play_their_scenes)
{
	struct demo_clients *clients;
	int64_t end = clock_now() + PATIENCE_S * NS_PER_S;

	ck_assert_int_eq(demo_clients_start(&clients, &upstream), 0);
	while (demo_clients_played(clients) < 7)
		ck_assert(clock_now() < end && poll(NULL, 0, 5) == 0);
	demo_clients_stop(clients);
}
END_TEST

/* Nobody answers these clients, so most of them stay, until all seats are taken. */
START_TEST(clients_introduce_themselves_and_are_few)
{
	struct addr at;
	int listener = socket(AF_INET6, SOCK_STREAM, 0);
	int fds[SEATS], count = 0;
	struct pollfd in = { .fd = listener, .events = POLLIN };

	ck_assert(addr_parse(&at, "[::]:0"));
	ck_assert_int_eq(bind(listener, &at.any, at.length), 0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(getsockname(listener, &at.any, &at.length), 0);
	ck_assert_int_eq(demo_start_clients(demo, &at), 0);
	while (count < SEATS) {
		ck_assert_int_eq(poll(&in, 1, PATIENCE_S * 1000), 1);
		int fd = accept(listener, NULL, NULL);
		ck_assert_int_ne(fd, -1);
		ssize_t got = recv(fd, heard, sizeof(heard) - 1, 0);
		ck_assert_int_ge(got, 0);
		heard[got] = '\0';
		ck_assert(is_labelled(heard));
		if (got == 0 || strstr(heard, "HOLD 300") != NULL)
			close(fd); /* these leave by themselves */
		else
			fds[count++] = fd;
	}
	ck_assert_int_eq(poll(&in, 1, 800), 0);
	demo_stop_clients(demo);
	while (count > 0)
		close(fds[--count]);
	close(listener);
}
END_TEST

START_TEST(a_stop_is_prompt_while_all_is_busy)
{
	int silent = visit(""), holding = visit("HOLD 60000\n"), stalled = visit("GIVE 16000000\n");
	int64_t before;

	ck_assert_int_eq(demo_start_clients(demo, &upstream), 0);
	ck_assert_int_eq(hear(stalled, 1), 0);
	before = clock_now();
	demo_stop_clients(demo);
	demo_stop(demo);
	ck_assert_int_lt(clock_now() - before, 500 * NS_PER_MS);
	demo = NULL;
	close(silent);
	close(holding);
	close(stalled);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("daemon/demo");
	TCase *tcase = tcase_create("upstream and clients");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_answer_has_the_bytes_asked_for_each_line_labelled);
	tcase_add_test(tcase, who_finishes_first_gets_the_whole_answer);
	tcase_add_test(tcase, bye_makes_it_finish_first);
	tcase_add_test(tcase, reset_makes_it_reset);
	tcase_add_test(tcase, what_it_does_not_know_it_explains);
	tcase_add_test(tcase, many_words_at_once_are_all_obeyed);
	tcase_add_test(tcase, an_http_request_is_answered_with_a_page);
	tcase_add_test(tcase, an_http_head_has_no_body);
	tcase_add_test(tcase, without_descriptors_it_waits_and_goes_on);
	tcase_add_test(tcase, the_clients_play_their_scenes);
	tcase_add_test(tcase, clients_introduce_themselves_and_are_few);
	tcase_add_test(tcase, a_stop_is_prompt_while_all_is_busy);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
