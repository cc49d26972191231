/* SPDX-License-Identifier: MIT */
#include "track/ring.h"

#include <pthread.h>
#include <stdbool.h>
#include "support/suite.h"

enum { CAPACITY = 8, WORDS = 5, APPENDS = 300000, READERS = 2 };

static struct ring *ring;

static void
setup(void)
{
	ring = ring_new(CAPACITY, WORDS);
	ck_assert_ptr_nonnull(ring);
}

static void
teardown(void)
{
	ring_free(ring);
}

/* An entry all of whose words follow from its number. */
static uint64_t
append(uint64_t number)
{
	uint64_t words[WORDS];

	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = number * WORDS + i;
	return ring_append(ring, words);
}

static bool
is_entry(const uint64_t *words, uint64_t number)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (words[i] != number * WORDS + i)
			return false;
	return true;
}

static void
check_read(uint64_t number, enum ring_answer want)
{
	uint64_t words[WORDS];

	ck_assert_msg(ring_read(ring, number, words) == want, "entry %llu", (unsigned long long)number);
	if (want == RING_READ)
		ck_assert(is_entry(words, number));
}

START_TEST(an_empty_ring_has_nothing_yet)
{
	ck_assert_uint_eq(ring_head(ring), 0);
	ck_assert_uint_eq(ring_oldest(ring), 0);
	check_read(0, RING_NOT_YET);
}
END_TEST

START_TEST(numbers_count_from_zero)
{
	for (uint64_t n = 0; n < 3 * CAPACITY; n++) {
		ck_assert_uint_eq(append(n), n);
		ck_assert_uint_eq(ring_head(ring), n + 1);
		check_read(n, RING_READ);
		check_read(n + 1, RING_NOT_YET);
	}
}
END_TEST

START_TEST(a_full_ring_keeps_the_latest)
{
	for (uint64_t n = 0; n < CAPACITY; n++)
		append(n);
	ck_assert_uint_eq(ring_oldest(ring), 0);
	check_read(0, RING_READ);

	append(CAPACITY);
	append(CAPACITY + 1);
	ck_assert_uint_eq(ring_oldest(ring), 2);
	check_read(0, RING_OVERWRITTEN);
	check_read(1, RING_OVERWRITTEN);
	for (uint64_t n = 2; n < CAPACITY + 2; n++)
		check_read(n, RING_READ);
}
END_TEST

static void *
append_many(void *unused)
{
	for (uint64_t n = 0; n < APPENDS; n++)
		append(n);
	return unused;
}

/* Follows to the end; NULL, or the ring when an entry was wrong or the count does not add up. */
static void *
follow(void *unused)
{
	uint64_t words[WORDS], next = 0, got = 0, missed = 0;

	while (next < APPENDS) {
		switch (ring_read(ring, next, words)) {
		case RING_READ:
			if (!is_entry(words, next))
				return ring;
			next++;
			got++;
			break;
		case RING_OVERWRITTEN: {
			uint64_t oldest = ring_oldest(ring);
			uint64_t resume = oldest > next ? oldest : next + 1;
			missed += resume - next;
			next = resume;
			break;
		}
		case RING_NOT_YET:
			break;
		}
	}
	return got + missed == APPENDS ? unused : ring;
}

START_TEST(an_overtaken_reader_sees_no_wrong_entry)
{
	pthread_t writer, readers[READERS];
	void *wrong;

	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, follow, NULL), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, append_many, NULL), 0);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
	pthread_join(writer, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/ring");
	TCase *tcase = tcase_create("one writer");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_empty_ring_has_nothing_yet);
	tcase_add_test(tcase, numbers_count_from_zero);
	tcase_add_test(tcase, a_full_ring_keeps_the_latest);
	tcase_add_test(tcase, an_overtaken_reader_sees_no_wrong_entry);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
