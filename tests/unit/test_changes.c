/* SPDX-License-Identifier: MIT */
#include "track/changes.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/track.h"

static struct settings settings;
static struct track track;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.workers = 1;
	settings.history = 16;
	settings.pair_count = 3;
	settings.upstreams[2].target_count = 1;
	strcpy(settings.upstreams[2].targets[0].host, "db.example");
	ck_assert_int_eq(track_init(&track, &settings, 16), 0);
}

static void
teardown(void)
{
	track_fini(&track);
}

/* All behind `place`, as letters: l and the listener's number, d, t. */
static const char *
told_since(uint64_t place)
{
	static const char letters[] = { [CHANGE_LISTENER] = 'l', [CHANGE_DRAINING] = 'd', [CHANGE_TARGET] = 't' };
	static char told[64];
	struct change change;
	size_t length = 0;

	changes_look(track.changes);
	while (changes_next(track.changes, place, &change)) {
		ck_assert_uint_gt(change.place, place);
		ck_assert_int_gt(change.at_us, 0);
		place = change.place;
		told[length++] = letters[change.kind];
		if (change.kind != CHANGE_DRAINING)
			told[length++] = (char)('0' + change.number);
	}
	told[length] = '\0';
	ck_assert_uint_eq(changes_look(track.changes), place);
	return told;
}

static void
drain(enum draining_state state)
{
	struct draining_facts facts = { .state = state };

	draining_write(track.draining, &facts);
}

START_TEST(how_things_stand_at_the_start_is_no_change)
{
	ck_assert_uint_eq(changes_look(track.changes), 0);
	ck_assert_str_eq(told_since(0), "");
}
END_TEST

START_TEST(each_is_told_once_in_the_order_of_looks)
{
	struct addr addr;

	listeners_step(track.listeners, 1, STEP_PAUSED, EMFILE);
	ck_assert_str_eq(told_since(0), "l1");
	drain(DRAINING_TO_STOP);
	ck_assert_str_eq(told_since(0), "l1d");
	ck_assert(addr_parse(&addr, "192.0.2.1:80"));
	target_found(targets_life(track.targets, 2, 0), &addr, 1);
	ck_assert_str_eq(told_since(0), "l1dt2");
	listeners_step(track.listeners, 1, STEP_RESUMED, 0);
	ck_assert_str_eq(told_since(0), "dt2l1");
	ck_assert_str_eq(told_since(2), "t2l1");
	ck_assert_str_eq(told_since(4), "");
}
END_TEST

/* What was paused and goes on again is as it was, and has changed all the same. */
START_TEST(what_changed_twice_between_two_looks_is_told)
{
	uint64_t before = changes_look(track.changes);

	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	listeners_step(track.listeners, 0, STEP_PAUSED, 0);
	listeners_step(track.listeners, 0, STEP_RESUMED, 0);
	ck_assert_str_eq(told_since(before), "l0");
	before = changes_look(track.changes);
	listeners_step(track.listeners, 0, STEP_PAUSED, 0);
	listeners_pause(track.listeners, 0, PAUSE_ADMIN, true);
	ck_assert_str_eq(told_since(before), "l0");
	before = changes_look(track.changes);
	listeners_pause(track.listeners, 0, PAUSE_DRAIN, true); /* paused for one more reason */
	ck_assert_str_eq(told_since(before), "l0");
}
END_TEST

START_TEST(the_last_one_to_leave_ends_a_drain)
{
	uint64_t before;

	ck_assert(table_reserve(track.table));
	drain(DRAINING_ON_ORDER);
	before = changes_look(track.changes);
	ck_assert_uint_eq(before, 1);
	table_unreserve(track.table);
	ck_assert_str_eq(told_since(before), "d");
	before = changes_look(track.changes);
	drain(DRAINING_NO);
	ck_assert_str_eq(told_since(before), "d");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("changes");
	TCase *tcase = tcase_create("changes");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, how_things_stand_at_the_start_is_no_change);
	tcase_add_test(tcase, each_is_told_once_in_the_order_of_looks);
	tcase_add_test(tcase, what_changed_twice_between_two_looks_is_told);
	tcase_add_test(tcase, the_last_one_to_leave_ends_a_drain);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
