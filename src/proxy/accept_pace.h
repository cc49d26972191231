/* SPDX-License-Identifier: MIT */
#ifndef PROXY_ACCEPT_PACE_H
#define PROXY_ACCEPT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many clients a listener takes in one turn.
 *
 * To be told that nobody else waits costs as much as five other system calls:
 * the kernel makes a socket and its descriptor before it looks.  Where clients
 * come one by one, the next is left to the loop, which asks for all at once; but
 * a queue is best taken in one go, so that what follows has company, too.
 */
struct accept_pace {
	uint64_t turn; /* of the loop, when it was last asked */
	bool alone;    /* the last queue that was looked at to its end had one client */
	bool unsure;   /* one was taken in that turn, and the end not looked for */
};

enum { ACCEPT_BURST_MAX = 64 };

static inline int
accept_pace_burst(struct accept_pace *pace, uint64_t turn)
{
	bool come_again = pace->unsure && turn - pace->turn <= 1;

	pace->turn = turn;
	pace->unsure = pace->alone && !come_again;
	pace->alone = pace->unsure; /* until the end of the queue says otherwise */
	return pace->unsure ? 1 : ACCEPT_BURST_MAX;
}

/* Nobody waits any more, behind so many. */
static inline void
accept_pace_end(struct accept_pace *pace, int taken)
{
	pace->alone = taken <= 1;
}

#endif
