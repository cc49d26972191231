/* SPDX-License-Identifier: MIT */
#include "track/recent.h"

#include <string.h>
#include "support/suite.h"

enum { SPAN = 1000, BEGIN = 123456000 };

static struct recent recent;

static void
setup(void)
{
	memset(&recent, 0, sizeof(recent));
}

START_TEST(what_came_is_counted_each_by_itself)
{
	recent_add(&recent, SPAN, BEGIN, 0, 1);
	recent_add(&recent, SPAN, BEGIN + 700, 0, 2);
	recent_add(&recent, SPAN, BEGIN + 5 * SPAN, 7, 40);
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 0), 3);
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 7), 40);
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 1), 0);
}
END_TEST

START_TEST(what_is_older_is_left_out)
{
	for (int i = 0; i < RECENT_BUCKETS; i++)
		recent_add(&recent, SPAN, BEGIN + i * SPAN, 0, 1);
	for (int i = 0; i < RECENT_BUCKETS; i++)
		ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN + i * SPAN, 0), (uint64_t)(RECENT_BUCKETS - i));
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN + RECENT_BUCKETS * SPAN, 0), 0);
}
END_TEST

START_TEST(a_place_is_used_again_once_its_time_is_over)
{
	recent_add(&recent, SPAN, BEGIN, 0, 100);
	recent_add(&recent, SPAN, BEGIN + RECENT_BUCKETS * SPAN, 0, 1);
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 0), 1);
}
END_TEST

START_TEST(what_comes_far_too_late_changes_nothing)
{
	recent_add(&recent, SPAN, BEGIN + RECENT_BUCKETS * SPAN, 0, 1);
	recent_add(&recent, SPAN, BEGIN, 0, 100);
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 0), 1);
	recent_add(&recent, SPAN, BEGIN + SPAN, 0, 10); /* a little late is fine */
	ck_assert_uint_eq(recent_sum(&recent, SPAN, BEGIN, 0), 11);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/recent");
	TCase *tcase = tcase_create("counts");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, what_came_is_counted_each_by_itself);
	tcase_add_test(tcase, what_is_older_is_left_out);
	tcase_add_test(tcase, a_place_is_used_again_once_its_time_is_over);
	tcase_add_test(tcase, what_comes_far_too_late_changes_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
