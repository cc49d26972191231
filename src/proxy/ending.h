/* SPDX-License-Identifier: MIT */
#ifndef PROXY_ENDING_H
#define PROXY_ENDING_H

#include <stdbool.h>
#include "proxy/conn_parts.h"

/* The end of a connection: waiting for it, and carrying it out. */

/* In flushing: has the other kernel got it all?  EV_FLUSHED, or EV_NONE.  A lost side is owed nothing. */
enum conn_event ending_look(struct conn *conn);

/* A side was lost, or what it sent behind the last call goes nowhere: then no FIN may be the last word. */
bool ending_is_lossy(const struct conn *conn);

/* Closes one socket; abort: with RST, which throws away what is not acknowledged. */
void ending_close_leg(struct conn *conn, enum leg_name leg, bool abort);

/* Writes the close part of the record, closes both sockets, waits for nothing any more. */
enum conn_event ending_close(struct conn *conn, const bool abort[LEG_COUNT]);

#endif
