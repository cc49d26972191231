/* SPDX-License-Identifier: MIT */
#ifndef UPSTREAM_RESOLVER_H
#define UPSTREAM_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>
#include "net/loop.h"
#include "track/targets.h"
#include "upstream/group.h"

/*
 * Looks up the names of all targets in the background (c-ares, on the main
 * thread's loop), and again when the answers age.  What it finds goes to the
 * groups; a name that cannot be looked up now keeps its last good addresses.
 */
struct resolver;

/* servers: "192.0.2.1,192.0.2.2:5353", which must outlive it, or NULL for the system's.
 * NULL: errno says why. */
struct resolver *resolver_new(struct loop *loop, const char *servers);
void resolver_free(struct resolver *resolver);

/* Keeps the addresses of this target of the group fresh from now on, and tells its life, which may be NULL, of them.  0
 * or -errno. */
int resolver_watch(struct resolver *resolver, struct group *group, int target, struct target_life *life);

/* True when every name has had its first answer, good or bad. */
bool resolver_settled(const struct resolver *resolver);

#endif
