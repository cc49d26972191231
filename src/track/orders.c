/* SPDX-License-Identifier: MIT */
#include "track/orders.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "track/conn_id.h"

enum { NO_SLIP = ORDER_SLIPS };

struct slip {
	_Atomic uint32_t users; /* whoever posts by it, and each order that was not taken yet; 0: it is free */
	enum close_how how;
	char words[ORDER_WORDS_MAX + 1];
};

struct tray {
	struct mailbox *_Atomic mailbox; /* NULL: nobody reads it yet */
	_Atomic uint32_t waiting;
};

struct orders {
	int workers;
	_Atomic uint64_t refused;
	struct slip slips[ORDER_SLIPS];
	struct tray trays[]; /* the process's, then one for each worker */
};

static struct tray *
tray_of(struct orders *orders, int worker)
{
	return &orders->trays[worker - ORDERS_TO_PROCESS];
}

struct orders *
orders_new(int workers)
{
	struct orders *orders = calloc(1, sizeof(*orders) + (size_t)(workers + 1) * sizeof(orders->trays[0]));

	if (orders != NULL)
		orders->workers = workers;
	return orders;
}

void
orders_free(struct orders *orders)
{
	free(orders);
}

void
orders_deliver_to(struct orders *orders, int worker, struct mailbox *mailbox)
{
	atomic_store(&tray_of(orders, worker)->mailbox, mailbox);
}

static void
leave_slip(struct orders *orders, uint32_t number)
{
	atomic_fetch_sub_explicit(&orders->slips[number].users, 1, memory_order_acq_rel);
}

static bool
claim(struct slip *slip)
{
	uint32_t nobody = 0;

	return atomic_compare_exchange_strong_explicit(
	    &slip->users, &nobody, 1, memory_order_acquire, memory_order_relaxed);
}

static uint32_t
write_slip(struct orders *orders, const struct admin_order *order)
{
	for (uint32_t i = 0; i < ORDER_SLIPS; i++) {
		struct slip *slip = &orders->slips[i];

		if (!claim(slip))
			continue;
		slip->how = order->how;
		memcpy(slip->words, order->words, sizeof(slip->words));
		return i;
	}
	return NO_SLIP;
}

static void
read_slip(struct orders *orders, uint32_t number, struct admin_order *order)
{
	const struct slip *slip = &orders->slips[number];

	order->how = slip->how;
	memcpy(order->words, slip->words, sizeof(order->words));
	leave_slip(orders, number);
}

static bool
post_with_slip(struct orders *orders, struct mailbox *mailbox, const struct admin_order *order)
{
	struct mail mail = { .kind = order->kind, .id = order->id, .number = write_slip(orders, order) };

	if (mail.number == NO_SLIP)
		return false;
	if (mailbox_post(mailbox, &mail))
		return true;
	leave_slip(orders, mail.number);
	return false;
}

static bool
post(struct orders *orders, struct mailbox *mailbox, const struct admin_order *order)
{
	struct mail mail = { .kind = order->kind, .id = order->id };

	if (order->kind == ORDER_KILL)
		return post_with_slip(orders, mailbox, order);
	if (order->kind == ORDER_DRAIN)
		mail.id = (uint64_t)order->timeout_ns;
	mail.number = (uint32_t)order->listener;
	return mailbox_post(mailbox, &mail);
}

/* NULL: nobody takes its orders yet. */
static struct mailbox *
find_mailbox(struct orders *orders, int worker, struct tray **tray)
{
	*tray = worker < orders->workers ? tray_of(orders, worker) : NULL;
	return *tray == NULL ? NULL : atomic_load(&(*tray)->mailbox);
}

bool
orders_post(struct orders *orders, const struct admin_order *order)
{
	int worker = order->kind >= ORDER_DRAIN ? ORDERS_TO_PROCESS : conn_id_worker(order->id);
	struct tray *tray;
	struct mailbox *mailbox = find_mailbox(orders, worker, &tray);

	if (mailbox == NULL)
		return false;
	if (atomic_fetch_add(&tray->waiting, 1) < ORDERS_WAITING_MAX && post(orders, mailbox, order))
		return true;
	atomic_fetch_sub(&tray->waiting, 1);
	atomic_fetch_add_explicit(&orders->refused, 1, memory_order_relaxed);
	return false;
}

bool
orders_begin(struct orders *orders, const struct admin_order *order, uint32_t *slip)
{
	*slip = write_slip(orders, order);
	return *slip != NO_SLIP;
}

bool
orders_post_by(struct orders *orders, uint32_t slip, uint64_t id)
{
	struct mail mail = { .kind = ORDER_KILL, .number = slip, .id = id };
	struct tray *tray;
	struct mailbox *mailbox = find_mailbox(orders, conn_id_worker(id), &tray);

	if (mailbox == NULL)
		return false;
	if (atomic_fetch_add(&tray->waiting, 1) < ORDERS_AT_ONCE) {
		atomic_fetch_add_explicit(&orders->slips[slip].users, 1, memory_order_relaxed);
		if (mailbox_post(mailbox, &mail))
			return true;
		leave_slip(orders, slip);
	}
	atomic_fetch_sub(&tray->waiting, 1);
	return false;
}

void
orders_end(struct orders *orders, uint32_t slip, uint64_t refused)
{
	leave_slip(orders, slip);
	atomic_fetch_add_explicit(&orders->refused, refused, memory_order_relaxed);
}

void
orders_take(struct orders *orders, int worker, const struct mail *mail, struct admin_order *order)
{
	*order = (struct admin_order){ .kind = (enum order_kind)mail->kind, .id = mail->id };
	if (order->kind == ORDER_PAUSE || order->kind == ORDER_RESUME)
		order->listener = (int)mail->number;
	atomic_fetch_sub(&tray_of(orders, worker)->waiting, 1);
	if (order->kind == ORDER_DRAIN)
		order->timeout_ns = (int64_t)mail->id;
	if (order->kind == ORDER_KILL)
		read_slip(orders, mail->number, order);
}

uint64_t
orders_refused(const struct orders *orders)
{
	return atomic_load_explicit(&orders->refused, memory_order_relaxed);
}
