/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>
#include "support/suite.h"

/* What each byte sequence is taken for: c a character, ? what one U+FFFD stands for. */
static const struct {
	const char *bytes, *taken;
} cases[] = {
	{ "", "" },
	{ "az\x7f\x01", "cccc" },
	{ "\xc2\x80\xdf\xbf", "cc" },
	{ "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", "cccc" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "cc" },
	{ "\x80", "?" },
	{ "\xbf\xbf", "??" },
	{ "\xc0\x80", "??" },           /* overlong NUL */
	{ "\xc1\xbf", "??" },           /* overlong */
	{ "\xe0\x9f\xbf", "???" },      /* overlong */
	{ "\xf0\x8f\xbf\xbf", "????" }, /* overlong */
	{ "\xed\xa0\x80", "???" },      /* a surrogate */
	{ "\xf4\x90\x80\x80", "????" }, /* above U+10FFFF */
	{ "\xf5\xff", "??" },
	{ "\xe2\x82", "?" },   /* cut off at the end … */
	{ "\xe2\x82z", "?c" }, /* … or by another */
	{ "\xf0\x9f\x98\xc3\xa9", "?c" },
	{ "\xc3\"", "?c" },
};

START_TEST(only_whole_characters_are_taken)
{
	const char *at = cases[_i].bytes, *end = at + strlen(at);
	char taken[16];
	size_t count = 0;

	for (; at < end; count++)
		taken[count] = utf8_next(&at, end) ? 'c' : '?';
	taken[count] = '\0';
	ck_assert_ptr_eq(at, end);
	ck_assert_str_eq(taken, cases[_i].taken);
	ck_assert(utf8_is_valid(cases[_i].bytes, strlen(cases[_i].bytes)) == (strchr(taken, '?') == NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/utf8");
	TCase *tcase = tcase_create("foreign bytes");

	tcase_add_loop_test(tcase, only_whole_characters_are_taken, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
