/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CONN_H
#define PROXY_CONN_H

#include "proxy/conn_parts.h"
#include "proxy/lifecycle.h"

/* One connection's life: what happens to it becomes an event, lifecycle.c says what that leads to,
 * and here it is done.  The connections of a worker are kept by conns.h. */

/* The draft of its record is bench->draft. */
void conn_init(struct conn *conn, struct workbench *bench, uint32_t slot, int listener);

/* The client's socket is the connection's from here on; what it tells is heard. */
void conn_serve(struct conn *conn, int fd);

/* The only place where a connection changes state.  Whoever steps settles after it. */
void conn_step(struct conn *conn, enum conn_event event);

/* What the steps have led to: is the end reached?  Publishes the record, arms the timer. */
void conn_settle(struct conn *conn);

#endif
