/* SPDX-License-Identifier: MIT */
#include "track/notes.h"

#include <pthread.h>
#include <stdatomic.h>
#include "support/suite.h"
#include "track/history.h"

enum { WORKERS = 2, CAPACITY = 8, ROUNDS = 20000 };

static struct notes *notes;

static void
setup(void)
{
	notes = notes_new(WORKERS, CAPACITY);
	ck_assert_ptr_nonnull(notes);
}

static void
teardown(void)
{
	notes_free(notes);
}

static uint32_t
add(int worker, uint64_t id, uint32_t next, int64_t at_us)
{
	return notes_add(notes, worker, &(struct note){ .id = id, .next = next, .at_us = at_us });
}

/* How many are still to be had. */
static int
count_free(int worker)
{
	uint32_t numbers[CAPACITY + 1];
	int count = 0;

	while ((numbers[count] = add(worker, 1, 0, 0)) != 0)
		count++;
	for (int i = 0; i < count; i++)
		notes_release(notes, worker, numbers[i]);
	return count;
}

START_TEST(a_chain_is_read_newest_first)
{
	struct note note;
	uint32_t first = 0;

	for (int i = 0; i < 3; i++)
		first = add(0, 7, first, i);
	for (int i = 2; i >= 0; i--) {
		ck_assert(notes_read(notes, 0, first, 7, &note));
		ck_assert_int_eq(note.at_us, i);
		first = note.next;
	}
	ck_assert_uint_eq(first, 0);
}
END_TEST

START_TEST(a_full_pool_has_no_number_and_the_other_workers_do)
{
	for (int i = 0; i < CAPACITY; i++)
		ck_assert_uint_ne(add(0, 7, 0, i), 0);
	ck_assert_uint_eq(add(0, 7, 0, 9), 0);
	ck_assert_uint_ne(add(1, 7, 0, 9), 0);
}
END_TEST

START_TEST(what_was_given_back_can_be_had_again)
{
	uint32_t first = 0;

	for (int i = 0; i < CAPACITY; i++)
		first = add(0, 7, first, i);
	ck_assert_int_eq(count_free(0), 0);
	notes_release(notes, 0, first);
	ck_assert_int_eq(count_free(0), CAPACITY);
	notes_release(notes, 0, 0);
	ck_assert_int_eq(count_free(0), CAPACITY);
}
END_TEST

START_TEST(a_note_of_another_connection_is_not_read)
{
	struct note note;
	uint32_t number = add(0, 7, 0, 1);

	ck_assert(!notes_read(notes, 0, number, 8, &note));
	notes_release(notes, 0, number);
	ck_assert(!notes_read(notes, 0, number, 7, &note));
	ck_assert_uint_eq(add(0, 8, 0, 2), number);
	ck_assert(!notes_read(notes, 0, number, 7, &note));
	ck_assert(notes_read(notes, 0, number, 8, &note));
}
END_TEST

START_TEST(a_note_can_be_changed_in_its_place)
{
	struct note note;
	uint32_t number = add(0, 7, 0, 1);

	ck_assert(notes_read(notes, 0, number, 7, &note));
	note.until_us = 5;
	notes_change(notes, 0, number, &note);
	ck_assert(notes_read(notes, 0, number, 7, &note));
	ck_assert_int_eq(note.until_us, 5);
}
END_TEST

/* The notes of a record live as long as the record can be found. */
START_TEST(history_gives_back_the_notes_of_what_it_overwrites)
{
	enum { KEPT = 3 };
	struct history *history = history_new(WORKERS, KEPT, notes);
	union record_words words;

	for (int i = 0; i < 10 * CAPACITY; i++) {
		record_init(&words.record);
		words.record.id = (uint64_t)i + 1;
		words.record.first_note = add(0, words.record.id, 0, i);
		ck_assert_uint_ne(words.record.first_note, 0);
		history_append(history, &words);
	}
	ck_assert_int_eq(count_free(0), CAPACITY - KEPT);
	history_free(history);
}
END_TEST

static atomic_bool is_over;

/* A note's parts belong together, whoever writes meanwhile. */
static void *
read_on(void *unused)
{
	struct note note;

	while (!atomic_load(&is_over)) {
		for (uint32_t number = 1; number <= CAPACITY; number++) {
			if (notes_read(notes, 0, number, 7, &note) && note.at_us != note.until_us)
				return &notes;
		}
	}
	return unused;
}

START_TEST(a_reader_never_sees_half_a_note)
{
	pthread_t reader;
	void *torn;
	uint32_t number = add(0, 7, 0, 0);
	struct note note;

	ck_assert(notes_read(notes, 0, number, 7, &note));
	note.until_us = note.at_us;
	notes_change(notes, 0, number, &note);
	atomic_store(&is_over, false);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_on, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		note.at_us = note.until_us = i;
		notes_change(notes, 0, number, &note);
	}
	atomic_store(&is_over, true);
	pthread_join(reader, &torn);
	ck_assert_ptr_null(torn);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/notes");
	TCase *tcase = tcase_create("pool");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_chain_is_read_newest_first);
	tcase_add_test(tcase, a_full_pool_has_no_number_and_the_other_workers_do);
	tcase_add_test(tcase, what_was_given_back_can_be_had_again);
	tcase_add_test(tcase, a_note_of_another_connection_is_not_read);
	tcase_add_test(tcase, a_note_can_be_changed_in_its_place);
	tcase_add_test(tcase, history_gives_back_the_notes_of_what_it_overwrites);
	tcase_add_test(tcase, a_reader_never_sees_half_a_note);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
