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

static void
release(const struct actor *actor)
{
	scene_has_room(actor, LEG_UPSTREAM, FAKE_ROOM);
	scene_turn();
	scene_turn();
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
	ck_assert_uint_eq(scene_total(TOTAL_LOAN_WAITS), 0);
}
END_TEST

START_TEST(without_a_loan_nothing_is_read)
{
	struct actor holders[FEW], waiting;

	stall_all(holders);
	waiting = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(scene_socket(&waiting, LEG_CLIENT)->readable, SMALL);
	ck_assert_uint_eq(scene_total(TOTAL_LOAN_WAITS), 1);
	ck_assert_uint_eq(scene_total(TOTAL_LOANS_LENT), FEW);

	release(&holders[0]);
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
	ck_assert_uint_eq(passed_up(&holders[0]), SMALL);
}
END_TEST

START_TEST(first_come_first_served)
{
	struct actor holders[FEW], waiting[3];

	stall_all(holders);
	for (int i = 0; i < 3; i++) {
		waiting[i] = scene_establishes();
		scene_socket(&waiting[i], LEG_UPSTREAM)->room = 0;
		scene_sends(&waiting[i], LEG_CLIENT, SMALL);
		scene_turn();
	}
	for (int i = 0; i < 2; i++) {
		release(&holders[i]);
		for (int j = 0; j < 3; j++)
			ck_assert_int_eq(waiting[j].conn->pumps[LEG_CLIENT].held, j <= i ? SMALL : 0);
	}
	release(&waiting[0]);
	ck_assert_int_eq(waiting[2].conn->pumps[LEG_CLIENT].held, SMALL);
}
END_TEST

START_TEST(a_newcomer_does_not_overtake)
{
	struct actor holders[FEW], first, second;

	stall_all(holders);
	first = scene_establishes();
	second = scene_establishes();
	scene_sends(&first, LEG_CLIENT, SMALL);
	scene_turn();
	/* In the turn in which the loan comes back, the newcomer is looked at before the one that waits. */
	scene_socket(&first, LEG_UPSTREAM)->room = 0;
	scene_socket(&second, LEG_UPSTREAM)->room = 0;
	scene_has_room(&holders[0], LEG_UPSTREAM, FAKE_ROOM);
	scene_sends(&second, LEG_CLIENT, SMALL);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(first.conn->pumps[LEG_CLIENT].held, SMALL);
	ck_assert_uint_eq(second.conn->pumps[LEG_CLIENT].held, 0);
	release(&holders[1]);
	ck_assert_uint_eq(second.conn->pumps[LEG_CLIENT].held, SMALL);
}
END_TEST

START_TEST(whoever_gives_a_loan_back_queues_for_the_next)
{
	struct actor holders[FEW], waiting;

	stall_all(holders);
	waiting = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_turn();
	/* Its upstream takes all that it held, and not all of what lies behind: it would hold on for ever. */
	scene_sends(&holders[0], LEG_CLIENT, SMALL);
	scene_has_room(&holders[0], LEG_UPSTREAM, SMALL + SMALL / 2);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
	scene_turn();
	ck_assert_uint_eq(passed_up(&holders[0]), SMALL + SMALL / 2);
}
END_TEST

START_TEST(the_other_way_of_a_waiting_connection_goes_on)
{
	struct actor holder, waiting;

	holder = stalled();
	waiting = scene_establishes();
	scene_socket(&waiting, LEG_CLIENT)->room = 0;
	scene_sends(&waiting, LEG_UPSTREAM, SMALL);
	scene_turn(); /* the last loan: down */
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_turn();
	ck_assert_uint_eq(scene_total(TOTAL_LOAN_WAITS), 1);
	for (int i = 1; i < 5; i++) {
		scene_has_room(&waiting, LEG_CLIENT, 10);
		scene_turn();
		ck_assert_uint_eq(scene_socket(&waiting, LEG_CLIENT)->sent, (uint64_t)i * 10);
	}
	ck_assert_uint_eq(passed_up(&waiting), 0);
	scene_has_room(&waiting, LEG_CLIENT, FAKE_ROOM);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
	release(&holder);
}
END_TEST

START_TEST(both_ways_may_wait_at_once)
{
	struct actor holders[FEW], waiting;

	stall_all(holders);
	waiting = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_sends(&waiting, LEG_UPSTREAM, SMALL);
	scene_turn();
	ck_assert_uint_eq(scene_total(TOTAL_LOAN_WAITS), 2);
	release(&holders[0]);
	scene_turn();
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
	ck_assert_uint_eq(scene_socket(&waiting, LEG_CLIENT)->sent, SMALL);
}
END_TEST

START_TEST(a_holder_that_ends_gives_its_loan_to_the_next)
{
	struct actor holders[FEW], waiting;

	stall_all(holders);
	waiting = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_turn();
	scene_fails(&holders[0], LEG_UPSTREAM, ECONNRESET);
	scene_turn();
	scene_turn();
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
}
END_TEST

START_TEST(one_that_ends_while_it_waits_leaves_the_queue)
{
	struct actor holders[FEW], waiting, next;

	stall_all(holders);
	waiting = scene_establishes();
	next = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_sends(&waiting, LEG_UPSTREAM, SMALL);
	scene_turn();
	scene_sends(&next, LEG_CLIENT, SMALL);
	scene_turn();
	scene_fails(&waiting, LEG_UPSTREAM, ECONNRESET);
	scene_fails(&waiting, LEG_CLIENT, ECONNRESET);
	scene_turn();
	release(&holders[0]);
	scene_turn();
	ck_assert_uint_eq(passed_up(&next), SMALL);
	scene_check_close(&waiting, WHY_UPSTREAM_RESET, BY_NOBODY);
}
END_TEST

START_TEST(last_words_wait_for_a_loan_too)
{
	struct actor holders[FEW], waiting;

	stall_all(holders);
	waiting = scene_establishes();
	scene_sends(&waiting, LEG_CLIENT, SMALL);
	scene_fails(&waiting, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_state(&waiting, CONN_FLUSHING);
	release(&holders[0]);
	scene_after(50 * NS_PER_MS);
	ck_assert_uint_eq(passed_up(&waiting), SMALL);
	scene_check_close(&waiting, WHY_CLIENT_RESET, BY_CLIENT);
}
END_TEST

START_TEST(many_stalled_readers_stay_inside_the_memory)
{
	struct actor actors[50];

	for (int i = 0; i < 50; i++)
		actors[i] = stalled();
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), FEW);
	for (int i = 0; i < 50; i++)
		release(&actors[i]);
	for (int turns = 0; turns < 50; turns++)
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
	tcase_add_test(tcase, without_a_loan_nothing_is_read);
	tcase_add_test(tcase, first_come_first_served);
	tcase_add_test(tcase, a_newcomer_does_not_overtake);
	tcase_add_test(tcase, whoever_gives_a_loan_back_queues_for_the_next);
	tcase_add_test(tcase, the_other_way_of_a_waiting_connection_goes_on);
	tcase_add_test(tcase, both_ways_may_wait_at_once);
	tcase_add_test(tcase, a_holder_that_ends_gives_its_loan_to_the_next);
	tcase_add_test(tcase, one_that_ends_while_it_waits_leaves_the_queue);
	tcase_add_test(tcase, last_words_wait_for_a_loan_too);
	tcase_add_test(tcase, many_stalled_readers_stay_inside_the_memory);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
