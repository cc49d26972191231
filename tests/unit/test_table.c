/* SPDX-License-Identifier: MIT */
#include "track/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include "support/suite.h"
#include "track/conn_id.h"

enum { WORKERS = 2, CONNS = 4 };

static struct table *table;

static void
setup(void)
{
	table = table_new(WORKERS, CONNS);
	ck_assert_ptr_nonnull(table);
}

static void
teardown(void)
{
	table_free(table);
}

static uint64_t
open_conn(int worker, uint32_t *slot)
{
	ck_assert(table_reserve(table));
	uint64_t id = table_claim(table, worker, slot)->id;
	table_commit(table, worker, *slot);
	return id;
}

static void
set_state(int worker, uint32_t slot, enum conn_state state)
{
	table_edit(table, worker, slot)->state = (uint8_t)state;
	table_commit(table, worker, slot);
}

static int
count_walked(void)
{
	struct table_cursor cursor = { 0 };
	union record_words copy;
	int count = 0;

	while (table_next(table, &cursor, &copy))
		count++;
	return count;
}

START_TEST(places_are_bounded_over_all_workers)
{
	for (int i = 0; i < CONNS; i++)
		ck_assert(table_reserve(table));
	ck_assert(!table_reserve(table));
	ck_assert_uint_eq(table_places_taken(table), CONNS);
	table_unreserve(table);
	ck_assert(table_reserve(table));
}
END_TEST

START_TEST(one_worker_may_take_every_place)
{
	uint32_t slot;

	for (int i = 0; i < CONNS; i++)
		open_conn(1, &slot);
	ck_assert_int_eq(count_walked(), CONNS);
}
END_TEST

START_TEST(a_claimed_record_is_fresh_and_knows_its_id)
{
	uint32_t slot;

	ck_assert(table_reserve(table));
	struct record *record = table_claim(table, 1, &slot);
	ck_assert_int_eq(conn_id_worker(record->id), 1);
	ck_assert_uint_eq(conn_id_slot(record->id), slot);
	ck_assert_uint_eq(record->worker, 1);
	ck_assert_int_eq(record->connect_us, RECORD_UNKNOWN);
	record->attempts = 7;
	table_commit(table, 1, slot);
	table_release(table, 1, slot);

	ck_assert(table_reserve(table));
	record = table_claim(table, 1, &slot);
	ck_assert_uint_eq(record->attempts, 0);
	ck_assert_uint_eq(record->revision, 0);
}
END_TEST

START_TEST(an_id_is_found_while_live_and_then_gone)
{
	union record_words copy;
	uint32_t slot;
	uint64_t id = open_conn(0, &slot);

	ck_assert_int_eq(table_find(table, id, &copy), TABLE_FOUND);
	ck_assert_uint_eq(copy.record.id, id);
	set_state(0, slot, CONN_CLOSED);
	ck_assert_int_eq(table_find(table, id, &copy), TABLE_FOUND);
	table_release(table, 0, slot);
	ck_assert_int_eq(table_find(table, id, &copy), TABLE_GONE);

	uint64_t next = open_conn(0, &slot);
	ck_assert_uint_ne(next, id);
	ck_assert_int_eq(table_find(table, id, &copy), TABLE_GONE);
	ck_assert_int_eq(table_find(table, next, &copy), TABLE_FOUND);
}
END_TEST

START_TEST(an_id_never_issued_is_told_from_one_that_is_gone)
{
	union record_words copy;
	uint32_t slot;
	uint64_t id = open_conn(0, &slot);

	ck_assert_int_eq(table_find(table, 0, &copy), TABLE_NEVER);
	ck_assert_int_eq(table_find(table, id + 1, &copy), TABLE_NEVER);                       /* the next generation */
	ck_assert_int_eq(table_find(table, conn_id_make(0, slot + 1, 1), &copy), TABLE_NEVER); /* never used */
	ck_assert_int_eq(table_find(table, conn_id_make(1, slot, 1), &copy), TABLE_NEVER);     /* the other worker's */
	ck_assert_int_eq(table_find(table, conn_id_make(WORKERS, slot, 1), &copy), TABLE_NEVER); /* no such worker */
	ck_assert_int_eq(table_find(table, UINT64_MAX, &copy), TABLE_NEVER);
}
END_TEST

START_TEST(a_walk_shows_the_open_ones_of_all_workers_once)
{
	uint32_t slots[3];
	uint64_t ids[3] = { open_conn(0, &slots[0]), open_conn(0, &slots[1]), open_conn(1, &slots[2]) };
	struct table_cursor cursor = { 0 };
	union record_words copy;

	set_state(0, slots[0], CONN_CLOSED); /* history shows that one */
	ck_assert(table_next(table, &cursor, &copy));
	ck_assert_uint_eq(copy.record.id, ids[1]);
	ck_assert(table_next(table, &cursor, &copy));
	ck_assert_uint_eq(copy.record.id, ids[2]);
	ck_assert(!table_next(table, &cursor, &copy));
	ck_assert(!table_next(table, &cursor, &copy));
	table_release(table, 0, slots[1]);
	ck_assert_int_eq(count_walked(), 1);
}
END_TEST

/* Or whoever reads would for long do nothing else. */
START_TEST(a_step_looks_at_so_many_slots_and_no_more)
{
	enum { WIDE = 3 * TABLE_STEP_MAX };
	struct table *wide = table_new(1, WIDE);
	struct table_cursor cursor = { 0 };
	union record_words copy;
	uint32_t slot = 0;
	uint64_t last = 0;

	for (int i = 0; i < WIDE; i++) {
		ck_assert(table_reserve(wide));
		last = table_claim(wide, 0, &slot)->id;
		table_commit(wide, 0, slot);
	}
	for (uint32_t i = 0; i < WIDE - 1; i++)
		table_release(wide, 0, i);
	ck_assert_int_eq(table_step(wide, &cursor, &copy, false), TABLE_STEP_NONE);
	ck_assert_uint_eq(cursor.slot, TABLE_STEP_MAX);
	ck_assert_int_eq(table_step(wide, &cursor, &copy, false), TABLE_STEP_NONE);
	ck_assert_int_eq(table_step(wide, &cursor, &copy, false), TABLE_STEP_FOUND);
	ck_assert_uint_eq(copy.record.id, last);
	ck_assert_int_eq(table_step(wide, &cursor, &copy, false), TABLE_STEP_END);
	cursor = (struct table_cursor){ 0 };
	ck_assert(table_next(wide, &cursor, &copy));
	ck_assert_uint_eq(copy.record.id, last);
	table_free(wide);
}
END_TEST

START_TEST(a_walk_may_show_only_what_has_moved)
{
	struct table_cursor cursor = { 0 };
	union record_words copy;
	uint32_t slots[3], looks = 2;
	uint64_t moved = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t id = open_conn(i / 2, &slots[i]);

		table_edit(table, i / 2, slots[i])->last_payload_ns = 10 * i;
		table_commit(table, i / 2, slots[i]);
		moved = i == 2 ? id : moved;
	}
	ck_assert(!table_next_moved(table, &cursor, 20, &looks, &copy));
	ck_assert_uint_eq(looks, 0); /* and it is not over */
	looks = 100;
	ck_assert(table_next_moved(table, &cursor, 20, &looks, &copy));
	ck_assert_uint_eq(copy.record.id, moved);
	ck_assert(!table_next_moved(table, &cursor, 20, &looks, &copy));
	ck_assert_uint_eq(looks, 99);
	set_state(1, slots[2], CONN_CLOSED);
	cursor = (struct table_cursor){ 0 };
	ck_assert(!table_next_moved(table, &cursor, 20, &looks, &copy));
	ck_assert(table_next_moved(table, &(struct table_cursor){ 0 }, 10, &looks, &copy));
}
END_TEST

START_TEST(each_commit_is_a_revision)
{
	union record_words copy;
	uint32_t slot;
	uint64_t id = open_conn(0, &slot);

	set_state(0, slot, CONN_CONNECTING);
	table_edit(table, 0, slot)->state = CONN_ESTABLISHED;
	ck_assert_uint_eq(table_commit(table, 0, slot)->record.revision, 3);
	ck_assert_int_eq(table_find(table, id, &copy), TABLE_FOUND);
	ck_assert_uint_eq(copy.record.revision, 3);
	ck_assert_int_eq(copy.record.state, CONN_ESTABLISHED);
}
END_TEST

START_TEST(counters_reach_the_record_and_nothing_else_moves)
{
	struct record_counters counters = {
		.last_payload_ns = 9, .received = { 1, 2 }, .sent = { 3, 4 }, .turn_us = _i == 0 ? RECORD_UNKNOWN : 7
	};
	union record_words before, after;
	uint32_t slot;
	uint64_t id = open_conn(0, &slot);

	ck_assert_int_eq(table_find(table, id, &before), TABLE_FOUND);
	table_count(table_slots(table, 0), slot, &counters);
	ck_assert_int_eq(table_find(table, id, &after), TABLE_FOUND);
	ck_assert_int_eq(after.record.last_payload_ns, 9);
	ck_assert_uint_eq(after.record.bytes[LEG_CLIENT].received, 1);
	ck_assert_uint_eq(after.record.bytes[LEG_UPSTREAM].received, 2);
	ck_assert_uint_eq(after.record.bytes[LEG_CLIENT].sent, 3);
	ck_assert_uint_eq(after.record.bytes[LEG_UPSTREAM].sent, 4);
	ck_assert_uint_eq(after.record.revision, before.record.revision + 1);

	ck_assert_uint_eq(after.record.turns.count, (uint64_t)_i);
	ck_assert_int_eq(after.record.turns.last_us, 7 * _i);
	ck_assert_int_eq(after.record.turns.max_us, 7 * _i);
	ck_assert_int_eq(after.record.turns.sum_us, 7 * _i);

	memset(&after.record.turns, 0, sizeof(after.record.turns));
	after.record.last_payload_ns = 0;
	memset(after.record.bytes, 0, sizeof(after.record.bytes));
	after.record.revision--;
	ck_assert_mem_eq(&after, &before, sizeof(before));
}
END_TEST

START_TEST(no_id_comes_twice_even_after_the_last_generation)
{
	union record_words copy;
	uint32_t slot, again;

	open_conn(0, &slot);
	uint64_t last = conn_id_make(0, slot, UINT32_MAX);
	table_edit(table, 0, slot)->id = last;
	table_commit(table, 0, slot);
	table_release(table, 0, slot);
	ck_assert_uint_eq(table_places_taken(table), 0);
	for (int i = 0; i < CONNS - 1; i++) {
		open_conn(0, &again);
		ck_assert_uint_ne(again, slot);
	}
	ck_assert(!table_reserve(table)); /* that slot's place is gone for good */
	ck_assert_int_eq(table_find(table, last, &copy), TABLE_GONE);
}
END_TEST

static atomic_bool over;

/* Every record of this test has its attempts and its upstream equal. */
static void *
walk_often(void *unused)
{
	while (!atomic_load(&over)) {
		struct table_cursor cursor = { 0 };
		union record_words copy;

		while (table_next(table, &cursor, &copy))
			if (copy.record.attempts != copy.record.upstream || !copy.record.live)
				return table;
	}
	return unused;
}

START_TEST(a_reader_never_sees_a_record_half_written)
{
	pthread_t reader;
	uint32_t slot;
	void *wrong;

	atomic_store(&over, false);
	ck_assert_int_eq(pthread_create(&reader, NULL, walk_often, NULL), 0);
	for (int i = 0; i < 30000; i++) {
		open_conn(0, &slot);
		struct record *record = table_edit(table, 0, slot);
		record->attempts = record->upstream = (uint16_t)i;
		table_commit(table, 0, slot);
		table_release(table, 0, slot);
	}
	atomic_store(&over, true);
	pthread_join(reader, &wrong);
	ck_assert_ptr_null(wrong);
}
END_TEST

static long
pages_touched(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

/* Five gigabytes, were they all touched. */
START_TEST(room_for_a_million_is_touched_where_it_is_used)
{
	enum { MANY = 8, MILLION = 1000000, PAGES_MOST = 200 };
	long before = pages_touched();
	uint32_t slot;

	table_free(table);
	table = table_new(MANY, MILLION);
	ck_assert_ptr_nonnull(table);
	for (int worker = 0; worker < MANY; worker++)
		open_conn(worker, &slot);
	ck_assert_int_eq(count_walked(), MANY);
	ck_assert_int_le(pages_touched() - before, PAGES_MOST);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/table");
	TCase *tcase = tcase_create("slots");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, places_are_bounded_over_all_workers);
	tcase_add_test(tcase, one_worker_may_take_every_place);
	tcase_add_test(tcase, a_claimed_record_is_fresh_and_knows_its_id);
	tcase_add_test(tcase, an_id_is_found_while_live_and_then_gone);
	tcase_add_test(tcase, an_id_never_issued_is_told_from_one_that_is_gone);
	tcase_add_test(tcase, a_walk_shows_the_open_ones_of_all_workers_once);
	tcase_add_test(tcase, a_step_looks_at_so_many_slots_and_no_more);
	tcase_add_test(tcase, a_walk_may_show_only_what_has_moved);
	tcase_add_test(tcase, each_commit_is_a_revision);
	tcase_add_loop_test(tcase, counters_reach_the_record_and_nothing_else_moves, 0, 2);
	tcase_add_test(tcase, room_for_a_million_is_touched_where_it_is_used);
	tcase_add_test(tcase, no_id_comes_twice_even_after_the_last_generation);
	tcase_add_test(tcase, a_reader_never_sees_a_record_half_written);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
