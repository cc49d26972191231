/* SPDX-License-Identifier: MIT */
#ifndef PROXY_SAMPLER_H
#define PROXY_SAMPLER_H

#include "net/loop.h"
#include "net/timer.h"
#include "proxy/workbench.h"

/*
 * Looks at the connections of one worker in turn, each about once a second, and
 * brings what only the kernel knows into their records: the path, the queues,
 * the rates, who is slow.  It takes at most 1 % of the worker's time: with many
 * connections a round then lasts longer.
 */
struct sampler {
	struct workbench *bench;
	struct timer timer;
	struct loop_task task;
	uint32_t next; /* slot */
	int64_t round_began;
};

/* Runs on the bench's loop until the loop ends. */
void sampler_start(struct sampler *sampler, struct workbench *bench);

#endif
