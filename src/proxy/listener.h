/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <stdbool.h>
#include "base/addr.h"
#include "proxy/accept_pace.h"
#include "proxy/workbench.h"

/* One worker's socket of one listener. */
struct listener {
	int fd;     /* -1: closed */
	int number; /* in the settings */
	struct addr bound;
	bool bound_to_one; /* our end of each client is `bound`; else it must be asked for */
	struct accept_pace pace;
};

void listener_init(struct listener *listener, int number, int fd, const struct addr *bound);

enum accept_result {
	ACCEPT_WAITING,  /* nobody is in the queue any more */
	ACCEPT_AGAIN,    /* the burst was long enough; others may want their turn */
	ACCEPT_NO_PLACE, /* --max-conns is reached */
	ACCEPT_SHORT,    /* out of descriptors or memory: *error says which */
};

/* Takes some clients out of the queue (accept_pace.h) and opens a connection for each; never one
 * for which there is no place. */
enum accept_result listener_accept(struct listener *listener, struct workbench *bench, int *error);

#endif
