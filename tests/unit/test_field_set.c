/* SPDX-License-Identifier: MIT */
#include "track/field_set.h"

#include <string.h>
#include "support/suite.h"

static struct field_set set;

static void
setup(void)
{
	set = (struct field_set){ 0 };
}

static int
size_of_set(void)
{
	int size = 0;

	for (int field = 0; field < FIELD_COUNT; field++)
		size += set.has[field];
	return size;
}

START_TEST(a_view_is_a_set)
{
	field_set_of_view(&set, VIEW_SHORT);
	ck_assert(set.has[FIELD_id] && set.has[FIELD_close_reason] && !set.has[FIELD_node]);
	int small = size_of_set();
	field_set_of_view(&set, VIEW_FULL);
	ck_assert(set.has[FIELD_node] && !set.has[FIELD_events]);
	ck_assert_int_gt(size_of_set(), small);
	field_set_of_view(&set, VIEW_SINGLE);
	ck_assert_int_eq(size_of_set(), FIELD_COUNT);
}
END_TEST

static const struct {
	const char *name;
	enum field first; /* of those that it is called by */
	int count;        /* 0: nothing is called so */
} cases[] = {
	{ "id", FIELD_id, 1 },
	{ "legs.upstream.bytes_sent", FIELD_legs_upstream_bytes_sent, 1 },
	{ "idle", FIELD_idle_us, 1 },
	{ "age", FIELD_duration_us, 1 },
	{ "reason", FIELD_close_reason, 1 },
	{ "events", FIELD_events, 1 },
	{ "rtt", FIELD_legs_client_tcp_rtt_us, 2 },
	{ "bytes_sent", FIELD_legs_client_bytes_sent, 2 },
	{ "legs.client.tuple", FIELD_legs_client_tuple_protocol, 6 },
	{ "tuple", FIELD_legs_client_tuple_protocol, 12 },
	{ "undelivered_bytes", 0, 0 },
	{ "close.undelivered_bytes", FIELD_close_undelivered_up, 2 },
	{ "turns", FIELD_turns_count, 7 },
	{ "client", FIELD_client_address, 3 },
	{ "target", FIELD_target_address, 4 },
	{ "", 0, 0 },
	{ ".", 0, 0 },
	{ "leg", 0, 0 },
	{ "legs.", 0, 0 },
	{ "legs.client.tuple.", 0, 0 },
	{ "close.", 0, 0 },
	{ "ID", 0, 0 },
	{ "id ", 0, 0 },
	{ "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb", 0,
	    0 },
};

START_TEST(a_name_is_that_of_a_field_or_of_all_in_an_object)
{
	int count = cases[_i].count;

	ck_assert_msg(field_set_add(&set, cases[_i].name) == (count > 0), "%s", cases[_i].name);
	ck_assert_msg(size_of_set() == count, "%s: %d", cases[_i].name, size_of_set());
	ck_assert(count == 0 || set.has[cases[_i].first]);
}
END_TEST

START_TEST(an_object_has_all_that_is_in_it)
{
	int legs = 0;

	for (int field = 0; field < FIELD_COUNT; field++)
		legs += strncmp(field_meanings[field].path, "legs.", 5) == 0;
	ck_assert(field_set_add(&set, "legs"));
	ck_assert_int_eq(size_of_set(), legs);
	ck_assert(field_set_add(&set, "id"));
	ck_assert(field_set_add(&set, "id"));
	ck_assert_int_eq(size_of_set(), legs + 1);
}
END_TEST

static const struct {
	const char *name, *meant;
} misspelt[] = {
	{ "clsoe", "close" },
	{ "leg", "legs" },
	{ "legs.cleint", "legs.client" },
	{ "legs.client.tupel", "legs.client.tuple" },
	{ "legs.client.bytes_recieved", "legs.client.bytes_received" },
	{ "statee", "state" },
	{ "nothing_like_it", NULL },
};

START_TEST(what_was_meant_is_an_object_or_a_field)
{
	char text[FIELD_NAME_MAX];

	ck_assert_pstr_eq(field_set_nearest(misspelt[_i].name, text), misspelt[_i].meant);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/field_set");
	TCase *tcase = tcase_create("field_set");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_view_is_a_set);
	tcase_add_loop_test(
	    tcase, a_name_is_that_of_a_field_or_of_all_in_an_object, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, an_object_has_all_that_is_in_it);
	tcase_add_loop_test(tcase, what_was_meant_is_an_object_or_a_field, 0, sizeof(misspelt) / sizeof(misspelt[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
