/* SPDX-License-Identifier: MIT */
/* Who gets a buffer when there are too few.  scene.c looks after each turn that nobody queues while one is free. */
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

enum { FEW = 2, SMALL = 100 };

static void
setup(void)
{
	scene_setup();
	scene.settings.datapath = WISH_COPY;
	scene.settings.buffer_memory = FEW * LOAN_SIZE;
	scene_begin();
}

/* The client sends, and the upstream takes nothing: the pump sits on its loan. */
static struct actor
stalled(void)
{
	struct actor actor = scene_establishes();

	scene_socket(&actor, LEG_UPSTREAM)->room = 0;
	scene_sends(&actor, LEG_CLIENT, SMALL);
	scene_turn();
	return actor;
}

static void
stall_all(struct actor actors[FEW])
{
	for (int i = 0; i < FEW; i++)
		actors[i] = stalled();
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), FEW);
}

static uint64_t
passed_up(const struct actor *actor)
{
	return scene_socket(actor, LEG_UPSTREAM)->sent;
}

START_TEST(a_stalled_connection_holds_only_its_own)
{
	struct actor slow = stalled(), other = scene_establishes();

	for (int i = 1; i <= 20; i++) {
		scene_sends(&other, LEG_CLIENT, SMALL);
		scene_sends(&other, LEG_UPSTREAM, SMALL);
		scene_turn();
		ck_assert_uint_eq(passed_up(&other), (uint64_t)i * SMALL);
	}
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), 1);
	ck_assert_uint_eq(passed_up(&slow), 0);
	ck_assert_uint_eq(scene_total(TOTAL_LOAN_SHORTAGES), 0);
}
END_TEST

START_TEST(without_a_loan_others_go_on)
{
	struct actor holders[FEW], other;

	stall_all(holders);
	other = scene_establishes();
	for (int i = 1; i <= 20; i++) {
		scene_sends(&other, LEG_CLIENT, SMALL);
		scene_sends(&other, LEG_UPSTREAM, SMALL);
		scene_turn();
		ck_assert_uint_eq(passed_up(&other), (uint64_t)i * SMALL);
		ck_assert_uint_eq(scene_socket(&other, LEG_CLIENT)->sent, (uint64_t)i * SMALL);
	}
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), FEW);
	ck_assert_uint_ge(scene_total(TOTAL_LOAN_SHORTAGES), 40);
}
END_TEST

START_TEST(without_a_loan_a_slow_sink_leaves_the_bytes_in_the_kernel)
{
	struct actor holders[FEW], slow;

	stall_all(holders);
	slow = scene_establishes();
	scene_socket(&slow, LEG_UPSTREAM)->room = 30;
	scene_sends(&slow, LEG_CLIENT, SMALL);
	scene_turn();
	ck_assert_uint_eq(passed_up(&slow), 30);
	ck_assert_uint_eq(scene_socket(&slow, LEG_CLIENT)->readable, SMALL - 30);
	ck_assert_uint_eq(scene_record(&slow)->bytes[LEG_CLIENT].received, 30);

	scene_has_room(&slow, LEG_UPSTREAM, FAKE_ROOM);
	scene_turn();
	ck_assert_uint_eq(passed_up(&slow), SMALL);
	ck_assert_uint_eq(scene_socket(&slow, LEG_CLIENT)->readable, 0);
}
END_TEST

START_TEST(last_words_need_no_loan)
{
	struct actor holders[FEW], lost;

	stall_all(holders);
	lost = scene_establishes();
	scene_sends(&lost, LEG_CLIENT, SMALL);
	scene_fails(&lost, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_after(50 * NS_PER_MS);
	ck_assert_uint_eq(scene_record(&lost)->bytes[LEG_UPSTREAM].sent, SMALL);
	scene_check_close(&lost, WHY_CLIENT_RESET, BY_CLIENT);
}
END_TEST

START_TEST(a_holder_that_ends_gives_its_loan_back)
{
	struct actor holders[FEW];

	stall_all(holders);
	scene_fails(&holders[0], LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), FEW - 1);
}
END_TEST

START_TEST(many_stalled_readers_stay_inside_the_memory)
{
	struct actor actors[50];

	for (int i = 0; i < 50; i++)
		actors[i] = stalled();
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), FEW);
	for (int i = 0; i < 50; i++)
		scene_has_room(&actors[i], LEG_UPSTREAM, FAKE_ROOM);
	scene_turn();
	for (int i = 0; i < 50; i++)
		ck_assert_uint_eq(passed_up(&actors[i]), SMALL);
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_loans");
	TCase *tcase = tcase_create("few loans");

	tcase_add_checked_fixture(tcase, setup, scene_teardown);
	tcase_add_test(tcase, a_stalled_connection_holds_only_its_own);
	tcase_add_test(tcase, without_a_loan_others_go_on);
	tcase_add_test(tcase, without_a_loan_a_slow_sink_leaves_the_bytes_in_the_kernel);
	tcase_add_test(tcase, last_words_need_no_loan);
	tcase_add_test(tcase, a_holder_that_ends_gives_its_loan_back);
	tcase_add_test(tcase, many_stalled_readers_stay_inside_the_memory);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
