/* SPDX-License-Identifier: MIT */
#include "track/orders.h"

#include "support/suite.h"
#include "track/conn_id.h"

enum { WORKERS = 2 };

static struct loop *loops[WORKERS];
static struct mailbox *mailboxes[WORKERS];
static struct orders *orders;
static struct mail came[WORKERS];
static int count[WORKERS];

static void
on_mail(void *argument, const struct mail *mail)
{
	int worker = (int)((struct mail *)argument - came);

	came[worker] = *mail;
	count[worker]++;
}

static void
setup(void)
{
	orders = orders_new(WORKERS);
	ck_assert_ptr_nonnull(orders);
	for (int i = 0; i < WORKERS; i++) {
		loops[i] = loop_new();
		mailboxes[i] = mailbox_new(loops[i], on_mail, &came[i]);
		count[i] = 0;
	}
}

static void
teardown(void)
{
	for (int i = 0; i < WORKERS; i++) {
		mailbox_free(mailboxes[i]);
		loop_free(loops[i]);
	}
	orders_free(orders);
}

START_TEST(before_a_worker_takes_orders_none_is_posted)
{
	ck_assert(!orders_post(orders, ORDER_REFRESH, conn_id_make(0, 5, 1)));
}
END_TEST

START_TEST(an_order_goes_to_the_worker_that_owns_the_connection)
{
	uint64_t id = conn_id_make(1, 5, 3);

	for (int i = 0; i < WORKERS; i++)
		orders_deliver_to(orders, i, mailboxes[i]);
	ck_assert(orders_post(orders, ORDER_REFRESH, id));
	for (int i = 0; i < WORKERS; i++)
		loop_turn(loops[i], 0);
	ck_assert_int_eq(count[0], 0);
	ck_assert_int_eq(count[1], 1);
	ck_assert_uint_eq(came[1].kind, ORDER_REFRESH);
	ck_assert_uint_eq(came[1].id, id);
}
END_TEST

START_TEST(an_id_of_no_worker_is_refused)
{
	orders_deliver_to(orders, 0, mailboxes[0]);
	ck_assert(!orders_post(orders, ORDER_REFRESH, conn_id_make(WORKERS, 5, 1)));
}
END_TEST

START_TEST(a_full_mailbox_refuses_and_does_not_wait)
{
	int posted = 0;

	orders_deliver_to(orders, 0, mailboxes[0]);
	while (orders_post(orders, ORDER_REFRESH, conn_id_make(0, 5, 1)))
		ck_assert_int_lt(posted++, 1 << 20);
	ck_assert_int_gt(posted, 1000);
	loop_turn(loops[0], 0);
	ck_assert_int_eq(count[0], posted);
	ck_assert(orders_post(orders, ORDER_REFRESH, conn_id_make(0, 5, 1)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/orders");
	TCase *tcase = tcase_create("delivery");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, before_a_worker_takes_orders_none_is_posted);
	tcase_add_test(tcase, an_order_goes_to_the_worker_that_owns_the_connection);
	tcase_add_test(tcase, an_id_of_no_worker_is_refused);
	tcase_add_test(tcase, a_full_mailbox_refuses_and_does_not_wait);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
