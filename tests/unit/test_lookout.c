/* SPDX-License-Identifier: MIT */
/* The lookout over the real table and history; the clock is the test's. */
#include "track/lookout.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "net/socket.h"
#include "support/fake_clock.h"
#include "support/suite.h"

enum { HISTORY = 1000, LIVE = 64 };

static struct settings settings;
static struct track track;
static struct lookout *lookout;
static struct findings_list list;

static void
setup(void)
{
	fake_clock_start();
	memset(&settings, 0, sizeof(settings));
	settings.workers = 2;
	settings.history = HISTORY;
	settings.pair_count = 1;
	settings.half_close_timeout_ns = 60 * NS_PER_S;
	strcpy(settings.upstreams[0].name, "pg");
	settings.upstreams[0].target_count = 2;
	strcpy(settings.upstreams[0].targets[0].name, "192.0.2.1:5432");
	strcpy(settings.upstreams[0].targets[1].name, "192.0.2.2:5432");
	ck_assert_int_eq(track_init(&track, &settings, LIVE), 0);
	lookout = lookout_new(&track);
	ck_assert_ptr_nonnull(lookout);
}

static void
teardown(void)
{
	lookout_free(lookout);
	track_fini(&track);
}

static void
fill(struct record *record)
{
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	record->target_chosen = true;
	record->attempts = 1;
	record->attempt = (struct record_attempt){ .began_us = 1, .ended_us = 9, .reached = CONNECT_CONNECT };
	record->connect_us = 9;
}

static union record_words
closed(int worker, enum record_kind kind, enum close_reason why, int64_t idle_us)
{
	union record_words it;

	memset(&it, 0, sizeof(it));
	record_init(&it.record);
	fill(&it.record);
	it.record.worker = (uint8_t)worker;
	it.record.kind = (uint8_t)kind;
	it.record.state = CONN_CLOSED;
	it.record.closed_ns = clock_now();
	it.record.close.reason = (uint8_t)why;
	it.record.close.idle_us = idle_us;
	return it;
}

static void
close_some(int worker, int count, enum record_kind kind, enum close_reason why, int64_t idle_us)
{
	for (int i = 0; i < count; i++) {
		union record_words it = closed(worker, kind, why, idle_us);

		history_append(track.history, &it);
	}
}

static void
look(void)
{
	fake_clock_advance(NS_PER_S);
	lookout_look(lookout);
	findings_read(track.findings, &list);
}

START_TEST(what_closes_is_seen_whoever_had_it)
{
	close_some(0, 7, KIND_PROXY, WHY_UPSTREAM_RESET, 30000000);
	close_some(1, 7, KIND_PROXY, WHY_UPSTREAM_RESET, 30000000);
	close_some(1, 3, KIND_PROBE, WHY_CLIENT_FIN, 1);
	look();
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.list[0].kind, FINDING_IDLE_CUTOFF);
	ck_assert_uint_eq(list.list[0].idle.ends, 14);
	ck_assert_uint_eq(list.closed, 17);
	ck_assert_uint_eq(list.missed, 0);
	look();
	ck_assert_uint_eq(list.list[0].idle.ends, 14); /* each once */
	ck_assert_uint_eq(list.closed, 17);
}
END_TEST

START_TEST(it_begins_with_what_closes_from_then_on)
{
	close_some(0, 20, KIND_PROXY, WHY_UPSTREAM_RESET, 30000000);
	lookout_free(lookout);
	lookout = lookout_new(&track);
	look();
	ck_assert_uint_eq(list.count, 0);
	ck_assert_uint_eq(list.closed, 0);
}
END_TEST

START_TEST(what_was_overwritten_is_counted_as_missed)
{
	close_some(0, 3 * HISTORY, KIND_PROXY, WHY_CLIENT_FIN, 1);
	look();
	ck_assert_uint_eq(list.closed, HISTORY);
	ck_assert_uint_eq(list.missed, 2 * HISTORY);
}
END_TEST

/* Those that are left stand for them where it matters how many there were. */
START_TEST(what_was_overwritten_took_ports_too)
{
	for (int i = 0; i < 30 * HISTORY; i++) {
		union record_words it = closed(0, KIND_PROXY, WHY_RESOURCE_PORTS, 1);

		it.record.attempt.error = EADDRNOTAVAIL;
		history_append(track.history, &it);
	}
	look();
	ck_assert_uint_eq(list.closed, HISTORY);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.list[0].kind, FINDING_SOURCE_PORTS);
	ck_assert_uint_eq(list.list[0].ports.shortages, 30 * HISTORY);
}
END_TEST

static uint32_t
open_one(int worker, enum conn_state state)
{
	uint32_t slot;

	ck_assert(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &slot);
	fill(record);
	record->state = (uint8_t)state;
	if (state == CONN_CLIENT_HALF_CLOSED)
		record->legs[LEG_CLIENT].fin_received_us = 0;
	table_commit(track.table, worker, slot);
	return slot;
}

START_TEST(what_lives_is_looked_at_anew_each_time)
{
	uint32_t slots[12];

	for (int i = 0; i < 12; i++)
		slots[i] = open_one(i % 2, CONN_CLIENT_HALF_CLOSED);
	look();
	ck_assert_uint_eq(list.count, 0);
	fake_clock_advance(40 * NS_PER_S);
	look();
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.list[0].kind, FINDING_NEVER_FINISHES);
	ck_assert_uint_eq(list.list[0].unfinished.waiting, 12);
	int64_t first_seen = list.list[0].first_seen_us;
	look();
	ck_assert_int_eq(list.list[0].first_seen_us, first_seen);
	ck_assert_int_gt(list.list[0].last_seen_us, first_seen);
	for (int i = 0; i < 12; i++)
		table_release(track.table, i % 2, slots[i]);
	look();
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

/* An attempt that failed before another one took the client stands in a note. */
START_TEST(failed_attempts_are_found_in_the_notes)
{
	for (int i = 0; i < 40; i++) {
		struct note note = { .id = 100 + (uint64_t)i, .kind = NOTE_ATTEMPT, .error = ECONNREFUSED };
		union record_words it = closed(0, KIND_PROXY, WHY_CLIENT_FIN, 0);

		it.record.id = note.id;
		it.record.target = 1;
		if (i % 2 == 0) {
			note.until_us = 5;
			note.reached = CONNECT_CONNECT;
			it.record.attempts = 2;
			it.record.first_note = notes_add(track.notes, 0, &note);
		}
		history_append(track.history, &it);
	}
	look();
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.list[0].kind, FINDING_TARGET_FAILS);
	ck_assert_int_eq(list.list[0].target, 0);
	ck_assert_uint_eq(list.list[0].failures.refused, 20);
	ck_assert_uint_eq(list.list[0].failures.others_tried, 20);
}
END_TEST

/* One finding, which was last seen then. */
static int64_t
find_one(void)
{
	for (int i = 0; i < 12; i++)
		open_one(0, CONN_CLIENT_HALF_CLOSED);
	fake_clock_advance(40 * NS_PER_S);
	lookout_look(lookout);
	findings_read(track.findings, &list);
	ck_assert_uint_eq(list.count, 1);
	return list.list[0].last_seen_us;
}

START_TEST(what_takes_long_is_done_less_often)
{
	fake_clock_busy(NS_PER_S);
	int64_t seen = find_one();
	look();
	ck_assert_int_eq(list.list[0].last_seen_us, seen);
	fake_clock_advance(300 * NS_PER_S);
	look();
	ck_assert_int_gt(list.list[0].last_seen_us, seen);
}
END_TEST

/* Each look at the clock takes a tenth of a second here, in which others had the processor. */
START_TEST(what_had_to_wait_for_its_turn_is_not)
{
	fake_clock_tick(100 * NS_PER_MS);
	int64_t seen = find_one();
	look();
	ck_assert_int_gt(list.list[0].last_seen_us, seen);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/lookout");
	TCase *tcase = tcase_create("looks");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_closes_is_seen_whoever_had_it);
	tcase_add_test(tcase, it_begins_with_what_closes_from_then_on);
	tcase_add_test(tcase, what_was_overwritten_is_counted_as_missed);
	tcase_add_test(tcase, what_was_overwritten_took_ports_too);
	tcase_add_test(tcase, what_lives_is_looked_at_anew_each_time);
	tcase_add_test(tcase, failed_attempts_are_found_in_the_notes);
	tcase_add_test(tcase, what_takes_long_is_done_less_often);
	tcase_add_test(tcase, what_had_to_wait_for_its_turn_is_not);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
