/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DEMO_UPSTREAM_H
#define DAEMON_DEMO_UPSTREAM_H

#include "base/addr.h"

/*
 * The demonstration's upstream, one thread.  It is told line by line what to do,
 * and does it in that order (the words may follow `sockproxy demo: `):
 *
 *   GIVE bytes    answer with so many, in lines of 64
 *   HOLD ms       wait before what comes next
 *   RESET bytes   answer with so many, then send RST
 *   BYE           finish first
 *
 * Once the client has finished and has all its answers, it finishes too.  To an
 * HTTP request it answers with a page that says what it is.
 */
struct demo_upstream;

/* On loopback, a port of the kernel's choice.  0 or -errno. */
int demo_upstream_start(struct demo_upstream **upstream, struct addr *bound);
void demo_upstream_stop(struct demo_upstream *upstream);

#endif
