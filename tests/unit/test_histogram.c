/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <stdlib.h>
#include "support/suite.h"

static struct histogram histogram;
static struct histogram_sum sum;

static void
setup(void)
{
	histogram = (struct histogram){ .most = 0 };
	sum = (struct histogram_sum){ .count = 0 };
}

static int64_t
percentile(double share)
{
	sum = (struct histogram_sum){ .count = 0 };
	histogram_sum_add(&sum, &histogram);
	return histogram_percentile(&sum, share);
}

START_TEST(without_values_there_is_no_percentile)
{
	ck_assert_int_eq(percentile(0.5), -1);
	ck_assert_int_eq(percentile(1), -1);
}
END_TEST

START_TEST(small_values_are_exact)
{
	for (uint64_t value = 0; value < 16; value++)
		histogram_add(&histogram, value);
	for (int i = 1; i <= 16; i++)
		ck_assert_int_eq(percentile(i / 16.0), i - 1);
	ck_assert_int_eq(percentile(0), 0);
}
END_TEST

START_TEST(each_value_belongs_to_the_bucket_after_the_smaller_ones)
{
	int last = 0;

	for (uint64_t value = 1; value < UINT64_C(1) << 42; value += 1 + value / 64) {
		int bucket = histogram_bucket(value);

		ck_assert_int_ge(bucket, last);
		ck_assert_int_le(bucket, last + 1);
		ck_assert_int_lt(bucket, HISTOGRAM_BUCKETS);
		last = bucket;
	}
	ck_assert_int_eq(last, HISTOGRAM_BUCKETS - 1);
	ck_assert_int_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

/* One value and a larger one: the smaller's percentile is the end of its bucket. */
START_TEST(a_percentile_is_never_too_small_and_at_most_an_eighth_too_large)
{
	for (uint64_t value = 1; value < UINT64_C(1) << 39; value += 1 + value / 10) {
		setup();
		histogram_add(&histogram, value);
		histogram_add(&histogram, UINT64_C(1) << 39);
		ck_assert_int_ge(percentile(0.5), (int64_t)value);
		ck_assert_int_le(percentile(0.5), (int64_t)(value + value / 8));
	}
}
END_TEST

START_TEST(no_percentile_is_beyond_the_largest_value)
{
	for (int i = 0; i < 100; i++)
		histogram_add(&histogram, 1000);
	ck_assert_int_eq(percentile(0.5), 1000);
	ck_assert_int_eq(percentile(1), 1000);
	histogram_add(&histogram, UINT64_C(1) << 50);
	ck_assert_int_eq(percentile(1), INT64_C(1) << 50);
}
END_TEST

static int
compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

START_TEST(percentiles_of_several_workers_are_those_of_all_values)
{
	enum { WORKERS = 3, VALUES = 3000 };
	static struct histogram histograms[WORKERS];
	static uint64_t values[VALUES];
	static const double shares[] = { 0.01, 0.5, 0.9, 0.99, 1 };

	srand(1);
	for (int i = 0; i < VALUES; i++) {
		values[i] = (uint64_t)rand() >> rand() % 30;
		histogram_add(&histograms[i % WORKERS], values[i]);
	}
	for (int i = 0; i < WORKERS; i++)
		histogram_sum_add(&sum, &histograms[i]);
	qsort(values, VALUES, sizeof(values[0]), compare);
	ck_assert_uint_eq(sum.count, VALUES);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t exact = values[(size_t)(shares[i] * VALUES + 0.5) - 1];

		ck_assert_int_ge(histogram_percentile(&sum, shares[i]), (int64_t)exact);
		ck_assert_int_le(histogram_percentile(&sum, shares[i]), (int64_t)(exact + exact / 8));
	}
}
END_TEST

static const uint64_t bounds[] = {
#define BOUND(value) value,
#include "base/histogram_bounds.def"
};
enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]) };

START_TEST(no_two_round_bounds_lie_in_one_bucket)
{
	int with_one = 0;

	for (int i = 0; i < BOUNDS; i++)
		ck_assert_uint_eq(histogram_bounds[histogram_bucket(bounds[i])], bounds[i]);
	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
		with_one += histogram_bounds[bucket] != 0;
	ck_assert_int_eq(with_one, BOUNDS);
}
END_TEST

START_TEST(what_is_no_larger_than_a_round_bound_is_counted_exactly)
{
	for (int i = 0; i < BOUNDS; i++) {
		histogram_add(&histogram, bounds[i] - 1);
		histogram_add(&histogram, bounds[i]);
		histogram_add(&histogram, bounds[i] + 1);
	}
	histogram_sum_add(&sum, &histogram);
	for (uint64_t i = 0; i < BOUNDS; i++)
		ck_assert_uint_eq(histogram_up_to(&sum, bounds[i]), 3 * i + 2);
	ck_assert_uint_eq(sum.count, 3 * BOUNDS);
}
END_TEST

START_TEST(the_end_of_a_bucket_is_a_bound_as_well)
{
	for (uint64_t value = 0; value < 100; value++)
		histogram_add(&histogram, value);
	histogram_sum_add(&sum, &histogram);
	ck_assert_uint_eq(histogram_up_to(&sum, 7), 8);
	ck_assert_uint_eq(histogram_up_to(&sum, 31), 32);
	ck_assert_uint_eq(histogram_up_to(&sum, 71), 72);
}
END_TEST

START_TEST(the_sum_is_that_of_the_values)
{
	static const uint64_t values[] = { 0, 3, 17, 1001, 999999999, 1 };
	uint64_t want = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		histogram_add(&histogram, values[i]);
		want += values[i];
	}
	histogram_sum_add(&sum, &histogram);
	histogram_sum_add(&sum, &histogram);
	ck_assert_uint_eq(sum.sum, 2 * want);
}
END_TEST

/* A reader sees the counts one after the other, and the owner goes on meanwhile. */
START_TEST(a_count_that_is_ahead_makes_no_bucket_larger_than_the_next)
{
	int bucket = histogram_bucket(1000);

	histogram_add(&histogram, 900);
	histogram_sum_add(&sum, &histogram);
	sum.lows[bucket] = 5;
	sum.counts[bucket] = 2;
	ck_assert_uint_eq(histogram_up_to(&sum, 1000), 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/histogram");
	TCase *tcase = tcase_create("percentiles");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, without_values_there_is_no_percentile);
	tcase_add_test(tcase, small_values_are_exact);
	tcase_add_test(tcase, each_value_belongs_to_the_bucket_after_the_smaller_ones);
	tcase_add_test(tcase, a_percentile_is_never_too_small_and_at_most_an_eighth_too_large);
	tcase_add_test(tcase, no_percentile_is_beyond_the_largest_value);
	tcase_add_test(tcase, percentiles_of_several_workers_are_those_of_all_values);
	suite_add_tcase(suite, tcase);
	TCase *exact = tcase_create("bounds");
	tcase_add_checked_fixture(exact, setup, NULL);
	tcase_add_test(exact, no_two_round_bounds_lie_in_one_bucket);
	tcase_add_test(exact, what_is_no_larger_than_a_round_bound_is_counted_exactly);
	tcase_add_test(exact, the_end_of_a_bucket_is_a_bound_as_well);
	tcase_add_test(exact, the_sum_is_that_of_the_values);
	tcase_add_test(exact, a_count_that_is_ahead_makes_no_bucket_larger_than_the_next);
	suite_add_tcase(suite, exact);
	return suite_main(suite);
}
