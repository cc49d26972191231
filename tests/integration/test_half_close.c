/* SPDX-License-Identifier: MIT */
/* A half-close stays a half-close: who has finished sending still gets the whole answer. */
#include "support/hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"

enum { ANSWER = 4 << 20 };

static void
expect_answer_after_finish(struct hop *hop)
{
	peer_say(hop->client, "question");
	peer_finish(hop->client);
	peer_expect(hop->upstream, "question");
	peer_expect_end(hop->upstream);
	peer_say(hop->upstream, "the whole ");
	peer_say(hop->upstream, "answer");
	peer_close(&hop->upstream);
	peer_expect(hop->client, "the whole answer");
	peer_expect_end(hop->client);
	json_t *record = hop_closed(hop, "client_fin", "client", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
}

static const struct {
	bool from_unix, to_unix;
	const char *ip;
} networks[] = {
	{ false, false, "127.0.0.1:0" },
	{ false, false, "[::1]:0" },
	{ true, false, "127.0.0.1:0" },
	{ false, true, "127.0.0.1:0" },
	{ true, true, NULL },
};

START_TEST(a_client_that_finished_gets_the_whole_answer)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", listen[64], upstream[64];

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(listen, sizeof(listen), "unix:%s/listener", directory);
	snprintf(upstream, sizeof(upstream), "unix:%s/upstream", directory);
	struct hop hop = hop_open_over(
	    networks[_i].from_unix ? listen : networks[_i].ip, networks[_i].to_unix ? upstream : networks[_i].ip, "");
	expect_answer_after_finish(&hop);
	hop_end(&hop);
	if (networks[_i].to_unix)
		ck_assert_int_eq(unlink(upstream + 5), 0);
	/* Empty: the daemon has removed its own. */
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(an_upstream_that_finished_gets_the_whole_request)
{
	struct hop hop = hop_open("");

	peer_say(hop.upstream, "greeting");
	peer_finish(hop.upstream);
	peer_expect(hop.client, "greeting");
	peer_expect_end(hop.client);
	peer_say(hop.client, "still talking");
	peer_close(&hop.client);
	peer_expect(hop.upstream, "still talking");
	peer_expect_end(hop.upstream);
	hop_closed(&hop, "upstream_fin", "upstream", "fin");
	hop_end(&hop);
}
END_TEST

/* The first target answers nothing, so that the end comes while we connect. */
START_TEST(a_client_may_finish_before_the_connect_is_done)
{
	int filler, full = peer_listen_full("127.0.0.1:0", &filler);
	struct hop hop = { .listener = peer_listen("127.0.0.1:0") };

	hop.proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s,%s --connect-timeout 200ms", peer_local(full).text, peer_local(hop.listener).text);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(hop.client, "early ");
	peer_finish(hop.client);
	proxy_live(hop.proxy, "connecting");
	hop.upstream = peer_accept(hop.listener);
	peer_expect(hop.upstream, "early ");
	peer_expect_end(hop.upstream);
	peer_say(hop.upstream, "and answered");
	peer_close(&hop.upstream);
	peer_expect(hop.client, "and answered");
	peer_expect_end(hop.client);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert_int_lt(path_number(record, "legs.client.fin_received_us"), path_number(record, "timings_us.connect"));
	peer_close(&filler);
	peer_close(&full);
	hop_end(&hop);
}
END_TEST

static void
read_answer(int fd)
{
	peer_expect_pattern(fd, 0, ANSWER);
	peer_expect_end(fd);
}

START_TEST(a_long_answer_arrives_whole_after_a_half_close)
{
	struct hop hop = hop_open("");

	peer_finish(hop.client);
	peer_expect_end(hop.upstream);
	pthread_t reader = peer_begin(read_answer, hop.client);
	peer_send_pattern(hop.upstream, 0, ANSWER);
	peer_close(&hop.upstream);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert_int_eq(path_number(record, "legs.client.bytes_sent"), ANSWER);
	ck_assert(json_is_true(path(record, "close.clean")));
	peer_join(reader);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/half close");
	TCase *tcase = tcase_create("half close");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(
	    tcase, a_client_that_finished_gets_the_whole_answer, 0, sizeof(networks) / sizeof(networks[0]));
	tcase_add_test(tcase, an_upstream_that_finished_gets_the_whole_request);
	tcase_add_test(tcase, a_client_may_finish_before_the_connect_is_done);
	tcase_add_test(tcase, a_long_answer_arrives_whole_after_a_half_close);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
