/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LOOK_H
#define PROXY_LOOK_H

#include "proxy/conn_parts.h"

/* Asks the kernel about both legs, into the draft: path and queues as they are now; and, when the last look
 * is long enough ago for it to mean something, rates and who is slow. */
void look_take(struct conn *conn);

/* … about one leg alone, its path and its queues. */
void look_at_leg(struct conn *conn, enum leg_name leg);

/* Notes each side that has stalled for so long that it is worth telling. */
void look_for_stalls(struct conn *conn);

/* The sink of the pump that reads from this leg, which took nothing, takes again. */
void look_resumed(struct conn *conn, enum leg_name from);

#endif
