/* SPDX-License-Identifier: MIT */
/*
 * A reset must not overtake the bytes before it: a RST throws away whatever the
 * other kernel has not acknowledged, so it waits in the daemon until all is there.
 */
#include "support/hop.h"

#include <linux/sockios.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { MUCH = 4 << 20, MOUTHFUL = 4096 };

static atomic_bool reset_sent;
static atomic_size_t eaten;

/* Slow while the reset is still to come, so that it comes behind a long queue. */
static void
eat_slowly(int fd)
{
	for (size_t have = 0; have < MUCH; have += MOUTHFUL) {
		peer_expect_pattern(fd, have, MOUTHFUL);
		atomic_store(&eaten, have + MOUTHFUL);
		if (!atomic_load(&reset_sent))
			poll(NULL, 0, 2);
	}
	peer_expect_reset(fd);
}

static int
unacknowledged(int fd)
{
	int queued = -1;

	ioctl(fd, SIOCOUTQ, &queued);
	return queued;
}

/* The sender's own RST would throw away what its own kernel still holds. */
static void
reset_behind_much(int *from, int to)
{
	atomic_store(&reset_sent, false);
	pthread_t reader = peer_begin(eat_slowly, to);

	peer_send_pattern(*from, 0, MUCH);
	wait_until(unacknowledged(*from) == 0);
	peer_reset(from);
	ck_assert_uint_lt(atomic_load(&eaten), MUCH);
	atomic_store(&reset_sent, true);
	peer_join(reader);
}

static void
expect_all_delivered(struct hop *hop, const char *reason, const char *initiator, const char *sink)
{
	json_t *record = hop_closed(hop, reason, initiator, "rst");

	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_eq(path_number(path(path(record, "legs"), sink), "bytes_sent"), MUCH);
}

START_TEST(client_reset_reaches_the_upstream_after_four_megabytes)
{
	struct hop hop = hop_open("");

	reset_behind_much(&hop.client, hop.upstream);
	expect_all_delivered(&hop, "client_reset", "client", "upstream");
	hop_end(&hop);
}
END_TEST

START_TEST(upstream_reset_reaches_the_client_after_four_megabytes)
{
	struct hop hop = hop_open("");

	reset_behind_much(&hop.upstream, hop.client);
	expect_all_delivered(&hop, "upstream_reset", "upstream", "client");
	hop_end(&hop);
}
END_TEST

START_TEST(a_reset_of_ipv6_reaches_ipv4)
{
	struct hop hop = hop_open_over("[::1]:0", "127.0.0.1:0", "");

	reset_behind_much(&hop.client, hop.upstream);
	expect_all_delivered(&hop, "client_reset", "client", "upstream");
	hop_end(&hop);
}
END_TEST

/* Nobody reads what was sent before the RST: not for ever, but until the flush timeout. */
START_TEST(a_reset_behind_a_stalled_reader_waits_no_longer_than_the_flush_timeout)
{
	struct hop hop = { .listener = peer_listen_with("127.0.0.1:0", 1, MOUTHFUL) };

	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --flush-timeout 300ms", peer_local(hop.listener).text);
	hop_connect(&hop);
	peer_send_pattern(hop.client, 0, 1 << 16);
	wait_until(unacknowledged(hop.client) == 0);
	peer_reset(&hop.client);
	json_t *record = hop_closed(&hop, "client_reset", "client", "rst");
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_ge(path_number(record, "duration_us"), 300000);
	hop_end(&hop);
}
END_TEST

/* Both directions full, then the reset: what went against it is lost, what went with it is not. */
START_TEST(a_reset_does_not_wait_for_bytes_that_go_against_it)
{
	struct hop hop = hop_open("");
	size_t against = peer_fill(hop.upstream);

	peer_say(hop.client, "last words");
	wait_until(unacknowledged(hop.client) == 0);
	peer_reset(&hop.client);
	peer_expect(hop.upstream, "last words");
	peer_expect_reset(hop.upstream);
	json_t *record = hop_closed(&hop, "client_reset", "client", "rst");
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_client"), 0);
	ck_assert_int_le(path_number(record, "close.undelivered_bytes.to_client"), (json_int_t)against);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/resets");
	TCase *tcase = tcase_create("resets");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, client_reset_reaches_the_upstream_after_four_megabytes);
	tcase_add_test(tcase, upstream_reset_reaches_the_client_after_four_megabytes);
	tcase_add_test(tcase, a_reset_of_ipv6_reaches_ipv4);
	tcase_add_test(tcase, a_reset_behind_a_stalled_reader_waits_no_longer_than_the_flush_timeout);
	tcase_add_test(tcase, a_reset_does_not_wait_for_bytes_that_go_against_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
