/* SPDX-License-Identifier: MIT */
#include "proxy/newcomers.h"

#include <stddef.h>
#include "base/clock.h"
#include "proxy/conn_parts.h"
#include "proxy/conns.h"

static void
look_on(struct loop_task *task)
{
	struct newcomers *newcomers = (struct newcomers *)((char *)task - offsetof(struct newcomers, task));
	struct workbench *bench = newcomers->bench;
	int looks = 0;

	for (uint32_t i = 0; i < newcomers->count && looks < NEWCOMERS_LOOKS; i++) {
		const struct conn *conn = &bench->conns[newcomers->list[i].slot];

		if (conn->generation == newcomers->list[i].generation && conn->look.at == 0)
			looks += conns_look(bench, newcomers->list[i].slot);
	}
	newcomers->count = 0;
}

/* As the sampler: what lies unread now may only be what this turn is about to carry. */
static void
on_timer(struct timer *timer)
{
	struct newcomers *newcomers = (struct newcomers *)((char *)timer - offsetof(struct newcomers, timer));

	loop_ready(newcomers->bench->loop, &newcomers->task);
}

void
newcomers_start(struct newcomers *newcomers, struct workbench *bench)
{
	newcomers->bench = bench;
	newcomers->timer = (struct timer){ .fire = on_timer };
	newcomers->task = (struct loop_task){ .run = look_on };
	newcomers->count = 0;
}

void
newcomers_stop(struct newcomers *newcomers)
{
	timer_cancel(loop_timers(newcomers->bench->loop), &newcomers->timer);
	loop_unready(newcomers->bench->loop, &newcomers->task);
}

void
newcomers_add(struct newcomers *newcomers, uint32_t slot, uint32_t generation)
{
	struct loop *loop = newcomers->bench->loop;

	if (newcomers->count == NEWCOMERS_MAX)
		return;
	if (newcomers->count == 0)
		timer_arm(loop_timers(loop), &newcomers->timer, loop_now(loop) + NEWCOMERS_WAIT_MS * NS_PER_MS);
	newcomers->list[newcomers->count++] = (struct newcomer){ .slot = slot, .generation = generation };
}
