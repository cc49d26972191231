/* SPDX-License-Identifier: MIT */
#include "track/explain.h"

#include <errno.h>
#include <string.h>
#include "support/suite.h"
#include "track/evidence.h"
#include "track/filter.h"
#include "unit/explain_scene.h"

static const char *(*const cases[EXPLAIN_RULES])(bool speaks) = {
#define RULE(name, kind, condition, sentence) [EXPLAIN_##name] = case_##name,
#include "track/explain_rules.def"
};

/* X and Y where they stand for the legs. */
static const char *
named(const char *text)
{
	static char room[1024];
	size_t length = 0;

	for (const char *at = text; *at != '\0'; at++) {
		bool alone = (at == text || strchr(" {", at[-1]) != NULL) && strchr(" :,.?'", at[1]) != NULL;

		if (alone && (*at == 'X' || *at == 'Y'))
			length += strlen(strcpy(room + length, leg_text(*at == 'X' ? X : Y)));
		else
			room[length++] = *at;
	}
	room[length] = '\0';
	return room;
}

static bool
is_of_legs(const struct rule *rule)
{
	return strstr(rule->condition, "legs.X") != NULL || strstr(rule->condition, "X_") != NULL ||
	       strstr(rule->condition, "_X") != NULL || strstr(rule->condition, "legs.Y") != NULL ||
	       strstr(rule->condition, "== X") != NULL;
}

/* What a rule says of this leg; NULL: nothing. */
static const char *
told_by(const struct rule *rule, enum leg_name leg)
{
	static struct explained sentence;
	struct explanation explanation = { .track = &track, .record = &record, .now_ns = now };

	while (explain_next(&explanation, &sentence)) {
		if (sentence.rule == rule && sentence.leg == leg)
			return sentence.text;
	}
	ck_assert(!explanation.no_memory);
	return NULL;
}

static void
check_rule(int number, enum leg_name leg)
{
	const struct rule *rule = &explain_rules[number];
	const char *want, *told;

	X = leg == LEG_NONE ? LEG_CLIENT : leg;
	Y = leg_other(X);
	want = named(cases[number](true));
	told = told_by(rule, leg);
	ck_assert_msg(told != NULL, "%s says nothing", rule->name);
	ck_assert_msg(strcmp(told, want) == 0, "%s:\n%s\n%s", rule->name, told, want);
	explain_teardown();
	explain_setup();
	X = leg == LEG_NONE ? LEG_CLIENT : leg;
	Y = leg_other(X);
	cases[number](false);
	told = told_by(rule, leg);
	ck_assert_msg(told == NULL, "%s: %s", rule->name, told);
}

START_TEST(a_rule_speaks_of_what_it_is_meant_for_and_of_nothing_else)
{
	bool of_legs = is_of_legs(&explain_rules[_i]);

	for (int leg = 0; leg < (of_legs ? LEG_COUNT : 1); leg++) {
		check_rule(_i, of_legs ? (enum leg_name)leg : LEG_NONE);
		explain_teardown();
		explain_setup();
	}
}
END_TEST

START_TEST(a_rule_asks_for_what_there_is)
{
	const struct rule *rule = &explain_rules[_i];

	for (int leg = 0; leg < LEG_COUNT; leg++) {
		struct filter_fault fault;
		char pattern[1024];
		size_t length = 0;

		for (const char *at = rule->sentence; *at != '\0'; at++) {
			bool in_braces = at > rule->sentence && strchr("._{", at[-1]) != NULL;

			if ((*at == 'X' || *at == 'Y') && in_braces && strchr("._}", at[1]) != NULL)
				length += strlen(strcpy(pattern + length, leg_text((enum leg_name)leg)));
			else
				pattern[length++] = *at;
		}
		pattern[length] = '\0';
		ck_assert_msg(evidence_knows(pattern), "%s: %s", rule->name, pattern);
		ck_assert_msg(strpbrk(rule->sentence, "\n\t") == NULL, "%s", rule->name);
		if (!is_of_legs(rule)) {
			struct filter *filter = filter_new(rule->condition, &fault);

			ck_assert_msg(filter != NULL, "%s: %s", rule->name, fault.message);
			filter_free(filter);
		}
	}
}
END_TEST

/* What the record cannot know is no fact. */
START_TEST(only_a_hint_supposes)
{
	static const char *const suppositions[] = { "probably", "perhaps", "maybe", "may ", "might", "likely", "seem" };
	const struct rule *rule = &explain_rules[_i];

	for (size_t i = 0; i < sizeof(suppositions) / sizeof(suppositions[0]) && rule->kind == RULE_FACT; i++)
		ck_assert_msg(strstr(rule->sentence, suppositions[i]) == NULL, "%s", rule->name);
	ck_assert_str_eq(rule_kind_text(rule->kind), rule->kind == RULE_FACT ? "fact" : "hint");
	if (_i > 0)
		ck_assert_msg(explain_rules[_i - 1].kind <= rule->kind, "%s stands behind a hint", rule->name);
}
END_TEST

START_TEST(every_end_is_told)
{
	struct explanation explanation = { .track = &track, .record = &record, .now_ns = now };
	struct explained sentence;
	int count = 0;

	ends((enum close_reason)_i);
	while (explain_next(&explanation, &sentence)) {
		ck_assert_ptr_null(strpbrk(sentence.text, "{}"));
		count++;
	}
	ck_assert_int_ge(count, 5);
}
END_TEST

START_TEST(names_cannot_steer_a_terminal)
{
	strcpy(settings.listeners[0].name, "\033[2J\n\xff\"");
	strcpy(settings.upstreams[0].name, "{state}");
	ck_assert_str_eq(told_by(&explain_rules[EXPLAIN_arrived], LEG_NONE),
	    "198.51.100.7:40000 connected to 192.0.2.100:8080, the listener \"?[2J??\"\", at "
	    "1970-01-01T00:00:00.000000Z.");
	ck_assert_ptr_nonnull(strstr(told_by(&explain_rules[EXPLAIN_connected], LEG_NONE), "\"{state}\""));
}
END_TEST

START_TEST(what_is_longest_fits)
{
	memset(settings.listeners[0].name, 'l', NAME_TEXT_MAX - 1);
	memset(settings.upstreams[0].name, 'u', NAME_TEXT_MAX - 1);
	for (int i = 0; i < 20; i++)
		add_failure("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", ECONNREFUSED);
	const char *told = told_by(&explain_rules[EXPLAIN_failed_addresses], LEG_NONE);
	ck_assert_ptr_nonnull(strstr(told, " after 100 us) and 16 more."));
	make_unix(LEG_CLIENT);
	memset(settings.listeners[0].addr.local.sun_path, 'p', sizeof(settings.listeners[0].addr.local.sun_path) - 1);
	told = told_by(&explain_rules[EXPLAIN_arrived_unix], LEG_NONE);
	ck_assert_int_eq(told[strlen(told) - 1], '.');
}
END_TEST

START_TEST(an_end_that_nobody_saw_first_is_told_in_no_order)
{
	leg_x()->fin_received_us = 2000;
	leg_y()->fin_received_us = 2001;
	record.close.order = ORDER_SAME_TURN;
	ends(WHY_CLIENT_FIN);
	ck_assert_ptr_null(told_by(&explain_rules[EXPLAIN_finished], LEG_CLIENT));
	ck_assert_ptr_nonnull(strstr(told_by(&explain_rules[EXPLAIN_ended], LEG_NONE), "nobody can be named first."));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/explain");
	TCase *rules = tcase_create("rules"), *tcase = tcase_create("sentences");

	tcase_add_checked_fixture(rules, explain_setup, explain_teardown);
	tcase_add_loop_test(rules, a_rule_speaks_of_what_it_is_meant_for_and_of_nothing_else, 0, EXPLAIN_RULES);
	tcase_add_loop_test(rules, a_rule_asks_for_what_there_is, 0, EXPLAIN_RULES);
	tcase_add_loop_test(rules, only_a_hint_supposes, 0, EXPLAIN_RULES);
	suite_add_tcase(suite, rules);
	tcase_add_checked_fixture(tcase, explain_setup, explain_teardown);
	tcase_add_loop_test(tcase, every_end_is_told, WHY_NONE + 1, WHY_COUNT);
	tcase_add_test(tcase, names_cannot_steer_a_terminal);
	tcase_add_test(tcase, what_is_longest_fits);
	tcase_add_test(tcase, an_end_that_nobody_saw_first_is_told_in_no_order);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
