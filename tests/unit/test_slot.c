/* SPDX-License-Identifier: MIT */
#include "base/slot.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include "support/suite.h"

/* Words 0..7 move with every write, words 8.. with every sixteenth. */
enum { WORDS = 95, HOT = 8, SELDOM = 16, WRITES = 200000, READERS = 3 };

static uint64_t memory[SLOT_SIZE(WORDS) / sizeof(uint64_t)];
static struct slot *const slot = (struct slot *)memory;

static void
setup(void)
{
	memset(memory, 0, sizeof(memory));
}

static void *
write_often(void *unused)
{
	for (uint64_t n = 1; n <= WRITES; n++) {
		slot_begin(slot);
		for (int word = 0; word < WORDS; word++)
			if (word < HOT || n % SELDOM == 0)
				slot_set(slot, word, n);
		slot_end(slot);
	}
	return unused;
}

/* Reads until the last write; returns NULL, or the slot that had a copy which never was. */
static void *
read_often(void *unused)
{
	uint64_t copy[WORDS], last = 0;

	do {
		slot_read(slot, copy, WORDS);
		bool whole = copy[0] >= last;
		for (int word = 0; word < WORDS; word++)
			whole = whole && copy[word] == (word < HOT ? copy[0] : copy[0] - copy[0] % SELDOM);
		if (!whole)
			return slot;
		last = copy[0];
	} while (last < WRITES);
	return unused;
}

START_TEST(no_reader_ever_sees_half_a_write)
{
	pthread_t writer, readers[READERS];
	void *torn;

	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_often, NULL), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_often, NULL), 0);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &torn);
		ck_assert_ptr_null(torn);
	}
	pthread_join(writer, NULL);
}
END_TEST

START_TEST(a_write_leaves_other_words_alone)
{
	uint64_t copy[WORDS];

	slot_begin(slot);
	slot_set(slot, 3, 7);
	slot_end(slot);
	slot_read(slot, copy, WORDS);
	ck_assert_uint_eq(copy[3], 7);
	ck_assert_uint_eq(copy[2] + copy[4], 0);
	ck_assert_uint_eq(slot->version, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/slot");
	TCase *tcase = tcase_create("one writer");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_write_leaves_other_words_alone);
	tcase_add_test(tcase, no_reader_ever_sees_half_a_write);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
