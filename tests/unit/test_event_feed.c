/* SPDX-License-Identifier: MIT */
#include "api/event_feed.h"

#include <string.h>
#include "support/suite.h"
#include "track/track.h"

enum { WORKERS = 3 };

static struct settings settings;
static struct track track;
static struct event_feed feed;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.workers = WORKERS;
	settings.history = 16;
	settings.pair_count = 1;
	ck_assert_int_eq(track_init(&track, &settings, 16), 0);
	event_feed_begin(&feed, &track);
}

static void
teardown(void)
{
	track_fini(&track);
}

static void
publish(int worker, uint64_t id, int64_t at_us)
{
	struct event event = { .id = id, .at_us = at_us, .type = EVENT_CLOSE };

	bus_publish(track.bus, worker, &event);
}

static struct feed_item
next(void)
{
	struct feed_item item;

	ck_assert_int_eq(event_feed_next(&feed, &item), FEED_ITEM);
	return item;
}

static void
read_cursor(struct cursor *cursor)
{
	char bytes[CURSOR_TEXT_MAX];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	event_feed_cursor(&feed, &text);
	ck_assert(cursor_parse(cursor, bytes));
}

START_TEST(what_happened_first_comes_first)
{
	struct feed_item item;

	publish(0, 1, 50);
	publish(0, 2, 70);
	publish(2, 3, 40);
	publish(2, 4, 60);
	publish(1, 5, 60);
	ck_assert_uint_eq(next().event.id, 3);
	ck_assert_uint_eq(next().event.id, 1);
	ck_assert_uint_eq(next().event.id, 5);
	item = next();
	ck_assert_uint_eq(item.event.id, 4);
	ck_assert_int_eq(item.worker, 2);
	ck_assert_uint_eq(item.number, 1);
	ck_assert_uint_eq(next().event.id, 2);
	ck_assert_int_eq(event_feed_next(&feed, &item), FEED_NOTHING);
}
END_TEST

/* Even when a clock that was set back makes the later one look older. */
START_TEST(of_one_worker_all_comes_in_order)
{
	publish(1, 1, 50);
	publish(1, 2, 10);
	publish(0, 3, 20);
	ck_assert_uint_eq(next().event.id, 3);
	ck_assert_uint_eq(next().event.id, 1);
	ck_assert_uint_eq(next().event.id, 2);
}
END_TEST

START_TEST(changes_come_between_events_by_their_time)
{
	struct feed_item item;

	publish(0, 1, 1);
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	publish(0, 2, INT64_MAX - 1);
	changes_look(track.changes);
	ck_assert_uint_eq(next().event.id, 1);
	item = next();
	ck_assert_int_eq(item.worker, -1);
	ck_assert_int_eq(item.change.kind, CHANGE_LISTENER);
	ck_assert_uint_eq(next().event.id, 2);
}
END_TEST

START_TEST(a_cursor_leads_behind_what_was_read)
{
	struct cursor cursor;

	publish(0, 1, 1);
	publish(1, 2, 2);
	publish(1, 3, 3);
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	next();
	next();
	read_cursor(&cursor);
	ck_assert_int_eq(event_feed_resume(&feed, &track, &cursor), FEED_RESUMED);
	ck_assert_uint_eq(next().event.id, 3);
	ck_assert_int_eq(next().worker, -1);
}
END_TEST

START_TEST(places_that_nobody_was_given_are_told_from_lost_ones)
{
	struct cursor cursor, other;

	publish(2, 1, 1);
	next();
	read_cursor(&cursor);
	other = cursor;
	other.numbers[2]++;
	ck_assert_int_eq(event_feed_resume(&feed, &track, &other), FEED_NEVER);
	other = cursor;
	other.numbers[WORKERS]++;
	ck_assert_int_eq(event_feed_resume(&feed, &track, &other), FEED_NEVER);
	other = cursor;
	other.count--;
	ck_assert_int_eq(event_feed_resume(&feed, &track, &other), FEED_NEVER);
	other = cursor;
	other.kind = CURSOR_TABLE;
	ck_assert_int_eq(event_feed_resume(&feed, &track, &other), FEED_NEVER);
	other = cursor;
	other.boot++;
	ck_assert_int_eq(event_feed_resume(&feed, &track, &other), FEED_GONE);
	for (int i = 0; i < BUS_CAPACITY; i++)
		publish(2, 2, 2);
	ck_assert_int_eq(event_feed_resume(&feed, &track, &cursor), FEED_RESUMED);
	publish(2, 2, 2);
	ck_assert_int_eq(event_feed_resume(&feed, &track, &cursor), FEED_GONE);
}
END_TEST

START_TEST(one_that_was_overtaken_learns_how_much_it_missed_and_goes_on)
{
	struct feed_item item;
	uint64_t came = 0;

	for (uint64_t i = 0; i < 2 * BUS_CAPACITY; i++)
		publish(1, i, (int64_t)i);
	publish(0, 7, 1);
	ck_assert_int_eq(event_feed_next(&feed, &item), FEED_LOST);
	ck_assert_uint_gt(feed.missed, BUS_CAPACITY);
	uint64_t missed = feed.missed;
	feed.missed = 0;
	ck_assert_uint_eq(next().event.id, 7);
	while (event_feed_next(&feed, &item) == FEED_ITEM)
		ck_assert_uint_eq(item.event.id, missed + came++);
	ck_assert_uint_eq(missed + came, 2 * BUS_CAPACITY);
}
END_TEST

START_TEST(news_are_seen_by_one_look_for_all)
{
	struct feed_heads heads;

	event_feed_look(&heads, &track);
	ck_assert(!event_feed_has_news(&feed, &heads));
	publish(2, 1, 1);
	event_feed_look(&heads, &track);
	ck_assert(event_feed_has_news(&feed, &heads));
	next();
	ck_assert(!event_feed_has_news(&feed, &heads));
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	event_feed_look(&heads, &track);
	ck_assert(event_feed_has_news(&feed, &heads));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event feed");
	TCase *tcase = tcase_create("event feed");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_happened_first_comes_first);
	tcase_add_test(tcase, of_one_worker_all_comes_in_order);
	tcase_add_test(tcase, changes_come_between_events_by_their_time);
	tcase_add_test(tcase, a_cursor_leads_behind_what_was_read);
	tcase_add_test(tcase, places_that_nobody_was_given_are_told_from_lost_ones);
	tcase_add_test(tcase, one_that_was_overtaken_learns_how_much_it_missed_and_goes_on);
	tcase_add_test(tcase, news_are_seen_by_one_look_for_all);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
