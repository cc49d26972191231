/* SPDX-License-Identifier: MIT */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include "api/door.h"
#include "base/addr.h"
#include "track/track.h"

/*
 * The HTTP interface: one thread of libmicrohttpd, which copies out of track
 * and never waits for a worker.
 */
struct server;

/* What /readyz says; set by the daemon, read by the api. */
enum readiness { NOT_READY_STARTING, READY, NOT_READY_DRAINING, NOT_READY_STOPPING };

/* 0 or -errno of what failed: EADDRINUSE, EACCES, …  The signals that the daemon handles must
 * be blocked.  `track` and `readiness` outlive it, `door` need not.  The address comes from track->settings->admin;
 * more than `connections_max` clients at once wait in the kernel's queue. */
int server_start(struct server **server, const struct track *track, const struct door *door,
    const _Atomic int *readiness, int connections_max);

/* Where it really listens (port 0 in the settings), for the readiness line. */
const struct addr *server_address(const struct server *server);

/* Cuts clients that take too long to ask or to read.  From one thread, every second or so. */
void server_look(struct server *server);

/* Ends answers under way and the thread. */
void server_stop(struct server *server);

#endif
