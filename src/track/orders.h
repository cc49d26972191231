/* SPDX-License-Identifier: MIT */
#ifndef TRACK_ORDERS_H
#define TRACK_ORDERS_H

#include <stdbool.h>
#include <stdint.h>
#include "net/mailbox.h"

/*
 * The one way back, from those who read to the worker that owns a connection:
 * a mail that names its id.  Whether it is still there the worker finds out.
 */
struct orders;

enum order_kind {
	ORDER_REFRESH, /* ask the kernel anew, now */
	ORDER_KINDS    /* a mailbox has room for other mail from here on */
};

struct orders *orders_new(int workers); /* NULL: no memory */
void orders_free(struct orders *orders);

/* The worker takes orders by this mailbox, which must live as long as anybody posts. */
void orders_deliver_to(struct orders *orders, int worker, struct mailbox *mailbox);

/* Any thread, never waits.  False: nobody takes orders, or the mailbox is full. */
bool orders_post(struct orders *orders, enum order_kind kind, uint64_t id);

#endif
