/* SPDX-License-Identifier: MIT */
/* Who may stay, who must go, and who goes first; the clock is the test's. */
#include "api/callers.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/suite.h"

#define NOON (1000 * NS_PER_S)

enum { MOST = 64, SPARE = 4, SHARE = 32 };

static struct callers *callers;

struct visit {
	struct caller *caller;
	int ours, theirs;
};
static struct visit visits[MOST + 1];
static int visit_count;

static void
setup(void)
{
	callers = callers_new(MOST, 10);
	ck_assert_ptr_nonnull(callers);
	visit_count = 0;
}

static void
leave(struct visit *visit)
{
	callers_leave(callers, visit->caller);
	close(visit->ours);
	close(visit->theirs);
	visit->caller = NULL;
}

static void
teardown(void)
{
	for (int i = 0; i < visit_count; i++) {
		if (visits[i].caller != NULL)
			leave(&visits[i]);
	}
	callers_free(callers);
}

static struct visit *
enter(const char *from, int64_t now)
{
	struct visit *visit = &visits[visit_count++];
	struct addr addr;
	int ends[2];

	ck_assert_int_le(visit_count, MOST + 1);
	ck_assert(addr_parse(&addr, from));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	*visit = (struct visit){ .ours = ends[0], .theirs = ends[1] };
	visit->caller = callers_enter(callers, ends[0], &addr, now);
	return visit;
}

static bool
is_cut(const struct visit *visit)
{
	char byte;

	return recv(visit->theirs, &byte, 1, 0) == 0;
}

static int
count_cut(void)
{
	int count = 0;

	for (int i = 0; i < visit_count; i++)
		count += visits[i].caller != NULL && is_cut(&visits[i]);
	return count;
}

static void
check_stays_until(const struct visit *visit, int64_t end)
{
	callers_look(callers, end - 1);
	ck_assert(!is_cut(visit));
	callers_look(callers, end);
	ck_assert(is_cut(visit));
	callers_look(callers, end + NS_PER_S); /* once is enough */
}

START_TEST(a_request_must_come_within_ten_seconds)
{
	check_stays_until(enter("127.0.0.1:1", NOON), NOON + 10 * NS_PER_S);
}
END_TEST

START_TEST(a_body_must_come_within_ten_seconds)
{
	struct visit *visit = enter("127.0.0.1:1", NOON);

	caller_sends(visit->caller, NOON + 9 * NS_PER_S);
	check_stays_until(visit, NOON + 19 * NS_PER_S);
}
END_TEST

START_TEST(an_answer_must_be_read_at_a_kilobyte_a_second)
{
	struct visit *visit = enter("127.0.0.1:1", NOON);

	caller_reads(visit->caller, 32 * 1024, NOON);
	callers_look(callers, NOON + 61 * NS_PER_S);
	ck_assert(!is_cut(visit));
	callers_look(callers, NOON + 62 * NS_PER_S);
	ck_assert(is_cut(visit));
}
END_TEST

START_TEST(each_piece_of_an_answer_gets_its_time)
{
	struct visit *visit = enter("127.0.0.1:1", NOON);
	int64_t now = NOON;

	for (int i = 0; i < 100; i++) {
		caller_reads(visit->caller, 1, now);
		now += 29 * NS_PER_S;
		callers_look(callers, now);
		ck_assert(!is_cut(visit));
	}
}
END_TEST

START_TEST(the_next_request_must_come_within_half_a_minute)
{
	struct visit *visit = enter("127.0.0.1:1", NOON);

	caller_reads(visit->caller, 100, NOON);
	caller_is_idle(visit->caller, NOON + NS_PER_S);
	check_stays_until(visit, NOON + 31 * NS_PER_S);
}
END_TEST

static void
fill(const char *from, int count)
{
	for (int i = 0; i < count; i++)
		ck_assert_ptr_nonnull(enter(from, NOON + i)->caller);
}

START_TEST(the_one_that_was_idle_longest_makes_room)
{
	fill("127.0.0.1:1", MOST - SPARE);
	ck_assert_int_eq(count_cut(), 0);
	enter("127.0.0.1:1", NOON + 100);
	ck_assert_int_eq(count_cut(), 1);
	ck_assert(is_cut(&visits[0]));
	/* It is cut once, and before it has left the next one is the second. */
	enter("127.0.0.1:1", NOON + 101);
	ck_assert_int_eq(count_cut(), 2);
	ck_assert(is_cut(&visits[1]));
	leave(&visits[0]);
	leave(&visits[1]);
	ck_assert_int_eq(count_cut(), 0);
}
END_TEST

START_TEST(who_is_served_does_not_make_room)
{
	fill("127.0.0.1:1", MOST - SPARE);
	for (int i = 0; i < MOST - SPARE; i++) {
		if (i == 7)
			continue;
		caller_sends(visits[i].caller, NOON);
		if (i % 2 == 0)
			caller_reads(visits[i].caller, 1, NOON);
	}
	enter("127.0.0.1:1", NOON + 100);
	ck_assert_int_eq(count_cut(), 1);
	ck_assert(is_cut(&visits[7]));
	caller_sends(visits[MOST - SPARE].caller, NOON);
	enter("127.0.0.1:1", NOON + 101);
	ck_assert_int_eq(count_cut(), 1);
}
END_TEST

START_TEST(room_is_made_by_the_source_that_has_most)
{
	enter("192.0.2.1:1", NOON - 100);
	enter("192.0.2.2:1", NOON - 100);
	fill("192.0.2.3:1", 3);
	fill("127.0.0.1:1", MOST - SPARE - 5);
	enter("192.0.2.4:1", NOON + 100);
	ck_assert_int_eq(count_cut(), 1);
	ck_assert(is_cut(&visits[5])); /* the first of 127.0.0.1 */
}
END_TEST

START_TEST(without_a_place_there_is_none)
{
	fill("127.0.0.1:1", MOST);
	ck_assert_ptr_null(enter("127.0.0.1:1", NOON + 100)->caller);
	callers_leave(callers, NULL);
	leave(&visits[3]);
	close(visits[MOST].ours);
	close(visits[MOST].theirs);
	visit_count--;
	ck_assert_ptr_nonnull(enter("127.0.0.1:1", NOON + 100)->caller);
}
END_TEST

START_TEST(a_source_from_elsewhere_has_its_share)
{
	fill("192.0.2.1:1", SHARE);
	for (int i = 0; i < SHARE; i++) {
		ck_assert_int_eq(callers_ask(callers, visits[i].caller, NOON + i * NS_PER_S), CALLER_WELCOME);
		caller_sends(visits[i].caller, NOON);
	}
	struct visit *one_more = enter("192.0.2.1:2", NOON), *other = enter("192.0.2.2:1", NOON);
	int64_t now = NOON + 100 * NS_PER_S;
	ck_assert_int_eq(callers_ask(callers, one_more->caller, now), CALLER_TOO_MANY);
	ck_assert_int_eq(callers_ask(callers, other->caller, now), CALLER_WELCOME);
	ck_assert_int_eq(count_cut(), 0);
	/* Idle ones do not count. */
	caller_is_idle(visits[5].caller, NOON);
	ck_assert_int_eq(callers_ask(callers, one_more->caller, now), CALLER_WELCOME);
	ck_assert_int_eq(count_cut(), 0);
	ck_assert_int_eq(callers_share(callers), SHARE);
}
END_TEST

static const char *const local[] = { "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/run/x" };

START_TEST(this_host_may_have_all)
{
	fill(local[_i], MOST - SPARE);
	for (int i = 0; i < MOST - SPARE; i++) {
		ck_assert_int_eq(callers_ask(callers, visits[i].caller, NOON + i * NS_PER_S), CALLER_WELCOME);
		caller_sends(visits[i].caller, NOON);
	}
}
END_TEST

static int
count_welcomes(struct visit *visit, int asks, int64_t now)
{
	int count = 0;

	for (int i = 0; i < asks; i++)
		count += callers_ask(callers, visit->caller, now) == CALLER_WELCOME;
	return count;
}

START_TEST(a_source_may_ask_so_often_in_a_second)
{
	struct visit *one = enter("192.0.2.1:1", NOON), *again = enter("192.0.2.1:2", NOON),
		     *other = enter("192.0.2.2:1", NOON);

	ck_assert_int_eq(count_welcomes(one, 7, NOON), 7);
	ck_assert_int_eq(count_welcomes(again, 7, NOON), 3);
	ck_assert_int_eq(callers_ask(callers, one->caller, NOON), CALLER_TOO_OFTEN);
	ck_assert_int_eq(count_welcomes(other, 20, NOON), 10);
	ck_assert_int_eq(count_welcomes(one, 20, NOON + NS_PER_S / 10), 1);
	ck_assert_int_eq(count_welcomes(one, 20, NOON + 2 * NS_PER_S), 10);
}
END_TEST

START_TEST(a_new_connection_brings_no_new_bucket)
{
	struct visit *visit = enter("192.0.2.1:1", NOON);

	ck_assert_int_eq(count_welcomes(visit, 20, NOON), 10);
	leave(visit);
	ck_assert_int_eq(count_welcomes(enter("192.0.2.1:1", NOON), 20, NOON), 0);
}
END_TEST

START_TEST(a_network_of_ipv6_is_one_source)
{
	ck_assert_int_eq(count_welcomes(enter("[2001:db8::1]:1", NOON), 7, NOON), 7);
	ck_assert_int_eq(count_welcomes(enter("[2001:db8::2]:1", NOON), 7, NOON), 3);
	ck_assert_int_eq(count_welcomes(enter("[2001:db8:0:1::2]:1", NOON), 7, NOON), 7);
}
END_TEST

START_TEST(without_a_rate_all_may_ask)
{
	callers_free(callers);
	callers = callers_new(MOST, 0);
	ck_assert_int_eq(count_welcomes(enter("127.0.0.1:1", NOON), 10000, NOON), 10000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("callers");
	TCase *tcase = tcase_create("callers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_request_must_come_within_ten_seconds);
	tcase_add_test(tcase, a_body_must_come_within_ten_seconds);
	tcase_add_test(tcase, an_answer_must_be_read_at_a_kilobyte_a_second);
	tcase_add_test(tcase, each_piece_of_an_answer_gets_its_time);
	tcase_add_test(tcase, the_next_request_must_come_within_half_a_minute);
	tcase_add_test(tcase, the_one_that_was_idle_longest_makes_room);
	tcase_add_test(tcase, who_is_served_does_not_make_room);
	tcase_add_test(tcase, room_is_made_by_the_source_that_has_most);
	tcase_add_test(tcase, without_a_place_there_is_none);
	tcase_add_test(tcase, a_source_from_elsewhere_has_its_share);
	tcase_add_loop_test(tcase, this_host_may_have_all, 0, sizeof(local) / sizeof(local[0]));
	tcase_add_test(tcase, a_source_may_ask_so_often_in_a_second);
	tcase_add_test(tcase, a_new_connection_brings_no_new_bucket);
	tcase_add_test(tcase, a_network_of_ipv6_is_one_source);
	tcase_add_test(tcase, without_a_rate_all_may_ask);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
