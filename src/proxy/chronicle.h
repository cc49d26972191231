/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CHRONICLE_H
#define PROXY_CHRONICLE_H

#include <stdint.h>
#include "proxy/conn_parts.h"
#include "track/bus.h"

/*
 * Keeps the record of a connection while it lives.  Whatever changes within one
 * call-back is one draft, published at its end as one revision.
 */

/* The draft; the first call opens it. */
struct record *chronicle_edit(struct conn *conn);

/* Now, in microseconds since the opening: FIN, RST and connect read the clock themselves. */
int64_t chronicle_offset(const struct conn *conn);

/* Asks the kernel what state the leg's socket is in. */
void chronicle_tcp_state(struct conn *conn, enum leg_name leg);

/* A byte of this side has come; the first one counts. */
void chronicle_first_byte(struct conn *conn, enum leg_name from);

/* What the pump that reads from this leg has moved since it had these counts. */
void chronicle_payload(struct conn *conn, enum leg_name from, uint64_t received_before, uint64_t sent_before);

/* An event to be published with the draft. */
void chronicle_news(struct conn *conn, enum event_type type);

/* Brings the draft's counters up to date, for whoever reads them there. */
void chronicle_counters(struct record *record, const struct conn *conn);

/* Publishes the draft.  Record, then history, then event: whoever looks in this order misses nothing. */
void chronicle_publish(struct conn *conn);

/* Has the end of the turn look at this connection, … */
void chronicle_touch(struct conn *conn);

/* … which publishes its counters alone. */
void chronicle_count(struct conn *conn);

#endif
