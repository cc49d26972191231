/* SPDX-License-Identifier: MIT */
#include "net/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include "base/clock.h"
#include "support/suite.h"

enum { WRITERS = 3, MAILS = 20000, PATIENCE_MS = 10000 };

static struct loop *loop;
static struct mailbox *mailbox;
static uint64_t next[WRITERS];
static int read_count, wrong;

static void
on_mail(void *argument, const struct mail *mail)
{
	wrong += argument != &read_count || mail->kind != 7 || mail->id != next[mail->number]++;
	read_count++;
}

static void
setup(void)
{
	loop = loop_new();
	mailbox = mailbox_new(loop, on_mail, &read_count);
	ck_assert_ptr_nonnull(mailbox);
	read_count = wrong = 0;
	for (int i = 0; i < WRITERS; i++)
		next[i] = 0;
}

static void
teardown(void)
{
	mailbox_free(mailbox);
	loop_free(loop);
	ck_assert_int_eq(wrong, 0);
}

static bool
post(uint32_t writer, uint64_t id)
{
	return mailbox_post(mailbox, &(struct mail){ .kind = 7, .number = writer, .id = id });
}

START_TEST(mail_wakes_a_waiting_loop)
{
	ck_assert(post(0, 0));
	ck_assert(post(0, 1));
	loop_turn(loop, PATIENCE_MS);
	ck_assert_int_eq(read_count, 2);
	loop_turn(loop, 0);
	ck_assert(post(0, 2));
	loop_turn(loop, PATIENCE_MS);
	ck_assert_int_eq(read_count, 3);
}
END_TEST

START_TEST(a_full_mailbox_refuses_and_delivers_what_it_took)
{
	uint64_t taken = 0;

	while (post(0, taken))
		taken++;
	ck_assert_uint_gt(taken, 1000);
	while (next[0] < taken) {
		uint64_t before = next[0];

		loop_turn(loop, PATIENCE_MS);
		ck_assert_uint_gt(next[0], before);
		ck_assert_uint_le(next[0], before + MAILBOX_TURN); /* others have their turn, too */
	}
	ck_assert(post(0, taken));
	loop_turn(loop, PATIENCE_MS);
	ck_assert_uint_eq(next[0], taken + 1);
}
END_TEST

static uint64_t answered;

static void
answer_each(void *argument, const struct mail *mail)
{
	(void)argument;
	answered++;
	mailbox_post(mailbox, mail);
}

START_TEST(mail_that_never_ends_does_not_hold_the_turn)
{
	mailbox_free(mailbox);
	mailbox = mailbox_new(loop, answer_each, NULL);
	answered = 0;
	ck_assert(post(0, 0));
	loop_turn(loop, PATIENCE_MS);
	uint64_t first = answered;
	loop_turn(loop, PATIENCE_MS);
	ck_assert_uint_eq(answered, 2 * first);
}
END_TEST

static void *
post_many(void *argument)
{
	for (uint64_t id = 0; id < MAILS; id++) {
		while (!post((uint32_t)(uintptr_t)argument, id))
			sched_yield();
	}
	return NULL;
}

/* A lost wake-up would leave the last mail lying, and the loop waiting. */
START_TEST(no_mail_of_any_thread_is_left_lying)
{
	pthread_t threads[WRITERS];

	for (uintptr_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, (void *)i), 0);
	while (read_count < WRITERS * MAILS) {
		int64_t before = loop_now(loop);

		loop_turn(loop, PATIENCE_MS);
		wrong += loop_now(loop) - before >= PATIENCE_MS * NS_PER_MS;
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/mailbox");
	TCase *tcase = tcase_create("mail");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, mail_wakes_a_waiting_loop);
	tcase_add_test(tcase, a_full_mailbox_refuses_and_delivers_what_it_took);
	tcase_add_test(tcase, mail_that_never_ends_does_not_hold_the_turn);
	tcase_add_test(tcase, no_mail_of_any_thread_is_left_lying);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
