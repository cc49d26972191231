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
	return suite_main(suite);
}
