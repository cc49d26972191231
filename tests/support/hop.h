/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_HOP_H
#define SUPPORT_HOP_H

#include <jansson.h>
#include "support/proxy_process.h"

/*
 * One connection through a daemon of its own, with both far ends in the test's hands:
 *
 *   client ──► daemon ──► upstream
 */
struct hop {
	struct proxy *proxy;
	int listener; /* the upstream's, still open */
	int client, upstream;
};

/* Starts the daemon with these further arguments, connects, accepts. */
struct hop hop_open(const char *arguments);

/* The same over other addresses: where the daemon listens, and where the upstream does. */
struct hop hop_open_over(const char *listen, const char *upstream, const char *arguments);

/* Connects once more through the same daemon, and waits until it is established there. */
void hop_connect(struct hop *hop);

/* Waits for the one closed record and checks how it ended; initiator may be NULL. */
json_t *hop_closed(struct hop *hop, const char *reason, const char *initiator, const char *how);

/* Closes what is open, stops the daemon. */
void hop_end(struct hop *hop);

/* Asserts how this record ended; `hop_closed` without a hop. */
void expect_close(const json_t *record, const char *reason, const char *initiator, const char *how);

#endif
