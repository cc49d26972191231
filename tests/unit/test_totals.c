/* SPDX-License-Identifier: MIT */
#include "track/totals.h"

#include <string.h>
#include "support/suite.h"

enum { WORKERS = 3 };

static struct totals workers[WORKERS];

static void
setup(void)
{
	memset(workers, 0, sizeof(workers));
}

START_TEST(a_sum_is_over_all_workers)
{
	totals_add(&workers[0].counts[TOTAL_ACCEPTED], 1);
	totals_add(&workers[2].counts[TOTAL_ACCEPTED], 5);
	totals_add(&workers[2].counts[TOTAL_ACCEPTED], 5);
	totals_add(&workers[1].counts[TOTAL_CLOSED], 100);
	ck_assert_uint_eq(totals_sum(workers, WORKERS, TOTAL_ACCEPTED), 11);
	ck_assert_uint_eq(totals_sum(workers, WORKERS, TOTAL_CLOSED), 100);
	ck_assert_uint_eq(totals_sum(workers, WORKERS, TOTAL_LOAN_SHORTAGES), 0);
}
END_TEST

START_TEST(a_gauge_comes_down_again)
{
	totals_set(&workers[1].counts[TOTAL_LOANS_LENT], 7);
	totals_set(&workers[1].counts[TOTAL_LOANS_LENT], 2);
	ck_assert_uint_eq(totals_sum(workers, WORKERS, TOTAL_LOANS_LENT), 2);
}
END_TEST

START_TEST(each_reason_is_counted_by_itself)
{
	totals_add(&workers[0].closed_by[WHY_CLIENT_FIN], 1);
	totals_add(&workers[1].closed_by[WHY_CLIENT_FIN], 1);
	totals_add(&workers[1].closed_by[WHY_INTERNAL_ERROR], 1);
	ck_assert_uint_eq(totals_sum_closed(workers, WORKERS, WHY_CLIENT_FIN), 2);
	ck_assert_uint_eq(totals_sum_closed(workers, WORKERS, WHY_INTERNAL_ERROR), 1);
	ck_assert_uint_eq(totals_sum_closed(workers, WORKERS, WHY_NONE), 0);
}
END_TEST

START_TEST(each_kind_is_counted_by_itself)
{
	totals_add(&workers[0].closed_as[KIND_PROBE], 3);
	totals_add(&workers[2].closed_as[KIND_PROBE], 4);
	totals_add(&workers[2].closed_as[KIND_PROXY], 1);
	ck_assert_uint_eq(totals_sum_kind(workers, WORKERS, KIND_PROBE), 7);
	ck_assert_uint_eq(totals_sum_kind(workers, WORKERS, KIND_PROXY), 1);
}
END_TEST

START_TEST(workers_share_no_cache_line)
{
	ck_assert_uint_eq(sizeof(struct totals) % 64, 0);
}
END_TEST

/* /stats and the metrics name them so. */
START_TEST(each_total_has_a_name_of_its_own_and_a_meaning)
{
	for (int a = 0; a < TOTAL_COUNT; a++) {
		ck_assert_ptr_nonnull(total_meanings[a].text);
		ck_assert_uint_gt(strlen(total_meanings[a].meaning), 0);
		ck_assert_uint_eq(
		    strspn(total_meanings[a].text, "abcdefghijklmnopqrstuvwxyz_"), strlen(total_meanings[a].text));
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(total_meanings[a].text, total_meanings[b].text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/totals");
	TCase *tcase = tcase_create("counts");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_sum_is_over_all_workers);
	tcase_add_test(tcase, a_gauge_comes_down_again);
	tcase_add_test(tcase, each_reason_is_counted_by_itself);
	tcase_add_test(tcase, each_kind_is_counted_by_itself);
	tcase_add_test(tcase, workers_share_no_cache_line);
	tcase_add_test(tcase, each_total_has_a_name_of_its_own_and_a_meaning);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
