/* SPDX-License-Identifier: MIT */
#include "track/orders.h"

#include <stdatomic.h>
#include <stdlib.h>
#include "track/conn_id.h"

struct orders {
	int workers;
	struct mailbox *_Atomic mailboxes[];
};

struct orders *
orders_new(int workers)
{
	struct orders *orders = calloc(1, sizeof(*orders) + (size_t)workers * sizeof(orders->mailboxes[0]));

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
	atomic_store(&orders->mailboxes[worker], mailbox);
}

bool
orders_post(struct orders *orders, enum order_kind kind, uint64_t id)
{
	struct mail mail = { .kind = kind, .id = id };
	int worker = conn_id_worker(id);

	if (worker >= orders->workers)
		return false;
	struct mailbox *mailbox = atomic_load(&orders->mailboxes[worker]);
	return mailbox != NULL && mailbox_post(mailbox, &mail);
}
