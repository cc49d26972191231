/* SPDX-License-Identifier: MIT */
#include "base/bucket.h"

#include <pthread.h>
#include "base/clock.h"
#include "support/suite.h"

#define NOON (1000 * NS_PER_S)

enum { TAKERS = 4, TRIES = 20000, RATE = 5000 };

static struct bucket bucket;

static void
setup(void)
{
	atomic_store(&bucket.full_at, 0);
}

static uint32_t
take_all(uint32_t per_second, int64_t now)
{
	uint32_t taken = 0;

	while (bucket_take(&bucket, per_second, now))
		taken++;
	return taken;
}

static const uint32_t rates[] = { 1, 2, 3, 7, 10, 999, 1000, 1024, 65537, 999999, 1000000 };

START_TEST(a_burst_is_one_seconds_worth)
{
	ck_assert_uint_eq(take_all(rates[_i], NOON), rates[_i]);
}
END_TEST

START_TEST(a_second_of_quiet_fills_it_again)
{
	take_all(rates[_i], NOON);
	ck_assert(!bucket_is_full(&bucket, NOON));
	ck_assert(bucket_is_full(&bucket, NOON + NS_PER_S));
	ck_assert_uint_eq(take_all(rates[_i], NOON + NS_PER_S), rates[_i]);
}
END_TEST

START_TEST(quiet_for_longer_saves_nothing_more)
{
	ck_assert_uint_eq(take_all(10, NOON), 10);
	ck_assert_uint_eq(take_all(10, NOON + 3600 * NS_PER_S), 10);
}
END_TEST

START_TEST(one_drips_in_after_its_share_of_a_second)
{
	ck_assert_uint_eq(take_all(10, NOON), 10);
	ck_assert(!bucket_take(&bucket, 10, NOON + 100 * NS_PER_MS - 1));
	ck_assert(bucket_take(&bucket, 10, NOON + 100 * NS_PER_MS));
	ck_assert(!bucket_take(&bucket, 10, NOON + 100 * NS_PER_MS));
	ck_assert_uint_eq(take_all(10, NOON + 400 * NS_PER_MS), 3);
}
END_TEST

/* Threads read the clock one after the other, and take in whatever order. */
START_TEST(a_clock_that_is_a_little_behind_does_no_harm)
{
	ck_assert_uint_eq(take_all(10, NOON), 10);
	ck_assert(!bucket_take(&bucket, 10, NOON - NS_PER_MS));
	ck_assert(bucket_take(&bucket, 10, NOON + 100 * NS_PER_MS));
}
END_TEST

START_TEST(what_is_given_back_can_be_taken)
{
	ck_assert_uint_eq(take_all(5, NOON), 5);
	bucket_return(&bucket, 5);
	ck_assert_uint_eq(take_all(5, NOON), 1);
}
END_TEST

START_TEST(without_a_limit_nobody_asks_it)
{
	for (int i = 0; i < 100; i++)
		ck_assert(bucket_take(&bucket, 0, NOON));
	bucket_return(&bucket, 0);
	ck_assert(bucket_is_full(&bucket, NOON));
}
END_TEST

static void *
take_often(void *taken)
{
	for (int i = 0; i < TRIES; i++)
		*(uint32_t *)taken += bucket_take(&bucket, RATE, NOON);
	return NULL;
}

START_TEST(no_token_is_taken_twice)
{
	pthread_t threads[TAKERS];
	uint32_t taken[TAKERS] = { 0 }, sum = 0;

	for (int i = 0; i < TAKERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_often, &taken[i]), 0);
	for (int i = 0; i < TAKERS; i++) {
		pthread_join(threads[i], NULL);
		sum += taken[i];
	}
	ck_assert_uint_eq(sum, RATE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/bucket");
	TCase *tcase = tcase_create("tokens");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, a_burst_is_one_seconds_worth, 0, sizeof(rates) / sizeof(rates[0]));
	tcase_add_loop_test(tcase, a_second_of_quiet_fills_it_again, 0, sizeof(rates) / sizeof(rates[0]));
	tcase_add_test(tcase, quiet_for_longer_saves_nothing_more);
	tcase_add_test(tcase, one_drips_in_after_its_share_of_a_second);
	tcase_add_test(tcase, a_clock_that_is_a_little_behind_does_no_harm);
	tcase_add_test(tcase, what_is_given_back_can_be_taken);
	tcase_add_test(tcase, without_a_limit_nobody_asks_it);
	tcase_add_test(tcase, no_token_is_taken_twice);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
