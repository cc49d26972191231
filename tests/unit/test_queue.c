/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include "support/suite.h"

enum { WRITERS = 3, MESSAGES = 30000 };

struct message {
	uint32_t writer, number;
	uint64_t sum; /* of both, to know a torn one */
};

static struct queue *queue;

static void
teardown(void)
{
	queue_free(queue);
}

START_TEST(messages_come_out_in_their_order)
{
	char text[3];

	queue = queue_new(4, sizeof(text));
	for (int round = 0; round < 10; round++) {
		ck_assert(queue_post(queue, "ab"));
		ck_assert(queue_post(queue, "cd"));
		ck_assert(queue_take(queue, text));
		ck_assert_str_eq(text, "ab");
		ck_assert(queue_take(queue, text));
		ck_assert_str_eq(text, "cd");
		ck_assert(!queue_take(queue, text));
	}
}
END_TEST

START_TEST(a_full_queue_refuses_and_keeps_what_it_has)
{
	queue = queue_new(3, sizeof(int)); /* rounded up to four */
	int number;

	for (int i = 0; i < 4; i++)
		ck_assert(queue_post(queue, &i));
	number = 4;
	ck_assert(!queue_post(queue, &number));
	for (int i = 0; i < 4; i++) {
		ck_assert(queue_take(queue, &number));
		ck_assert_int_eq(number, i);
	}
	ck_assert(queue_post(queue, &number));
}
END_TEST

static void *
post_many(void *argument)
{
	struct message message = { .writer = (uint32_t)(uintptr_t)argument };

	for (message.number = 0; message.number < MESSAGES; message.number++) {
		message.sum = (uint64_t)message.writer + message.number;
		while (!queue_post(queue, &message))
			sched_yield();
	}
	return NULL;
}

START_TEST(nothing_is_lost_or_torn_between_threads)
{
	pthread_t threads[WRITERS];
	uint32_t next[WRITERS] = { 0 };
	struct message message;
	int wrong = 0;

	queue = queue_new(64, sizeof(message));
	for (uintptr_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, (void *)i), 0);
	for (int taken = 0; taken < WRITERS * MESSAGES;) {
		if (!queue_take(queue, &message)) {
			sched_yield();
			continue;
		}
		wrong += message.sum != (uint64_t)message.writer + message.number ||
			 message.number != next[message.writer]++;
		taken++;
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(wrong, 0);
	ck_assert(!queue_take(queue, &message));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/queue");
	TCase *tcase = tcase_create("bounded");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, messages_come_out_in_their_order);
	tcase_add_test(tcase, a_full_queue_refuses_and_keeps_what_it_has);
	tcase_add_test(tcase, nothing_is_lost_or_torn_between_threads);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
