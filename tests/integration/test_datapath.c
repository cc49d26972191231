/* SPDX-License-Identifier: MIT */
/* Which way bytes take through the real daemon, and that it makes no difference to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/descriptors.h"
#include "support/hop.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { MUCH = 32 << 20, PIECE = 1 << 20 };

static char *bytes;

static void
setup(void)
{
	bytes = malloc(PIECE);
	for (size_t i = 0; i < PIECE; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
}

static void
teardown(void)
{
	free(bytes);
}

/* The same piece again and again, from one end to the other, compared as it arrives. */
static void
carry(int from, int to, size_t much)
{
	char *got = malloc(PIECE);
	size_t sent = 0, arrived = 0;

	while (arrived < much) {
		if (sent < much) {
			size_t rest = much - sent, piece = PIECE - sent % PIECE;
			ssize_t n = send(from, bytes + sent % PIECE, rest < piece ? rest : piece, MSG_DONTWAIT);

			sent += n > 0 ? (size_t)n : 0;
		}
		ssize_t n = recv(to, got, PIECE - arrived % PIECE, sent == much ? 0 : MSG_DONTWAIT);
		if (n <= 0)
			continue;
		ck_assert_int_eq(memcmp(got, bytes + arrived % PIECE, (size_t)n), 0);
		arrived += (size_t)n;
	}
	free(got);
}

static const char *
datapath_of(const struct hop *hop, const char *leg)
{
	char where[64];

	snprintf(where, sizeof(where), "conns.0.legs.%s.datapath", leg);
	return path_text(http_get_json(hop->proxy, "/conns?view=full"), where);
}

START_TEST(a_bulk_download_is_spliced_and_its_requests_are_copied)
{
	struct hop hop = hop_open("--datapath auto");

	carry(hop.client, hop.upstream, 100);
	carry(hop.upstream, hop.client, MUCH);
	wait_until(strcmp(datapath_of(&hop, "upstream"), "splice") == 0);
	ck_assert_str_eq(datapath_of(&hop, "client"), "copy");
	ck_assert_int_gt(proxy_stat(hop.proxy, "totals.spliced_bytes"), MUCH / 2);
	for (int i = 0; i < 3; i++)
		carry(hop.upstream, hop.client, 100);
	wait_until(strcmp(datapath_of(&hop, "upstream"), "copy") == 0);
	hop_end(&hop);
}
END_TEST

START_TEST(on_request_all_is_copied)
{
	struct hop hop = hop_open("--datapath copy");

	carry(hop.upstream, hop.client, MUCH);
	ck_assert_str_eq(datapath_of(&hop, "upstream"), "copy");
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.spliced_bytes"), 0);
	hop_end(&hop);
}
END_TEST

START_TEST(on_request_even_a_byte_is_spliced)
{
	struct hop hop = hop_open("--datapath splice");

	carry(hop.client, hop.upstream, 1);
	wait_until(proxy_stat(hop.proxy, "totals.spliced_bytes") == 1);
	ck_assert_str_eq(datapath_of(&hop, "client"), "splice");
	hop_end(&hop);
}
END_TEST

START_TEST(idle_it_has_no_pipe)
{
	struct hop hop = hop_open("--workers 1 --datapath auto");
	int before = descriptors_count(hop.proxy->pid);

	carry(hop.client, hop.upstream, MUCH);
	carry(hop.upstream, hop.client, MUCH);
	wait_until(proxy_stat(hop.proxy, "totals.pipes_open") == 0);
	wait_until(descriptors_count(hop.proxy->pid) <= before); /* a question may have been open then */
	hop_end(&hop);
}
END_TEST

/* 0: the client is on a Unix socket; 1: the upstream is */
START_TEST(a_unix_side_is_copied)
{
	char file[64];

	snprintf(file, sizeof(file), "unix:/tmp/sockproxy-datapath-%d", getpid());
	struct hop hop = hop_open_over(
	    _i == 0 ? file : "127.0.0.1:0", _i == 1 ? file : "127.0.0.1:0", "--datapath splice");

	carry(hop.client, hop.upstream, MUCH);
	carry(hop.upstream, hop.client, MUCH);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.spliced_bytes"), 0);
	ck_assert_str_eq(datapath_of(&hop, "client"), "copy");
	ck_assert_str_eq(datapath_of(&hop, "upstream"), "copy");
	hop_end(&hop);
	unlink(file + strlen("unix:"));
}
END_TEST

/* No descriptor is left for a pipe. */
START_TEST(without_pipes_it_copies_and_counts)
{
	struct hop hop = hop_open("--workers 1 --datapath auto");

	descriptors_leave(hop.proxy->pid, 0);
	carry(hop.upstream, hop.client, MUCH);
	descriptors_leave(hop.proxy->pid, -1);
	ck_assert_int_gt(proxy_stat(hop.proxy, "totals.pipe_shortages"), 0);
	ck_assert_int_eq(proxy_stat(hop.proxy, "totals.spliced_bytes"), 0);
	carry(hop.upstream, hop.client, MUCH);
	wait_until((carry(hop.upstream, hop.client, PIECE), proxy_stat(hop.proxy, "totals.spliced_bytes") > 0));
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("datapath");
	TCase *tcase = tcase_create("datapath");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_bulk_download_is_spliced_and_its_requests_are_copied);
	tcase_add_test(tcase, on_request_all_is_copied);
	tcase_add_test(tcase, on_request_even_a_byte_is_spliced);
	tcase_add_test(tcase, idle_it_has_no_pipe);
	tcase_add_loop_test(tcase, a_unix_side_is_copied, 0, 2);
	tcase_add_test(tcase, without_pipes_it_copies_and_counts);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
