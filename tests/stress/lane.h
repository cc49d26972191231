/* SPDX-License-Identifier: MIT */
#ifndef STRESS_LANE_H
#define STRESS_LANE_H

#include <stdatomic.h>
#include "stress/verdict.h"
#include "support/follow.h"
#include "support/proxy_process.h"

enum { LANE_PLAYS_MAX = 1024 };

/*
 * A thread that plays both ends of many connections through one listener of
 * the daemon, and follows their records.  The first mismatch ends the test.
 */
struct lane {
	uint64_t seed;
	int number;                 /* of the daemon's listener */
	int at_once;                /* connections */
	uint64_t bytes_most;        /* of one direction of a connection */
	uint64_t rate;              /* bytes a second that all lanes may plan; 0: as many as go */
	int64_t begun_ns, until_ns; /* no more after that; 0: whenever */
	uint64_t bytes;             /* that all lanes may plan, */
	_Atomic int64_t *left;      /* and what is left of it */
	struct proxy *proxy;
	int listener; /* where the daemon connects to */
	struct verdict verdict;

	int epoll, live; /* live: open or without a record */
	uint64_t begun;
	struct follow records;
	int64_t looked_at_ns;
	struct play *plays[LANE_PLAYS_MAX];
};

/* For pthread_create: the argument is a struct lane. */
void *lane_run(void *argument);

#endif
