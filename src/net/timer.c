/* SPDX-License-Identifier: MIT */
/*
 * Four wheels of 64 slots; a slot of one is as wide as the whole wheel below.
 *
 *   level 0   64 slots of   1 ms    fires
 *   level 1            of  64 ms ─► when its time begins, a slot is emptied
 *   level 2            of 4.1 s  ─► into the levels below
 *   level 3            of 262 s  ─►
 *
 * A timer sits as low as its distance allows, in the slot that its deadline
 * selects, so arming is a shift and a list insertion.  What lies beyond the last
 * level (4.7 hours) waits in its farthest slot and is sorted in again from there.
 *
 * A bit for each slot tells which are not empty.  The wheels therefore go from
 * one occupied slot to the next and never tick through empty ones: a jump of the
 * clock costs what the timers cost that it passes, and deadlines that were missed
 * together still fire in their order.
 */
#include "net/timer.h"

#include <limits.h>
#include <stdlib.h>
#include "base/clock.h"

enum {
	LEVELS = 4,
	BITS = 6,
	SLOTS = 1 << BITS,
	DUE = LEVELS * SLOTS, /* the list of those to be fired in this run or the next */
	FAR = 1 << (LEVELS * BITS),
};

TAILQ_HEAD(timer_list, timer);

struct timers {
	int64_t tick; /* milliseconds; everything up to here is due */
	uint64_t occupied[LEVELS];
	struct timer mark; /* on the due list while firing: the end of this run */
	struct timer_list lists[DUE + 1];
};

static int64_t
tick_of(int64_t at)
{
	return at / NS_PER_MS + (at % NS_PER_MS > 0);
}

static uint16_t
slot_for(const struct timers *timers, int64_t tick)
{
	int64_t distance = tick - timers->tick;
	int level = 0;

	if (distance <= 0)
		return DUE;
	if (distance >= FAR) {
		distance = FAR - 1;
		tick = timers->tick + distance;
	}
	while (distance >> (BITS * (level + 1)) > 0)
		level++;
	return (uint16_t)(level * SLOTS + (tick >> (BITS * level)) % SLOTS);
}

static void
insert(struct timers *timers, struct timer *timer)
{
	timer->slot = slot_for(timers, tick_of(timer->at));
	TAILQ_INSERT_TAIL(&timers->lists[timer->slot], timer, link);
	if (timer->slot != DUE)
		timers->occupied[timer->slot / SLOTS] |= UINT64_C(1) << timer->slot % SLOTS;
}

static void
take_out(struct timers *timers, struct timer *timer)
{
	struct timer_list *list = &timers->lists[timer->slot];

	TAILQ_REMOVE(list, timer, link);
	if (timer->slot != DUE && TAILQ_EMPTY(list))
		timers->occupied[timer->slot / SLOTS] &= ~(UINT64_C(1) << timer->slot % SLOTS);
}

/* When the next occupied slot of this level begins; INT64_MAX: none is. */
static int64_t
next_in_level(const struct timers *timers, int level)
{
	int64_t position = timers->tick >> (BITS * level);
	int next = (int)((position + 1) % SLOTS);
	uint64_t bits = timers->occupied[level];

	if (bits == 0)
		return INT64_MAX;
	uint64_t from_next = bits >> next | bits << (SLOTS - next) % SLOTS;
	return (position + 1 + __builtin_ctzll(from_next)) << (BITS * level);
}

static int64_t
next_tick(const struct timers *timers)
{
	int64_t next = INT64_MAX;

	for (int level = 0; level < LEVELS; level++) {
		int64_t tick = next_in_level(timers, level);
		next = tick < next ? tick : next;
	}
	return next;
}

/* Empties each slot whose time begins with this tick: to lower levels, or to the due list. */
static void
sort_in(struct timers *timers)
{
	for (int level = 0; level < LEVELS; level++) {
		int64_t position = timers->tick >> (BITS * level);
		struct timer_list *list = &timers->lists[level * SLOTS + position % SLOTS];
		struct timer *timer;

		if (position << (BITS * level) != timers->tick)
			return;
		while ((timer = TAILQ_FIRST(list)) != NULL) {
			take_out(timers, timer);
			insert(timers, timer);
		}
	}
}

struct timers *
timers_new(int64_t now)
{
	struct timers *timers = calloc(1, sizeof(*timers));

	if (timers == NULL)
		return NULL;
	timers->tick = now / NS_PER_MS;
	for (int slot = 0; slot <= DUE; slot++)
		TAILQ_INIT(&timers->lists[slot]);
	return timers;
}

void
timers_free(struct timers *timers)
{
	free(timers);
}

void
timer_arm(struct timers *timers, struct timer *timer, int64_t at)
{
	timer_cancel(timers, timer);
	timer->at = at > 0 ? at : 1;
	insert(timers, timer);
}

void
timer_cancel(struct timers *timers, struct timer *timer)
{
	if (timer->at == 0)
		return;
	take_out(timers, timer);
	timer->at = 0;
}

/* Behind the mark is what was armed meanwhile and due at once: it waits for the
 * next run, so a timer that arms itself for now does not hold the loop. */
void
timers_run(struct timers *timers, int64_t now)
{
	struct timer_list *due = &timers->lists[DUE];
	int64_t end = now / NS_PER_MS, tick;
	struct timer *timer;

	while ((tick = next_tick(timers)) <= end) {
		timers->tick = tick;
		sort_in(timers);
	}
	if (end > timers->tick)
		timers->tick = end;

	TAILQ_INSERT_TAIL(due, &timers->mark, link);
	while ((timer = TAILQ_FIRST(due)) != &timers->mark) {
		timer_cancel(timers, timer);
		timer->fire(timer);
	}
	TAILQ_REMOVE(due, &timers->mark, link);
}

int
timers_wait_ms(const struct timers *timers, int64_t now)
{
	int64_t tick = next_tick(timers);

	if (!TAILQ_EMPTY(&timers->lists[DUE]))
		return 0;
	if (tick == INT64_MAX)
		return -1;
	int64_t wait_ns = tick * NS_PER_MS - now;
	if (wait_ns <= 0)
		return 0;
	return tick_of(wait_ns) < INT_MAX ? (int)tick_of(wait_ns) : INT_MAX;
}
