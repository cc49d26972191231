/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>
#include "support/suite.h"

static char bytes[16], wide[64];
static struct text text;

static void
setup(void)
{
	text_init(&text, bytes, sizeof(bytes));
}

START_TEST(begins_empty)
{
	ck_assert_str_eq(text.bytes, "");
	ck_assert_uint_eq(text.length, 0);
	ck_assert(!text.truncated);
}
END_TEST

START_TEST(pieces_join)
{
	text_add(&text, "port");
	text_add_char(&text, ' ');
	text_add_bytes(&text, "8080…", 4);
	text_addf(&text, "/%s", "tcp");
	ck_assert_str_eq(text.bytes, "port 8080/tcp");
	ck_assert_uint_eq(text.length, strlen(text.bytes));
	ck_assert(!text.truncated);
}
END_TEST

START_TEST(what_just_fits_is_whole)
{
	text_add(&text, "fifteen letters");
	ck_assert_str_eq(text.bytes, "fifteen letters");
	ck_assert(!text.truncated);
	text_add(&text, "");
	ck_assert(!text.truncated);
}
END_TEST

static void
add_string(void)
{
	text_add(&text, "sixteen letters!");
}

static void
add_formatted(void)
{
	text_addf(&text, "%s", "sixteen letters!");
}

static void
add_printable(void)
{
	text_add_printable(&text, "sixteen letters!");
}

static void (*const overflows[])(void) = { add_string, add_formatted, add_printable };

START_TEST(what_does_not_fit_is_cut_and_said)
{
	overflows[_i]();
	ck_assert_str_eq(text.bytes, "sixteen letters");
	ck_assert_uint_eq(text.length, 15);
	ck_assert(text.truncated);
	overflows[_i]();
	text_add_char(&text, 'x');
	ck_assert_str_eq(text.bytes, "sixteen letters");
}
END_TEST

/* clang-format off */
static const struct {
	int64_t number;
	const char *want;
} numbers[] = {
	{ 0,         "0" },
	{ 9,         "9" },
	{ 10,        "10" },
	{ -1,        "-1" },
	{ INT64_MAX, "9223372036854775807" },
	{ INT64_MIN, "-9223372036854775808" },
};
/* clang-format on */

START_TEST(numbers_are_written_to_their_last_digit)
{
	text_init(&text, wide, sizeof(wide));
	text_add_i64(&text, numbers[_i].number);
	ck_assert_str_eq(text.bytes, numbers[_i].want);
}
END_TEST

START_TEST(the_largest_number_has_twenty_digits)
{
	text_init(&text, wide, sizeof(wide));
	text_add_u64(&text, UINT64_MAX);
	ck_assert_str_eq(text.bytes, "18446744073709551615");
}
END_TEST

START_TEST(no_byte_steers_a_terminal)
{
	text_add_printable(&text, " a~\x1b[\n\t\x7f\x80\xff");
	ck_assert_str_eq(text.bytes, " a~?[?????");
}
END_TEST

START_TEST(what_strangers_wrote_stands_in_quotes_and_steers_nothing)
{
	text_init(&text, wide, sizeof(wide));
	text_add_quoted(&text, "\xc3\xa4 \x1b[\n\x7f \xc2\x9b \xc2\xa0 \xff\xc3");
	ck_assert_str_eq(text.bytes, "\"\xc3\xa4 ?[?? ? \xc2\xa0 ??\"");
}
END_TEST

START_TEST(what_is_quoted_is_cut_between_characters)
{
	char room[100], longer[100], want[100];

	memset(longer, 'a', 79);
	strcpy(longer + 79, "\xc3\xa4 more");
	memset(want, 'a', 80);
	want[0] = '"';
	strcpy(want + 80, "...\"");
	text_init(&text, room, sizeof(room));
	text_add_quoted(&text, longer);
	ck_assert_str_eq(text.bytes, want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/text");
	TCase *tcase = tcase_create("grows inside its memory");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, begins_empty);
	tcase_add_test(tcase, pieces_join);
	tcase_add_test(tcase, what_just_fits_is_whole);
	tcase_add_loop_test(tcase, what_does_not_fit_is_cut_and_said, 0, sizeof(overflows) / sizeof(overflows[0]));
	tcase_add_loop_test(tcase, numbers_are_written_to_their_last_digit, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, the_largest_number_has_twenty_digits);
	tcase_add_test(tcase, no_byte_steers_a_terminal);
	tcase_add_test(tcase, what_strangers_wrote_stands_in_quotes_and_steers_nothing);
	tcase_add_test(tcase, what_is_quoted_is_cut_between_characters);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
