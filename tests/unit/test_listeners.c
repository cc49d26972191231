/* SPDX-License-Identifier: MIT */
#include "track/listeners.h"

#include <errno.h>
#include "base/clock.h"
#include "support/suite.h"

enum { COUNT = 2, WORKERS = 3, SECOND = 1 };

static struct listeners *listeners;
static struct listener_facts facts;

static void
setup(void)
{
	listeners = listeners_new(COUNT, WORKERS);
	ck_assert_ptr_nonnull(listeners);
}

static void
teardown(void)
{
	listeners_free(listeners);
}

static void
step(enum listener_step step_made, int error)
{
	listeners_step(listeners, SECOND, step_made, error);
	listeners_read(listeners, SECOND, &facts);
}

static void
start_listening(void)
{
	struct addr bound;

	ck_assert(addr_parse(&bound, "127.0.0.1:8080"));
	step(STEP_SOCKET, 0);
	step(STEP_BIND, 0);
	listeners_bound(listeners, SECOND, &bound, WORKERS);
	step(STEP_LISTENING, 0);
}

START_TEST(a_new_one_knows_nothing)
{
	ck_assert_int_eq(listeners_count(listeners), COUNT);
	listeners_read(listeners, 0, &facts);
	ck_assert_int_eq(facts.state, LISTENER_NEW);
	ck_assert_uint_eq(facts.bound.length, 0);
	ck_assert_int_eq(facts.queue_length, -1);
	ck_assert_int_eq(facts.queue_limit, -1);
	for (int i = 0; i < LISTENER_STEPS; i++) {
		ck_assert_int_eq(facts.steps[i].at_us, 0);
		ck_assert_uint_eq(facts.steps[i].times, 0);
	}
}
END_TEST

START_TEST(its_life_is_kept_step_by_step)
{
	int64_t before = clock_wall_us();

	start_listening();
	ck_assert_int_eq(facts.state, LISTENER_LISTENING);
	ck_assert_uint_eq(addr_port(&facts.bound), 8080);
	ck_assert_int_eq(facts.sockets, WORKERS);
	for (int i = STEP_SOCKET; i <= STEP_LISTENING; i++) {
		ck_assert_int_ge(facts.steps[i].at_us, before);
		ck_assert_uint_eq(facts.steps[i].times, 1);
		ck_assert_int_eq(facts.steps[i].error, 0);
	}
	step(STEP_PAUSED, EMFILE);
	ck_assert_int_eq(facts.state, LISTENER_PAUSED);
	ck_assert_int_eq(facts.steps[STEP_PAUSED].error, EMFILE);
	step(STEP_RESUMED, 0);
	ck_assert_int_eq(facts.state, LISTENER_LISTENING);
	step(STEP_PAUSED, 0);
	ck_assert_uint_eq(facts.steps[STEP_PAUSED].times, 2);
	step(STEP_CLOSED, 0);
	ck_assert_int_eq(facts.state, LISTENER_CLOSED);

	listeners_read(listeners, 0, &facts);
	ck_assert_int_eq(facts.state, LISTENER_NEW);
}
END_TEST

START_TEST(a_failed_step_is_its_end)
{
	step(STEP_SOCKET, 0);
	step(STEP_BIND, EADDRINUSE);
	ck_assert_int_eq(facts.state, LISTENER_FAILED);
	ck_assert_int_eq(facts.steps[STEP_BIND].error, EADDRINUSE);
	ck_assert_uint_eq(facts.bound.length, 0);
	ck_assert_int_eq(facts.queue_length, -1);
}
END_TEST

START_TEST(its_sockets_count_together)
{
	start_listening();
	listeners_accepted(listeners, SECOND, 0);
	listeners_accepted(listeners, SECOND, 2);
	listeners_accepted(listeners, SECOND, 2);
	for (int worker = 0; worker < WORKERS; worker++)
		listeners_queue(listeners, SECOND, worker, (uint32_t)worker, 4096);
	listeners_drops(listeners, SECOND, 0, 7);
	listeners_drops(listeners, SECOND, 1, 1);
	listeners_read(listeners, SECOND, &facts);
	ck_assert_int_eq(facts.drops, -1); /* of one worker's socket they are not known */
	listeners_drops(listeners, SECOND, 2, 0);
	listeners_read(listeners, SECOND, &facts);
	ck_assert_int_eq(facts.drops, 8);
	ck_assert_uint_eq(facts.accepted, 3);
	ck_assert_int_eq(facts.queue_length, 3);
	ck_assert_int_eq(facts.queue_limit, 3 * 4096);

	listeners_read(listeners, 0, &facts);
	ck_assert_uint_eq(facts.accepted, 0);
}
END_TEST

START_TEST(one_queue_unknown_makes_the_sum_unknown)
{
	start_listening();
	for (int worker = 0; worker < WORKERS - 1; worker++)
		listeners_queue(listeners, SECOND, worker, 1, 4096);
	listeners_read(listeners, SECOND, &facts);
	ck_assert_int_eq(facts.queue_length, -1);
	ck_assert_int_eq(facts.queue_limit, -1);
}
END_TEST

START_TEST(once_closed_there_is_no_queue_to_know)
{
	start_listening();
	for (int worker = 0; worker < WORKERS; worker++)
		listeners_queue(listeners, SECOND, worker, 1, 4096);
	step(STEP_CLOSED, 0);
	ck_assert_int_eq(facts.queue_length, -1);
	ck_assert_int_eq(facts.queue_limit, -1);
}
END_TEST

START_TEST(each_state_and_step_has_a_word)
{
	for (int i = 0; i < LISTENER_STATES; i++)
		ck_assert_ptr_nonnull(listener_state_texts[i]);
	for (int i = 0; i < LISTENER_STEPS; i++)
		ck_assert_ptr_nonnull(listener_step_texts[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/listeners");
	TCase *tcase = tcase_create("life");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_new_one_knows_nothing);
	tcase_add_test(tcase, its_life_is_kept_step_by_step);
	tcase_add_test(tcase, a_failed_step_is_its_end);
	tcase_add_test(tcase, its_sockets_count_together);
	tcase_add_test(tcase, one_queue_unknown_makes_the_sum_unknown);
	tcase_add_test(tcase, once_closed_there_is_no_queue_to_know);
	tcase_add_test(tcase, each_state_and_step_has_a_word);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
