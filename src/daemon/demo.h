/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DEMO_H
#define DAEMON_DEMO_H

#include "base/addr.h"

/*
 * --demo: a built-in upstream and a little client traffic, so that there is
 * life to look at.  Everything stays on loopback and is bounded in number, and
 * every line of its payload begins with `sockproxy demo`.
 */
struct demo;

/* The upstream listens on a port of the kernel's choice.  0 or -errno.  All
 * signals that the daemon handles must be blocked, here and below. */
int demo_start_upstream(struct demo **demo, struct addr *upstream);

/* Clients that connect to our own listener.  0 or -errno. */
int demo_start_clients(struct demo *demo, const struct addr *listener);

/* Ends the clients, so that a drain has nothing to wait for; then the rest.  NULL is fine. */
void demo_stop_clients(struct demo *demo);
void demo_stop(struct demo *demo);

#endif
