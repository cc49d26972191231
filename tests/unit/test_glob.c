/* SPDX-License-Identifier: MIT */
#include "base/glob.h"

#include <string.h>
#include "support/suite.h"

static const struct {
	const char *pattern, *text;
	bool matches;
} cases[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "*", "", true },
	{ "*", "anything", true },
	{ "abc", "ABC", true },
	{ "abc", "abcd", false },
	{ "a?c", "abc", true },
	{ "a?c", "ac", false },
	{ "a*c", "abcbc", true },
	{ "a*c", "abcbd", false },
	{ "*b*c", "abcbc", true },
	{ "*.example:*", "db.example:5432", true },
	{ "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false },
	{ "[A-C]x", "bX", true },
	{ "[!a-c]x", "dx", true },
	{ "[!a-c]x", "ax", false },
	{ "[]]x", "]x", true },
	{ "[a-]x", "-x", true },
	{ "[abc", "[abc", true },
	{ "[]", "[]", true },
	{ "[!]", "[!]", true },
	{ "[]a", "[]a", true },
	{ "]x[a", "]x[a", true },
	{ "[a-]]", "-]", true },
	{ "[]-a]", "]", true },
	{ "*[b-d]*]", "xc-]", true },
	{ "\\*", "*", true },
	{ "\\*", "a", false },
	{ "a\\", "a\\", true },
	{ "**a**", "bab", true },
};

START_TEST(a_pattern_matches_the_whole_text)
{
	ck_assert_msg(glob_matches(cases[_i].pattern, cases[_i].text) == cases[_i].matches, "%s ~ %s", cases[_i].text,
	    cases[_i].pattern);
}
END_TEST

/* With recursion these would take longer than the sun has. */
START_TEST(no_pattern_takes_long)
{
	char pattern[257], text[4097];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(pattern) - 1; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof(pattern) - 1] = '\0';
	ck_assert(glob_matches(pattern, text));
	pattern[sizeof(pattern) - 2] = 'b';
	for (int i = 0; i < 100; i++)
		ck_assert(!glob_matches(pattern, text));
	/* None of these begins a class, and each could look for its end to the end. */
	memset(text, '[', sizeof(text) - 1);
	memset(pattern, '[', sizeof(pattern) - 1);
	pattern[0] = '*';
	pattern[sizeof(pattern) - 2] = 'b';
	for (int i = 0; i < 100; i++)
		ck_assert(!glob_matches(pattern, text));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/glob");
	TCase *matching = tcase_create("matching");

	tcase_add_loop_test(matching, a_pattern_matches_the_whole_text, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(matching, no_pattern_takes_long);
	suite_add_tcase(suite, matching);
	return suite_main(suite);
}
