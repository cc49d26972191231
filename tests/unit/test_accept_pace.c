/* SPDX-License-Identifier: MIT */
#include "proxy/accept_pace.h"

#include "support/suite.h"

static struct accept_pace pace;

static void
setup(void)
{
	pace = (struct accept_pace){ 0 };
}

/* A turn of a listener that has so many clients; true: it looked for the end of the queue. */
static bool
take(uint64_t turn, int *waiting)
{
	int burst = accept_pace_burst(&pace, turn);
	bool ends = *waiting < burst;

	if (ends)
		accept_pace_end(&pace, *waiting);
	*waiting -= ends ? *waiting : burst;
	return ends;
}

START_TEST(for_one_that_comes_alone_the_end_is_not_looked_for)
{
	int ends = 0;

	for (uint64_t turn = 10; turn < 1000; turn += 2) {
		int waiting = 1;

		ends += take(turn, &waiting);
		ck_assert_int_eq(waiting, 0);
	}
	ck_assert_int_eq(ends, 1); /* the first, of which nothing was known */
}
END_TEST

START_TEST(nor_each_time_where_one_comes_in_each_turn)
{
	int ends = 0;

	for (uint64_t turn = 10; turn < 110; turn++) {
		int waiting = 1;

		ends += take(turn, &waiting);
	}
	ck_assert_int_le(ends, 51);
}
END_TEST

START_TEST(a_queue_is_taken_in_one_go)
{
	for (uint64_t turn = 10; turn < 1000; turn += 7) {
		int waiting = 16;

		ck_assert(take(turn, &waiting));
		ck_assert_int_eq(waiting, 0);
	}
}
END_TEST

/* Behind a client who came alone the queue waits for one turn. */
START_TEST(and_what_comes_suddenly_one_turn_later)
{
	int waiting = 1;
	uint64_t turn = 10;

	take(turn, &waiting);
	for (waiting = 9500, turn = 20; waiting > 0; turn++)
		take(turn, &waiting);
	ck_assert_uint_le(turn - 20, 2 + 9500 / ACCEPT_BURST_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/accept_pace");
	TCase *tcase = tcase_create("accept_pace");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, for_one_that_comes_alone_the_end_is_not_looked_for);
	tcase_add_test(tcase, nor_each_time_where_one_comes_in_each_turn);
	tcase_add_test(tcase, a_queue_is_taken_in_one_go);
	tcase_add_test(tcase, and_what_comes_suddenly_one_turn_later);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
