/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include "support/suite.h"

static const char *const names[] = { "state", "limit", "after", "established", "at", "client", "clean", NULL };

static const struct {
	const char *word;
	const char *want; /* NULL: none is close */
} cases[] = {
	{ "stat", "state" },
	{ "sttae", "state" },
	{ "states", "state" },
	{ "limits", "limit" },
	{ "established", "established" },
	{ "establisht", "established" },
	{ "etsablishde", "established" },
	{ "claen", "clean" },
	{ "celan", "clean" },
	{ "clinet", "client" },
	{ "a", "at" },
	{ "", NULL },
	{ "x", NULL },
	{ "filter", NULL },
	{ "xyzzy", NULL },
	{ "a word that is longer than any name could ever be", NULL },
};

START_TEST(a_misspelt_word_finds_its_name)
{
	ck_assert_pstr_eq(nearest(cases[_i].word, names), cases[_i].want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/nearest");
	TCase *tcase = tcase_create("names");

	tcase_add_loop_test(tcase, a_misspelt_word_finds_its_name, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
