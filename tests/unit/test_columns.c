/* SPDX-License-Identifier: MIT */
#include "client/columns.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

static const struct columns_shape shapes[] = {
	{ "NAME", false, 0, 0, false },
	{ "SIZE", true, 2, 0, false },
	{ "WHY", false, 1, 0, true },
};

static const struct terminal pipe_out = { 0 }, coloured = { .colour = true };

static char *
print(struct columns *columns, const struct terminal *terminal, bool heading)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	columns_print(columns, file, terminal, heading);
	fclose(file);
	return text;
}

static void
row(struct columns *columns, const char *name, const char *size, const char *why)
{
	ck_assert(columns_add(columns, INK_PLAIN, name));
	ck_assert(columns_add(columns, INK_RED, size));
	ck_assert(columns_add(columns, INK_PLAIN, why));
}

static void
check(const struct terminal *terminal, bool heading, const char *why, const char *want)
{
	struct columns *columns = columns_new(shapes, 3);
	char *text;

	row(columns, "alpha", "7", why);
	row(columns, "b", "12345", NULL);
	text = print(columns, terminal, heading);
	ck_assert_str_eq(text, want);
	free(text);
	columns_free(columns);
}

START_TEST(columns_are_aligned_and_numbers_end_in_one_line)
{
	check(&pipe_out, true, "x",
	    "NAME    SIZE  WHY\n"
	    "alpha      7  x\n"
	    "b      12345  -\n");
}
END_TEST

START_TEST(the_heading_may_be_left_out)
{
	check(&pipe_out, false, "x",
	    "alpha      7  x\n"
	    "b      12345  -\n");
}
END_TEST

/* Scripts count columns. */
START_TEST(an_empty_column_is_left_out_on_a_terminal_only)
{
	const struct terminal terminal = { .is_one = true };

	check(&terminal, true, NULL, "NAME    SIZE\nalpha      7\nb      12345\n");
	check(&pipe_out, true, NULL, "NAME    SIZE  WHY\nalpha      7  -\nb      12345  -\n");
}
END_TEST

START_TEST(a_narrow_terminal_loses_the_least_needed_columns_and_cuts_none)
{
	struct terminal terminal = { .is_one = true, .width = 17 };

	check(&terminal, true, "x", "NAME    SIZE  WHY\nalpha      7  x\nb      12345  -\n");
	terminal.width = 16;
	check(&terminal, true, "x", "NAME   WHY\nalpha  x\nb      -\n");
	terminal.width = 9;
	check(&terminal, true, "x", "NAME\nalpha\nb\n");
	terminal.width = 1; /* what must be there stays whole */
	check(&terminal, true, "x", "NAME\nalpha\nb\n");
}
END_TEST

START_TEST(colour_moves_nothing)
{
	check(&coloured, true, "x",
	    "\033[1mNAME\033[0m    \033[1mSIZE\033[0m  \033[1mWHY\033[0m\n"
	    "alpha      \033[31m7\033[0m  x\n"
	    "b      \033[31m12345\033[0m  -\n");
}
END_TEST

START_TEST(later_rows_stand_beneath)
{
	struct columns *columns = columns_new(shapes, 3);
	char *text;

	row(columns, "alpha", "1", "x");
	free(print(columns, &pipe_out, true));
	row(columns, "b", "2", "x");
	text = print(columns, &pipe_out, true);
	ck_assert_str_eq(text, "b         2  x\n"); /* and no second heading */
	free(text);
	row(columns, "much longer", "3", "x");
	text = print(columns, &pipe_out, true);
	ck_assert_str_eq(text, "much longer     3  x\n");
	free(text);
	columns_free(columns);
}
END_TEST

static const struct {
	const char *foreign, *shown;
} texts[] = {
	{ "plain", "plain" },
	{ "", "-" },
	{ "\033[2J\033]0;title\a", "?[2J?]0;title?" },
	{ "two\nlines\r\tand", "two?lines??and" },
	{ "M\xc3\xbcller", "M\xc3\xbcller" },
	{ "\xc2\x9b"
	  "2J",
	    "?2J" }, /* U+009B: a control sequence in one character */
	{ "a\xe2\x80\xae"
	  "b",
	    "a?b" }, /* U+202E: turns the line round */
	{ "a\xe2\x81\xa6"
	  "b",
	    "a?b" },           /* U+2066 */
	{ "a\xcc\x81", "a?" }, /* has no width of its own */
	{ "\xff\xc3", "??" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
};

START_TEST(foreign_text_is_harmless)
{
	static const struct columns_shape shape = { "T", false, 0, 0, false };
	struct columns *columns = columns_new(&shape, 1);
	char want[64], *text;

	ck_assert(columns_add(columns, INK_PLAIN, texts[_i].foreign));
	text = print(columns, &pipe_out, false);
	snprintf(want, sizeof(want), "%s\n", texts[_i].shown);
	ck_assert_str_eq(text, want);
	free(text);
	columns_free(columns);
}
END_TEST

/* Half of one could be the beginning of what steers a terminal. */
START_TEST(foreign_text_is_cut_between_characters)
{
	char bytes[6];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	terminal_add(&text, "abc\xe3\x81\x82z");
	ck_assert_str_eq(bytes, "abc");
	ck_assert(text.truncated);
	text_init(&text, bytes, sizeof(bytes));
	terminal_add_lines(&text, "ab\xe3\x81\x82");
	ck_assert_str_eq(bytes, "ab\xe3\x81\x82");
	ck_assert(!text.truncated);
}
END_TEST

START_TEST(width_is_in_columns_not_in_bytes)
{
	ck_assert_int_eq(terminal_width("M\xc3\xbcller"), 6);
	ck_assert_int_eq(terminal_width("\xf0\x9f\x98\x80"), 2);
	ck_assert_int_eq(terminal_width("\xff"), 1);
}
END_TEST

/* Where the locale has no such letters, they cannot be shown. */
START_TEST(a_plain_locale_shows_ascii_alone)
{
	char bytes[64];
	struct text text;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	text_init(&text, bytes, sizeof(bytes));
	terminal_add(&text, "M\xc3\xbcller\033[2J");
	ck_assert_str_eq(bytes, "M??ller?[2J");
}
END_TEST

static void
set_locale(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

int
main(void)
{
	Suite *suite = suite_create("columns");
	TCase *tcase = tcase_create("columns");

	tcase_add_checked_fixture(tcase, set_locale, NULL);
	tcase_add_test(tcase, columns_are_aligned_and_numbers_end_in_one_line);
	tcase_add_test(tcase, the_heading_may_be_left_out);
	tcase_add_test(tcase, an_empty_column_is_left_out_on_a_terminal_only);
	tcase_add_test(tcase, a_narrow_terminal_loses_the_least_needed_columns_and_cuts_none);
	tcase_add_test(tcase, colour_moves_nothing);
	tcase_add_test(tcase, later_rows_stand_beneath);
	tcase_add_loop_test(tcase, foreign_text_is_harmless, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tcase, foreign_text_is_cut_between_characters);
	tcase_add_test(tcase, width_is_in_columns_not_in_bytes);
	tcase_add_test(tcase, a_plain_locale_shows_ascii_alone);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
