/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LENDING_H
#define PROXY_LENDING_H

#include "proxy/conn_parts.h"

/* The queue for loans: a loan that comes back goes to whoever waits longest, and
 * nobody can overtake. */

/* The pump that reads from this leg wants a loan, and there is none. */
void lending_queue(struct conn *conn, enum leg_name from);

/* It needs none any more: what it holds is thrown away. */
void lending_give_back(struct conn *conn, enum leg_name from);

/* A pump gave its loan back by itself. */
void lending_pass_on(struct workbench *bench);

#endif
