/* SPDX-License-Identifier: MIT */
#include "proxy/leg_end.h"

#include "proxy/chronicle.h"
#include "proxy/conn.h"
#include "proxy/look.h"
#include "proxy/symptoms.h"

static const enum conn_event fin_event[LEG_COUNT] = { EV_CLIENT_FIN, EV_UPSTREAM_FIN };
static const enum conn_event rst_event[LEG_COUNT] = { EV_CLIENT_RST, EV_UPSTREAM_RST };
static const enum conn_event lost_event[LEG_COUNT] = { EV_CLIENT_LOST, EV_UPSTREAM_LOST };

static void
note_end(struct conn *conn, enum leg_name leg)
{
	struct conn_leg *it = &conn->legs[leg];

	if (it->end_turn == 0) {
		it->end_turn = (uint32_t)loop_turns(conn->bench->loop);
		it->end_met = true;
	}
	chronicle_tcp_state(conn, leg);
}

/* Before the connect is done a FIN is no event: it waits, and is one then.  A leg without a socket has none. */
void
leg_end_fin(struct conn *conn, enum leg_name leg)
{
	struct conn_leg *it = &conn->legs[leg];

	if (it->ended || it->watch.fd == -1)
		return;
	it->ended = true;
	note_end(conn, leg);
	chronicle_edit(conn)->legs[leg].fin_received_us = chronicle_offset(conn);
	if (!conn_is_forwarding(conn) && conn->state != CONN_FLUSHING)
		return;
	conn_step(conn, fin_event[leg]);
	if (conn_is_forwarding(conn))
		chronicle_news(conn, EVENT_HALF_CLOSE);
}

/* Its FIN came before the RST that is being told. */
static bool
has_finished(const struct conn *conn, enum leg_name leg, enum symptom symptom)
{
	const struct conn_leg *it = &conn->legs[leg];
	bool is_told = symptom == SYMPTOM_FIN_THEN_RST;

	/* A splice that had moved something when the RST came keeps that to itself, and what is left to be told is EPIPE, as
	 * behind a FIN. */
	if (it->is_unix || (is_told && !conn->pumps[leg_other(leg)].spliced))
		return is_told;
	if (!is_told && (symptom != SYMPTOM_RST || !it->fin_sent))
		return false;
	return symptom_has_finished(it->watch.fd, conn->pumps[leg].received + (leg == LEG_CLIENT ? conn->preface : 0));
}

/* What came before the loss still goes to the other side; what was for it can go nowhere. */
void
leg_end_loss(struct conn *conn, enum leg_name leg, int error)
{
	struct conn_leg *it = &conn->legs[leg];
	struct pump *from = &conn->pumps[leg], *to = &conn->pumps[leg_other(leg)];
	enum symptom symptom = symptom_of_error(error);
	bool reset = symptom != SYMPTOM_LOST;

	if (it->error != 0)
		return;
	if (has_finished(conn, leg, symptom))
		leg_end_fin(conn, leg);
	it->error = (uint16_t)error;
	note_end(conn, leg);
	chronicle_edit(conn)->legs[leg].error = (uint16_t)error;
	if (reset)
		chronicle_edit(conn)->legs[leg].rst_received_us = chronicle_offset(conn);
	from->source_error = (uint8_t)error;
	from->readable = from->read_on = true;
	to->through = true;
	pump_fini(to, &conn->bench->tools);
	look_for_stalls(conn);
	conn->times.stalled[leg_other(leg)] = 0; /* it was no longer than this */
	loop_ready(conn->bench->loop, &conn->again);
	conn_step(conn, reset ? rst_event[leg] : lost_event[leg]);
}
