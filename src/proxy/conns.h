/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CONNS_H
#define PROXY_CONNS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "proxy/workbench.h"
#include "track/close_reason.h"

/* The connections of a worker, from accept to close. */

/* Memory for every connection that the worker may have, touched where used.  0 or -ENOMEM. */
int conns_reserve(struct workbench *bench);
void conns_unreserve(struct workbench *bench);

/* A client was accepted, for which a place was reserved.  The socket is the connection's
 * from here on; local is our end of it. */
void conns_open(struct workbench *bench, int listener, int fd, const struct addr *client, const struct addr *local);

/* Looks at the connection of this slot for its record.  False: there is none that is connected. */
bool conns_look(struct workbench *bench, uint32_t slot);

/* An order: looks at this one now, if it is still there. */
void conns_refresh(struct workbench *bench, uint64_t id);

/* An order: ends this one, if it is still there, by HOW_RST or HOW_FIN.  The first such order's words are kept. */
void conns_kill(struct workbench *bench, uint64_t id, enum close_how how, const char *words);

/* The deadline of an admin's drain, and the end of the process: each connection ends now. */
void conns_drain(struct workbench *bench);
void conns_shutdown(struct workbench *bench);

/* At the end of each turn: publishes counters, gives slots and places back. */
void conns_after_turn(struct workbench *bench);

#endif
