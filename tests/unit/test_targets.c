/* SPDX-License-Identifier: MIT */
#include "track/targets.h"

#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

static struct settings *settings;
static struct targets *targets;
static struct target_life *life;

static void
setup(void)
{
	settings = calloc(1, sizeof(*settings));
	ck_assert_ptr_nonnull(settings);
	settings->pair_count = 2;
	settings->upstreams[0].target_count = 1;
	settings->upstreams[1].target_count = 2;
	strcpy(settings->upstreams[1].targets[1].host, "db.example");
	targets = targets_new(settings);
	ck_assert_ptr_nonnull(targets);
	life = targets_life(targets, 1, 1);
}

static void
teardown(void)
{
	targets_free(targets);
	free(settings);
}

static void
find(const char *one, const char *other)
{
	struct addr addresses[2];

	ck_assert(addr_parse(&addresses[0], one));
	ck_assert(other == NULL || addr_parse(&addresses[1], other));
	target_found(life, addresses, other == NULL ? 1 : 2);
}

static void
check(uint64_t changes, const char *error, const char *first)
{
	struct target_facts facts;
	char text[INET6_ADDRSTRLEN];

	target_read(life, &facts);
	ck_assert_uint_eq(facts.changes, changes);
	ck_assert_str_eq(facts.error, error);
	ck_assert_uint_eq(facts.count > 0, first != NULL);
	if (first != NULL)
		ck_assert_str_eq(flow_ip_format(&facts.addresses[0], text), first);
}

START_TEST(only_what_has_a_name_has_a_life)
{
	ck_assert_ptr_null(targets_life(targets, 0, 0));
	ck_assert_ptr_null(targets_life(targets, 1, 0));
	ck_assert_ptr_nonnull(life);
	target_found(NULL, NULL, 0);
	target_failed(NULL, "");
}
END_TEST

START_TEST(what_was_known_already_is_no_change)
{
	check(0, "", NULL);
	find("192.0.2.1:80", "[2001:db8::1]:80");
	check(1, "", "192.0.2.1");
	find("192.0.2.1:80", "[2001:db8::1]:80");
	find("[2001:db8::1]:80", "192.0.2.1:80"); /* the other way round */
	check(1, "", "192.0.2.1");
	find("192.0.2.1:80", NULL);
	check(2, "", "192.0.2.1");
	find("192.0.2.2:80", NULL);
	check(3, "", "192.0.2.2");
}
END_TEST

START_TEST(a_failure_keeps_the_addresses_and_is_told_once)
{
	find("192.0.2.1:80", NULL);
	target_failed(life, "no answer yet");
	target_failed(life, "no answer yet");
	check(2, "no answer yet", "192.0.2.1");
	target_failed(life, "a reason that is longer than there is room for, as long as it may be: it is cut");
	target_failed(life, "a reason that is longer than there is room for, as long as it may be: it is cut");
	check(3, "a reason that is longer than there is room for, as long as it m", "192.0.2.1");
	find("192.0.2.1:80", NULL);
	check(4, "", "192.0.2.1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("targets");
	TCase *tcase = tcase_create("targets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, only_what_has_a_name_has_a_life);
	tcase_add_test(tcase, what_was_known_already_is_no_change);
	tcase_add_test(tcase, a_failure_keeps_the_addresses_and_is_told_once);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
