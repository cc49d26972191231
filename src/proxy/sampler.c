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

/* Slots come evenly over the round, many or few, and never take more than the sampler's share.  A batch that
 * seems to have taken longer than that of a whole round was kept from the processor: no reason to be blind. */
static int64_t
next_at(const struct sampler *sampler, int64_t began, int64_t spent)
{
	int64_t done = sampler->next == 0 ? ROUND_NS : ROUND_NS * sampler->next / sampler->bench->conns_touched;
	int64_t due = sampler->round_began + done;
	int64_t rested = began + (spent * SHARE < ROUND_NS ? spent * SHARE : ROUND_NS);

	return due > rested ? due : rested;
}

static void
look_on(struct loop_task *task)
{
	struct sampler *sampler = (struct sampler *)((char *)task - offsetof(struct sampler, task));
	struct workbench *bench = sampler->bench;
	int64_t began = clock_now();
	int sampled = 0, looks = 0;

	if (sampler->next == 0)
		sampler->round_began = began;
	while (sampler->next < bench->conns_touched && sampled < SAMPLES_MAX && looks++ < LOOKS_MAX)
		sampled += conns_look(bench, sampler->next++);
	if (sampler->next >= bench->conns_touched)
		sampler->next = 0;
	timer_arm(loop_timers(bench->loop), &sampler->timer, next_at(sampler, began, clock_now() - began));
}

/* Not at once: what lies unread then may only be what this turn is about to carry. */
static void
on_timer(struct timer *timer)
{
	struct sampler *sampler = (struct sampler *)((char *)timer - offsetof(struct sampler, timer));

	loop_ready(sampler->bench->loop, &sampler->task);
}

void
sampler_start(struct sampler *sampler, struct workbench *bench)
{
	*sampler =
	    (struct sampler){ .bench = bench, .timer.fire = on_timer, .task.run = look_on, .round_began = clock_now() };
	timer_arm(loop_timers(bench->loop), &sampler->timer, sampler->round_began + ROUND_NS);
}
