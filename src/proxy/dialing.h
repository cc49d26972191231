/* SPDX-License-Identifier: MIT */
#ifndef PROXY_DIALING_H
#define PROXY_DIALING_H

#include "proxy/conn_parts.h"

/* The way to the upstream: one address after the other, until one answers. */

/* Tries the first, which takes a turn of the group's targets, and the next.  EV_NONE: under way; else
 * what came of it. */
enum conn_event dialing_begin(struct conn *conn);
enum conn_event dialing_next(struct conn *conn);

/* The address that is being tried failed, by this errno. */
enum conn_event dialing_failed(struct conn *conn, int error);

/* The address that is being tried took us. */
void dialing_connected(struct conn *conn);

/* Connected: says who the client is, where --proxy-out asks for it.  0, or the errno that prevented
 * it, and then nothing may follow.  The kernel takes so few bytes at once from a socket that never
 * sent any. */
int dialing_greet(struct conn *conn);

#endif
