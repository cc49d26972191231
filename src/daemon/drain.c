/* SPDX-License-Identifier: MIT */
#include "daemon/drain.h"

#include <stddef.h>
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/quantity.h"

#define LOOK_NS (10 * NS_PER_MS)

static uint32_t
count_left(const struct drain *drain)
{
	return table_places_taken(drain->track->table);
}

static void
enter(struct drain *drain, enum draining_state state, int64_t timeout_ns)
{
	struct draining_facts *facts = &drain->facts;
	bool goes_on = facts->state == (int64_t)state; /* with another deadline */

	facts->state = state;
	facts->since_us = goes_on ? facts->since_us : clock_wall_us();
	facts->since_ns = goes_on ? facts->since_ns : clock_now();
	facts->until_ns = clock_now() + timeout_ns;
	draining_write(drain->track->draining, facts);
}

/* On order. */

static void
on_deadline(struct drain *drain)
{
	if (count_left(drain) > 0)
		log_notice("drain timeout: %u connections are cut", count_left(drain));
	workers_cut(drain->workers);
}

void
drain_begin(struct drain *drain, int64_t timeout_ns)
{
	char within[QUANTITY_TEXT_MAX];

	if (drain_is_to_stop(drain))
		return;
	log_notice("draining on an admin's order: no new clients; %u connections may finish within %s",
	    count_left(drain), quantity_format_duration(timeout_ns, within));
	enter(drain, DRAINING_ON_ORDER, timeout_ns);
	atomic_store(drain->readiness, NOT_READY_DRAINING);
	workers_hold(drain->workers, true);
	timer_arm(loop_timers(drain->loop), &drain->timer, drain->facts.until_ns);
}

void
drain_take_back(struct drain *drain)
{
	if (drain->facts.state != DRAINING_ON_ORDER)
		return;
	log_notice("the drain is taken back: clients are accepted again");
	timer_cancel(loop_timers(drain->loop), &drain->timer);
	drain->facts = (struct draining_facts){ .state = DRAINING_NO };
	draining_write(drain->track->draining, &drain->facts);
	workers_hold(drain->workers, false);
	atomic_store(drain->readiness, READY);
}

/* To stop. */

static void
look(struct drain *drain)
{
	bool done = workers_are_done(drain->workers);

	if (!done && loop_now(drain->loop) < drain->facts.until_ns) {
		timer_arm(loop_timers(drain->loop), &drain->timer, loop_now(drain->loop) + LOOK_NS);
		return;
	}
	if (!done)
		log_notice("drain timeout: %u connections are cut", count_left(drain));
	loop_stop(drain->loop);
}

void
drain_to_stop(struct drain *drain)
{
	int64_t timeout_ns = drain->track->settings->drain_timeout_ns;
	char within[QUANTITY_TEXT_MAX];

	log_notice("draining: no new clients; %u connections may finish within %s", count_left(drain),
	    quantity_format_duration(timeout_ns, within));
	enter(drain, DRAINING_TO_STOP, timeout_ns);
	atomic_store(drain->readiness, NOT_READY_STOPPING);
	workers_drain(drain->workers);
	timer_arm(loop_timers(drain->loop), &drain->timer, loop_now(drain->loop));
}

bool
drain_is_to_stop(const struct drain *drain)
{
	return drain->facts.state == DRAINING_TO_STOP;
}

static void
on_timer(struct timer *timer)
{
	struct drain *drain = (struct drain *)((char *)timer - offsetof(struct drain, timer));

	if (drain_is_to_stop(drain))
		look(drain);
	else
		on_deadline(drain);
}

void
drain_init(struct drain *drain, struct loop *loop, struct track *track, struct workers *workers, _Atomic int *readiness)
{
	*drain = (struct drain){
		.loop = loop,
		.track = track,
		.workers = workers,
		.readiness = readiness,
		.timer = { .fire = on_timer },
	};
}
