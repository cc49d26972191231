/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DRAIN_H
#define DAEMON_DRAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "net/loop.h"
#include "proxy/worker.h"
#include "track/track.h"

/*
 * The time in which no more clients are taken and those that are here may
 * finish.  Owned by the main thread.
 *
 *   order   the listeners pause; at the deadline whoever is left is cut, and so
 *           it stays until that is taken back
 *   signal  the listeners close; at the deadline, or when nobody is left, the
 *           loop stops, and the process with it
 */
struct drain {
	struct loop *loop;
	struct track *track;
	struct workers *workers;
	_Atomic int *readiness; /* enum readiness */
	struct timer timer;     /* on order: the deadline; to stop: the next look */
	struct draining_facts facts;
};

void drain_init(
    struct drain *drain, struct loop *loop, struct track *track, struct workers *workers, _Atomic int *readiness);

/* The orders.  Begun again, it gets another deadline from now. */
void drain_begin(struct drain *drain, int64_t timeout_ns);
void drain_take_back(struct drain *drain);

/* The signal: the loop stops when all is done. */
void drain_to_stop(struct drain *drain);
bool drain_is_to_stop(const struct drain *drain);

#endif
