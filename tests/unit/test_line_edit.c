/* SPDX-License-Identifier: MIT */
#include "client/line_edit.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "support/suite.h"

static struct line_edit edit;

static void
setup(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	line_edit_init(&edit);
}

static void
teardown(void)
{
	line_edit_fini(&edit);
}

static void
type(const wchar_t *characters)
{
	for (; *characters != L'\0'; characters++)
		line_edit_insert(&edit, *characters);
}

static void
press(enum line_key key, int times)
{
	for (int i = 0; i < times; i++)
		line_edit_key(&edit, key);
}

static void
expect(const char *want)
{
	char bytes[4 * LINE_EDIT_MAX + 1];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	line_edit_text(&edit, &text);
	ck_assert_str_eq(bytes, want);
}

START_TEST(what_is_typed_stands_at_the_cursor)
{
	type(L"ile > 5m");
	press(LINE_BEGIN, 1);
	press(LINE_RIGHT, 1);
	type(L"d");
	expect("idle > 5m");
	press(LINE_END, 1);
	press(LINE_LEFT, 2);
	press(LINE_DELETE, 1);
	type(L"7");
	expect("idle > 7m");
	press(LINE_BACKSPACE, 1);
	expect("idle > m");
	press(LINE_LEFT, 100);
	press(LINE_BACKSPACE, 1);
	press(LINE_RIGHT, 100);
	press(LINE_DELETE, 1);
	expect("idle > m");
}
END_TEST

START_TEST(words_and_ends_are_cut)
{
	type(L"one two  three");
	press(LINE_KILL_WORD, 1);
	expect("one two  ");
	press(LINE_KILL_WORD, 1);
	expect("one ");
	type(L"two three");
	press(LINE_WORD_LEFT, 2);
	press(LINE_KILL_AFTER, 1);
	expect("one ");
	type(L"two");
	press(LINE_BEGIN, 1);
	press(LINE_WORD_RIGHT, 1);
	press(LINE_KILL_BEFORE, 1);
	expect(" two");
}
END_TEST

START_TEST(what_cannot_be_shown_is_not_taken)
{
	type(L"a\x1b\x7f\x202e"
	     L"b\x300");
	expect("ab");
	line_edit_set(&edit, "gr\xc3\xbc\xc3\x9f\x65 \xff\x1b[2J");
	expect("grüße ?[2J");
}
END_TEST

START_TEST(a_line_that_is_full_takes_no_more)
{
	for (int i = 0; i < LINE_EDIT_MAX + 10; i++)
		line_edit_insert(&edit, L'x');
	ck_assert_uint_eq(edit.length, LINE_EDIT_MAX);
	press(LINE_BACKSPACE, 1);
	type(L"yz");
	ck_assert(edit.line[LINE_EDIT_MAX - 1] == L'y');
}
END_TEST

START_TEST(earlier_lines_come_back_and_so_does_what_was_typed)
{
	line_edit_set(&edit, "first");
	line_edit_keep(&edit);
	line_edit_set(&edit, "second");
	line_edit_keep(&edit);
	line_edit_keep(&edit); /* not twice */
	line_edit_set(&edit, "");
	line_edit_keep(&edit); /* nor what is empty */
	type(L"half");
	press(LINE_OLDER, 1);
	expect("second");
	press(LINE_OLDER, 5);
	expect("first");
	press(LINE_NEWER, 1);
	expect("second");
	press(LINE_NEWER, 5);
	expect("half");
}
END_TEST

START_TEST(the_history_has_an_end)
{
	char line[16];

	for (int i = 0; i < 2 * LINE_EDIT_HISTORY; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		line_edit_set(&edit, line);
		line_edit_keep(&edit);
	}
	line_edit_set(&edit, "");
	press(LINE_OLDER, 2 * LINE_EDIT_HISTORY);
	snprintf(line, sizeof(line), "line %d", LINE_EDIT_HISTORY);
	expect(line);
}
END_TEST

static void
expect_shown(int width, const char *want, int column)
{
	char bytes[256];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	int at = line_edit_show(&edit, width, &text);
	ck_assert_str_eq(bytes, want);
	ck_assert_int_eq(at, column);
}

START_TEST(the_cursor_is_always_in_sight)
{
	line_edit_set(&edit, "0123456789");
	expect_shown(20, "0123456789", 10);
	expect_shown(6, "56789", 5);
	press(LINE_LEFT, 3);
	expect_shown(6, "234567", 5);
	press(LINE_BEGIN, 1);
	expect_shown(6, "012345", 0);
}
END_TEST

/* 漢 takes two columns and three bytes. */
START_TEST(a_place_in_bytes_is_a_column_on_the_screen)
{
	line_edit_set(&edit, "漢漢ab");
	ck_assert_int_eq(line_edit_column(&edit, 40, 0), 0);
	ck_assert_int_eq(line_edit_column(&edit, 40, 3), 2);
	ck_assert_int_eq(line_edit_column(&edit, 40, 6), 4);
	ck_assert_int_eq(line_edit_column(&edit, 40, 7), 5);
	ck_assert_int_lt(line_edit_column(&edit, 4, 0), 0);
	expect_shown(4, "ab", 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client/line_edit");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_typed_stands_at_the_cursor);
	tcase_add_test(tcase, words_and_ends_are_cut);
	tcase_add_test(tcase, what_cannot_be_shown_is_not_taken);
	tcase_add_test(tcase, a_line_that_is_full_takes_no_more);
	tcase_add_test(tcase, earlier_lines_come_back_and_so_does_what_was_typed);
	tcase_add_test(tcase, the_history_has_an_end);
	tcase_add_test(tcase, the_cursor_is_always_in_sight);
	tcase_add_test(tcase, a_place_in_bytes_is_a_column_on_the_screen);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
