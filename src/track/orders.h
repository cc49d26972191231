/* SPDX-License-Identifier: MIT */
#ifndef TRACK_ORDERS_H
#define TRACK_ORDERS_H

#include <stdbool.h>
#include <stdint.h>
#include "net/mailbox.h"
#include "track/close_reason.h"
#include "track/notes.h"

/*
 * The one way back, from those who read to those who act: the worker that owns
 * a connection, or the main thread where the process is meant.
 *
 *   orders_post ──► slip: how, words ──► mail: kind, slip, id ──► orders_take
 *
 * An order names its connection by id; whether that is still there the worker
 * finds out.  What a mail has no room for stands on a slip, one of a fixed
 * number, which is free again once all its orders were taken.  Nobody waits: an order
 * that finds no room is refused, and counted.
 */
struct orders;

enum order_kind {
	ORDER_REFRESH, /* ask the kernel anew, now */
	ORDER_KILL,    /* end it */
	ORDER_DRAIN,   /* to the process: take no more clients … */
	ORDER_UNDRAIN, /* … and take them again */
	ORDER_PAUSE,   /* a listener: clients wait in the kernel's queue … */
	ORDER_RESUME,  /* … and are taken again */
	ORDER_KINDS    /* a mailbox has room for other mail from here on */
};

enum {
	ORDER_WORDS_MAX = 4 * NOTE_TEXT_MAX, /* bytes of what an admin gives as a reason */
	ORDERS_WAITING_MAX = MAILBOX_SIZE / 2,
	ORDER_SLIPS = 256, /* kills on their way, to all workers together */
	ORDERS_AT_ONCE =
	    256, /* of many kills by one slip wait in one mailbox, so that a worker forwards between them */
	ORDERS_TO_PROCESS = -1,
};

struct admin_order {
	enum order_kind kind;
	uint64_t id;                     /* of the connection */
	enum close_how how;              /* of a kill: HOW_RST or HOW_FIN */
	int64_t timeout_ns;              /* of a drain */
	int listener;                    /* of a pause */
	char words[ORDER_WORDS_MAX + 1]; /* of a kill; "": none */
};

struct orders *orders_new(int workers); /* NULL: no memory */
void orders_free(struct orders *orders);

/* The worker (or ORDERS_TO_PROCESS) takes orders by this mailbox, which must live as long as anybody
 * posts.  At most ORDERS_WAITING_MAX wait in it: other mail always finds room. */
void orders_deliver_to(struct orders *orders, int worker, struct mailbox *mailbox);

/* Any thread, never waits.  False: nobody takes orders yet, or too many wait already. */
bool orders_post(struct orders *orders, const struct admin_order *order);

/* Many kills that are alike have one slip: how and words are this order's, and each is posted by its id.  False: no
 * slip is free, or there is no room now; later there may be.  Who begins must end, and then says how many found none. */
bool orders_begin(struct orders *orders, const struct admin_order *order, uint32_t *slip);
bool orders_post_by(struct orders *orders, uint32_t slip, uint64_t id);
void orders_end(struct orders *orders, uint32_t slip, uint64_t refused);

/* Whose mailbox it is, once for each mail of a kind below ORDER_KINDS. */
void orders_take(struct orders *orders, int worker, const struct mail *mail, struct admin_order *order);

/* Any thread: how many found no room. */
uint64_t orders_refused(const struct orders *orders);

#endif
