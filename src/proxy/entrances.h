/* SPDX-License-Identifier: MIT */
#ifndef PROXY_ENTRANCES_H
#define PROXY_ENTRANCES_H

#include <stdatomic.h>
#include <stdbool.h>
#include "net/listening.h"
#include "net/timer.h"
#include "proxy/workbench.h"

/*
 * The ways in: each worker has an entrance for each listener, its own socket
 * of it, and all entrances of a listener are one gate.
 *
 * What pauses a gate is the same for all workers, as a lone paused one would
 * strand its share of clients: an admin's hold, a drain, or that places or
 * descriptors, which are the process's, have run out.
 */
struct gates {
	struct track *track;
	struct gate *gates;        /* by listener */
	atomic_bool on_hold;       /* all of them: a drain */
	_Atomic int short_workers; /* how many have a shortage */
	_Atomic int64_t said_ns;
};

int gates_init(struct gates *gates, struct track *track); /* 0 or -ENOMEM */
void gates_fini(struct gates *gates);

/* From the main thread.  True: it is new, and every worker has to settle its entrances. */
bool gates_hold(struct gates *gates, bool on_hold);
bool gates_hold_listener(struct gates *gates, int listener, bool on_hold);

/* Any thread: no entrance is left. */
bool gates_are_closed(const struct gates *gates);

/* Those of one worker, on its thread. */
struct entrances {
	struct gates *gates;
	struct workbench *bench;
	struct entrance *entrances; /* by listener */
	struct timer retry;
	bool draining;             /* the end of accepting has begun */
	enum pause_cause shortage; /* what it is short of, or PAUSE_CAUSES */
	atomic_bool is_short;      /* for others: it has a shortage */
};

/* Takes the sockets that belong to bench->number, and opens.  0 or -errno. */
int
entrances_init(struct entrances *it, struct gates *gates, struct workbench *bench, const struct listening *listenings);
void entrances_fini(struct entrances *it);

void entrances_settle(struct entrances *it); /* a hold began or ended */
void entrances_retry(struct entrances *it);  /* a place came free: whoever has clients waiting takes it */
void entrances_look_at_queues(struct entrances *it);

/* Who is in the queue now is served; who comes between the last look and the close is reset by the kernel. */
void entrances_drain(struct entrances *it);
void entrances_close(struct entrances *it);

#endif
