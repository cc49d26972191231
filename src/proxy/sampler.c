/* SPDX-License-Identifier: MIT */
#include "proxy/sampler.h"

#include "base/clock.h"
#include "proxy/conns.h"

enum {
	SAMPLES_MAX = 32, /* of one turn: some 70 us, in which no byte moves */
	LOOKS_MAX = 2048, /* of one turn, for those that are open */
	SHARE = 140,      /* one part of so many is spent here; what it takes to wake up comes to it */
};

#define ROUND_NS NS_PER_S

/* Evenly over the round, but never more than its share. */
static int64_t
next_at(const struct sampler *sampler, int64_t began, int64_t spent)
{
	int64_t rest = began + spent * SHARE, at;

	if (sampler->next == 0)
		at = sampler->round_began + ROUND_NS;
	else
		at = began + ROUND_NS * SAMPLES_MAX / (sampler->bench->conns_open + SAMPLES_MAX);
	return at > rest ? at : rest;
}

static void
on_timer(struct timer *timer)
{
	struct sampler *sampler = (struct sampler *)((char *)timer - offsetof(struct sampler, timer));
	struct workbench *bench = sampler->bench;
	int64_t began = clock_now();
	int sampled = 0, looks = 0;

	if (sampler->next == 0)
		sampler->round_began = began;
	while (sampler->next < bench->conns_touched && sampled < SAMPLES_MAX && looks++ < LOOKS_MAX)
		sampled += conns_look(bench, sampler->next++);
	if (sampler->next >= bench->conns_touched)
		sampler->next = 0;
	timer_arm(loop_timers(bench->loop), timer, next_at(sampler, began, clock_now() - began));
}

void
sampler_start(struct sampler *sampler, struct workbench *bench)
{
	*sampler = (struct sampler){ .bench = bench, .timer.fire = on_timer, .round_began = clock_now() };
	timer_arm(loop_timers(bench->loop), &sampler->timer, sampler->round_began + ROUND_NS);
}
