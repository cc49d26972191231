/* SPDX-License-Identifier: MIT */
#include "api/thing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

static struct settings *settings;

static void
add_pair(const char *listener, const char *upstream, int targets)
{
	int pair = settings->pair_count++;

	strcpy(settings->listeners[pair].name, listener);
	strcpy(settings->upstreams[pair].name, upstream);
	settings->upstreams[pair].target_count = targets;
	for (int i = 0; i < targets; i++)
		snprintf(settings->upstreams[pair].targets[i].name, sizeof(settings->upstreams[pair].targets[i].name),
		    "%s/%d", upstream, i);
}

static void
setup(void)
{
	settings = calloc(1, sizeof(*settings));
	ck_assert_ptr_nonnull(settings);
	add_pair("80", "web", 2);
	add_pair("81", "db", 1);
	add_pair("80", "web", 2);
	add_pair("82", "web", 2);
	add_pair("80", "db", 1);
}

static void
teardown(void)
{
	free(settings);
}

/* The things of a scope, as "pair" or "pair.target". */
static const char *
all(enum scope scope)
{
	static char told[128];
	struct thing thing = thing_first(scope);
	size_t length = 0;

	do {
		length += (size_t)snprintf(
		    told + length, sizeof(told) - length, "%s%d", length == 0 ? "" : " ", thing.pair);
		if (scope == SCOPE_TARGET)
			length += (size_t)snprintf(told + length, sizeof(told) - length, ".%d", thing.target);
	} while (thing_next(&thing, settings));
	return told;
}

START_TEST(each_name_is_told_once)
{
	ck_assert_str_eq(all(SCOPE_PROCESS), "0");
	ck_assert_str_eq(all(SCOPE_PAIR), "0 1 3 4");
	ck_assert_str_eq(all(SCOPE_LISTENER), "0 1 3");
	ck_assert_str_eq(all(SCOPE_UPSTREAM), "0 1");
	ck_assert_str_eq(all(SCOPE_TARGET), "0.0 0.1 1.0");
}
END_TEST

START_TEST(a_target_that_is_named_twice_is_one)
{
	strcpy(settings->upstreams[0].targets[1].name, "web/0");
	ck_assert_str_eq(all(SCOPE_TARGET), "0.0 1.0");
	ck_assert(thing_has_target(&(struct thing){ SCOPE_TARGET, 0, 0 }, settings, 0, 1));
}
END_TEST

START_TEST(all_of_a_name_belong_to_its_first)
{
	struct thing web = { SCOPE_UPSTREAM, 0, 0 }, pair = { SCOPE_PAIR, 0, 0 }, second = { SCOPE_TARGET, 0, 1 };

	for (int i = 0; i < settings->pair_count; i++) {
		ck_assert_int_eq(thing_has_pair(&web, settings, i), i == 0 || i == 2 || i == 3);
		ck_assert_int_eq(thing_has_pair(&pair, settings, i), i == 0 || i == 2);
	}
	ck_assert(thing_has_target(&second, settings, 3, 1));
	ck_assert(!thing_has_target(&second, settings, 3, 0));
	ck_assert(!thing_has_target(&second, settings, 1, 0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/thing");
	TCase *tcase = tcase_create("names");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_name_is_told_once);
	tcase_add_test(tcase, a_target_that_is_named_twice_is_one);
	tcase_add_test(tcase, all_of_a_name_belong_to_its_first);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
