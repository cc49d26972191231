/* SPDX-License-Identifier: MIT */
#include "track/listeners.h"

#include <stdatomic.h>
#include <stdlib.h>
#include "base/clock.h"

const char *const listener_state_texts[LISTENER_STATES] = {
	[LISTENER_NEW] = "new",
	[LISTENER_LISTENING] = "listening",
	[LISTENER_PAUSED] = "paused",
	[LISTENER_CLOSED] = "closed",
	[LISTENER_FAILED] = "failed",
};

const char *const listener_step_texts[LISTENER_STEPS] = {
	[STEP_SOCKET] = "socket",
	[STEP_BIND] = "bind",
	[STEP_LISTENING] = "listening",
	[STEP_PAUSED] = "paused",
	[STEP_RESUMED] = "resumed",
	[STEP_CLOSED] = "closed",
};

const char *const pause_cause_texts[PAUSE_CAUSES] = {
	[PAUSE_ADMIN] = "admin",
	[PAUSE_DRAIN] = "drain",
	[PAUSE_CONNECTIONS] = "connections",
	[PAUSE_DESCRIPTORS] = "descriptors",
};

struct share {
	_Atomic uint64_t accepted;
	_Atomic int64_t queue_length, queue_limit, drops;
} __attribute__((aligned(64)));

struct listener_life {
	_Atomic int state;
	struct addr bound;
	int sockets;
	_Atomic int pauses[PAUSE_CAUSES]; /* how many say so */
	struct {
		_Atomic int64_t at_us;
		_Atomic int error;
		_Atomic uint64_t times;
	} steps[LISTENER_STEPS];
};

struct listeners {
	int count, workers;
	struct listener_life *lives;
	struct share *shares;    /* [listener][worker] */
	struct histogram *turns; /* [worker][listener]; touched where a client was answered */
};

static struct share *
share_of(const struct listeners *listeners, int listener, int worker)
{
	return &listeners->shares[listener * listeners->workers + worker];
}

struct listeners *
listeners_new(int count, int workers)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	size_t shares = (size_t)count * (size_t)workers;

	if (listeners == NULL)
		return NULL;
	listeners->count = count;
	listeners->workers = workers;
	listeners->lives = calloc((size_t)count, sizeof(listeners->lives[0]));
	listeners->shares = aligned_alloc(_Alignof(struct share), shares * sizeof(struct share));
	listeners->turns = calloc(shares, sizeof(listeners->turns[0]));
	if (listeners->lives == NULL || listeners->shares == NULL || listeners->turns == NULL) {
		listeners_free(listeners);
		return NULL;
	}
	for (size_t i = 0; i < shares; i++) {
		atomic_init(&listeners->shares[i].accepted, 0);
		atomic_init(&listeners->shares[i].queue_length, -1);
		atomic_init(&listeners->shares[i].queue_limit, -1);
		atomic_init(&listeners->shares[i].drops, -1);
	}
	return listeners;
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	free(listeners->lives);
	free(listeners->shares);
	free(listeners->turns);
	free(listeners);
}

void
listeners_bound(struct listeners *listeners, int listener, const struct addr *bound, int sockets)
{
	listeners->lives[listener].bound = *bound;
	listeners->lives[listener].sockets = sockets;
}

void
listeners_step(struct listeners *listeners, int listener, enum listener_step step, int error)
{
	static const enum listener_state leads_to[LISTENER_STEPS] = {
		[STEP_SOCKET] = LISTENER_NEW,
		[STEP_BIND] = LISTENER_NEW,
		[STEP_LISTENING] = LISTENER_LISTENING,
		[STEP_PAUSED] = LISTENER_PAUSED,
		[STEP_RESUMED] = LISTENER_LISTENING,
		[STEP_CLOSED] = LISTENER_CLOSED,
	};
	struct listener_life *life = &listeners->lives[listener];

	atomic_store(&life->steps[step].error, error);
	atomic_store(&life->steps[step].at_us, clock_wall_us());
	atomic_fetch_add(&life->steps[step].times, 1);
	/* A pause carries the errno that made it; the other steps fail by theirs. */
	atomic_store(&life->state, error != 0 && step < STEP_PAUSED ? LISTENER_FAILED : leads_to[step]);
}

void
listeners_pause(struct listeners *listeners, int listener, enum pause_cause cause, bool pauses)
{
	atomic_fetch_add(&listeners->lives[listener].pauses[cause], pauses ? 1 : -1);
}

void
listeners_accepted(struct listeners *listeners, int listener, int worker)
{
	atomic_fetch_add_explicit(&share_of(listeners, listener, worker)->accepted, 1, memory_order_relaxed);
}

void
listeners_queue(struct listeners *listeners, int listener, int worker, uint32_t length, uint32_t limit)
{
	struct share *share = share_of(listeners, listener, worker);

	atomic_store_explicit(&share->queue_length, length, memory_order_relaxed);
	atomic_store_explicit(&share->queue_limit, limit, memory_order_relaxed);
}

void
listeners_drops(struct listeners *listeners, int listener, int worker, uint32_t drops)
{
	atomic_store_explicit(&share_of(listeners, listener, worker)->drops, drops, memory_order_relaxed);
}

struct histogram *
listeners_turns(struct listeners *listeners, int worker)
{
	return &listeners->turns[worker * listeners->count];
}

int
listeners_count(const struct listeners *listeners)
{
	return listeners->count;
}

void
listeners_read(const struct listeners *listeners, int listener, struct listener_facts *facts)
{
	const struct listener_life *life = &listeners->lives[listener];
	enum listener_state state = atomic_load(&life->state);
	/* Without a socket that listens there is no queue to know. */
	int64_t queue = state == LISTENER_LISTENING || state == LISTENER_PAUSED ? 0 : -1;

	*facts = (struct listener_facts){ .state = state,
		.bound = life->bound,
		.sockets = life->sockets,
		.queue_length = queue,
		.queue_limit = queue };
	for (int step = 0; step < LISTENER_STEPS; step++) {
		facts->steps[step].at_us = atomic_load(&life->steps[step].at_us);
		facts->steps[step].error = atomic_load(&life->steps[step].error);
		facts->steps[step].times = atomic_load(&life->steps[step].times);
	}
	for (int cause = 0; cause < PAUSE_CAUSES; cause++)
		facts->paused_by[cause] = state == LISTENER_PAUSED && atomic_load(&life->pauses[cause]) > 0;
	for (int worker = 0; worker < life->sockets; worker++) {
		const struct share *share = share_of(listeners, listener, worker);

		facts->accepted += atomic_load_explicit(&share->accepted, memory_order_relaxed);
		facts->drops = listeners_plus(facts->drops, atomic_load_explicit(&share->drops, memory_order_relaxed));
		facts->queue_length = listeners_plus(
		    facts->queue_length, atomic_load_explicit(&share->queue_length, memory_order_relaxed));
		facts->queue_limit = listeners_plus(
		    facts->queue_limit, atomic_load_explicit(&share->queue_limit, memory_order_relaxed));
	}
}

void
listeners_add_turns(const struct listeners *listeners, int listener, struct histogram_sum *turns)
{
	for (int worker = 0; worker < listeners->lives[listener].sockets; worker++)
		histogram_sum_add(turns, &listeners->turns[worker * listeners->count + listener]);
}
