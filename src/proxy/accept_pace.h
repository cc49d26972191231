/* SPDX-License-Identifier: MIT */
#ifndef PROXY_ACCEPT_PACE_H
#define PROXY_ACCEPT_PACE_H

#include <stdint.h>

/*
 * How many clients a listener takes in one turn.
 *
 * To be told that nobody else waits costs as much as five other system calls:
 * the kernel makes a socket and its descriptor before it looks.  So one client
 * is taken at a time, and the loop asks for the next with all the others.  A
 * queue that is there turn after turn is long: then it is more and more.
 */
struct accept_pace {
	uint64_t turn; /* of the loop, when it was last asked */
	int streak;    /* turns in a row that have not seen the queue's end */
};

enum { ACCEPT_BURST_MAX = 64, ACCEPT_STREAK = 4 /* so often before it is twice as many */ };

static inline int
accept_pace_burst(struct accept_pace *pace, uint64_t turn)
{
	int burst = 1;

	pace->streak = turn - pace->turn <= 1 ? pace->streak + 1 : 0;
	pace->turn = turn;
	for (int i = ACCEPT_STREAK; i <= pace->streak && burst < ACCEPT_BURST_MAX; i += ACCEPT_STREAK)
		burst *= 2;
	return burst;
}

/* Nobody waits any more. */
static inline void
accept_pace_end(struct accept_pace *pace)
{
	pace->streak = -1;
}

#endif
