/* SPDX-License-Identifier: MIT */
#include "track/orders.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "support/suite.h"
#include "track/conn_id.h"

enum { WORKERS = 2, POSTERS = 3, ORDERS_EACH = 5000, PATIENCE_MS = 10000, OTHER_MAIL = ORDER_KINDS };

static struct orders *orders;

/* Where orders go, and what came there. */
static struct desk {
	int worker;
	struct loop *loop;
	struct mailbox *mailbox;
	int taken, others;
	struct admin_order last;
	void (*on_order)(const struct admin_order *order);
} desks[WORKERS + 1];
static struct desk *const process = &desks[WORKERS];

static void
on_mail(void *argument, const struct mail *mail)
{
	struct desk *desk = argument;

	if (mail->kind >= ORDER_KINDS) {
		desk->others++;
		return;
	}
	orders_take(orders, desk->worker, mail, &desk->last);
	desk->taken++;
	if (desk->on_order != NULL)
		desk->on_order(&desk->last);
}

static void
setup(void)
{
	orders = orders_new(WORKERS);
	for (int i = 0; i <= WORKERS; i++) {
		struct desk *desk = &desks[i];

		*desk = (struct desk){ .worker = i < WORKERS ? i : ORDERS_TO_PROCESS, .loop = loop_new() };
		desk->mailbox = mailbox_new(desk->loop, on_mail, desk);
		orders_deliver_to(orders, desk->worker, desk->mailbox);
	}
}

static void
teardown(void)
{
	for (int i = 0; i <= WORKERS; i++) {
		mailbox_free(desks[i].mailbox);
		loop_free(desks[i].loop);
	}
	orders_free(orders);
}

static bool
post_kill(int worker, uint32_t slot, enum close_how how, const char *words)
{
	struct admin_order order = { .kind = ORDER_KILL, .id = conn_id_make(worker, slot, 1), .how = how };

	strcpy(order.words, words);
	return orders_post(orders, &order);
}

static bool
post_refresh(int worker)
{
	return orders_post(orders, &(struct admin_order){ .kind = ORDER_REFRESH, .id = conn_id_make(worker, 7, 1) });
}

START_TEST(an_order_reaches_the_worker_whose_connection_it_names)
{
	ck_assert(post_refresh(1));
	loop_turn(desks[1].loop, PATIENCE_MS);
	loop_turn(desks[0].loop, 0);
	ck_assert_int_eq(desks[0].taken, 0);
	ck_assert_int_eq(desks[1].taken, 1);
	ck_assert_int_eq(desks[1].last.kind, ORDER_REFRESH);
	ck_assert_uint_eq(desks[1].last.id, conn_id_make(1, 7, 1));
}
END_TEST

START_TEST(a_kill_carries_how_and_all_of_its_words)
{
	char words[ORDER_WORDS_MAX + 1];

	memset(words, 'w', ORDER_WORDS_MAX);
	words[ORDER_WORDS_MAX] = '\0';
	ck_assert(post_kill(0, 3, HOW_FIN, words));
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert_int_eq(desks[0].last.kind, ORDER_KILL);
	ck_assert_uint_eq(desks[0].last.id, conn_id_make(0, 3, 1));
	ck_assert_int_eq(desks[0].last.how, HOW_FIN);
	ck_assert_str_eq(desks[0].last.words, words);
	ck_assert(post_kill(0, 3, HOW_RST, ""));
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert_int_eq(desks[0].last.how, HOW_RST);
	ck_assert_str_eq(desks[0].last.words, "");
}
END_TEST

START_TEST(a_drain_is_for_the_process)
{
	ck_assert(orders_post(orders, &(struct admin_order){ .kind = ORDER_DRAIN, .timeout_ns = INT64_MAX }));
	loop_turn(process->loop, PATIENCE_MS);
	ck_assert_int_eq(process->last.kind, ORDER_DRAIN);
	ck_assert_int_eq(process->last.timeout_ns, INT64_MAX);
	ck_assert(orders_post(orders, &(struct admin_order){ .kind = ORDER_UNDRAIN }));
	loop_turn(process->loop, PATIENCE_MS);
	ck_assert_int_eq(process->last.kind, ORDER_UNDRAIN);
	ck_assert_int_eq(process->taken, 2);
}
END_TEST

START_TEST(nobody_takes_orders_before_there_is_a_mailbox)
{
	struct orders *early = orders_new(1);

	ck_assert(!orders_post(early, &(struct admin_order){ .kind = ORDER_REFRESH, .id = conn_id_make(0, 1, 1) }));
	ck_assert(!orders_post(early, &(struct admin_order){ .kind = ORDER_REFRESH, .id = conn_id_make(1, 1, 1) }));
	ck_assert(!orders_post(early, &(struct admin_order){ .kind = ORDER_DRAIN }));
	ck_assert_uint_eq(orders_refused(early), 0);
	orders_free(early);
}
END_TEST

START_TEST(kills_without_a_slip_are_refused_and_counted)
{
	int posted = 0;

	while (post_kill(posted % WORKERS, 1, HOW_RST, "all of them"))
		posted++;
	ck_assert_int_eq(posted, ORDER_SLIPS);
	ck_assert_uint_eq(orders_refused(orders), 1);
	ck_assert(post_refresh(0)); /* needs none */
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert_int_eq(desks[0].taken, ORDER_SLIPS / WORKERS + 1);
	for (int i = 0; i < ORDER_SLIPS / WORKERS; i++)
		ck_assert(post_kill(1, 1, HOW_RST, "again"));
	ck_assert(!post_kill(1, 1, HOW_RST, "one too many"));
	ck_assert_uint_eq(orders_refused(orders), 2);
}
END_TEST

/* Or a stop would find its way barred by those who only ask. */
START_TEST(orders_leave_room_for_other_mail)
{
	int posted = 0;

	while (post_refresh(0))
		posted++;
	ck_assert_int_eq(posted, ORDERS_WAITING_MAX);
	ck_assert(!post_kill(0, 1, HOW_RST, ""));
	ck_assert_uint_eq(orders_refused(orders), 2);
	ck_assert(mailbox_post(desks[0].mailbox, &(struct mail){ .kind = OTHER_MAIL }));
	ck_assert(post_refresh(1));
	while (desks[0].others == 0)
		loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert_int_eq(desks[0].taken, ORDERS_WAITING_MAX);
	ck_assert_int_eq(desks[0].others, 1);
	for (int i = 0; i < ORDER_SLIPS; i++) /* the one refused for want of room kept no slip */
		ck_assert(post_kill(0, 1, HOW_RST, ""));
}
END_TEST

static void
begin_many(const char *words, uint32_t *slip)
{
	struct admin_order order = { .kind = ORDER_KILL, .how = HOW_FIN };

	strcpy(order.words, words);
	ck_assert(orders_begin(orders, &order, slip));
}

START_TEST(many_kills_need_one_slip)
{
	uint32_t slip;

	begin_many("all of you", &slip);
	for (uint32_t i = 0; i < ORDERS_AT_ONCE; i++)
		ck_assert(orders_post_by(orders, slip, conn_id_make(0, i, 1)));
	for (int i = 1; i < ORDER_SLIPS; i++) /* the others are free */
		ck_assert(post_kill(1, 1, HOW_RST, ""));
	ck_assert(!post_kill(1, 1, HOW_RST, ""));
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert_int_eq(desks[0].taken, ORDERS_AT_ONCE);
	ck_assert_int_eq(desks[0].last.kind, ORDER_KILL);
	ck_assert_int_eq(desks[0].last.how, HOW_FIN);
	ck_assert_str_eq(desks[0].last.words, "all of you");
	ck_assert_uint_eq(desks[0].last.id, conn_id_make(0, ORDERS_AT_ONCE - 1, 1));
	orders_end(orders, slip, 0);
}
END_TEST

/* Or a worker would for long do nothing else. */
START_TEST(of_many_kills_few_wait_at_once)
{
	uint32_t slip;

	begin_many("", &slip);
	for (uint32_t i = 0; i < ORDERS_AT_ONCE; i++)
		ck_assert(orders_post_by(orders, slip, conn_id_make(0, i, 1)));
	ck_assert(!orders_post_by(orders, slip, conn_id_make(0, 1, 1)));
	ck_assert(orders_post_by(orders, slip, conn_id_make(1, 1, 1))); /* each worker has its own mailbox */
	ck_assert(!orders_post_by(orders, slip, conn_id_make(WORKERS, 1, 1)));
	ck_assert(post_refresh(0));
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert(orders_post_by(orders, slip, conn_id_make(0, 1, 1)));
	ck_assert_uint_eq(orders_refused(orders), 0); /* it may be tried again */
	orders_end(orders, slip, 3);
	ck_assert_uint_eq(orders_refused(orders), 3);
}
END_TEST

START_TEST(a_slip_of_many_is_free_when_the_last_was_taken_and_its_poster_has_ended)
{
	uint32_t slips[ORDER_SLIPS], more;

	for (int i = 0; i < ORDER_SLIPS; i++)
		begin_many("", &slips[i]);
	ck_assert(!orders_begin(orders, &(struct admin_order){ .kind = ORDER_KILL }, &more));
	ck_assert(orders_post_by(orders, slips[7], conn_id_make(0, 1, 1)));
	orders_end(orders, slips[7], 0);
	ck_assert(!orders_begin(orders, &(struct admin_order){ .kind = ORDER_KILL }, &more));
	loop_turn(desks[0].loop, PATIENCE_MS);
	begin_many("", &more);
	ck_assert_uint_eq(more, slips[7]);
	ck_assert(orders_post_by(orders, slips[8], conn_id_make(0, 1, 1)));
	loop_turn(desks[0].loop, PATIENCE_MS);
	ck_assert(!post_kill(0, 1, HOW_RST, "")); /* who posts by it may post more */
	for (int i = 0; i < ORDER_SLIPS; i++)
		orders_end(orders, i == 7 ? more : slips[i], 0);
	ck_assert(post_kill(0, 1, HOW_RST, ""));
}
END_TEST

/* Posters against each other and against the one who takes: each order comes once, and whole. */

static int seen[POSTERS][ORDERS_EACH];

static void
check_order(const struct admin_order *order)
{
	unsigned poster, number, length;
	char words[ORDER_WORDS_MAX + 1];

	ck_assert_int_eq(sscanf(order->words, "%u %u %u ", &poster, &number, &length), 3);
	snprintf(words, sizeof(words), "%u %u %u %0*d", poster, number, length, (int)length, 0);
	ck_assert_str_eq(order->words, words);
	ck_assert_uint_eq(conn_id_slot(order->id), number);
	ck_assert_int_eq(order->how, number % 2 == 0 ? HOW_FIN : HOW_RST);
	seen[poster][number]++;
}

static void *
post_many(void *argument)
{
	unsigned poster = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < ORDERS_EACH; i++) {
		char words[ORDER_WORDS_MAX + 1];
		unsigned length = 1 + i % 100;

		snprintf(words, sizeof(words), "%u %u %u %0*d", poster, i, length, (int)length, 0);
		while (!post_kill(0, i, i % 2 == 0 ? HOW_FIN : HOW_RST, words))
			sched_yield();
	}
	return NULL;
}

START_TEST(orders_of_many_threads_arrive_once_and_whole)
{
	pthread_t threads[POSTERS];

	memset(seen, 0, sizeof(seen));
	desks[0].on_order = check_order;
	for (uintptr_t i = 0; i < POSTERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, (void *)i), 0);
	while (desks[0].taken < POSTERS * ORDERS_EACH)
		loop_turn(desks[0].loop, PATIENCE_MS);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < POSTERS; i++) {
		for (int j = 0; j < ORDERS_EACH; j++)
			ck_assert_int_eq(seen[i][j], 1);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/orders");
	TCase *tcase = tcase_create("orders");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_order_reaches_the_worker_whose_connection_it_names);
	tcase_add_test(tcase, a_kill_carries_how_and_all_of_its_words);
	tcase_add_test(tcase, a_drain_is_for_the_process);
	tcase_add_test(tcase, nobody_takes_orders_before_there_is_a_mailbox);
	tcase_add_test(tcase, kills_without_a_slip_are_refused_and_counted);
	tcase_add_test(tcase, orders_leave_room_for_other_mail);
	tcase_add_test(tcase, many_kills_need_one_slip);
	tcase_add_test(tcase, of_many_kills_few_wait_at_once);
	tcase_add_test(tcase, a_slip_of_many_is_free_when_the_last_was_taken_and_its_poster_has_ended);
	tcase_add_test(tcase, orders_of_many_threads_arrive_once_and_whole);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
