/* SPDX-License-Identifier: MIT */
#include "daemon/process_orders.h"

#include <errno.h>
#include "base/log.h"

static void
hold_listener(struct process_orders *it, int listener, bool on_hold)
{
	if (drain_is_to_stop(it->drain))
		return;
	log_notice("an admin %s %s", on_hold ? "pauses" : "resumes", it->track->settings->listeners[listener].name);
	workers_hold_listener(it->workers, listener, on_hold);
}

static void
on_mail(void *argument, const struct mail *mail)
{
	struct process_orders *it = argument;
	struct admin_order order;

	orders_take(it->track->orders, ORDERS_TO_PROCESS, mail, &order);
	switch (order.kind) {
	case ORDER_DRAIN:
		drain_begin(it->drain, order.timeout_ns);
		break;
	case ORDER_UNDRAIN:
		drain_take_back(it->drain);
		break;
	case ORDER_PAUSE:
	case ORDER_RESUME:
		hold_listener(it, order.listener, order.kind == ORDER_PAUSE);
		break;
	case ORDER_REFRESH:
	case ORDER_KILL:
	case ORDER_KINDS:
		break; /* the workers' */
	}
}

int
process_orders_init(struct process_orders *it, struct loop *loop, const struct track *track, struct drain *drain,
    struct workers *workers)
{
	*it = (struct process_orders){ .track = track, .drain = drain, .workers = workers };
	it->mailbox = mailbox_new(loop, on_mail, it);
	if (it->mailbox == NULL)
		return -errno;
	orders_deliver_to(track->orders, ORDERS_TO_PROCESS, it->mailbox);
	return 0;
}

void
process_orders_fini(struct process_orders *it)
{
	mailbox_free(it->mailbox);
	it->mailbox = NULL;
}
