/* SPDX-License-Identifier: MIT */
#include "track/congestion.h"

#include <stdio.h>
#include "support/suite.h"

static struct congestion_names names;

static void
setup(void)
{
	names = (struct congestion_names){ .count = 0 };
}

START_TEST(a_name_keeps_its_number)
{
	uint8_t cubic = congestion_number(&names, "cubic"), bbr = congestion_number(&names, "bbr");

	ck_assert_uint_ne(cubic, 0);
	ck_assert_uint_ne(bbr, cubic);
	ck_assert_uint_eq(congestion_number(&names, "cubic"), cubic);
	ck_assert_str_eq(congestion_text(&names, cubic), "cubic");
	ck_assert_str_eq(congestion_text(&names, bbr), "bbr");
}
END_TEST

START_TEST(what_has_no_name_has_no_number)
{
	ck_assert_uint_eq(congestion_number(&names, ""), 0);
	ck_assert_ptr_null(congestion_text(&names, 0));
}
END_TEST

START_TEST(more_names_than_there_is_room_for_are_unknown)
{
	char name[TCP_CONGESTION_MAX];

	for (int i = 0; i < 2 * CONGESTION_NAMES; i++) {
		snprintf(name, sizeof(name), "longest_name_%02d", i);
		uint8_t number = congestion_number(&names, name);
		ck_assert_int_eq(number != 0, i < CONGESTION_NAMES);
		if (number != 0)
			ck_assert_str_eq(congestion_text(&names, number), name);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/congestion");
	TCase *tcase = tcase_create("names");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_name_keeps_its_number);
	tcase_add_test(tcase, what_has_no_name_has_no_number);
	tcase_add_test(tcase, more_names_than_there_is_room_for_are_unknown);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
