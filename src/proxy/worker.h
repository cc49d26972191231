/* SPDX-License-Identifier: MIT */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <stdbool.h>
#include "net/listening.h"
#include "track/track.h"
#include "upstream/group.h"

/*
 * The threads that own connections, each with its loop, its listening sockets
 * and its part of the table.  A connection stays with its worker from accept
 * to close.
 *
 * Accepting pauses and resumes for all together: places and descriptors are
 * the process's, and a lone paused worker would strand its share of clients.
 */
struct workers;

/* One worker for each socket of the listenings (settings->workers of them).  The descriptors are
 * the workers' once this has succeeded.  NULL: errno says why. */
struct workers *workers_new(struct track *track, struct group *const *groups, const struct listening *listenings);

/* 0 or -errno.  The signals that the daemon handles must be blocked. */
int workers_start(struct workers *workers);

/* From the main thread.  On hold they accept nobody: clients wait in the kernel's queue. */
void workers_hold(struct workers *workers, bool on_hold);
void workers_hold_listener(struct workers *workers, int listener, bool on_hold);
void workers_cut(struct workers *workers); /* the deadline of a drain: ends every connection there is */

/* From the main thread, in this order. */
void workers_drain(struct workers *workers);    /* serve those who wait already, then close the listeners */
bool workers_are_done(struct workers *workers); /* after a drain: the last connection has ended */
void workers_shutdown(struct workers *workers); /* end every connection, then the threads; waits for them */
void workers_free(struct workers *workers);

#endif
