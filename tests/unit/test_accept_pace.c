/* SPDX-License-Identifier: MIT */
#include "proxy/accept_pace.h"

#include "support/suite.h"

static struct accept_pace pace;

static void
setup(void)
{
	pace = (struct accept_pace){ 0 };
}

START_TEST(who_comes_now_and_then_is_taken_alone)
{
	for (uint64_t turn = 10; turn < 100; turn += 2)
		ck_assert_int_eq(accept_pace_burst(&pace, turn), 1);
}
END_TEST

/* Clients that come one by one, each turn: the end of the queue is met when two were asked for, and not before. */
START_TEST(the_end_of_the_queue_is_seldom_looked_for)
{
	int ends = 0;

	for (uint64_t turn = 10; turn < 110; turn++) {
		if (accept_pace_burst(&pace, turn) == 1)
			continue;
		accept_pace_end(&pace);
		ends++;
	}
	ck_assert_int_eq(ends, 100 / (ACCEPT_STREAK + 1));
}
END_TEST

START_TEST(a_long_queue_is_taken_in_bursts)
{
	int taken = 0, most = 0;
	uint64_t turn = 10;

	for (; taken < 9500; turn++) {
		int burst = accept_pace_burst(&pace, turn);

		ck_assert_int_ge(burst, most); /* never slower */
		ck_assert_int_le(burst, ACCEPT_BURST_MAX);
		most = burst;
		taken += burst;
	}
	ck_assert_int_eq(most, ACCEPT_BURST_MAX);
	ck_assert_uint_lt(turn, 10 + 200);
	accept_pace_end(&pace);
	ck_assert_int_eq(accept_pace_burst(&pace, turn), 1);
}
END_TEST

/* As when the listener is about to close. */
START_TEST(within_one_turn_it_gets_more_and_more_too)
{
	int taken = 0, asked = 0;

	for (; taken < 4096; asked++)
		taken += accept_pace_burst(&pace, 10);
	ck_assert_int_lt(asked, 100);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/accept_pace");
	TCase *tcase = tcase_create("accept_pace");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, who_comes_now_and_then_is_taken_alone);
	tcase_add_test(tcase, the_end_of_the_queue_is_seldom_looked_for);
	tcase_add_test(tcase, a_long_queue_is_taken_in_bursts);
	tcase_add_test(tcase, within_one_turn_it_gets_more_and_more_too);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
