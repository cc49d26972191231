/* SPDX-License-Identifier: MIT */
#include "base/share.h"

#include <stdlib.h>
#include "support/suite.h"

START_TEST(few_samples_prove_little)
{
	ck_assert_double_eq(share_at_least(0, 0), 0);
	ck_assert_double_eq(share_at_most(0, 0), 1);
	ck_assert_double_lt(share_at_least(3, 3), 0.25);
	ck_assert_double_gt(share_at_most(0, 3), 0.75);
	ck_assert_double_gt(share_at_least(100, 100), 0.9);
	ck_assert_double_lt(share_at_most(0, 100), 0.1);
}
END_TEST

START_TEST(the_bounds_hold_what_was_seen)
{
	for (uint64_t whole = 1; whole < 200; whole += 7) {
		for (uint64_t part = 0; part <= whole; part++) {
			double share = (double)part / (double)whole;

			ck_assert_double_ge(share, share_at_least(part, whole));
			ck_assert_double_le(share, share_at_most(part, whole));
			ck_assert_double_ge(share_at_least(part, whole), 0);
			ck_assert_double_le(share_at_most(part, whole), 1);
		}
	}
}
END_TEST

START_TEST(more_samples_say_more)
{
	for (uint64_t whole = 10; whole < 1000000; whole *= 10) {
		ck_assert_double_lt(share_at_least(whole / 2, whole), share_at_least(whole * 5, whole * 10));
		ck_assert_double_gt(share_at_most(whole / 2, whole), share_at_most(whole * 5, whole * 10));
	}
	ck_assert_double_gt(share_at_least(UINT64_C(1) << 40, UINT64_C(1) << 41), 0.4999);
}
END_TEST

/* Both bounds miss the truth once in two thousand each; so of 20,000 tries here each does ten times. */
START_TEST(they_rarely_miss_the_truth)
{
	static const double truths[] = { 0.02, 0.1, 0.5, 0.9 };
	unsigned short state[3] = { 1, 2, 3 };
	int below = 0, above = 0;

	for (int i = 0; i < 20000; i++) {
		double truth = truths[i % 4];
		uint64_t part = 0;

		for (int sample = 0; sample < 100; sample++)
			part += erand48(state) < truth;
		below += share_at_most(part, 100) < truth;
		above += share_at_least(part, 100) > truth;
	}
	ck_assert_int_le(below, 40);
	ck_assert_int_le(above, 40);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/share");
	TCase *tcase = tcase_create("bounds");

	tcase_add_test(tcase, few_samples_prove_little);
	tcase_add_test(tcase, the_bounds_hold_what_was_seen);
	tcase_add_test(tcase, more_samples_say_more);
	tcase_add_test(tcase, they_rarely_miss_the_truth);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
