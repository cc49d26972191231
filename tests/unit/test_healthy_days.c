/* SPDX-License-Identifier: MIT */
/*
 * Thousands of days on which nothing is wrong: connections end at random times, for random reasons, now and then badly, and
 * nobody should be called.  And the same days with one thing wrong, which must be noticed.
 */
#include "unit/suspicion_scene.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "support/suite.h"

enum { DAYS = 100, CONNECTIONS = 1000, LOOKS = 25, ROUNDS = 20 };

/* The habits of one day. */
struct day {
	unsigned seed;
	unsigned short state[3];
	int shape; /* of the silences before an end */
	double mean_s, deviation;
	double resets, server_ends, never_finish, refuses;
	double step_s; /* between two ends */
	int most_live;
};

static double
chance(struct day *day)
{
	return erand48(day->state);
}

static double
between(struct day *day, double least, double most)
{
	return least + (most - least) * chance(day);
}

/* Box and Muller */
static double
normal(struct day *day)
{
	return sqrt(-2 * log(1 - chance(day))) * cos(2 * M_PI * chance(day));
}

static struct day
make_day(unsigned seed)
{
	struct day day = { .seed = seed, .state = { 0x330e, (unsigned short)seed, (unsigned short)(seed >> 16) } };

	day.shape = (int)(4 * chance(&day));
	day.mean_s = exp(between(&day, log(0.3), log(600)));
	day.deviation = between(&day, 0.2, 1.5);
	day.resets = between(&day, 0, 0.4);
	day.server_ends = between(&day, 0, 0.6);
	day.never_finish = between(&day, 0, 0.02);
	day.refuses = chance(&day) < 0.5 ? 0.01 : between(&day, 0, 0.4);
	day.step_s = exp(between(&day, log(0.01), log(60)));
	day.most_live = (int)between(&day, 1, 70);
	return day;
}

/* Exponential, log-normal, whole seconds as people set them, or anything up to twice the mean. */
static int64_t
silence_us(struct day *day)
{
	double seconds = 0;

	switch (day->shape) {
	case 0:
		seconds = -day->mean_s * log(1 - chance(day));
		break;
	case 1:
		seconds = day->mean_s * exp(day->deviation * normal(day));
		break;
	case 2:
		seconds = floor(between(day, 1, 20)) + 0.001 * chance(day);
		break;
	case 3:
		seconds = between(day, 0, 2 * day->mean_s);
		break;
	}
	return (int64_t)(seconds * 1e6);
}

static void
end_one(struct day *day)
{
	int upstream = (int)(3 * chance(day)), target = upstream == PG ? 0 : (int)(3 * chance(day));
	bool resets = chance(day) < day->resets, by_server = chance(day) < day->server_ends;
	enum close_reason why = resets      ? by_server ? WHY_UPSTREAM_RESET : WHY_CLIENT_RESET
				: by_server ? WHY_UPSTREAM_FIN
					    : WHY_CLIENT_FIN;
	enum leg_name first = by_server ? LEG_UPSTREAM : LEG_CLIENT;

	if (chance(day) < day->refuses)
		why = WHY_UPSTREAM_REFUSED;
	else if (!resets && chance(day) < day->never_finish)
		why = WHY_HALF_CLOSE_TIMEOUT;
	struct record record = scene_closed_idle(upstream, why, silence_us(day));
	scene_choose(&record, target, why == WHY_UPSTREAM_REFUSED ? ECONNREFUSED : 0);
	record.legs[LEG_UPSTREAM].fd = -1;
	record.close.speaker = chance(day) < 0.5 ? LEG_CLIENT : LEG_UPSTREAM;
	if (why == WHY_HALF_CLOSE_TIMEOUT)
		record.close.leg = (uint8_t)leg_other(first);
	if (!resets && why != WHY_UPSTREAM_REFUSED) {
		record.legs[first].fin_received_us = 1000;
		record.legs[leg_other(first)].fin_received_us = why == WHY_HALF_CLOSE_TIMEOUT ? RECORD_UNKNOWN : 2000;
	}
	scene_take(&record);
}

/* Some live, a few of them half-closed. */
static void
look(struct day *day)
{
	int live = (int)between(day, 0, day->most_live);

	suspicions_begin_live(scene.suspicions);
	for (int i = 0; i < live; i++) {
		bool half = chance(day) < 0.02;
		struct record record = scene_live(
		    PG, half ? CONN_CLIENT_HALF_CLOSED : CONN_ESTABLISHED, (int64_t)between(day, 1, 300));

		record.legs[LEG_CLIENT].fin_received_us = half ? 1000 : RECORD_UNKNOWN;
		scene_take_live(&record);
	}
	scene_judge();
}

static void
pass(struct day *day)
{
	double seconds = -day->step_s * log(1 - chance(day));

	scene.moment.now_ns += (int64_t)(seconds * 1e9);
	scene.moment.wall_us += (int64_t)(seconds * 1e6);
}

/* What is wrong, if anything, happens to one of so many. */
enum { SICK_EVERY = 4 };
typedef void sickness(void);

static void
play_day(struct day *day, sickness *sick)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		end_one(day);
		if (sick != NULL && i % SICK_EVERY == 0)
			sick();
		pass(day);
		if (i % (CONNECTIONS / LOOKS) != CONNECTIONS / LOOKS - 1)
			continue;
		look(day);
		if (sick == NULL)
			ck_assert_msg(scene.found.count == 0, "seed %u: %s", day->seed, scene_title());
	}
}

static void
begin_anew(void)
{
	scene_teardown();
	scene_setup();
}

START_TEST(a_healthy_day_is_silent)
{
	for (unsigned i = 0; i < DAYS; i++) {
		struct day day = make_day((unsigned)_i * DAYS + i);

		begin_anew();
		play_day(&day, NULL);
	}
}
END_TEST

static void
be_cut_when_idle(void)
{
	struct record record = scene_closed_idle(PG, WHY_UPSTREAM_RESET, 350100000);

	scene_take(&record);
}

static void
never_finish(void)
{
	struct record record = scene_closed(PG, WHY_HALF_CLOSE_TIMEOUT);

	record.close.leg = LEG_UPSTREAM;
	scene_take(&record);
}

static void
refuse(void)
{
	struct record record = scene_closed(WEB, WHY_UPSTREAM_REFUSED);

	scene_choose(&record, 1, ECONNREFUSED);
	scene_take(&record);
}

static const struct {
	sickness *sick;
	enum finding_kind kind;
} sicknesses[] = {
	{ be_cut_when_idle, FINDING_IDLE_CUTOFF },
	{ never_finish, FINDING_NEVER_FINISHES },
	{ refuse, FINDING_TARGET_FAILS },
};

START_TEST(one_thing_wrong_is_noticed_and_nothing_else)
{
	for (unsigned seed = 0; seed < DAYS; seed++) {
		struct day day = make_day(seed);

		day.resets /= 10; /* that hide one in seven are no share of seven in ten */
		day.refuses /= 10;
		day.step_s = day.step_s < 1 ? day.step_s : 1; /* a quarter of an hour at the most */
		begin_anew();
		play_day(&day, sicknesses[_i].sick);
		ck_assert_msg(
		    scene.found.count == 1, "seed %u: %llu findings", seed, (unsigned long long)scene.found.count);
		ck_assert_int_eq(scene.found.list[0].kind, sicknesses[_i].kind);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/healthy days");
	TCase *tcase = tcase_create("days");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_loop_test(tcase, a_healthy_day_is_silent, 0, ROUNDS);
	tcase_add_loop_test(
	    tcase, one_thing_wrong_is_noticed_and_nothing_else, 0, (int)(sizeof(sicknesses) / sizeof(sicknesses[0])));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
