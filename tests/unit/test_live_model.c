/* SPDX-License-Identifier: MIT */
#include "client/live_model.h"

#include <string.h>
#include "support/suite.h"

enum { S = 1000000 };

static struct live_model model;

static void
setup(void)
{
	live_model_init(&model);
}

static void
teardown(void)
{
	live_model_fini(&model);
}

/* One answer of /stats; true: the daemon was started anew. */
static bool
take_stats(const char *started_at, int64_t uptime_us, int accepted, int fins, int resets)
{
	json_t *stats = json_pack("{s:s, s:I, s:{s:i}, s:{s:i, s:i, s:i}}", "started_at", started_at, "uptime_us",
	    (json_int_t)uptime_us, "totals", "connections_accepted", accepted, "connections_closed_by_reason",
	    "client_fin", fins, "upstream_reset", resets, "internal_error", 0);
	bool anew;

	ck_assert(live_model_take_stats(&model, stats, &anew));
	return anew;
}

static json_t *
record(const char *id, const char *state, int64_t age_us, int64_t up, int64_t down)
{
	json_t *it = json_pack("{s:s, s:s, s:I, s:{s:{s:I}, s:{s:I}}}", "id", id, "state", state, "duration_us",
	    (json_int_t)age_us, "legs", "client", "bytes_received", (json_int_t)up, "upstream", "bytes_received",
	    (json_int_t)down);

	ck_assert_ptr_nonnull(it);
	return it;
}

static void
take_rows(json_t *first, json_t *second)
{
	json_t *conns = json_array();

	json_array_append_new(conns, first);
	if (second != NULL)
		json_array_append_new(conns, second);
	ck_assert(
	    live_model_take_conns(&model, json_pack("{s:o, s:i, s:n}", "conns", conns, "matched", 7, "overwritten")));
}

START_TEST(a_rate_is_by_the_daemons_own_clock)
{
	take_stats("a", 10 * S, 100, 0, 0);
	ck_assert(live_model_rate(&model, "totals.connections_accepted") < 0);
	take_stats("a", 12 * S, 130, 0, 0);
	ck_assert_double_eq(live_model_rate(&model, "totals.connections_accepted"), 15);
	take_stats("a", 13 * S, 130, 0, 0);
	ck_assert_double_eq(live_model_rate(&model, "totals.connections_accepted"), 0);
	ck_assert(live_model_rate(&model, "totals.no_such_counter") < 0);
}
END_TEST

START_TEST(two_starts_of_a_daemon_are_not_compared)
{
	take_stats("a", 10 * S, 100, 5, 0);
	take_rows(record("x", "established", S, 0, 0), NULL);
	ck_assert(take_stats("b", 1 * S, 200, 7, 0));
	ck_assert(live_model_rate(&model, "totals.connections_accepted") < 0);
	ck_assert_uint_eq(model.row_count, 0);
	int64_t over_us;
	struct live_end ends[4];
	ck_assert_int_eq(live_model_ends(&model, ends, 4, &over_us), 0);
	ck_assert_int_eq(over_us, 0);
	ck_assert(!take_stats("b", 2 * S, 201, 7, 0));
	ck_assert_double_eq(live_model_rate(&model, "totals.connections_accepted"), 1);
}
END_TEST

START_TEST(ends_are_of_the_last_minute_and_the_most_frequent_first)
{
	struct live_end ends[4];
	int64_t over_us;

	/* One end by FIN each second, and in the first minute alone two resets a second. */
	for (int s = 1; s <= 200; s++)
		take_stats("a", (int64_t)s * S, 0, s, s <= 60 ? 2 * s : 120);
	ck_assert_int_eq(live_model_ends(&model, ends, 4, &over_us), 1);
	ck_assert_int_eq(over_us, 60 * S);
	ck_assert_str_eq(ends[0].reason, "client_fin");
	ck_assert_int_eq(ends[0].count, 60);
	take_stats("a", (int64_t)201 * S, 0, 201, 400);
	ck_assert_int_eq(live_model_ends(&model, ends, 4, &over_us), 2);
	ck_assert_str_eq(ends[0].reason, "upstream_reset");
	ck_assert_int_eq(ends[0].count, 280);
	ck_assert_int_eq(live_model_ends(&model, ends, 1, &over_us), 1);
}
END_TEST

START_TEST(quick_glances_take_no_room_for_the_minute)
{
	struct live_end ends[4];
	int64_t over_us;

	for (int tenth = 0; tenth <= 1000; tenth++)
		take_stats("a", (int64_t)tenth * S / 10, 0, tenth, 0);
	ck_assert_int_le(model.glance_count, LIVE_GLANCES_MAX);
	live_model_ends(&model, ends, 4, &over_us);
	ck_assert_int_ge(over_us, 60 * S);
	ck_assert_int_le(over_us, 62 * S);
	ck_assert_int_eq(ends[0].count, over_us * 10 / S);
}
END_TEST

START_TEST(a_speed_is_between_two_lists_by_the_age_of_the_connection)
{
	take_rows(record("x", "established", 5 * S, 1000, 500), NULL);
	ck_assert_int_eq(model.rows[0].rate[LIVE_UP], -1);
	take_rows(record("y", "established", S, 9, 9), record("x", "established", 7 * S, 5000, 500));
	ck_assert_int_eq(model.rows[1].rate[LIVE_UP], 2000);
	ck_assert_int_eq(model.rows[1].rate[LIVE_DOWN], 0);
	ck_assert_int_eq(model.rows[0].rate[LIVE_UP], -1);
	ck_assert_int_eq(model.matched, 7);
}
END_TEST

START_TEST(who_was_not_in_the_list_before_has_the_daemons_speed)
{
	json_t *it = record("x", "established", 5 * S, 1000, 500);

	json_object_set_new(
	    json_object_get(json_object_get(it, "legs"), "client"), "rate_received_bytes_per_second", json_integer(77));
	take_rows(it, NULL);
	ck_assert_int_eq(model.rows[0].rate[LIVE_UP], 77);
	ck_assert_int_eq(model.rows[0].rate[LIVE_DOWN], -1);
}
END_TEST

START_TEST(a_closed_connection_has_no_speed)
{
	take_rows(record("x", "established", 5 * S, 0, 0), NULL);
	take_rows(record("x", "closed", 6 * S, 1000, 1000), NULL);
	ck_assert_int_eq(model.rows[0].rate[LIVE_UP], -1);
}
END_TEST

START_TEST(another_question_compares_with_nothing)
{
	take_rows(record("x", "established", 5 * S, 0, 0), NULL);
	live_model_forget_rows(&model);
	take_rows(record("x", "established", 6 * S, 1000, 1000), NULL);
	ck_assert_int_eq(model.rows[0].rate[LIVE_UP], -1);
}
END_TEST

static void
expect_order(const char *ids)
{
	for (size_t i = 0; i < model.row_count; i++) {
		const char *id = json_string_value(json_object_get(model.rows[i].record, "id"));

		ck_assert_msg(id[0] == ids[i], "%s stands at place %zu of %s", id, i, ids);
	}
}

START_TEST(what_is_sorted_by_a_speed_has_the_unknown_last_and_equals_as_they_came)
{
	static const char ids[] = "abcdefg";
	static const int64_t speeds[] = { 5, -1, 9, 5, -1, 0, 9 };
	json_t *conns = json_array();

	for (size_t i = 0; i < 7; i++) {
		const char id[] = { ids[i], '\0' };

		json_array_append_new(conns, record(id, "established", S, 0, 0));
	}
	ck_assert(live_model_take_conns(&model, json_pack("{s:o}", "conns", conns)));
	for (size_t i = 0; i < 7; i++)
		model.rows[i].rate[LIVE_DOWN] = speeds[i];
	live_model_sort_by_rate(&model, LIVE_DOWN, true);
	expect_order("cgadfbe");
	live_model_sort_by_rate(&model, LIVE_DOWN, false);
	expect_order("fadcgbe");
	ck_assert_int_eq(live_model_find(&model, "g"), 4);
	ck_assert_int_eq(live_model_find(&model, "z"), -1);
	ck_assert_int_eq(model.matched, -1);
}
END_TEST

START_TEST(what_is_no_answer_changes_nothing)
{
	bool anew;

	take_stats("a", S, 1, 0, 0);
	take_rows(record("x", "established", S, 0, 0), NULL);
	ck_assert(!live_model_take_stats(&model, NULL, &anew));
	ck_assert(!live_model_take_stats(&model, json_object(), &anew));
	ck_assert(!live_model_take_conns(&model, NULL));
	ck_assert(!live_model_take_conns(&model, json_object()));
	ck_assert_uint_eq(model.row_count, 1);
	ck_assert_ptr_nonnull(live_model_stats(&model));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client/live_model");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_rate_is_by_the_daemons_own_clock);
	tcase_add_test(tcase, two_starts_of_a_daemon_are_not_compared);
	tcase_add_test(tcase, ends_are_of_the_last_minute_and_the_most_frequent_first);
	tcase_add_test(tcase, quick_glances_take_no_room_for_the_minute);
	tcase_add_test(tcase, a_speed_is_between_two_lists_by_the_age_of_the_connection);
	tcase_add_test(tcase, who_was_not_in_the_list_before_has_the_daemons_speed);
	tcase_add_test(tcase, a_closed_connection_has_no_speed);
	tcase_add_test(tcase, another_question_compares_with_nothing);
	tcase_add_test(tcase, what_is_sorted_by_a_speed_has_the_unknown_last_and_equals_as_they_came);
	tcase_add_test(tcase, what_is_no_answer_changes_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
