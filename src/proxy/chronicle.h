/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CHRONICLE_H
#define PROXY_CHRONICLE_H

#include <stdint.h>
#include "base/clock.h"
#include "base/histogram.h"
#include "proxy/conn_parts.h"
#include "track/bus.h"
#include "track/notes.h"

/* --disable-tracking */
#ifdef WITHOUT_TRACKING
#define TRACKING false
#else
#define TRACKING true
#endif

/*
 * Keeps the record of a connection while it lives.  Whatever changes within one
 * call-back is one draft, published at its end as one revision.
 */

/* The draft; the first call opens it. */
struct record *chronicle_edit(struct conn *conn);

/* Now, in microseconds since the opening: FIN, RST and connect read the clock themselves. */
int64_t chronicle_offset(const struct conn *conn);

/* The leg's socket may be in another state: the kernel is asked when the draft is published, unless it is closed by then. */
void chronicle_tcp_state(struct conn *conn, enum leg_name leg);

/* What the record has no room for; the chronicle gives it its connection and its place. */
void chronicle_note(struct conn *conn, struct note note);

/* An event to be published with the draft. */
void chronicle_news(struct conn *conn, enum event_type type);

/* What ends the connection came now: how long nothing had moved, and who had spoken last.
 * A graver cause may come later, and is the one that counts. */
void chronicle_cause(struct conn *conn);

/* Payload that was read only now.  What comes from the side that ended it had come before that end. */
void chronicle_late_payload(struct conn *conn, enum leg_name from, uint64_t received_before);

/* The leg's path was looked at, and the draft knows it: what it had before was `before`. */
void chronicle_sample(struct conn *conn, enum leg_name leg, const struct tcp_sample *before);

/* An attempt to connect has ended, as the draft says. */
void chronicle_attempt(struct conn *conn);

/* Brings the draft's counters up to date, for whoever reads them there. */
void chronicle_counters(struct conn *conn);

/* Publishes the draft.  Record, then history, then event: whoever looks in this order misses nothing. */
void chronicle_publish(struct conn *conn);

/* Has the end of the turn look at this connection (chronicle_count). */
static inline void
chronicle_touch(struct conn *conn)
{
	if (!conn->touched)
		SLIST_INSERT_HEAD(&conn->bench->touched, conn, link);
	conn->touched = true;
}

/*
 * Payload, told for every run of a pump: what follows stands here to be inlined, and
 * what is rare stands elsewhere, so that keeping account costs next to nothing.
 *
 * A speech is all that one side sends before the other does.  The upstream's, after
 * the client's, ends a turn.
 */

/* A byte of this side has come, read or not; the first one counts. */
void chronicle_first_byte(struct conn *conn, enum leg_name from);

/* Both sides spoke at once. */
void chronicle_overlap(struct conn *conn);

static inline void
chronicle_speech(struct conn *conn, enum leg_name from, uint64_t received_before, int64_t now)
{
	const struct pump *to_it = &conn->pumps[leg_other(from)];

	/* In no dialogue by turns do both sides speak in one turn of the loop, nor does one
	 * while what it is told waits for it. */
	if (conn->heard == now || pump_holds(to_it) || to_it->sink_full)
		chronicle_overlap(conn);
	if (conn->speaker == LEG_CLIENT) {
		conn->turn_us = (now - conn->heard) / NS_PER_US;
		if (!conn->overlapped)
			histogram_add(&conn->bench->turns[conn->listener], (uint64_t)conn->turn_us);
	}
	conn->speaker = (uint8_t)from;
	conn->speech_from = received_before;
	if (received_before == 0)
		chronicle_first_byte(conn, from);
}

/* What the pump that reads from this leg has moved since it had these counts. */
static inline void
chronicle_payload(struct conn *conn, enum leg_name from, uint64_t received_before, uint64_t sent_before)
{
	const struct pump *pump = &conn->pumps[from];
	struct pair_counts *counts = &conn->bench->pairs[conn->listener];
	uint64_t received = pump->received - received_before, sent = pump->sent - sent_before;
	int64_t now;

	if (!TRACKING || (received | sent) == 0)
		return;
	now = conn_now(conn);
	if (received > 0) {
		if (conn->speaker != from)
			chronicle_speech(conn, from, received_before, now);
		conn->heard = now;
	}
	totals_add(&counts->received[from], received);
	totals_add(&counts->sent[leg_other(from)], sent);
	conn->times.last_payload = now;
	chronicle_touch(conn);
}

/* At the end of the turn: publishes the counters alone. */
static inline struct record_counters
chronicle_counters_of(const struct conn *conn)
{
	struct record_counters counters = { .last_payload_ns = conn->times.last_payload, .turn_us = conn->turn_us };

	for (int i = 0; i < LEG_COUNT; i++) {
		counters.received[i] = conn->pumps[i].received + (i == LEG_CLIENT ? conn->preface : 0);
		counters.sent[i] = conn->pumps[leg_other(i)].sent + (i == LEG_UPSTREAM ? conn->prologue : 0);
	}
	return counters;
}

static inline void
chronicle_count(struct conn *conn)
{
	struct record_counters counters = chronicle_counters_of(conn);

	conn->turn_us = RECORD_UNKNOWN;
	table_count(conn->bench->slots, conn->slot, &counters);
}

#endif
