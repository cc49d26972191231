/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LOOK_H
#define PROXY_LOOK_H

#include "proxy/conn_parts.h"

/* Asks the kernel about both legs, into the draft: path and queues as they are now; and, when the last look
 * is long enough ago for it to mean something, rates, who is slow, and a side that has stalled. */
void look_take(struct conn *conn);

/* The pump that reads from this leg goes on after its sink had taken nothing since then (clock_now). */
void look_resumed(struct conn *conn, enum leg_name from, int64_t since);

#endif
