/* SPDX-License-Identifier: MIT */
#include "track/history.h"

#include "support/suite.h"
#include "track/conn_id.h"

enum { WORKERS = 2, CAPACITY = 4 };

static struct notes *notes;
static struct history *history;

static void
setup(void)
{
	notes = notes_new(WORKERS, CAPACITY);
	history = history_new(WORKERS, CAPACITY, notes);
	ck_assert_ptr_nonnull(history);
}

static void
teardown(void)
{
	history_free(history);
	notes_free(notes);
}

static uint64_t
close_conn(int worker, uint32_t generation)
{
	static union record_words words;

	record_init(&words.record);
	words.record.id = conn_id_make(worker, 0, generation);
	words.record.worker = (uint8_t)worker;
	words.record.attempts = (uint16_t)generation;
	return history_append(history, &words);
}

START_TEST(each_worker_has_numbers_of_its_own)
{
	union record_words copy;

	ck_assert_uint_eq(close_conn(0, 1), 0);
	ck_assert_uint_eq(close_conn(0, 2), 1);
	ck_assert_uint_eq(close_conn(1, 3), 0);
	ck_assert_uint_eq(history_head(history, 0), 2);
	ck_assert_uint_eq(history_head(history, 1), 1);
	ck_assert_int_eq(history_read(history, 1, 0, &copy), RING_READ);
	ck_assert_uint_eq(copy.record.attempts, 3);
	ck_assert_int_eq(history_read(history, 1, 1, &copy), RING_NOT_YET);
}
END_TEST

START_TEST(a_closed_connection_is_found_by_id_until_it_is_overwritten)
{
	union record_words copy;

	for (uint32_t generation = 1; generation <= CAPACITY + 1; generation++)
		close_conn(0, generation);
	ck_assert_uint_eq(history_oldest(history, 0), 1);
	ck_assert(!history_find(history, conn_id_make(0, 0, 1), &copy));
	for (uint32_t generation = 2; generation <= CAPACITY + 1; generation++) {
		ck_assert(history_find(history, conn_id_make(0, 0, generation), &copy));
		ck_assert_uint_eq(copy.record.attempts, generation);
	}
}
END_TEST

START_TEST(an_id_of_nobody_is_not_found)
{
	union record_words copy;

	ck_assert(!history_find(history, conn_id_make(0, 0, 1), &copy));
	close_conn(0, 1);
	ck_assert(!history_find(history, conn_id_make(1, 0, 1), &copy));
	ck_assert(!history_find(history, conn_id_make(WORKERS, 0, 1), &copy));
	ck_assert(!history_find(history, UINT64_MAX, &copy));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/history");
	TCase *tcase = tcase_create("closed connections");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_worker_has_numbers_of_its_own);
	tcase_add_test(tcase, a_closed_connection_is_found_by_id_until_it_is_overwritten);
	tcase_add_test(tcase, an_id_of_nobody_is_not_found);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
