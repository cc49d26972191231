/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_PROCESS_ORDERS_H
#define DAEMON_PROCESS_ORDERS_H

#include "daemon/drain.h"
#include "net/mailbox.h"
#include "proxy/worker.h"
#include "track/track.h"

/* What an admin orders of the process: the main thread takes it and has it done. */
struct process_orders {
	const struct track *track;
	struct drain *drain;
	struct workers *workers;
	struct mailbox *mailbox;
};

/* From now on they are taken.  0 or -errno; then nothing is left. */
int process_orders_init(struct process_orders *it, struct loop *loop, const struct track *track, struct drain *drain,
    struct workers *workers);

/* When nobody posts orders any more. */
void process_orders_fini(struct process_orders *it);

#endif
