/* SPDX-License-Identifier: MIT */
/*
 * Pausing: for a shortage, until it ends, or on hold, until that is taken back.
 * An entrance is open while nothing speaks against it; a listener is paused
 * while one of its entrances is not open.
 */
#include "proxy/entrances.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "net/tcp_info.h"
#include "proxy/listener.h"

#define RETRY_NS    (100 * NS_PER_MS) /* descriptors that others hold come back without telling us */
#define SAY_ONCE_NS (60 * NS_PER_S)   /* pauses closer than this are one episode: said once */

#define NO_SHORTAGE PAUSE_CAUSES

/* What the entrances of one listener have in common. */
struct gate {
	_Atomic int count;   /* those that are not closed */
	_Atomic int shut;    /* of these, those that are not open */
	atomic_bool on_hold; /* an admin paused the listener */
};

/* A listener's socket, with the way back from its events. */
struct entrance {
	struct loop_watch watch; /* fd -1: not open */
	struct entrances *all;
	struct listener listener;
};

int
gates_init(struct gates *gates, struct track *track)
{
	int count = track->settings->pair_count;

	*gates = (struct gates){ .track = track, .gates = calloc((size_t)count, sizeof(gates->gates[0])) };
	if (gates->gates == NULL)
		return -ENOMEM;
	for (int i = 0; i < count; i++)
		atomic_store(&gates->gates[i].count, track->settings->workers);
	return 0;
}

void
gates_fini(struct gates *gates)
{
	free(gates->gates);
}

bool
gates_hold(struct gates *gates, bool on_hold)
{
	if (atomic_exchange(&gates->on_hold, on_hold) == on_hold)
		return false;
	for (int i = 0; i < gates->track->settings->pair_count; i++)
		listeners_pause(gates->track->listeners, i, PAUSE_DRAIN, on_hold);
	return true;
}

bool
gates_hold_listener(struct gates *gates, int listener, bool on_hold)
{
	if (atomic_exchange(&gates->gates[listener].on_hold, on_hold) == on_hold)
		return false;
	listeners_pause(gates->track->listeners, listener, PAUSE_ADMIN, on_hold);
	return true;
}

bool
gates_are_closed(const struct gates *gates)
{
	for (int i = 0; i < gates->track->settings->pair_count; i++) {
		if (atomic_load(&gates->gates[i].count) > 0)
			return false;
	}
	return true;
}

static void
say_short(struct gates *gates, int error)
{
	int64_t now = clock_now(), said = atomic_load(&gates->said_ns);

	atomic_store(&gates->said_ns, now);
	if (said != 0 && now - said < SAY_ONCE_NS)
		return;
	if (error == 0)
		log_warning(
		    "accepting pauses: all %u places are taken; clients wait in the kernel's queue until one is free",
		    table_max_conns(gates->track->table));
	else
		log_warning("accepting pauses: %s; clients wait in the kernel's queue", strerror(error));
}

static bool
has_place(const struct gates *gates)
{
	return table_places_taken(gates->track->table) < table_max_conns(gates->track->table);
}

/* One entrance more that is not open.  The first pauses its listener. */
static void
count_out(struct gates *gates, int number, int error)
{
	if (atomic_fetch_add(&gates->gates[number].shut, 1) > 0)
		return;
	listeners_step(gates->track->listeners, number, STEP_PAUSED, error);
	if (atomic_load(&gates->gates[number].shut) == 0) /* others went on meanwhile, and spoke before us */
		listeners_step(gates->track->listeners, number, STEP_RESUMED, 0);
}

static void
count_in(struct gates *gates, int number)
{
	if (atomic_fetch_sub(&gates->gates[number].shut, 1) > 1)
		return;
	listeners_step(gates->track->listeners, number, STEP_RESUMED, 0);
	if (atomic_load(&gates->gates[number].shut) > 0)
		listeners_step(gates->track->listeners, number, STEP_PAUSED, 0);
}

static void
shut(struct entrance *entrance, int number, int error)
{
	if (entrance->watch.fd == -1)
		return;
	loop_unwatch(entrance->all->bench->loop, &entrance->watch);
	count_out(entrance->all->gates, number, error);
}

static void
tell_cause(struct entrances *it, bool pauses)
{
	struct listeners *listeners = it->gates->track->listeners;

	for (int i = 0; i < listeners_count(listeners); i++)
		listeners_pause(listeners, i, it->shortage, pauses);
}

static void
retry_later(struct entrances *it, int64_t wait_ns)
{
	timer_arm(loop_timers(it->bench->loop), &it->retry, loop_now(it->bench->loop) + wait_ns);
}

static void
begin_shortage(struct entrances *it, int error)
{
	struct gates *gates = it->gates;

	if (it->shortage != NO_SHORTAGE || it->draining)
		return;
	it->shortage = error == 0 ? PAUSE_CONNECTIONS : PAUSE_DESCRIPTORS;
	atomic_store(&it->is_short, true);
	tell_cause(it, true);
	for (int i = 0; i < it->bench->settings->pair_count; i++)
		shut(&it->entrances[i], i, error);
	totals_add(&it->bench->totals->counts[TOTAL_ACCEPT_PAUSES], 1);
	if (atomic_fetch_add(&gates->short_workers, 1) == 0)
		say_short(gates, error);
	/* A place that came free before we said that we are short told nobody. */
	retry_later(it, error == 0 && has_place(gates) ? 0 : RETRY_NS);
}

static void
forget_shortage(struct entrances *it)
{
	tell_cause(it, false);
	it->shortage = NO_SHORTAGE;
	atomic_store(&it->is_short, false);
	atomic_fetch_sub(&it->gates->short_workers, 1);
	timer_cancel(loop_timers(it->bench->loop), &it->retry);
}

static bool
accept_more(struct entrance *entrance)
{
	struct entrances *it = entrance->all;
	int error = 0;

	switch (listener_accept(&entrance->listener, it->bench, &error)) {
	case ACCEPT_WAITING:
		return false;
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_NO_PLACE:
		begin_shortage(it, 0);
		return false;
	case ACCEPT_SHORT:
		begin_shortage(it, error);
		return false;
	}
	return false;
}

static void
on_client(struct loop_watch *watch, uint32_t events)
{
	(void)events;
	accept_more((struct entrance *)((char *)watch - offsetof(struct entrance, watch)));
}

/* Level-triggered: what a burst leaves in the queue comes up again in the next turn.
 * EPOLLEXCLUSIVE: where workers share one socket, a client need not wake them all. */
static int
open_up(struct entrance *entrance)
{
	return loop_watch(
	    entrance->all->bench->loop, &entrance->watch, entrance->listener.fd, EPOLLIN | EPOLLEXCLUSIVE, on_client);
}

static bool
is_on_hold(const struct entrances *it, int number)
{
	return atomic_load(&it->gates->on_hold) || atomic_load(&it->gates->gates[number].on_hold);
}

/* Opens and shuts entrances as it ought to be now.  0, or -errno when one could not be opened. */
static int
settle(struct entrances *it)
{
	int problem = 0;

	for (int i = 0; i < it->bench->settings->pair_count; i++) {
		struct entrance *entrance = &it->entrances[i];

		if (it->shortage != NO_SHORTAGE || is_on_hold(it, i)) {
			shut(entrance, i, 0);
		} else if (entrance->watch.fd == -1) {
			problem = open_up(entrance);
			if (problem != 0)
				return problem;
			count_in(it->gates, i);
		}
	}
	return 0;
}

void
entrances_retry(struct entrances *it)
{
	if (it->shortage == NO_SHORTAGE)
		return;
	if (!has_place(it->gates)) {
		retry_later(it, RETRY_NS);
		return;
	}
	forget_shortage(it);
	int error = settle(it);
	if (error != 0)
		begin_shortage(it, -error);
}

void
entrances_settle(struct entrances *it)
{
	int error = it->draining ? 0 : settle(it);

	if (error != 0)
		begin_shortage(it, -error);
}

static void
on_retry(struct timer *timer)
{
	entrances_retry((struct entrances *)((char *)timer - offsetof(struct entrances, retry)));
}

/* The end of accepting. */

static void
close_entrance(struct entrance *entrance, int number)
{
	struct gates *gates = entrance->all->gates;
	bool last;

	if (entrance->watch.fd == -1)
		atomic_fetch_sub(&gates->gates[number].shut, 1);
	loop_unwatch(entrance->all->bench->loop, &entrance->watch);
	close(entrance->listener.fd);
	entrance->listener.fd = -1;
	last = atomic_fetch_sub(&gates->gates[number].count, 1) == 1;
	if (!last)
		return;
	listening_remove_path(&entrance->listener.bound);
	listeners_step(gates->track->listeners, number, STEP_CLOSED, 0);
}

void
entrances_close(struct entrances *it)
{
	it->draining = true;
	for (int i = 0; i < it->bench->settings->pair_count; i++)
		close_entrance(&it->entrances[i], i);
	if (it->shortage != NO_SHORTAGE)
		forget_shortage(it);
}

/* Who is in the queue now is served; who comes between the last look and the close is reset by the kernel. */
void
entrances_drain(struct entrances *it)
{
	if (it->draining)
		return;
	it->draining = true; /* a shortage pauses nothing any more */
	for (int i = 0; i < it->bench->settings->pair_count; i++) {
		while (accept_more(&it->entrances[i]))
			continue;
	}
	entrances_close(it);
}

int
entrances_init(struct entrances *it, struct gates *gates, struct workbench *bench, const struct listening *listenings)
{
	int pairs = gates->track->settings->pair_count, error = 0;

	*it = (struct entrances){
		.gates = gates,
		.bench = bench,
		.entrances = calloc((size_t)pairs, sizeof(it->entrances[0])),
		.retry = { .fire = on_retry },
		.shortage = NO_SHORTAGE,
	};
	if (it->entrances == NULL)
		return -ENOMEM;
	for (int i = 0; error == 0 && i < pairs; i++) {
		struct entrance *entrance = &it->entrances[i];

		entrance->all = it;
		entrance->watch.fd = -1;
		listener_init(&entrance->listener, i, listenings[i].fds[bench->number], &listenings[i].bound);
		error = open_up(entrance);
	}
	return error;
}

void
entrances_fini(struct entrances *it)
{
	free(it->entrances);
}

void
entrances_look_at_queues(struct entrances *it)
{
	for (int i = 0; i < it->bench->settings->pair_count; i++) {
		int fd = it->entrances[i].listener.fd;
		uint32_t length, limit, drops;

		if (fd == -1 || !tcp_info_queue(fd, &length, &limit))
			continue;
		listeners_queue(it->gates->track->listeners, i, it->bench->number, length, limit);
		if (listening_drops(fd, &drops))
			listeners_drops(it->gates->track->listeners, i, it->bench->number, drops);
	}
}
