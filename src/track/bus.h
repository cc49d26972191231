/* SPDX-License-Identifier: MIT */
#ifndef TRACK_BUS_H
#define TRACK_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include "track/ring.h"

/*
 * What happens to connections, as it happens: a ring of small events for each
 * worker.  An event names an id; whoever wants more reads the record or the
 * history.  Publishing never waits for a follower.
 */
struct bus;

enum event_type {
	EVENT_OPEN,
	EVENT_CONNECTED,
	EVENT_HALF_CLOSE,
	EVENT_CLOSE,
	EVENT_DENIED, /* refused on arrival: the only one of such a connection */
	EVENT_TYPES
};

struct event {
	uint64_t id;
	uint64_t revision;
	int64_t at_us; /* clock_wall_us */
	uint64_t
	    history_number; /* EVENT_CLOSE, EVENT_DENIED: where the record stands, in the ring of its worker and kind */
	uint8_t type, state, reason, kind;
	uint8_t spare[4];
	uint64_t reserved[2];
};

enum { EVENT_WORDS = 7, EVENT_ID_WORD = 0, BUS_CAPACITY = 16384 };
_Static_assert(sizeof(struct event) == EVENT_WORDS * sizeof(uint64_t), "with its version 64 bytes");

struct bus *bus_new(int workers, uint32_t capacity); /* NULL: no memory */
void bus_free(struct bus *bus);

/* The owning worker only. */
void bus_publish(struct bus *bus, int worker, const struct event *event);

/* Any thread: the number that the worker's next event will get, which is a place to follow from. */
uint64_t bus_head(const struct bus *bus, int worker);

/* Any thread, for whoever keeps places of its own: the oldest event that is still there, and one of them. */
uint64_t bus_oldest(const struct bus *bus, int worker);
enum ring_answer bus_read(const struct bus *bus, int worker, uint64_t number, struct event *event);

/* Any thread: the end of this connection, looked for from `number` on.  False: it has none so far, or it is gone.
 * *looks is how many events were looked at: some nanoseconds each, and at most as many as the ring holds. */
bool
bus_find_end(const struct bus *bus, int worker, uint64_t number, uint64_t id, struct event *event, uint32_t *looks);

/* Any thread: where in each ring a follower is.  `missed` counts what was overwritten before it came. */
struct bus_cursor {
	struct bus *bus;
	uint64_t *places; /* one for each worker */
	int next;         /* the worker to ask next, so that a busy one starves no other */
	uint64_t missed;
};

/* 0 or -ENOMEM.  Starts at the newest events. */
int bus_follow(struct bus *bus, struct bus_cursor *cursor);
void bus_unfollow(struct bus_cursor *cursor);

/* False: nothing new. */
bool bus_next(struct bus_cursor *cursor, struct event *event);

/* Waits for what bus_next has not given yet, or for bus_wake, at most `timeout_ms` (-1: for
 * ever).  One thread at a time may wait.  Publishers notice a waiting thread by one load;
 * waking it costs a system call, at most one for each wait. */
void bus_wait(struct bus_cursor *cursor, int timeout_ms);
void bus_wake(struct bus *bus);

/* Waits for bus_wake alone: for a follower that lets news gather, at no cost to publishers. */
void bus_pause(struct bus *bus, int timeout_ms);

#endif
