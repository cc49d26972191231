/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DEMO_CLIENTS_H
#define DAEMON_DEMO_CLIENTS_H

#include <stdint.h>
#include "base/addr.h"

/*
 * The demonstration's clients, one thread that plays small scenes: short ones,
 * long ones, and each way in which a connection can end.  They say to the
 * upstream what demo_upstream.h describes, through whoever listens at `to`.
 */
struct demo_clients;

/* 0 or -errno. */
int demo_clients_start(struct demo_clients **clients, const struct addr *to);

/* Leaves every scene as it stands. */
void demo_clients_stop(struct demo_clients *clients);

/* Any thread: scenes played to their end, whichever that was meant to be. */
uint64_t demo_clients_played(const struct demo_clients *clients);

#endif
