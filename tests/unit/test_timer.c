/* SPDX-License-Identifier: MIT */
#include "net/timer.h"

#include <stdlib.h>
#include "base/clock.h"
#include "support/suite.h"

enum { TIMERS = 300, ROUNDS = 20000, YEAR_S = 365 * 86400 };

/* What is armed, as anybody would write it down. */
struct probe {
	struct timer timer;
	int64_t want_at; /* 0: not armed */
	bool deferred;   /* armed while firing, and due already: the next run's */
	int fired;
};

static struct timers *timers;
static struct probe probes[TIMERS];
static int64_t now, last_fired_at;
static bool in_order;
static int runs_of_now, wrong;

/* Rounded up: a deadline inside a millisecond is met at its end. */
static int64_t
tick_after(int64_t at)
{
	return (at + NS_PER_MS - 1) / NS_PER_MS;
}

static void
note(struct timer *timer)
{
	struct probe *probe = (struct probe *)timer;

	wrong += timer->at != 0 || probe->want_at == 0 || probe->want_at > now || probe->deferred;
	in_order = in_order && tick_after(probe->want_at) >= tick_after(last_fired_at);
	last_fired_at = probe->want_at;
	probe->want_at = 0;
	probe->fired++;
}

static void
arm(struct probe *probe, int64_t at)
{
	probe->want_at = at;
	timer_arm(timers, &probe->timer, at);
}

static void
cancel(struct probe *probe)
{
	probe->want_at = 0;
	timer_cancel(timers, &probe->timer);
}

static void
run_at(int64_t at)
{
	now = at;
	last_fired_at = 0;
	in_order = true;
	wrong = 0;
	timers_run(timers, now);
	ck_assert_int_eq(wrong, 0);
}

static void
setup(void)
{
	now = 12345 * NS_PER_S + 678901;
	timers = timers_new(now);
	for (int i = 0; i < TIMERS; i++)
		probes[i] = (struct probe){ .timer.fire = note };
}

static void
teardown(void)
{
	timers_free(timers);
}

/* On both sides of each level's end, and beyond the last. */
static const int64_t distances_ms[] = { 0, 1, 2, 62, 63, 64, 65, 127, 128, 4031, 4032, 4095, 4096, 4097, 262143, 262144,
	262145, 300000, 16777214, 16777215, 16777216, 16777217, 40000000, INT64_C(86400000) * 400 };

START_TEST(fires_in_its_millisecond_and_not_before)
{
	for (int ns = -1; ns <= 1; ns++) {
		int64_t at = now + distances_ms[_i] * NS_PER_MS + ns;
		int64_t due = tick_after(at) * NS_PER_MS;

		arm(&probes[0], at);
		if (due - 1 >= now) {
			run_at(due - 1);
			ck_assert_int_eq(probes[0].fired, 0);
		}
		run_at(due > now ? due : now);
		ck_assert_int_eq(probes[0].fired, 1);
		ck_assert_int_eq(timers_wait_ms(timers, now), -1);
		probes[0].fired = 0;
	}
}
END_TEST

/* As an idle loop would do it: sleeps as told, then runs. */
START_TEST(an_idle_loop_wakes_seldom_and_in_time)
{
	int64_t at = now + distances_ms[_i] * NS_PER_MS;
	int64_t spans = distances_ms[_i] / (1 << 24) + 1;
	int wakes = 0;

	for (arm(&probes[0], at); probes[0].fired == 0; wakes++) {
		int wait = timers_wait_ms(timers, now);

		ck_assert_int_ge(wait, 0);
		run_at(now + wait * NS_PER_MS);
	}
	ck_assert_int_lt(now - at, 2 * NS_PER_MS);
	ck_assert_int_le(wakes, 2 * spans + 4);
}
END_TEST

START_TEST(the_wait_is_exact_when_it_is_short)
{
	arm(&probes[0], now + 50 * NS_PER_MS);
	arm(&probes[1], now + 40 * NS_PER_MS);
	ck_assert_int_eq(timers_wait_ms(timers, now), 41); /* now lies within a millisecond */
	cancel(&probes[1]);
	ck_assert_int_eq(timers_wait_ms(timers, now), 51);
	cancel(&probes[0]);
	ck_assert_int_eq(timers_wait_ms(timers, now), -1);
}
END_TEST

START_TEST(what_is_due_already_fires_in_the_next_run)
{
	arm(&probes[0], 0);
	arm(&probes[1], now);
	arm(&probes[2], now - NS_PER_S);
	probes[0].want_at = 1;
	ck_assert_int_eq(timers_wait_ms(timers, now), 0);
	run_at(tick_after(now) * NS_PER_MS);
	ck_assert_int_eq(probes[0].fired + probes[1].fired + probes[2].fired, 3);
}
END_TEST

START_TEST(arming_again_moves_it)
{
	arm(&probes[0], now + 10 * NS_PER_MS);
	arm(&probes[0], now + NS_PER_S);
	run_at(now + 20 * NS_PER_MS);
	ck_assert_int_eq(probes[0].fired, 0);
	run_at(now + NS_PER_S);
	ck_assert_int_eq(probes[0].fired, 1);
}
END_TEST

static void
rearm_for_now(struct timer *timer)
{
	runs_of_now++;
	timer_arm(timers, timer, now);
}

START_TEST(a_timer_that_arms_itself_for_now_does_not_hold_the_run)
{
	now = tick_after(now) * NS_PER_MS;
	timers_run(timers, now);
	runs_of_now = 0;
	probes[0].timer.fire = rearm_for_now;
	timer_arm(timers, &probes[0].timer, now);
	for (int run = 1; run <= 3; run++) {
		run_at(now);
		ck_assert_int_eq(runs_of_now, run);
	}
}
END_TEST

static void
cancel_the_others(struct timer *timer)
{
	note(timer);
	for (int i = 0; i < 3; i++)
		cancel(&probes[i]);
}

START_TEST(the_first_of_those_due_together_may_cancel_the_others)
{
	for (int i = 0; i < 3; i++) {
		probes[i].timer.fire = cancel_the_others;
		arm(&probes[i], now + 5 * NS_PER_MS);
	}
	run_at(now + 10 * NS_PER_MS);
	ck_assert_int_eq(probes[0].fired + probes[1].fired + probes[2].fired, 1);
	ck_assert_int_eq(timers_wait_ms(timers, now), -1);
}
END_TEST

START_TEST(deadlines_missed_together_fire_in_their_order)
{
	for (int i = 0; i < TIMERS; i++)
		arm(&probes[i], now + (INT64_C(7919) * i * i % 1000003) * 40 * NS_PER_MS);
	run_at(now + 10 * INT64_C(86400) * NS_PER_S);
	ck_assert(in_order);
	for (int i = 0; i < TIMERS; i++)
		ck_assert_int_eq(probes[i].fired, 1);
}
END_TEST

START_TEST(the_clock_may_jump_by_a_lifetime)
{
	arm(&probes[0], now + 3 * NS_PER_MS);
	arm(&probes[1], now + NS_PER_S * YEAR_S * 50);
	arm(&probes[2], INT64_MAX);
	run_at(now + NS_PER_S * YEAR_S * 49);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(probes[1].fired, 0);
	run_at(now + NS_PER_S * YEAR_S + NS_PER_MS);
	ck_assert_int_eq(probes[1].fired, 1);
	arm(&probes[0], now + 3 * NS_PER_MS);
	run_at(now + 4 * NS_PER_MS);
	ck_assert_int_eq(probes[0].fired, 2);
	ck_assert_int_eq(probes[2].fired, 0);
}
END_TEST

/* Every order of magnitude up to half a day alike. */
static int64_t
random_span(void)
{
	int64_t bits = (int64_t)random() << 31 | random();

	return (bits & ((INT64_C(1) << random() % 37) - 1)) * (NS_PER_US / 2);
}

static struct probe *
do_something(void)
{
	struct probe *probe = &probes[random() % TIMERS];

	if (random() % 3 == 0)
		cancel(probe);
	else
		arm(probe, now + random_span() - random() % 3);
	return probe;
}

static void
note_and_do_something(struct timer *timer)
{
	struct probe *probe;

	note(timer);
	if (random() % 2 == 0)
		return;
	probe = do_something();
	probe->deferred = probe->want_at != 0 && tick_after(probe->want_at) <= now / NS_PER_MS;
}

START_TEST(agrees_with_a_list_that_is_searched)
{
	srandom(1);
	for (int i = 0; i < TIMERS; i++)
		probes[i].timer.fire = note_and_do_something;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = random() % 8; i > 0; i--)
			do_something();
		run_at(now + random_span());

		int64_t nearest = INT64_MAX;
		for (int i = 0; i < TIMERS; i++) {
			struct probe *probe = &probes[i];
			bool late = probe->want_at != 0 && tick_after(probe->want_at) <= now / NS_PER_MS;

			if (probe->want_at != 0 && probe->want_at < nearest)
				nearest = probe->want_at;
			wrong += probe->timer.at != probe->want_at || late != probe->deferred;
			probe->deferred = false;
		}
		ck_assert_msg(wrong == 0, "round %d", round);
		int wait = timers_wait_ms(timers, now);
		ck_assert_int_eq(wait == -1, nearest == INT64_MAX);
		ck_assert_msg(nearest == INT64_MAX || now + wait * NS_PER_MS < nearest + 2 * NS_PER_MS,
		    "round %d: would oversleep", round);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/timer");
	TCase *tcase = tcase_create("wheel");
	int distances = sizeof(distances_ms) / sizeof(distances_ms[0]);

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, fires_in_its_millisecond_and_not_before, 0, distances);
	tcase_add_loop_test(tcase, an_idle_loop_wakes_seldom_and_in_time, 0, distances);
	tcase_add_test(tcase, the_wait_is_exact_when_it_is_short);
	tcase_add_test(tcase, what_is_due_already_fires_in_the_next_run);
	tcase_add_test(tcase, arming_again_moves_it);
	tcase_add_test(tcase, a_timer_that_arms_itself_for_now_does_not_hold_the_run);
	tcase_add_test(tcase, the_first_of_those_due_together_may_cancel_the_others);
	tcase_add_test(tcase, deadlines_missed_together_fire_in_their_order);
	tcase_add_test(tcase, the_clock_may_jump_by_a_lifetime);
	tcase_add_test(tcase, agrees_with_a_list_that_is_searched);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
