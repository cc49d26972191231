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
close_conn_as(int worker, uint32_t generation, enum record_kind kind)
{
	static union record_words words;

	record_init(&words.record);
	words.record.id = conn_id_make(worker, 0, generation);
	words.record.worker = (uint8_t)worker;
	words.record.kind = (uint8_t)kind;
	words.record.attempts = (uint16_t)generation;
	return history_append(history, &words);
}

static uint64_t
close_conn(int worker, uint32_t generation)
{
	return close_conn_as(worker, generation, KIND_PROXY);
}

START_TEST(each_ring_is_for_one_worker_and_for_proxied_ones_or_all_others)
{
	bool taken[2 * WORKERS] = { false };

	ck_assert_int_eq(history_rings(history), 2 * WORKERS);
	for (int worker = 0; worker < WORKERS; worker++) {
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			int ring = history_ring(worker, (enum record_kind)kind);

			ck_assert_int_lt(ring, history_rings(history));
			ck_assert(!taken[ring] || kind > KIND_PROBE);
			taken[ring] = true;
			ck_assert(history_holds(ring, (enum record_kind)kind));
			ck_assert(history_holds(ring, KIND_PROXY) == (kind == KIND_PROXY));
		}
	}
}
END_TEST

START_TEST(each_worker_and_kind_has_numbers_of_its_own)
{
	int first = history_ring(0, KIND_PROXY), second = history_ring(1, KIND_PROXY);
	int probes = history_ring(0, KIND_PROBE);
	union record_words copy;

	ck_assert_uint_eq(close_conn(0, 1), 0);
	ck_assert_uint_eq(close_conn(0, 2), 1);
	ck_assert_uint_eq(close_conn(1, 3), 0);
	ck_assert_uint_eq(close_conn_as(0, 4, KIND_PROBE), 0);
	ck_assert_uint_eq(history_head(history, first), 2);
	ck_assert_uint_eq(history_head(history, second), 1);
	ck_assert_uint_eq(history_head(history, probes), 1);
	ck_assert_int_eq(history_read(history, second, 0, &copy), RING_READ);
	ck_assert_uint_eq(copy.record.attempts, 3);
	ck_assert_int_eq(history_read(history, second, 1, &copy), RING_NOT_YET);
	ck_assert_int_eq(history_read(history, probes, 0, &copy), RING_READ);
	ck_assert_uint_eq(copy.record.attempts, 4);
	ck_assert_uint_eq(history_head(history, history_ring(1, KIND_PROBE)), 0);
}
END_TEST

START_TEST(a_closed_connection_is_found_by_id_until_it_is_overwritten)
{
	union record_words copy;

	for (uint32_t generation = 1; generation <= CAPACITY + 1; generation++)
		close_conn(0, generation);
	ck_assert_uint_eq(history_oldest(history, history_ring(0, KIND_PROXY)), 1);
	ck_assert(!history_find(history, conn_id_make(0, 0, 1), &copy));
	for (uint32_t generation = 2; generation <= CAPACITY + 1; generation++) {
		ck_assert(history_find(history, conn_id_make(0, 0, generation), &copy));
		ck_assert_uint_eq(copy.record.attempts, generation);
	}
}
END_TEST

START_TEST(probes_evict_each_other_alone)
{
	enum { PROBES = 3 * HISTORY_PROBES };
	union record_words copy;

	for (uint32_t generation = 1; generation <= CAPACITY; generation++)
		close_conn(1, generation);
	for (uint32_t generation = CAPACITY + 1; generation <= CAPACITY + PROBES; generation++)
		close_conn_as(1, generation, KIND_PROBE);
	for (uint32_t generation = 1; generation <= CAPACITY; generation++)
		ck_assert(history_find(history, conn_id_make(1, 0, generation), &copy));
	for (uint32_t generation = CAPACITY + 1; generation <= CAPACITY + PROBES; generation++) {
		bool kept = generation > CAPACITY + PROBES - HISTORY_PROBES;

		ck_assert(history_find(history, conn_id_make(1, 0, generation), &copy) == kept);
	}
	ck_assert_uint_eq(history_oldest(history, history_ring(1, KIND_PROBE)), PROBES - HISTORY_PROBES);
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
	tcase_add_test(tcase, each_ring_is_for_one_worker_and_for_proxied_ones_or_all_others);
	tcase_add_test(tcase, each_worker_and_kind_has_numbers_of_its_own);
	tcase_add_test(tcase, a_closed_connection_is_found_by_id_until_it_is_overwritten);
	tcase_add_test(tcase, probes_evict_each_other_alone);
	tcase_add_test(tcase, an_id_of_nobody_is_not_found);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
