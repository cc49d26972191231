/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include "base/clock.h"
#include "support/suite.h"

enum { UNTOUCHED = 4711 };

/* clang-format off */
static const struct {
	const char *text;
	int64_t value;    /* -1: must be rejected */
	const char *back; /* NULL: as it came */
} durations[] = {
	{ "0",      0,                      NULL },
	{ "0s",     0,                      "0" },
	{ "1ms",    NS_PER_MS,              NULL },
	{ "500ms",  500 * NS_PER_MS,        NULL },
	{ "1500ms", 1500 * NS_PER_MS,       NULL },
	{ "1000ms", NS_PER_S,               "1s" },
	{ "5s",     5 * NS_PER_S,           NULL },
	{ "007s",   7 * NS_PER_S,           "7s" },
	{ "90s",    90 * NS_PER_S,          NULL },
	{ "120s",   120 * NS_PER_S,         "2m" },
	{ "1h",     3600 * NS_PER_S,        NULL },
	{ "24h",    86400 * NS_PER_S,       "1d" },
	{ "106751d", 106751 * (86400 * NS_PER_S), NULL },
	{ "9223372036854ms", 9223372036854 * NS_PER_MS, NULL }, /* the longest that fits */
	{ "9223372036855ms", -1, NULL },
	{ "106752d", -1, NULL },
	{ "18446744073709551616ms", -1, NULL }, /* 2^64 */
	{ "99999999999999999999999d", -1, NULL },
	{ "213504d", -1, NULL }, /* would fit unsigned */
	{ "",       -1, NULL },
	{ "s",      -1, NULL },
	{ "5",      -1, NULL }, /* five what? */
	{ "00",     -1, NULL },
	{ "-5s",    -1, NULL },
	{ "+5s",    -1, NULL },
	{ " 5s",    -1, NULL },
	{ "5s ",    -1, NULL },
	{ "5 s",    -1, NULL },
	{ "1.5s",   -1, NULL },
	{ "1h30m",  -1, NULL },
	{ "5S",     -1, NULL },
	{ "5sec",   -1, NULL },
	{ "0x5s",   -1, NULL },
	{ "1e3s",   -1, NULL },
}, sizes[] = {
	{ "0",      0,               NULL },
	{ "64",     64,              NULL },
	{ "64k",    64 << 10,        NULL },
	{ "64K",    64 << 10,        "64k" },
	{ "64KiB",  64 << 10,        "64k" },
	{ "1024",   1024,            "1k" },
	{ "1025",   1025,            NULL },
	{ "64M",    64 << 20,        NULL },
	{ "1MiB",   1 << 20,         "1M" },
	{ "1536k",  1536 << 10,      NULL },
	{ "2G",     INT64_C(2) << 30, NULL },
	{ "2GiB",   INT64_C(2) << 30, "2G" },
	{ "1T",     INT64_C(1) << 40, NULL },
	{ "1TiB",   INT64_C(1) << 40, "1T" },
	{ "1024T",  INT64_C(1) << 50, NULL },
	{ "16777216T", -1, NULL }, /* 2^64 */
	{ "18446744073709551616", -1, NULL },
	{ "",       -1, NULL },
	{ "k",      -1, NULL },
	{ "64kB",   -1, NULL }, /* 1000 or 1024? */
	{ "64kiB",  -1, NULL },
	{ "64m",    -1, NULL },
	{ "64MB",   -1, NULL },
	{ "-1",     -1, NULL },
	{ "+1",     -1, NULL },
	{ " 1",     -1, NULL },
	{ "1 ",     -1, NULL },
	{ "1 k",    -1, NULL },
	{ "1.5G",   -1, NULL },
	{ "1G1",    -1, NULL },
};

static const struct {
	const char *text;
	bool good;
	uint64_t count;
} counts[] = {
	{ "0", true, 0 },
	{ "42", true, 42 },
	{ "0042", true, 42 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "99999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "1k", false, 0 },
	{ "0x1", false, 0 },
};
/* clang-format on */

START_TEST(a_duration_is_digits_and_a_unit)
{
	int64_t ns = UNTOUCHED;
	char text[QUANTITY_TEXT_MAX];
	const char *back = durations[_i].back != NULL ? durations[_i].back : durations[_i].text;
	bool parsed = quantity_parse_duration(&ns, durations[_i].text);

	ck_assert_msg(parsed == (durations[_i].value != -1), "%s", durations[_i].text);
	ck_assert_int_eq(ns, parsed ? durations[_i].value : UNTOUCHED);
	if (parsed)
		ck_assert_str_eq(quantity_format_duration(ns, text), back);
}
END_TEST

START_TEST(a_size_is_digits_and_perhaps_a_power_of_1024)
{
	uint64_t bytes = UNTOUCHED;
	char text[QUANTITY_TEXT_MAX];
	const char *back = sizes[_i].back != NULL ? sizes[_i].back : sizes[_i].text;
	bool parsed = quantity_parse_size(&bytes, sizes[_i].text);

	ck_assert_msg(parsed == (sizes[_i].value != -1), "%s", sizes[_i].text);
	ck_assert_uint_eq(bytes, parsed ? (uint64_t)sizes[_i].value : UNTOUCHED);
	if (parsed)
		ck_assert_str_eq(quantity_format_size(bytes, text), back);
}
END_TEST

START_TEST(a_count_is_digits_alone)
{
	uint64_t count = UNTOUCHED;
	bool parsed = quantity_parse_count(&count, counts[_i].text);

	ck_assert_msg(parsed == counts[_i].good, "%s", counts[_i].text);
	ck_assert_uint_eq(count, parsed ? counts[_i].count : UNTOUCHED);
}
END_TEST

START_TEST(the_longest_texts_fit)
{
	char text[QUANTITY_TEXT_MAX];

	ck_assert_str_eq(quantity_format_size(UINT64_MAX, text), "18446744073709551615");
	ck_assert_str_eq(quantity_format_duration(INT64_MAX, text), "9223372036854ms");
	ck_assert_str_eq(quantity_format_duration(NS_PER_MS - 1, text), "0");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/quantity");
	TCase *tcase = tcase_create("text");

	tcase_add_loop_test(tcase, a_duration_is_digits_and_a_unit, 0, sizeof(durations) / sizeof(durations[0]));
	tcase_add_loop_test(tcase, a_size_is_digits_and_perhaps_a_power_of_1024, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tcase, a_count_is_digits_alone, 0, sizeof(counts) / sizeof(counts[0]));
	tcase_add_test(tcase, the_longest_texts_fit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
