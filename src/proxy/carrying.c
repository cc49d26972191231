/* SPDX-License-Identifier: MIT */
#include "proxy/carrying.h"

#include <errno.h>
#include <sys/socket.h>
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/leg_end.h"
#include "proxy/look.h"

enum { TALK_MS = 20 };

/* A sink that takes a byte now and then is slow, and not stalled. */
static void
note_stall(struct conn *conn, enum leg_name from, uint64_t sent_before)
{
	const struct pump *pump = &conn->pumps[from];
	int64_t *stalled = &conn->times.stalled[from];

	if (*stalled != 0 && (!pump->sink_full || pump->sent > sent_before)) {
		look_resumed(conn, from);
		*stalled = 0;
	}
	if (pump->sink_full && *stalled == 0) {
		*stalled = conn_now(conn);
		conn->rearm = conn->rearm || conn->bench->settings->stall_timeout_ns > 0;
	}
}

/* ENOTCONN hides what SO_ERROR still knows; on a Unix socket EPIPE does, too. */
static int
sink_error(const struct conn *conn, enum leg_name to)
{
	const struct pump *pump = &conn->pumps[leg_other(to)];
	int error = pump->sink_error;

	if (error == ENOTCONN || (error == EPIPE && conn->legs[to].is_unix))
		error = socket_error(pump->sink);
	if (error != 0)
		return error;
	return pump->sink_error == EPIPE ? EPIPE : ECONNRESET;
}

/* Little goes to and fro on another connection, or did a moment ago: then whoever carries much takes small turns, and
 * only after the others, for each of them waits for an answer. */
static bool
is_beside_talk(const struct conn *conn)
{
	const struct workbench *bench = conn->bench;

	return bench->talked_at != 0 && bench->talker != conn->slot &&
	       conn_now(conn) - bench->talked_at < TALK_MS * NS_PER_MS;
}

/* What a refusal costs is speed, and that only on loopback. */
static void
prepare_for_much(struct conn *conn, enum leg_name from)
{
	const struct pump *pump = &conn->pumps[from];
	const struct manners *manners = &conn->bench->manners;
	struct addr ours;

	conn->pumps[from].carried_much = true;
	if (pump->copies)
		return;
	if (socket_name(pump->source, &ours) && manners_at(manners, &ours)->much_bytes > 0)
		socket_set(pump->source, SOL_SOCKET, SO_RCVBUF, manners_at(manners, &ours)->much_bytes);
	if (socket_name(pump->sink, &ours) && manners_at(manners, &ours)->much_bytes > 0)
		socket_set(pump->sink, SOL_SOCKET, SO_SNDBUF, manners_at(manners, &ours)->much_bytes);
}

static void
run_pump(struct conn *conn, enum leg_name from)
{
	struct workbench *bench = conn->bench;
	enum leg_name to = leg_other(from);
	struct pump *pump = &conn->pumps[from];
	uint64_t received = pump->received, sent = pump->sent;
	bool spliced = pump->spliced, large = pump->large;
	size_t most = large && is_beside_talk(conn) ? PUMP_RUN_BESIDE : PUMP_RUN_MAX;
	enum pump_result result = pump_run(pump, &bench->tools, most);

	if (!large && !pump->large && pump->received > received) {
		bench->talked_at = conn_now(conn);
		bench->talker = conn->slot;
	}
	if (pump->large && !pump->carried_much)
		prepare_for_much(conn, from);
	chronicle_payload(conn, from, received, sent);
	if (pump->spliced != spliced)
		chronicle_edit(conn)->legs[from].datapath = pump->spliced ? DATAPATH_SPLICE : DATAPATH_COPY;
	if (conn->state != CONN_ESTABLISHED && pump->received > received)
		chronicle_late_payload(conn, from, received);
	note_stall(conn, from, sent);
	if (pump->source_ended && pump->source_error == 0)
		leg_end_fin(conn, from);
	switch (result) {
	case PUMP_WAITING:
		break;
	case PUMP_AGAIN:
		loop_ready(bench->loop, &conn->again);
		break;
	case PUMP_EOF_PASSED_ON:
		conn->legs[to].fin_sent = true;
		chronicle_edit(conn)->legs[to].fin_sent_us = chronicle_offset(conn);
		if (conn->legs[to].ended || conn->legs[to].is_unix)
			chronicle_tcp_state(conn, to);
		else
			chronicle_edit(conn)->legs[to].tcp_state = TCP_IS_FIN_WAIT_1; /* an edge tells of the next */
		break;
	case PUMP_SOURCE_LOST:
		break;
	case PUMP_SINK_LOST:
		pump_fini(pump, &bench->tools);
		leg_end_loss(conn, to, sink_error(conn, to));
		break;
	}
	if (pump->source_error != 0)
		leg_end_loss(conn, from, pump->source_error);
}

static bool
can_run(const struct pump *pump)
{
	return !pump->through && !pump->sink_full && (pump_holds(pump) || pump->readable || pump->source_ended);
}

void
carrying_run(struct conn *conn)
{
	for (int from = 0; from < LEG_COUNT; from++) {
		if ((conn_is_forwarding(conn) || conn->state == CONN_FLUSHING) && can_run(&conn->pumps[from]))
			run_pump(conn, from);
	}
}

/* In this turn, or behind those that may talk in the next. */
void
carrying_run_in_turn(struct conn *conn)
{
	bool much = conn->pumps[LEG_CLIENT].large || conn->pumps[LEG_UPSTREAM].large;

	if (much && is_beside_talk(conn))
		loop_ready(conn->bench->loop, &conn->again);
	else
		carrying_run(conn);
}
