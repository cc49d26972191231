/* SPDX-License-Identifier: MIT */
#include "track/bus.h"

#include <pthread.h>
#include <stdatomic.h>
#include "base/clock.h"
#include "support/suite.h"

enum { WORKERS = 3, CAPACITY = 8, EVENTS = 20000 };

static struct bus *bus;
static struct bus_cursor cursor;

static void
setup(void)
{
	bus = bus_new(WORKERS, CAPACITY);
	ck_assert_ptr_nonnull(bus);
	ck_assert_int_eq(bus_follow(bus, &cursor), 0);
}

static void
teardown(void)
{
	bus_unfollow(&cursor);
	bus_free(bus);
}

static void
publish(int worker, uint64_t id)
{
	struct event event = { .id = id, .revision = 7, .at_us = 8, .history_number = 9, .type = EVENT_CLOSE };

	bus_publish(bus, worker, &event);
}

START_TEST(a_follower_sees_what_comes_after_it_in_order)
{
	struct bus_cursor late;
	struct event event;

	publish(0, 1);
	ck_assert_int_eq(bus_follow(bus, &late), 0);
	publish(0, 2);
	for (uint64_t id = 1; id <= 2; id++) {
		ck_assert(bus_next(&cursor, &event));
		ck_assert_uint_eq(event.id, id);
	}
	ck_assert_uint_eq(event.history_number, 9);
	ck_assert_int_eq(event.type, EVENT_CLOSE);
	ck_assert(!bus_next(&cursor, &event));
	ck_assert(bus_next(&late, &event));
	ck_assert_uint_eq(event.id, 2);
	ck_assert(!bus_next(&late, &event));
	bus_unfollow(&late);
}
END_TEST

START_TEST(a_busy_worker_starves_no_other)
{
	struct event event;
	bool quiet_one_came = false;

	for (int i = 0; i < CAPACITY; i++)
		publish(0, 1);
	publish(2, 5);
	for (int i = 0; i < WORKERS; i++)
		quiet_one_came = (bus_next(&cursor, &event) && event.id == 5) || quiet_one_came;
	ck_assert(quiet_one_came);
}
END_TEST

START_TEST(an_overtaken_follower_is_told_how_many_it_missed)
{
	struct event event;

	for (uint64_t id = 0; id < CAPACITY + 3; id++)
		publish(1, id);
	ck_assert(bus_next(&cursor, &event));
	ck_assert_uint_eq(event.id, 3);
	ck_assert_uint_eq(cursor.missed, 3);
}
END_TEST

START_TEST(who_keeps_its_own_place_reads_by_number)
{
	struct event event = { .id = 0 };

	for (uint64_t id = 0; id < CAPACITY + 3; id++)
		publish(1, id);
	ck_assert_uint_eq(bus_oldest(bus, 1), 3);
	ck_assert_int_eq(bus_read(bus, 1, 2, &event), RING_OVERWRITTEN);
	ck_assert_int_eq(bus_read(bus, 1, 3, &event), RING_READ);
	ck_assert_uint_eq(event.id, 3);
	ck_assert_int_eq(bus_read(bus, 1, CAPACITY + 3, &event), RING_NOT_YET);
	ck_assert_int_eq(bus_read(bus, 0, 0, &event), RING_NOT_YET);
}
END_TEST

START_TEST(the_end_of_a_connection_is_found_ahead)
{
	struct event event = { .id = 5, .type = EVENT_OPEN }, end;
	uint32_t looks;

	bus_publish(bus, 0, &event);
	publish(0, 6);
	event = (struct event){ .id = 5, .type = EVENT_HALF_CLOSE };
	bus_publish(bus, 0, &event);
	ck_assert(!bus_find_end(bus, 0, 0, 5, &end, &looks));
	ck_assert_uint_eq(looks, 3);
	event = (struct event){ .id = 5, .type = EVENT_DENIED, .history_number = 12 };
	bus_publish(bus, 0, &event);
	ck_assert(bus_find_end(bus, 0, 1, 5, &end, &looks));
	ck_assert_uint_eq(end.history_number, 12);
	ck_assert(!bus_find_end(bus, 1, 0, 5, &end, &looks));
}
END_TEST

START_TEST(a_wait_ends_at_its_timeout)
{
	int64_t before = clock_now();

	bus_wait(&cursor, 20);
	ck_assert_int_ge(clock_now() - before, 19 * NS_PER_MS);
}
END_TEST

/* Published after the last bus_next and before the wait: it rang no bell. */
START_TEST(a_wait_does_not_sleep_over_news)
{
	publish(2, 1);
	bus_wait(&cursor, -1);
}
END_TEST

START_TEST(a_wake_before_the_wait_is_not_lost)
{
	bus_wake(bus);
	bus_wait(&cursor, -1);
	bus_wake(bus);
	bus_pause(bus, -1);
}
END_TEST

START_TEST(a_pause_lets_news_gather)
{
	int64_t before = clock_now();

	publish(0, 1);
	bus_pause(bus, 20);
	ck_assert_int_ge(clock_now() - before, 19 * NS_PER_MS);
}
END_TEST

static atomic_int handled;

/* One at a time, each only when the one before was seen: a lost wake-up stands still here. */
static void *
publish_one_by_one(void *unused)
{
	for (int i = 0; i < EVENTS; i++) {
		publish(i % WORKERS, (uint64_t)i);
		while (atomic_load(&handled) <= i)
			sched_yield();
	}
	return unused;
}

START_TEST(no_wake_up_is_lost)
{
	pthread_t publisher;
	struct event event;

	atomic_store(&handled, 0);
	ck_assert_int_eq(pthread_create(&publisher, NULL, publish_one_by_one, NULL), 0);
	while (atomic_load(&handled) < EVENTS) {
		while (bus_next(&cursor, &event))
			atomic_fetch_add(&handled, 1);
		if (atomic_load(&handled) < EVENTS)
			bus_wait(&cursor, -1);
	}
	pthread_join(publisher, NULL);
	ck_assert_uint_eq(cursor.missed, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/bus");
	TCase *tcase = tcase_create("followers");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_follower_sees_what_comes_after_it_in_order);
	tcase_add_test(tcase, a_busy_worker_starves_no_other);
	tcase_add_test(tcase, an_overtaken_follower_is_told_how_many_it_missed);
	tcase_add_test(tcase, who_keeps_its_own_place_reads_by_number);
	tcase_add_test(tcase, the_end_of_a_connection_is_found_ahead);
	tcase_add_test(tcase, a_wait_ends_at_its_timeout);
	tcase_add_test(tcase, a_wait_does_not_sleep_over_news);
	tcase_add_test(tcase, a_wake_before_the_wait_is_not_lost);
	tcase_add_test(tcase, a_pause_lets_news_gather);
	tcase_add_test(tcase, no_wake_up_is_lost);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
