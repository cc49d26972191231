/* SPDX-License-Identifier: MIT */
#include "track/pairs.h"

#include <errno.h>
#include <stdint.h>
#include "net/socket.h"
#include "support/suite.h"
#include "track/totals.h"

enum { PAIRS = 2, WORKERS = 3 };

static struct pairs *pairs;

static void
setup(void)
{
	pairs = pairs_new(PAIRS, WORKERS);
	ck_assert_ptr_nonnull(pairs);
}

static void
teardown(void)
{
	pairs_free(pairs);
}

static struct pair_counts *
counts(int worker, int pair)
{
	return &pairs_of_worker(pairs, worker)[pair];
}

START_TEST(workers_share_no_cache_line)
{
	for (int worker = 0; worker < WORKERS; worker++) {
		for (int pair = 0; pair < PAIRS; pair++)
			ck_assert_uint_eq((uintptr_t)counts(worker, pair) % 64, 0);
	}
	ck_assert_uint_eq(sizeof(struct pair_counts) % 64, 0);
}
END_TEST

START_TEST(a_pair_has_what_all_workers_counted_of_it)
{
	struct pair_facts facts = { .received = { 0 } };

	totals_add(&counts(0, 1)->received[LEG_CLIENT], 5);
	totals_add(&counts(2, 1)->received[LEG_CLIENT], 7);
	totals_add(&counts(2, 0)->received[LEG_CLIENT], 100);
	totals_add(&counts(1, 1)->sent[LEG_UPSTREAM], 3);
	totals_add(&counts(1, 1)->undelivered[LEG_CLIENT], 2);
	totals_add(&counts(1, 1)->closed_by[WHY_CLIENT_FIN], 2);
	totals_add(&counts(0, 1)->closed_by_nobody[WHY_CLIENT_FIN], 1);
	totals_add(&counts(0, 1)->segments_sent[LEG_UPSTREAM], 9);
	totals_add(&counts(0, 1)->segments_retransmitted[LEG_UPSTREAM], 1);
	pairs_add(pairs, 1, &facts);
	ck_assert_uint_eq(facts.received[LEG_CLIENT], 12);
	ck_assert_uint_eq(facts.received[LEG_UPSTREAM], 0);
	ck_assert_uint_eq(facts.sent[LEG_UPSTREAM], 3);
	ck_assert_uint_eq(facts.undelivered[LEG_CLIENT], 2);
	ck_assert_uint_eq(facts.closed_by[WHY_CLIENT_FIN], 2);
	ck_assert_uint_eq(facts.closed_by_nobody[WHY_CLIENT_FIN], 1);
	ck_assert_uint_eq(facts.segments_sent[LEG_UPSTREAM], 9);
	ck_assert_uint_eq(facts.segments_retransmitted[LEG_UPSTREAM], 1);
	pairs_add(pairs, 0, &facts); /* to what is there */
	ck_assert_uint_eq(facts.received[LEG_CLIENT], 112);
	ck_assert_uint_eq(pairs_received(pairs, LEG_CLIENT), 112);
	ck_assert_uint_eq(pairs_received(pairs, LEG_UPSTREAM), 0);
	ck_assert_uint_eq(pairs_sent(pairs, LEG_UPSTREAM), 3);
}
END_TEST

START_TEST(attempts_are_counted_for_each_target)
{
	uint64_t results[ATTEMPT_RESULTS] = { 0 };

	totals_add(&counts(0, 0)->attempts[3][ATTEMPT_REFUSED], 2);
	totals_add(&counts(1, 0)->attempts[3][ATTEMPT_REFUSED], 2);
	totals_add(&counts(1, 0)->attempts[2][ATTEMPT_REFUSED], 50);
	totals_add(&counts(1, 1)->attempts[3][ATTEMPT_REFUSED], 50);
	pairs_add_attempts(pairs, 0, 3, results);
	for (int result = 0; result < ATTEMPT_RESULTS; result++)
		ck_assert_uint_eq(results[result], result == ATTEMPT_REFUSED ? 4 : 0);
}
END_TEST

START_TEST(histograms_of_all_workers_are_one)
{
	struct histogram_sum sum = { .count = 0 };

	histogram_add(&counts(0, 0)->histograms[PAIR_CONNECTS], 10);
	histogram_add(&counts(2, 0)->histograms[PAIR_CONNECTS], 30);
	histogram_add(&counts(2, 0)->histograms[PAIR_DURATIONS], 500);
	pairs_add_histogram(pairs, 0, PAIR_CONNECTS, &sum);
	ck_assert_uint_eq(sum.count, 2);
	ck_assert_uint_eq(sum.sum, 40);
	ck_assert_uint_eq(sum.most, 30);
}
END_TEST

static const struct {
	uint16_t error;
	uint8_t reached;
	enum attempt_result want;
} attempts[] = {
	{ 0, CONNECT_CONNECT, ATTEMPT_CONNECTED },
	{ ECONNREFUSED, CONNECT_CONNECT, ATTEMPT_REFUSED },
	{ ETIMEDOUT, CONNECT_CONNECT, ATTEMPT_TIMEOUT },
	{ ECONNRESET, CONNECT_CONNECT, ATTEMPT_RESET },
	{ EHOSTUNREACH, CONNECT_CONNECT, ATTEMPT_UNREACHABLE },
	{ ENETUNREACH, CONNECT_CONNECT, ATTEMPT_UNREACHABLE },
	{ EADDRNOTAVAIL, CONNECT_CONNECT, ATTEMPT_PORT_SHORTAGE },
	{ EADDRNOTAVAIL, CONNECT_BIND, ATTEMPT_FAILED },
	{ EMFILE, CONNECT_SOCKET, ATTEMPT_FAILED },
};

START_TEST(the_errno_of_an_attempt_and_its_step_tell_what_came_of_it)
{
	ck_assert_int_eq(attempt_result(attempts[_i].error, attempts[_i].reached), attempts[_i].want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/pairs");
	TCase *tcase = tcase_create("counts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, workers_share_no_cache_line);
	tcase_add_test(tcase, a_pair_has_what_all_workers_counted_of_it);
	tcase_add_test(tcase, attempts_are_counted_for_each_target);
	tcase_add_test(tcase, histograms_of_all_workers_are_one);
	tcase_add_loop_test(tcase, the_errno_of_an_attempt_and_its_step_tell_what_came_of_it, 0,
	    sizeof(attempts) / sizeof(attempts[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
