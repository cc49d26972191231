/* SPDX-License-Identifier: MIT */
/* 9,500 clients come at once to one process: each is served, who is connected already does not wait for them, and nothing
 * of them is left. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "base/addr.h"
#include "base/clock.h"
#include "support/descriptors.h"
#include "support/echo_upstream.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/proxy_process.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum {
	CLIENTS = 9500,
	QUEUED = 4000,       /* of these wait in the kernel's queue before the first is accepted */
	DESCRIPTORS = 20000, /* of the daemon; and the test has both other ends */
	ROUNDS_MOST = 100000,
	ROUNDS_LEAST = 5,
	AT_ONCE = 64, /* clients looked at between two rounds */
};

static int clients[CLIENTS], existing;
static char rounds[ROUNDS_MOST][CLOCK_TEXT_MAX]; /* when each ended */
static int round_count;

/* Begins to connect, and waits for nothing. */
static int
begin(const struct addr *to)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };

	ck_assert_int_ne(fd, -1);
	ck_assert(connect(fd, &to->any, to->length) == 0 || errno == EINPROGRESS);
	ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

static const char *
words_of(int client)
{
	static char words[32];

	snprintf(words, sizeof(words), "I am number %05d", client);
	return words;
}

/* How many the kernel keeps for us in one queue. */
static int
queue_limit(void)
{
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	int limit = 0;

	ck_assert_ptr_ne(file, NULL);
	ck_assert_int_eq(fscanf(file, "%d", &limit), 1);
	fclose(file);
	return limit;
}

/* One exchange of who was there before, and when it was over. */
static void
go_round(void)
{
	peer_say(existing, "and I?");
	peer_expect(existing, "and I?");
	ck_assert_int_lt(round_count, ROUNDS_MOST);
	clock_format(clock_wall_us(), rounds[round_count], CLOCK_TEXT_MAX);
	round_count++;
}

static bool
is_answered(int client)
{
	char byte;

	return recv(clients[client], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static void
go_round_until_answered(int count)
{
	int64_t begun = wait_clock_ms();

	for (int answered = 0; answered < count;) {
		go_round();
		for (int i = 0; i < AT_ONCE && answered < count && is_answered(answered); i++)
			answered++;
		ck_assert_int_lt(wait_clock_ms() - begun, 4 * PATIENCE_MS);
	}
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those that ended between the first and the last accept of what waited in the queue.  Were it emptied in one
 * go, there would be none. */
static int
rounds_meanwhile(const struct proxy *proxy, int queued)
{
	static const char *opened[CLIENTS + 1];
	json_t *conns = path(http_get_json(proxy, "/conns?limit=10000&fields=opened_at"), "conns");
	int count = 0;

	ck_assert_uint_eq(json_array_size(conns), CLIENTS + 1);
	for (size_t i = 0; i < CLIENTS + 1; i++)
		opened[i] = path_text(json_array_get(conns, i), "opened_at");
	qsort(opened, CLIENTS + 1, sizeof(opened[0]), compare_texts);
	/* The first of all is the one that was there before. */
	for (int i = 0; i < round_count; i++)
		count += strcmp(rounds[i], opened[1]) > 0 && strcmp(rounds[i], opened[queued]) < 0;
	return count;
}

START_TEST(a_burst_is_served_whole_and_others_go_on_meanwhile)
{
	struct echo *echo = echo_start();
	struct proxy *proxy = proxy_start_with(&(struct proxy_start){ .descriptors = DESCRIPTORS },
	    "-l 127.0.0.1:0 -u %s --workers 1 --log-conns off --connect-timeout 30s", echo_address(echo));
	int queued = queue_limit() < QUEUED ? queue_limit() : QUEUED;
	struct addr to;

	ck_assert(addr_parse(&to, proxy_listener(proxy, 0)));
	ck_assert_int_gt(proxy_stat(proxy, "connections_max"), CLIENTS);
	int descriptors = descriptors_count(proxy->pid);
	existing = peer_connect(proxy_listener(proxy, 0));
	go_round();

	proxy_freeze(proxy);
	for (int i = 0; i < queued; i++) {
		clients[i] = begin(&to);
		peer_say(clients[i], words_of(i));
	}
	proxy_thaw(proxy);
	go_round_until_answered(queued);
	for (int i = queued; i < CLIENTS; i++)
		clients[i] = begin(&to);
	for (int i = queued; i < CLIENTS; i++)
		peer_say(clients[i], words_of(i));
	for (int i = 0; i < CLIENTS; i++)
		peer_expect(clients[i], words_of(i));
	go_round();

	wait_until(proxy_stat(proxy, "connections_by_state.established") == CLIENTS + 1);
	ck_assert_int_eq(proxy_stat(proxy, "totals.accept_errors"), 0);
	ck_assert_int_eq(proxy_stat(proxy, "totals.accept_pauses"), 0);
	int meanwhile = rounds_meanwhile(proxy, queued);
	printf("%d exchanges while %d clients were accepted\n", meanwhile, queued);
	ck_assert_int_ge(meanwhile, ROUNDS_LEAST);

	/* By RST: thousands in TIME_WAIT would be left to others, and where the kernel has no room for more of them
	 * (net.ipv4.tcp_max_tw_buckets) a client's end looks like another. */
	for (int i = 0; i < CLIENTS; i++)
		peer_reset(&clients[i]);
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_reset") == CLIENTS);
	go_round();
	peer_reset(&existing);
	wait_until(proxy_stat(proxy, "connections_closed_by_reason.client_reset") == CLIENTS + 1);
	wait_until(descriptors_count(proxy->pid) <= descriptors);
	proxy_stop(proxy);
	echo_stop(echo);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/accept burst");
	TCase *tcase = tcase_create("accept burst");

	descriptors_need(DESCRIPTORS);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_burst_is_served_whole_and_others_go_on_meanwhile);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
