/* SPDX-License-Identifier: MIT */
#include "proxy/limits.h"

#include "support/suite.h"

enum { SECOND = 1000000 };

/* clang-format off */
static const struct {
	const char *story;
	struct limits_look look;
	enum limit want;
} cases[] = {
	{ "nothing moves", { .interval_us = SECOND }, LIMIT_NONE },
	{ "a trickle", { .interval_us = SECOND, .busy_us = 1000, .moved = 10 }, LIMIT_APPLICATION },
	{ "requests over a long path: busy while the answer is to come, and nothing waits",
	  { .interval_us = SECOND, .busy_us = 900000, .moved = 10 }, LIMIT_APPLICATION },
	{ "a reader that takes nothing, and nothing moves",
	  { .interval_us = SECOND, .busy_us = SECOND, .rwnd_limited_us = SECOND, .sink_full = true }, LIMIT_RECEIVER },
	{ "a reader slower than the path",
	  { .interval_us = SECOND, .busy_us = SECOND, .rwnd_limited_us = 600000, .moved = 1, .waits_for_path = true },
	  LIMIT_RECEIVER },
	{ "a path slower than the reader",
	  { .interval_us = SECOND, .busy_us = SECOND, .rwnd_limited_us = 300000, .moved = 1, .waits_for_path = true },
	  LIMIT_NETWORK },
	{ "loss: what was sent is sent again", { .interval_us = SECOND, .busy_us = 800000, .waits_for_path = true },
	  LIMIT_NETWORK },
	{ "busy for a short while only", { .interval_us = SECOND, .busy_us = 400000, .moved = 1, .waits_for_path = true },
	  LIMIT_APPLICATION },
	{ "our buffer is too small for the path",
	  { .interval_us = SECOND, .busy_us = 900000, .sndbuf_limited_us = 700000, .moved = 1, .waits_for_path = true },
	  LIMIT_SENDER_BUFFER },
	{ "bytes lie with us", { .interval_us = SECOND, .moved = 1, .source_neglected = true }, LIMIT_PROXY },
	{ "bytes lie with us, and nothing moves", { .interval_us = SECOND, .source_neglected = true }, LIMIT_PROXY },
	{ "bytes lie with us because the reader is slow",
	  { .interval_us = SECOND, .busy_us = SECOND, .rwnd_limited_us = 900000, .source_neglected = true },
	  LIMIT_RECEIVER },
	{ "a Unix reader that takes nothing", { .interval_us = SECOND, .sink_full = true, .is_unix = true },
	  LIMIT_RECEIVER },
	{ "a Unix reader that takes all", { .interval_us = SECOND, .moved = 1, .is_unix = true }, LIMIT_APPLICATION },
	{ "a Unix leg where nothing moves", { .interval_us = SECOND, .is_unix = true }, LIMIT_NONE },
};
/* clang-format on */

START_TEST(the_greatest_share_of_the_time_says_who_is_slow)
{
	ck_assert_msg(limits_judge(&cases[_i].look) == cases[_i].want, "%s: %s", cases[_i].story,
	    limit_text(limits_judge(&cases[_i].look)));
}
END_TEST

START_TEST(of_both_ways_the_one_that_is_held_back_more_is_shown)
{
	struct record record;

	record_init(&record);
	ck_assert_ptr_null(limit_text(record_limit(&record)));
	record.legs[LEG_CLIENT].limited_by = LIMIT_APPLICATION;
	record.legs[LEG_UPSTREAM].limited_by = LIMIT_NONE;
	ck_assert_str_eq(limit_text(record_limit(&record)), "application");
	record.legs[LEG_UPSTREAM].limited_by = LIMIT_RECEIVER;
	ck_assert_str_eq(limit_text(record_limit(&record)), "receiver");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/limits");
	TCase *tcase = tcase_create("who is slow");

	tcase_add_loop_test(
	    tcase, the_greatest_share_of_the_time_says_who_is_slow, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, of_both_ways_the_one_that_is_held_back_more_is_shown);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
