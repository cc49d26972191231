/* SPDX-License-Identifier: MIT */
/* Two thousand readers that stall at once, and what that costs the process. */
#include "support/proxy_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "support/descriptors.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum {
	READERS = 2000,
	WORKERS = 2,
	SMALL = 4096,
	PIECE = 3000,
	BESIDES = 8 << 20, /* records, stacks, allocator */
	DESCRIPTORS = 2 * READERS + 200,
};

/* Of each worker: a buffer for every reader, were they all there; and far too few. */
static const size_t buffer_memory[] = { 32 << 20, 1 << 20 };

static int clients[READERS], upstreams[READERS];

/* Until its own kernel takes no more: then everything on the way is full, or soon will be. */
static void
push(int fd)
{
	static const char piece[PIECE];

	while (send(fd, piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		continue;
}

static json_int_t
upstream_bytes(const struct proxy *proxy)
{
	return proxy_stat(proxy, "totals.upstream_bytes_received");
}

static void
push_until_all_stall(const struct proxy *proxy)
{
	json_int_t before, after = -1;

	do {
		before = after;
		for (int i = 0; i < READERS; i++)
			push(upstreams[i]);
		after = upstream_bytes(proxy);
	} while (after != before);
}

START_TEST(two_thousand_stalled_readers_stay_within_buffer_memory_while_others_go_on)
{
	int small = SMALL, listener = peer_listen("127.0.0.1:0");
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers %d --buffer-memory %zu --log-conns off",
	    peer_local(listener).text, WORKERS, buffer_memory[_i]);
	size_t before = proxy_memory(proxy, "VmRSS");

	for (int i = 0; i < READERS; i++) {
		clients[i] = peer_try_connect(proxy_listener(proxy, 0), SMALL);
		ck_assert_int_ge(clients[i], 0);
		upstreams[i] = peer_accept(listener);
		setsockopt(upstreams[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	}
	wait_until(proxy_stat(proxy, "connections_by_state.established") == READERS);
	push_until_all_stall(proxy);
	size_t after = proxy_memory(proxy, "VmRSS");
	size_t lent = (size_t)proxy_stat(proxy, "totals.loans_lent");
	printf("%d stalled readers: %zu KiB more than without, %zu KiB lent\n", READERS, (after - before) / 1024,
	    lent * 16);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_uint_le(after, before + WORKERS * buffer_memory[_i] + BESIDES);
#endif

	int client = peer_connect(proxy_listener(proxy, 0)), upstream = peer_accept(listener);
	for (int i = 0; i < 100; i++) {
		peer_say(client, "others");
		peer_expect(upstream, "others");
		peer_say(upstream, "go on");
		peer_expect(client, "go on");
	}
	ck_assert_int_eq(proxy_active_count(proxy), READERS + 1);

	for (int i = 0; i < READERS; i++) {
		peer_close(&clients[i]);
		peer_close(&upstreams[i]);
	}
	peer_close(&client);
	peer_close(&upstream);
	wait_until(proxy_stat(proxy, "connections_active") == 0);
	ck_assert_int_eq(proxy_stat(proxy, "totals.loans_lent"), 0);
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/many stalled readers");
	TCase *tcase = tcase_create("many stalled readers");

	descriptors_need(DESCRIPTORS);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, two_thousand_stalled_readers_stay_within_buffer_memory_while_others_go_on, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
