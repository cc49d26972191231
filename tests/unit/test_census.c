/* SPDX-License-Identifier: MIT */
#include "track/census.h"

#include "base/clock.h"
#include "support/suite.h"

enum { WORKERS = 2, CONNS_MAX = 20000 };

static struct table *table;
static struct census census;
static int64_t now_ns;

static void
setup(void)
{
	table = table_new(WORKERS, CONNS_MAX);
	ck_assert_ptr_nonnull(table);
	now_ns = clock_now();
}

static void
teardown(void)
{
	table_free(table);
}

static struct record *
begin(int worker, uint16_t listener, enum conn_state state, int64_t age_ns, uint32_t *slot)
{
	ck_assert(table_reserve(table));
	struct record *record = table_claim(table, worker, slot);

	record->state = (uint8_t)state;
	record->listener = record->upstream = listener;
	record->opened_ns = now_ns - age_ns;
	return record;
}

static uint32_t
open_one(int worker, uint16_t listener, enum conn_state state, int64_t age_ns)
{
	uint32_t slot;

	begin(worker, listener, state, age_ns, &slot);
	table_commit(table, worker, slot);
	return slot;
}

static void
take(void)
{
	census_begin(&census, now_ns);
	ck_assert(census_go_on(&census, table, INT64_MAX));
}

START_TEST(where_nothing_is_open_no_age_is_known)
{
	take();
	ck_assert_uint_eq(census.all, 0);
	ck_assert_int_eq(census.pairs[0].oldest_ns, -1);
	ck_assert_int_eq(census.pairs[0].idlest_ns, -1);
}
END_TEST

START_TEST(each_open_one_is_counted_in_its_pair_and_state)
{
	open_one(0, 0, CONN_ESTABLISHED, 0);
	open_one(1, 0, CONN_ESTABLISHED, 0);
	open_one(1, 3, CONN_CONNECTING, 0);
	open_one(0, 3, CONN_CLOSED, 0);
	take();
	ck_assert_uint_eq(census.all, 3);
	ck_assert_uint_eq(census.states[CONN_ESTABLISHED], 2);
	ck_assert_uint_eq(census.pairs[0].all, 2);
	ck_assert_uint_eq(census.pairs[0].states[CONN_ESTABLISHED], 2);
	ck_assert_uint_eq(census.pairs[3].all, 1);
	ck_assert_uint_eq(census.pairs[3].states[CONN_CONNECTING], 1);
	ck_assert_uint_eq(census.pairs[3].states[CONN_CLOSED], 0);
}
END_TEST

START_TEST(idle_is_since_the_last_payload_or_the_opening)
{
	uint32_t slot;

	begin(0, 0, CONN_ESTABLISHED, 7200 * NS_PER_S, &slot)->last_payload_ns = now_ns - 60 * NS_PER_S;
	table_commit(table, 0, slot);
	open_one(0, 0, CONN_ESTABLISHED, 300 * NS_PER_S);
	open_one(0, 0, CONN_ESTABLISHED, 10 * NS_PER_S - 1);
	take();
	ck_assert_int_eq(census.pairs[0].oldest_ns, 7200 * NS_PER_S);
	ck_assert_int_eq(census.pairs[0].idlest_ns, 300 * NS_PER_S);
	ck_assert_uint_eq(census.pairs[0].idle[0], 2); /* 10 s */
	ck_assert_uint_eq(census.pairs[0].idle[1], 2); /* 60 s */
	ck_assert_uint_eq(census.pairs[0].idle[2], 1); /* 300 s */
	ck_assert_uint_eq(census.pairs[0].idle[3], 0);
}
END_TEST

START_TEST(a_target_has_those_that_chose_it_and_a_port_for_each_socket)
{
	uint32_t slot;

	for (int i = 0; i < 3; i++) {
		struct record *record = begin(0, 1, CONN_CONNECTING, 0, &slot);

		record->target_chosen = i != 0;
		record->target = 5;
		record->legs[LEG_UPSTREAM].fd = i == 2 ? 9 : -1;
		table_commit(table, 0, slot);
	}
	take();
	ck_assert_uint_eq(census.pairs[1].all, 3);
	ck_assert_uint_eq(census.pairs[1].chosen[5], 2);
	ck_assert_uint_eq(census.pairs[1].ports[5], 1);
}
END_TEST

/* One whose time is over at once goes on where it was. */
START_TEST(a_walk_in_many_turns_meets_each_once)
{
	int turns = 1;

	for (int i = 0; i < 10000; i++)
		open_one(i % WORKERS, 0, CONN_ESTABLISHED, 0);
	census_begin(&census, now_ns);
	while (!census_go_on(&census, table, 0))
		turns++;
	ck_assert_uint_eq(census.all, 10000);
	ck_assert_int_gt(turns, 100);
}
END_TEST

START_TEST(a_wide_table_that_is_empty_again_ends_a_turn_as_well)
{
	uint32_t slots[10000];
	int turns = 1;

	for (int i = 0; i < 10000; i++)
		slots[i] = open_one(0, 0, CONN_ESTABLISHED, 0);
	for (int i = 0; i < 10000; i++)
		table_release(table, 0, slots[i]);
	census_begin(&census, now_ns);
	while (!census_go_on(&census, table, 0))
		turns++;
	ck_assert_uint_eq(census.all, 0);
	ck_assert_int_ge(turns, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/census");
	TCase *tcase = tcase_create("counts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, where_nothing_is_open_no_age_is_known);
	tcase_add_test(tcase, each_open_one_is_counted_in_its_pair_and_state);
	tcase_add_test(tcase, idle_is_since_the_last_payload_or_the_opening);
	tcase_add_test(tcase, a_target_has_those_that_chose_it_and_a_port_for_each_socket);
	tcase_add_test(tcase, a_walk_in_many_turns_meets_each_once);
	tcase_add_test(tcase, a_wide_table_that_is_empty_again_ends_a_turn_as_well);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
