/* SPDX-License-Identifier: MIT */
#ifndef PROXY_NEWCOMERS_H
#define PROXY_NEWCOMERS_H

#include <stdint.h>
#include "net/loop.h"
#include "net/timer.h"

struct workbench;

/*
 * Connections of one worker that were connected a moment ago, and that nobody
 * has looked at yet.
 *
 * To look at both legs takes as long as a tenth of a short connection's whole
 * life.  So it is not done at once: those that are still there a little later
 * are looked at then, together, and those that are gone have cost nothing.  At
 * most NEWCOMERS_LOOKS of a batch are; the others wait for the sampler's round.
 */
enum { NEWCOMERS_MAX = 256, NEWCOMERS_LOOKS = 32, NEWCOMERS_WAIT_MS = 50 };

struct newcomers {
	struct workbench *bench;
	struct timer timer;
	struct loop_task task;
	uint32_t count;
	struct newcomer {
		uint32_t slot, generation;
	} list[NEWCOMERS_MAX];
};

void newcomers_start(struct newcomers *newcomers, struct workbench *bench);
void newcomers_stop(struct newcomers *newcomers);

void newcomers_add(struct newcomers *newcomers, uint32_t slot, uint32_t generation);

#endif
