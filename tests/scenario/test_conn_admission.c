/* SPDX-License-Identifier: MIT */
/* Who is refused on arrival, what is told of it, and that nothing of it stays behind. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

static struct actor it;

static void
deny(const char *text)
{
	struct network_list *list = &scene.settings.deny;
	char bytes[128];
	struct text unused;

	text_init(&unused, bytes, sizeof(bytes));
	ck_assert(network_parse(&list->networks[list->count++], text, &unused));
}

/* The next client is refused for this reason, and everything says so. */
static void
expect_refusal(enum close_reason why)
{
	scene_begin();
	uint64_t accepted_before = scene_total(TOTAL_ACCEPTED), closed_before = scene_total(TOTAL_CLOSED);
	uint64_t refused_before = totals_sum_closed(scene.track.totals, 1, why);
	int connects = fake_connects.count;

	scene_news();
	it = scene_accepts();
	scene_check_close(&it, why, BY_PROXY);
	const struct record *record = scene_record(&it);

	ck_assert_uint_eq(record->kind, KIND_REJECTED);
	ck_assert_uint_eq(record->close.error, 0);
	ck_assert(!record->close.clean);
	ck_assert(!record->target_chosen);
	ck_assert_uint_eq(record->attempts, 0);
	ck_assert_int_eq(record->legs[LEG_CLIENT].rst_sent_us, 0);
	ck_assert_uint_eq(record->legs[LEG_UPSTREAM].flow.protocol, FLOW_NONE);
	ck_assert(fake_sockets[it.client].aborted);
	ck_assert_int_eq(fake_connects.count, connects);
	ck_assert_str_eq(scene_news(), "d");
	ck_assert_uint_eq(scene_total(TOTAL_ACCEPTED), accepted_before + 1);
	ck_assert_uint_eq(scene_total(TOTAL_CLOSED), closed_before + 1);
	ck_assert_uint_eq(totals_sum_closed(scene.track.totals, 1, why), refused_before + 1);
}

START_TEST(whom_a_list_denies_gets_a_reset_and_no_upstream)
{
	deny("198.51.100.0/24");
	expect_refusal(WHY_DENIED_ACL);
	scene.client = "198.51.101.7:40000";
	scene_establishes();
}
END_TEST

START_TEST(one_too_many_of_a_source_is_refused)
{
	scene.settings.max_per_source = 2;
	scene_establishes();
	scene_establishes();
	expect_refusal(WHY_DENIED_LIMIT);
	expect_refusal(WHY_DENIED_LIMIT);
	scene.client = "198.51.100.8:40000";
	scene_establishes();
}
END_TEST

START_TEST(one_too_many_of_a_listener_is_refused)
{
	scene.settings.max_per_listener = 2;
	scene_establishes();
	scene.client = "198.51.100.8:40000";
	scene_establishes();
	scene.client = "198.51.100.9:40000";
	expect_refusal(WHY_DENIED_LIMIT);
}
END_TEST

START_TEST(who_comes_too_fast_is_refused_until_a_token_drips_in)
{
	scene.settings.rate_per_source = 2;
	scene_establishes();
	scene_establishes();
	expect_refusal(WHY_DENIED_RATE);
	fake_clock_advance(NS_PER_S / 2 - 1);
	expect_refusal(WHY_DENIED_RATE);
	fake_clock_advance(1);
	scene_establishes();
	expect_refusal(WHY_DENIED_RATE);
}
END_TEST

START_TEST(a_listeners_rate_is_for_all_together)
{
	scene.settings.rate_per_listener = 1;
	scene_establishes();
	scene.client = "198.51.100.8:40000";
	expect_refusal(WHY_DENIED_RATE);
	fake_clock_advance(NS_PER_S);
	scene_establishes();
}
END_TEST

/* However it ends, the next one is let in. */

static void
end_in_order(const struct actor *actor)
{
	scene_finishes(actor, LEG_CLIENT);
	scene_finishes(actor, LEG_UPSTREAM);
}

static void
end_by_client_reset(const struct actor *actor)
{
	scene_fails(actor, LEG_CLIENT, ECONNRESET);
}

static void
end_by_upstream_loss(const struct actor *actor)
{
	scene_fails(actor, LEG_UPSTREAM, ETIMEDOUT);
}

static void
end_by_timer(const struct actor *actor)
{
	(void)actor;
	fake_clock_advance(scene.settings.idle_timeout_ns);
}

static void
end_by_shutdown(const struct actor *actor)
{
	(void)actor;
	conns_shutdown(&scene.bench);
}

static void (*const ends[])(const struct actor *) = {
	end_in_order,
	end_by_client_reset,
	end_by_upstream_loss,
	end_by_timer,
	end_by_shutdown,
};

START_TEST(whatever_way_one_ends_the_next_is_let_in)
{
	scene.settings.max_per_source = scene.settings.max_per_listener = 1;
	scene.settings.idle_timeout_ns = 10 * NS_PER_S;
	for (int round = 0; round < 3; round++) {
		struct actor first = scene_establishes();

		expect_refusal(WHY_DENIED_LIMIT);
		ends[_i](&first);
		scene_turn();
		scene_check_state(&first, CONN_CLOSED);
	}
	scene_establishes();
}
END_TEST

START_TEST(an_upstream_that_refuses_leaves_no_count)
{
	scene.settings.max_per_source = scene.settings.max_per_listener = 1;
	fake_connects.answers[0] = -ECONNREFUSED;
	fake_connects.answer_count = 1;
	it = scene_accepts();
	scene_check_close(&it, WHY_UPSTREAM_REFUSED, BY_UPSTREAM);
	it = scene_accepts();
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_REFUSED, BY_UPSTREAM);
	scene_establishes();
}
END_TEST

/* The client knows of its end at once, and may be back in the very same turn. */
START_TEST(who_has_ended_does_not_count_even_within_the_turn)
{
	scene.settings.max_per_source = 1;
	struct actor first = scene_establishes();

	scene_fails(&first, LEG_CLIENT, ECONNRESET);
	struct actor next = scene_accepts();

	scene_check_state(&first, CONN_CLOSED);
	scene_check_state(&next, CONN_CONNECTING);
}
END_TEST

/* A flood of them must not make accepting pause. */
START_TEST(a_refusal_gives_its_place_back_at_once)
{
	struct addr client, *local = &scene.settings.listeners[0].addr;

	scene.settings.max_conns = 1;
	deny("198.51.100.0/24");
	scene_begin();
	ck_assert(addr_parse(&client, scene.client));
	for (int i = 0; i < 10; i++) {
		ck_assert(table_reserve(scene.track.table));
		conns_open(&scene.bench, 0, fake_socket_new(), &client, local);
		ck_assert_uint_eq(table_places_taken(scene.track.table), 0);
		ck_assert_int_eq(scene.places_freed, i + 1);
		ck_assert_int_eq(fake_sockets_open(), 0);
	}
	scene.client = "198.51.101.7:40000";
	scene_establishes();
}
END_TEST

START_TEST(a_client_that_sent_something_is_told_what_became_of_it)
{
	int fd = fake_socket_new();

	deny("198.51.100.7");
	fake_sockets[fd].readable = 20;
	it = scene_accepts_fd(fd);
	scene_check_close(&it, WHY_DENIED_ACL, BY_PROXY);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 20);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_CLIENT], 0);
}
END_TEST

START_TEST(a_client_that_has_reset_already_is_refused_all_the_same)
{
	int fd = fake_socket_new();

	deny("198.51.100.7");
	fake_fail(fd, ECONNRESET);
	it = scene_accepts_fd(fd);
	scene_check_close(&it, WHY_DENIED_ACL, BY_PROXY);
	ck_assert_int_ne(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, RECORD_UNKNOWN);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(a_unix_client_is_on_no_list_and_from_no_source)
{
	deny("0.0.0.0/0");
	deny("::/0");
	scene.settings.max_per_source = scene.settings.rate_per_source = 1;
	scene.settings.max_per_listener = 3;
	ck_assert(addr_parse(&scene.settings.listeners[0].addr, "unix:/run/listener"));
	for (int i = 0; i < 3; i++)
		scene_establishes();
	it = scene_accepts();
	scene_check_close(&it, WHY_DENIED_LIMIT, BY_PROXY);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

/* For one connection there is one set of eight. */
START_TEST(who_finds_no_room_in_the_table_is_let_in_and_counted)
{
	char client[32];

	scene.settings.max_conns = 1;
	scene.settings.rate_per_source = 1;
	scene.client = client;
	for (int i = 1; i <= 10; i++) {
		snprintf(client, sizeof(client), "198.51.100.%d:40000", i);
		it = scene_accepts();
		scene_check_state(&it, CONN_CONNECTING);
		scene_connect_fails(&it, ECONNREFUSED);
		scene_turn();
		ck_assert_uint_eq(scene_total(TOTAL_SOURCE_TABLE_FULL), i <= 8 ? 0 : (uint64_t)i - 8);
	}
	strcpy(client, "198.51.100.1:40000");
	expect_refusal(WHY_DENIED_RATE);
	fake_clock_advance(NS_PER_S);
	strcpy(client, "198.51.100.11:40000");
	scene_establishes();
	ck_assert_uint_eq(scene_total(TOTAL_SOURCE_TABLE_FULL), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_admission");
	TCase *refusals = tcase_create("refusals");
	TCase *counts = tcase_create("counts");

	tcase_add_checked_fixture(refusals, scene_setup, scene_teardown);
	tcase_add_test(refusals, whom_a_list_denies_gets_a_reset_and_no_upstream);
	tcase_add_test(refusals, one_too_many_of_a_source_is_refused);
	tcase_add_test(refusals, one_too_many_of_a_listener_is_refused);
	tcase_add_test(refusals, who_comes_too_fast_is_refused_until_a_token_drips_in);
	tcase_add_test(refusals, a_listeners_rate_is_for_all_together);
	tcase_add_test(refusals, a_client_that_sent_something_is_told_what_became_of_it);
	tcase_add_test(refusals, a_client_that_has_reset_already_is_refused_all_the_same);
	tcase_add_test(refusals, a_unix_client_is_on_no_list_and_from_no_source);
	tcase_add_checked_fixture(counts, scene_setup, scene_teardown);
	tcase_add_loop_test(counts, whatever_way_one_ends_the_next_is_let_in, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(counts, an_upstream_that_refuses_leaves_no_count);
	tcase_add_test(counts, who_has_ended_does_not_count_even_within_the_turn);
	tcase_add_test(counts, a_refusal_gives_its_place_back_at_once);
	tcase_add_test(counts, who_finds_no_room_in_the_table_is_let_in_and_counted);
	suite_add_tcase(suite, refusals);
	suite_add_tcase(suite, counts);
	return suite_main(suite);
}
