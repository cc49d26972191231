/* SPDX-License-Identifier: MIT */
#include "base/figure.h"

#include "support/suite.h"

static const struct {
	uint64_t bytes;
	const char *narrow, *spaced;
} sizes[] = {
	{ 0, "0B", "0 bytes" },
	{ 1, "1B", "1 byte" },
	{ 999, "999B", "999 bytes" },
	{ 1000, "1.00kB", "1.00 kB" },
	{ 12399, "12.3kB", "12.3 kB" },
	{ 999999, "999kB", "999 kB" },
	{ UINT64_MAX, "18.4EB", "18.4 EB" },
};

static const struct {
	int64_t us;
	const char *narrow, *spaced;
} durations[] = {
	{ 0, "0us", "0 us" },
	{ 310, "310us", "310 us" },
	{ 12000, "12.0ms", "12.0 ms" },
	{ 1234567, "1.23s", "1.23 s" },
	{ 59999999, "59.9s", "59.9 s" },
	{ 65000000, "1m05s", "1 min 5 s" },
	{ 3900000000, "1h05m", "1 h 5 min" },
	{ 100800000000, "1d04h", "1 d 4 h" },
};

START_TEST(sizes_have_three_digits)
{
	char text[FIGURE_MAX];

	ck_assert_str_eq(figure_size(sizes[_i].bytes, FIGURE_NARROW, text), sizes[_i].narrow);
	ck_assert_str_eq(figure_size(sizes[_i].bytes, FIGURE_SPACED, text), sizes[_i].spaced);
}
END_TEST

START_TEST(durations_are_cut_and_never_rounded_up)
{
	char text[FIGURE_MAX];

	ck_assert_str_eq(figure_duration(durations[_i].us, FIGURE_NARROW, text), durations[_i].narrow);
	ck_assert_str_eq(figure_duration(durations[_i].us, FIGURE_SPACED, text), durations[_i].spaced);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/figure");
	TCase *tcase = tcase_create("text");

	tcase_add_loop_test(tcase, sizes_have_three_digits, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tcase, durations_are_cut_and_never_rounded_up, 0, sizeof(durations) / sizeof(durations[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
