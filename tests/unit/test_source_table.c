/* SPDX-License-Identifier: MIT */
#include "base/source_table.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "base/bucket.h"
#include "base/clock.h"
#include "base/flow.h"
#include "support/suite.h"

#define NOON        (1000 * NS_PER_S)
#define MEETINGS_NS (NS_PER_S / 2)

enum {
	CONNECTIONS = 100000,
	ONE_SET = 8, /* entries of the smallest table */
	THREADS = 4,
	FEW = 3,   /* sources, for which all threads fight, … */
	MANY = 10, /* … and more than one set has room for */
	LEFT_MOST = 8,
	ROUNDS = 60000,
};

static struct source_table *table;

static void
setup(void)
{
	table = source_table_new(1); /* one set: everybody is in each other's way */
	ck_assert_ptr_nonnull(table);
}

static void
teardown(void)
{
	source_table_free(table);
}

static enum source_answer
enter(const char *source, uint32_t most, int64_t now, uint32_t *entry)
{
	struct addr addr, any = { .any.sa_family = AF_INET };
	struct flow flow;

	ck_assert(addr_parse_ip(&addr, source));
	flow_set(&flow, &addr, &any);
	return source_table_enter(table, flow.source.ip, most, now, entry);
}

static enum source_answer
enter_number(int number, uint32_t most, uint32_t *entry)
{
	const uint8_t ip[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = (uint8_t)number };

	return source_table_enter(table, ip, most, NOON, entry);
}

/* How many more are let in, all of which leave again. */
static uint32_t
room_for(int number, uint32_t most)
{
	uint32_t entries[LEFT_MOST], count = 0;

	while (enter_number(number, most, &entries[count]) == SOURCE_COUNTED)
		ck_assert_uint_lt(++count, LEFT_MOST);
	for (uint32_t i = 0; i < count; i++)
		source_table_leave(table, entries[i]);
	return count;
}

START_TEST(a_source_has_so_many_and_no_more)
{
	uint32_t entries[3], other;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(enter("192.0.2.1", 3, NOON, &entries[i]), SOURCE_COUNTED);
	ck_assert_int_eq(enter("192.0.2.1", 3, NOON, &other), SOURCE_AT_LIMIT);
	ck_assert_int_eq(enter("192.0.2.2", 3, NOON, &other), SOURCE_COUNTED);
	source_table_leave(table, entries[1]);
	ck_assert_int_eq(enter("192.0.2.1", 3, NOON, &other), SOURCE_COUNTED);
	ck_assert_int_eq(enter("192.0.2.1", 3, NOON, &other), SOURCE_AT_LIMIT);
}
END_TEST

START_TEST(without_a_limit_all_are_counted)
{
	uint32_t first, entry;

	ck_assert_int_eq(enter("192.0.2.1", 0, NOON, &first), SOURCE_COUNTED);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(enter("192.0.2.1", 0, NOON, &entry), SOURCE_COUNTED);
		ck_assert_uint_eq(entry, first);
	}
	ck_assert_int_eq(enter("192.0.2.1", 1001, NOON, &entry), SOURCE_AT_LIMIT);
	ck_assert_int_eq(enter("192.0.2.1", 1002, NOON, &entry), SOURCE_COUNTED);
}
END_TEST

static const struct {
	const char *one, *other;
	bool same;
} pairs[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true },
	{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
	{ "::1", "::2", true },
	{ "::1", "127.0.0.1", false },
	{ "10.1.2.3", "0:ffff:a01:203::", false },
	{ "0.0.0.0", "::", false },
};

START_TEST(a_source_is_an_ipv4_address_or_an_ipv6_network)
{
	uint32_t entry;

	ck_assert_int_eq(enter(pairs[_i].one, 1, NOON, &entry), SOURCE_COUNTED);
	ck_assert_int_eq(enter(pairs[_i].other, 1, NOON, &entry), pairs[_i].same ? SOURCE_AT_LIMIT : SOURCE_COUNTED);
}
END_TEST

START_TEST(when_all_entries_are_of_account_there_is_no_room)
{
	uint32_t entries[ONE_SET], other;

	for (int i = 0; i < ONE_SET; i++)
		ck_assert_int_eq(enter_number(i, 2, &entries[i]), SOURCE_COUNTED);
	ck_assert_int_eq(enter_number(ONE_SET, 2, &other), SOURCE_NO_ROOM);
	ck_assert_int_eq(enter_number(5, 2, &other), SOURCE_COUNTED); /* who has an entry keeps it */
	source_table_leave(table, other);
	ck_assert_int_eq(enter_number(ONE_SET, 2, &other), SOURCE_NO_ROOM);
	source_table_leave(table, entries[5]);
	ck_assert_int_eq(enter_number(ONE_SET, 2, &other), SOURCE_COUNTED);
	ck_assert_uint_eq(other, entries[5]);
}
END_TEST

START_TEST(an_entry_is_kept_until_its_bucket_is_full)
{
	uint32_t entries[ONE_SET], other;

	for (int i = 0; i < ONE_SET; i++) {
		ck_assert_int_eq(enter_number(i, 0, &entries[i]), SOURCE_COUNTED);
		ck_assert(bucket_take(source_table_bucket(table, entries[i]), 1, NOON));
		source_table_leave(table, entries[i]);
	}
	ck_assert_int_eq(enter("192.0.2.1", 0, NOON + NS_PER_S - 1, &other), SOURCE_NO_ROOM);

	/* Back in time it finds its bucket as it left it. */
	ck_assert_int_eq(enter("10.0.0.3", 0, NOON + NS_PER_S - 1, &other), SOURCE_COUNTED);
	ck_assert(!bucket_take(source_table_bucket(table, other), 1, NOON + NS_PER_S - 1));
	source_table_leave(table, other);

	ck_assert_int_eq(enter("192.0.2.1", 0, NOON + NS_PER_S, &other), SOURCE_COUNTED);
	ck_assert(bucket_take(source_table_bucket(table, other), 1, NOON + NS_PER_S));
}
END_TEST

/* With a fair hash one set in ten million gets more than it has room for. */
START_TEST(a_table_has_room_for_as_many_sources_as_connections)
{
	struct source_table *large = source_table_new(CONNECTIONS);
	int answers[3] = { 0 };
	uint32_t entry;

	ck_assert_ptr_nonnull(large);
	for (int i = 0; i < CONNECTIONS; i++) {
		uint8_t a = (uint8_t)(i >> 16), b = (uint8_t)(i >> 8), c = (uint8_t)i;
		const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, 0, a, b, c }, v4[16] = { [10] = 0xff, 0xff, 10, a, b, c };

		answers[source_table_enter(large, i % 2 ? v6 : v4, 1, NOON, &entry)]++;
	}
	ck_assert_int_eq(answers[SOURCE_AT_LIMIT], 0); /* no two are taken for one */
	ck_assert_int_le(answers[SOURCE_NO_ROOM], 5);
	source_table_free(large);
}
END_TEST

/* Each thread has connections of these sources come and go, and keeps a count of its own beside. */
struct fight {
	int sources;
	uint32_t most; /* connections of each */
	_Atomic int open[MANY];
	_Atomic int most_open, counted, refused, missed;
};

static void
come_and_go(struct fight *fight, int source)
{
	uint32_t entry;

	switch (enter_number(source, fight->most, &entry)) {
	case SOURCE_COUNTED:
		break;
	case SOURCE_AT_LIMIT:
		fight->refused++;
		return;
	case SOURCE_NO_ROOM:
		fight->missed++;
		return;
	}
	int open = ++fight->open[source], most = fight->most_open;

	while (open > most && !atomic_compare_exchange_weak(&fight->most_open, &most, open))
		continue;
	fight->counted++;
	if (fight->counted % 16 == 0)
		sched_yield();
	fight->open[source]--;
	source_table_leave(table, entry);
}

static void *
fight_on(void *argument)
{
	struct fight *fight = argument;
	unsigned chance = (unsigned)(uintptr_t)&chance;

	for (int i = 0; i < ROUNDS; i++)
		come_and_go(fight, rand_r(&chance) % fight->sources);
	return NULL;
}

static void
run_fight(struct fight *fight)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, fight_on, fight), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_gt(fight->counted, 0);
	ck_assert_int_le(fight->most_open, (int)fight->most);
	for (int i = 0; i < fight->sources; i++)
		ck_assert_msg(room_for(i, fight->most) == fight->most, "a count is left over");
}

START_TEST(threads_together_exceed_no_limit_and_leave_no_count)
{
	struct fight fight = { .sources = FEW, .most = 2 };

	run_fight(&fight);
	ck_assert_int_eq(fight.missed, 0);
}
END_TEST

/* With three times as many sources as entries, each is taken over all the time. */
START_TEST(entries_change_hands_without_a_mistake)
{
	struct fight fight = { .sources = MANY, .most = 1 };

	run_fight(&fight);
}
END_TEST

/*
 * Two that come at once, always the first of their source, while a third has
 * the entries change hands: they may find one each, and one must be let in.
 */
struct meeting {
	_Atomic int arrived, inside, most_inside, nobody;
	int64_t until;
	atomic_bool over;
};

static void
wait_for_both(struct meeting *meeting)
{
	int until = atomic_fetch_add(&meeting->arrived, 1) / 2 * 2 + 2;

	while (meeting->arrived < until)
		sched_yield();
}

static void *
meet(void *argument)
{
	struct meeting *meeting = argument;

	for (int i = 0; !meeting->over; i++) {
		uint32_t entry;

		wait_for_both(meeting);
		bool in = enter_number(i % 200, 1, &entry) == SOURCE_COUNTED;
		meeting->inside += in;
		wait_for_both(meeting);
		if (meeting->inside > meeting->most_inside)
			meeting->most_inside = meeting->inside;
		meeting->nobody += meeting->inside == 0;
		if (clock_now() >= meeting->until)
			meeting->over = true;
		wait_for_both(meeting);
		meeting->inside -= in;
		if (in)
			source_table_leave(table, entry);
	}
	return NULL;
}

static void *
disturb(void *argument)
{
	struct meeting *meeting = argument;
	uint32_t entry;

	for (int i = 0; !meeting->over; i++) {
		if (enter_number(200 + i % 50, 1, &entry) == SOURCE_COUNTED)
			source_table_leave(table, entry);
	}
	return NULL;
}

START_TEST(of_two_that_come_at_once_one_is_let_in)
{
	struct meeting meeting = { .until = clock_now() + MEETINGS_NS };
	pthread_t other, third;

	ck_assert_int_eq(pthread_create(&third, NULL, disturb, &meeting), 0);
	ck_assert_int_eq(pthread_create(&other, NULL, meet, &meeting), 0);
	meet(&meeting);
	pthread_join(other, NULL);
	pthread_join(third, NULL);
	ck_assert_int_eq(meeting.most_inside, 1);
	ck_assert_int_eq(meeting.nobody, 0);
}
END_TEST

/* Both come for the first time, and a second later than all before them, whose buckets are full again. */
static void *
draw(void *argument)
{
	struct meeting *meeting = argument;

	for (int64_t round = 1; !meeting->over; round++) {
		const uint8_t ip[16] = {
			[10] = 0xff, [11] = 0xff, [12] = 10, [14] = (uint8_t)(round >> 8), [15] = (uint8_t)round
		};
		int64_t now = NOON + round * 2 * NS_PER_S;
		uint32_t entry;

		wait_for_both(meeting);
		ck_assert_int_eq(source_table_enter(table, ip, 0, now, &entry), SOURCE_COUNTED);
		meeting->inside += bucket_take(source_table_bucket(table, entry), 1, now);
		wait_for_both(meeting);
		if (meeting->inside > meeting->most_inside)
			meeting->most_inside = meeting->inside;
		meeting->nobody += meeting->inside == 0;
		if (clock_now() >= meeting->until)
			meeting->over = true;
		wait_for_both(meeting);
		meeting->inside = 0;
		source_table_leave(table, entry);
	}
	return NULL;
}

START_TEST(two_that_come_at_once_draw_from_one_bucket)
{
	struct meeting meeting = { .until = clock_now() + MEETINGS_NS };
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, draw, &meeting), 0);
	draw(&meeting);
	pthread_join(other, NULL);
	ck_assert_int_eq(meeting.most_inside, 1);
	ck_assert_int_eq(meeting.nobody, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/source_table");
	TCase *alone = tcase_create("one thread");
	TCase *many = tcase_create("many threads");

	tcase_add_checked_fixture(alone, setup, teardown);
	tcase_add_test(alone, a_source_has_so_many_and_no_more);
	tcase_add_test(alone, without_a_limit_all_are_counted);
	tcase_add_loop_test(alone, a_source_is_an_ipv4_address_or_an_ipv6_network, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(alone, when_all_entries_are_of_account_there_is_no_room);
	tcase_add_test(alone, an_entry_is_kept_until_its_bucket_is_full);
	tcase_add_test(alone, a_table_has_room_for_as_many_sources_as_connections);
	tcase_add_checked_fixture(many, setup, teardown);
	tcase_set_timeout(many, 60);
	tcase_add_test(many, threads_together_exceed_no_limit_and_leave_no_count);
	tcase_add_test(many, entries_change_hands_without_a_mistake);
	tcase_add_test(many, of_two_that_come_at_once_one_is_let_in);
	tcase_add_test(many, two_that_come_at_once_draw_from_one_bucket);
	suite_add_tcase(suite, alone);
	suite_add_tcase(suite, many);
	return suite_main(suite);
}
