/* SPDX-License-Identifier: MIT */
/*
 * The path of each leg, as its socket sees it: loss, a slow link and a slow
 * reader show on the leg that has them, and on no other.
 */
#include "support/hop.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "net/tcp_info.h"
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"
#include "track/leg.h"

enum { MUCH = 2 << 20, RTT_SLOW_US = 5000, PIECE = 4096 };

static struct netns netns;
static struct hop hop;
static atomic_bool is_over;

static void
teardown(void)
{
	hop_end(&hop);
}

static void
teardown_far(void)
{
	teardown();
	netns_close(&netns);
}

/* The upstream may have accepted before the record was published. */
static json_t *
fresh(void)
{
	char target[128];

	wait_until(proxy_active_count(hop.proxy) == 1);
	snprintf(target, sizeof(target), "/conns/%s",
	    path_text(http_get_json(hop.proxy, "/conns?state=active"), "conns.0.id"));
	return http_get_json(hop.proxy, target);
}

static bool
is_limited(const json_t *record, const char *leg, const char *by)
{
	const char *limit = path_text(path(path(record, "legs"), leg), "limited_by");

	return limit != NULL && strcmp(limit, by) == 0;
}

static void
open_far_client(void)
{
	hop.listener = peer_listen("127.0.0.1:0");
	hop.proxy = proxy_start("-l " NETNS_HERE ":0 -u %s", peer_local(hop.listener).text);
	netns_visit_far(&netns);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	netns_return(&netns);
	hop.upstream = peer_accept(hop.listener);
}

static void
open_far_upstream(void)
{
	netns_visit_far(&netns);
	hop.listener = peer_listen(NETNS_FAR ":0");
	netns_return(&netns);
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s", peer_local(hop.listener).text);
	hop_connect(&hop);
}

static void
setup_far(void)
{
	netns = netns_open();
}

static void
send_much(int fd)
{
	peer_send_pattern(fd, 0, MUCH);
}

/* A tenth of what goes to the far side is lost. */
START_TEST(loss_shows_on_the_leg_that_has_it)
{
	const char *lossy = _i == LEG_CLIENT ? "client" : "upstream", *sound = _i == LEG_CLIENT ? "upstream" : "client";

	if (_i == LEG_CLIENT)
		open_far_client();
	else
		open_far_upstream();
	netns_run_far(&netns, "nft add table ip loss");
	netns_run_far(&netns, "nft 'add chain ip loss in { type filter hook input priority 0; }'");
	netns_run_far(&netns, "nft 'add rule ip loss in meta l4proto tcp numgen random mod 100 < 10 drop'");
	pthread_t sender = peer_begin(send_much, _i == LEG_CLIENT ? hop.upstream : hop.client);
	peer_expect_pattern(_i == LEG_CLIENT ? hop.client : hop.upstream, 0, MUCH);
	peer_join(sender);

	json_t *legs = path(fresh(), "legs");
	ck_assert_int_gt(path_number(path(legs, lossy), "tcp.retransmits_total"), 0);
	ck_assert_int_gt(path_number(path(legs, lossy), "tcp.bytes_retransmitted"), 0);
	ck_assert_int_eq(path_number(path(legs, sound), "tcp.retransmits_total"), 0);
	ck_assert_int_eq(path_number(path(legs, sound), "tcp.bytes_retransmitted"), 0);
}
END_TEST

static void
send_on(int fd)
{
	static char piece[PIECE];

	while (!atomic_load(&is_over) && send(fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0)
		continue;
}

static void
read_on(int fd)
{
	static char piece[PIECE];

	while (recv(fd, piece, sizeof(piece), 0) > 0)
		continue;
}

START_TEST(a_slow_link_shows_on_the_leg_that_has_it)
{
	const char *slow = _i == LEG_CLIENT ? "client" : "upstream", *quick = _i == LEG_CLIENT ? "upstream" : "client";

	netns_run("tc qdisc add dev link0 root tbf rate 4mbit burst 8kb latency 300ms");
	if (_i == LEG_CLIENT)
		open_far_client();
	else
		open_far_upstream();
	int from = _i == LEG_CLIENT ? hop.upstream : hop.client, to = _i == LEG_CLIENT ? hop.client : hop.upstream;
	atomic_store(&is_over, false);
	pthread_t sender = peer_begin(send_on, from), reader = peer_begin(read_on, to);
	wait_until(is_limited(fresh(), slow, "network") &&
		   path_number(path(path(fresh(), "legs"), slow), "tcp.rtt_us") > RTT_SLOW_US);

	json_t *record = fresh();
	ck_assert_str_eq(path_text(record, "limited_by"), "network");
	ck_assert_int_gt(path_number(path(path(record, "legs"), slow), "send_queue_bytes"), 0);
	ck_assert_int_lt(path_number(path(path(record, "legs"), quick), "tcp.rtt_us"), RTT_SLOW_US);
	ck_assert(!is_limited(record, quick, "network"));
	ck_assert_int_eq(path_number(path(path(record, "legs"), quick), "tcp.retransmits_total"), 0);
	atomic_store(&is_over, true);
	shutdown(from, SHUT_RDWR);
	shutdown(to, SHUT_RDWR);
	peer_join(sender);
	peer_join(reader);
}
END_TEST

START_TEST(a_reader_that_takes_nothing_is_named_on_its_leg)
{
	const char *slow = _i == LEG_CLIENT ? "client" : "upstream", *quick = _i == LEG_CLIENT ? "upstream" : "client";

	hop = hop_open("");
	peer_fill(_i == LEG_CLIENT ? hop.upstream : hop.client);
	wait_until(is_limited(fresh(), slow, "receiver"));
	json_t *record = fresh();
	ck_assert_str_eq(path_text(record, "limited_by"), "receiver");
	ck_assert(is_limited(record, quick, "none"));
	ck_assert_int_gt(path_number(path(path(record, "legs"), slow), "send_queue_bytes"), 0);
	ck_assert_int_gt(path_number(path(path(record, "legs"), slow), "tcp.not_sent_bytes"), 0);
	ck_assert_int_gt(path_number(path(path(record, "legs"), slow), "tcp.rwnd_limited_us"), 0);
	wait_until(told_of(fresh(), "stall", slow));
}
END_TEST

START_TEST(who_says_little_is_limited_by_itself)
{
	int64_t begun = wait_clock_ms();

	hop = hop_open("");
	while (!is_limited(fresh(), "upstream", "application")) {
		peer_say(hop.client, "tick");
		peer_expect(hop.upstream, "tick");
		wait_a_little(begun, "application", __FILE__, __LINE__);
	}
	ck_assert(is_limited(fresh(), "client", "none"));
	wait_until(is_limited(fresh(), "upstream", "none"));
}
END_TEST

/* What the kernel has armed for our established socket of that leg (proc(5), tcp: `tr`). */
static unsigned
timer_of(const json_t *leg, const char *ours, const char *theirs)
{
	const json_t *tuple = path(leg, "tuple");
	FILE *sockets = fopen("/proc/net/tcp", "r");
	unsigned timer = 0;
	char line[256];

	ck_assert_ptr_nonnull(sockets);
	while (fgets(line, sizeof(line), sockets) != NULL) {
		unsigned local, remote, state, kind;

		if (sscanf(line, " %*u: %*x:%x %*x:%x %x %*x:%*x %x:", &local, &remote, &state, &kind) == 4 &&
		    local == path_number(tuple, ours) && remote == path_number(tuple, theirs) &&
		    state == TCP_IS_ESTABLISHED)
			timer = kind;
	}
	fclose(sockets);
	return timer;
}

START_TEST(both_legs_are_kept_alive)
{
	enum { KEEPALIVE = 2 };

	hop = hop_open(_i == 0 ? "--keepalive 60s,10s,6" : "--keepalive 5s,10s,6");
	json_t *record = fresh();

	wait_until(timer_of(path(record, "legs.client"), "destination_port", "source_port") == KEEPALIVE);
	wait_until(timer_of(path(record, "legs.upstream"), "source_port", "destination_port") == KEEPALIVE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/path");
	TCase *near = tcase_create("near");

	tcase_set_timeout(near, 30);
	tcase_add_checked_fixture(near, NULL, teardown);
	tcase_add_loop_test(near, a_reader_that_takes_nothing_is_named_on_its_leg, 0, LEG_COUNT);
	tcase_add_loop_test(near, both_legs_are_kept_alive, 0, 2);
	tcase_add_test(near, who_says_little_is_limited_by_itself);
	suite_add_tcase(suite, near);
	if (netns_can()) {
		TCase *far = tcase_create("far");

		tcase_set_timeout(far, 40);
		tcase_add_checked_fixture(far, setup_far, teardown_far);
		tcase_add_loop_test(far, loss_shows_on_the_leg_that_has_it, 0, LEG_COUNT);
		tcase_add_loop_test(far, a_slow_link_shows_on_the_leg_that_has_it, 0, LEG_COUNT);
		suite_add_tcase(suite, far);
	}
	return suite_main(suite);
}
