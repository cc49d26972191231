/* SPDX-License-Identifier: MIT */
#ifndef TRACK_LISTENERS_H
#define TRACK_LISTENERS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/histogram.h"

/*
 * The life of each listener: socket → bind → listening → paused → closed, or
 * failed on the way.  A listener is one socket for each worker, which pause,
 * resume and close as one.
 */
struct listeners;

enum listener_state {
	LISTENER_NEW,
	LISTENER_LISTENING,
	LISTENER_PAUSED, /* the kernel's queue holds those who come */
	LISTENER_CLOSED,
	LISTENER_FAILED,
	LISTENER_STATES
};

enum listener_step { STEP_SOCKET, STEP_BIND, STEP_LISTENING, STEP_PAUSED, STEP_RESUMED, STEP_CLOSED, LISTENER_STEPS };

/* Why one is paused; there may be several reasons at once. */
enum pause_cause { PAUSE_ADMIN, PAUSE_DRAIN, PAUSE_CONNECTIONS, PAUSE_DESCRIPTORS, PAUSE_CAUSES };

extern const char *const pause_cause_texts[PAUSE_CAUSES];
extern const char *const listener_state_texts[LISTENER_STATES];
extern const char *const listener_step_texts[LISTENER_STEPS];

struct listener_facts {
	enum listener_state state;
	struct addr bound; /* length 0: not bound */
	struct {
		int64_t at_us; /* clock_wall_us of the last time; 0: never */
		int error;     /* errno; 0: it worked */
		uint64_t times;
	} steps[LISTENER_STEPS];
	uint64_t accepted;
	int64_t queue_length; /* clients that wait to be accepted, over all sockets; -1: unknown */
	int64_t queue_limit;  /* of all sockets together; -1: unknown */
	int64_t drops;        /* who came and found no room in it, over all sockets; -1: unknown */
	int sockets;
	bool paused_by[PAUSE_CAUSES];
};

struct listeners *listeners_new(int count, int workers); /* NULL: no memory */
void listeners_free(struct listeners *listeners);

/* Before any worker runs. */
void listeners_bound(struct listeners *listeners, int listener, const struct addr *bound, int sockets);

/* Any thread.  A step of the whole listener, with its errno or 0. */
void listeners_step(struct listeners *listeners, int listener, enum listener_step step, int error);

/* Any thread.  Each who says that a cause pauses the listener says later that it does so no more. */
void listeners_pause(struct listeners *listeners, int listener, enum pause_cause cause, bool pauses);

/* A worker, for its own socket. */
void listeners_accepted(struct listeners *listeners, int listener, int worker);
void listeners_queue(struct listeners *listeners, int listener, int worker, uint32_t length, uint32_t limit);
void listeners_drops(struct listeners *listeners, int listener, int worker, uint32_t drops);

/* … to add to: for each listener, the microseconds of its clients' turns. */
struct histogram *listeners_turns(struct listeners *listeners, int worker);

/* Any thread. */
int listeners_count(const struct listeners *listeners);
void listeners_read(const struct listeners *listeners, int listener, struct listener_facts *facts);
/* … added to what is there. */
void listeners_add_turns(const struct listeners *listeners, int listener, struct histogram_sum *turns);

/* Of counts where one unknown part, which is negative, makes the sum unknown. */
static inline int64_t
listeners_plus(int64_t sum, int64_t more)
{
	return sum < 0 || more < 0 ? -1 : sum + more;
}

#endif
