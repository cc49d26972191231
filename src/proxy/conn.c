/* SPDX-License-Identifier: MIT */
/*
 * Carries out the life that lifecycle.c decides.
 *
 *   socket event, timer, task ──► what happened? ──► step ──► action ─┐
 *                                                     ▲               │
 *                                                     └──── event ◄───┘
 *   … and then settle: is the end reached?  publish, arm the timer.
 *
 * Whatever comes from outside enters by one of the call-backs near the end of
 * this file and leaves through settle; in between the record is an open draft.
 * The ways of the kernel that shape it:
 *
 * - EPOLLERR: SO_ERROR tells ECONNRESET, or EPIPE where a FIN came before the
 *   RST, and forgets it in telling.  So it is asked once, and the pump that
 *   still reads the last bytes is told (source_error): its recv will say 0.
 * - A RST right behind the handshake: SO_ERROR says ECONNRESET and not
 *   ECONNREFUSED.  The connect had succeeded.
 * - No edge tells that a queue without a FIN ran empty: a RST that waits for it
 *   looks again by the timer.
 */
#include "proxy/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/farewell.h"
#include "upstream/proxy_header.h"

#define EV_NONE EV_COUNT

enum {
	LOOK_FIRST_MS = 1,    /* a RST waits: how soon to look at the queue again, doubling … */
	LOOK_MOST_MS = 50,    /* … up to this */
	LOOK_FINS_MS = 1000,  /* two FINs wait: edges tell, this only measures progress */
	RETRY_MS = 5,         /* a Unix listener's queue is full: no edge tells when it is not */
	SILENCE_LOOKS = 4,    /* looks within one user timeout */
	UNANSWERED_LEAST = 2, /* probes in a row without an answer before silence means loss */
};

static const enum conn_event fin_event[LEG_COUNT] = { EV_CLIENT_FIN, EV_UPSTREAM_FIN };
static const enum conn_event rst_event[LEG_COUNT] = { EV_CLIENT_RST, EV_UPSTREAM_RST };
static const enum conn_event lost_event[LEG_COUNT] = { EV_CLIENT_LOST, EV_UPSTREAM_LOST };

static bool
is_forwarding(const struct conn *conn)
{
	return conn->state == CONN_ESTABLISHED || conn->state == CONN_CLIENT_HALF_CLOSED ||
	       conn->state == CONN_UPSTREAM_HALF_CLOSED;
}

static int64_t
now_of(const struct conn *conn)
{
	return loop_now(conn->bench->loop);
}

/* The record: a draft from the first change until settle. */

static struct record *
edit(struct conn *conn)
{
	struct workbench *bench = conn->bench;

	if (!conn->drafting)
		bench->draft = table_edit(bench->track->table, bench->number, conn->slot);
	conn->drafting = true;
	return bench->draft;
}

/* FIN, RST and connect read the clock themselves. */
static int64_t
offset_now(const struct conn *conn)
{
	return (clock_now() - conn->times.opened) / NS_PER_US;
}

static void
note_tcp_state(struct conn *conn, enum leg_name leg)
{
	int fd = conn->legs[leg].watch.fd;

	if (fd != -1 && !conn->legs[leg].is_unix)
		edit(conn)->legs[leg].tcp_state = tcp_info_state(fd);
}

static struct record_counters
counters_of(const struct conn *conn)
{
	struct record_counters counters = { .last_payload_ns = conn->times.last_payload };

	for (int i = 0; i < LEG_COUNT; i++) {
		counters.received[i] = conn->pumps[i].received;
		counters.sent[i] = conn->pumps[leg_other(i)].sent + (i == LEG_UPSTREAM ? conn->prologue : 0);
	}
	return counters;
}

static void
put_counters(struct record *record, const struct conn *conn)
{
	struct record_counters counters = counters_of(conn);

	record->last_payload_ns = counters.last_payload_ns;
	for (int i = 0; i < LEG_COUNT; i++) {
		record->bytes[i].received = counters.received[i];
		record->bytes[i].sent = counters.sent[i];
	}
}

static void
publish_news(struct conn *conn, const struct record *record, uint64_t history_number)
{
	struct workbench *bench = conn->bench;

	for (int type = 0; type < EVENT_TYPES; type++) {
		struct event event = {
			.id = record->id,
			.revision = record->revision,
			.at_us = clock_wall_us(),
			.history_number = history_number,
			.type = (uint8_t)type,
			.state = record->state,
			.reason = record->close.reason,
		};

		if (conn->news & 1u << type)
			bus_publish(bench->track->bus, bench->number, &event);
	}
	conn->news = 0;
}

/* Record, then history, then event: whoever looks in this order misses nothing. */
static void
publish(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	uint64_t history_number = 0;

	edit(conn)->state = conn->state;
	put_counters(edit(conn), conn);
	const union record_words *written = table_commit(bench->track->table, bench->number, conn->slot);
	conn->drafting = conn->moved = false;
	if (conn->state == CONN_CLOSED)
		history_number = history_append(bench->track->history, written);
	publish_news(conn, &written->record, history_number);
}

static void
touch(struct conn *conn)
{
	if (!conn->touched)
		SLIST_INSERT_HEAD(&conn->bench->touched, conn, link);
	conn->touched = true;
}

static void
news(struct conn *conn, enum event_type type)
{
	conn->news |= (uint8_t)(1u << type);
}

/* The end. */

/* A loan came back: it goes to whoever waits longest, and nobody can overtake. */
static void
lend(struct workbench *bench)
{
	struct conn *conn = TAILQ_FIRST(&bench->wanting_loans);
	enum leg_name from;

	if (conn == NULL)
		return;
	from = conn->wants_loan & 1u << LEG_CLIENT ? LEG_CLIENT : LEG_UPSTREAM;
	conn->pumps[from].loan = loans_borrow(bench->tools.loans);
	conn->wants_loan &= (uint8_t) ~(1u << from);
	if (conn->wants_loan == 0)
		TAILQ_REMOVE(&bench->wanting_loans, conn, wanting);
	loop_ready(bench->loop, &conn->again);
}

static void
stop_wanting(struct conn *conn, enum leg_name from)
{
	if (!(conn->wants_loan & 1u << from))
		return;
	conn->wants_loan &= (uint8_t) ~(1u << from);
	if (conn->wants_loan == 0)
		TAILQ_REMOVE(&conn->bench->wanting_loans, conn, wanting);
}

static void
give_back_loan(struct conn *conn, enum leg_name from)
{
	stop_wanting(conn, from);
	if (conn->pumps[from].loan == NULL)
		return;
	pump_fini(&conn->pumps[from], &conn->bench->tools);
	lend(conn->bench);
}

static void
say_farewell(struct conn *conn, const bool abort[LEG_COUNT])
{
	struct totals *totals = conn->bench->totals;
	struct record *record = edit(conn);
	struct farewell farewell = {
		.why = conn->why,
		.fault = conn->fault,
		.prologue = conn->prologue,
		.now_ns = clock_now(),
		.ending_ns = conn->ending != 0 ? conn->ending : now_of(conn),
		.error = conn->connect_error,
	};

	for (int i = 0; i < LEG_COUNT; i++) {
		const struct conn_leg *leg = &conn->legs[i];

		farewell.legs[i] = (struct farewell_leg){
			.fd = leg->watch.fd,
			.is_unix = leg->is_unix,
			.ended = leg->ended,
			.fin_sent = leg->fin_sent,
			.abort = abort[i],
			.error = leg->error,
			.end_turn = leg->end_turn,
		};
	}
	record->state = CONN_CLOSED;
	put_counters(record, conn);
	farewell_say(&farewell, record);
	if (record->close.undelivered[LEG_CLIENT] > 0)
		totals_add(
		    &totals->counts[TOTAL_UNDELIVERED_TO_CLIENT], (uint64_t)record->close.undelivered[LEG_CLIENT]);
	if (record->close.undelivered[LEG_UPSTREAM] > 0)
		totals_add(
		    &totals->counts[TOTAL_UNDELIVERED_TO_UPSTREAM], (uint64_t)record->close.undelivered[LEG_UPSTREAM]);
	totals_add(&totals->counts[TOTAL_CLOSED], 1);
	totals_add(&totals->closed_by[conn->why], 1);
}

static void
close_leg(struct conn *conn, enum leg_name leg, bool abort)
{
	int fd = conn->legs[leg].watch.fd;

	if (fd == -1)
		return;
	loop_unwatch(conn->bench->loop, &conn->legs[leg].watch);
	if (abort)
		socket_abort(fd);
	else
		socket_close(fd);
}

static enum conn_event
end(struct conn *conn, const bool abort[LEG_COUNT])
{
	say_farewell(conn, abort);
	timer_cancel(loop_timers(conn->bench->loop), &conn->timer);
	for (int i = 0; i < LEG_COUNT; i++) {
		give_back_loan(conn, i);
		close_leg(conn, i, abort[i]);
	}
	loop_unready(conn->bench->loop, &conn->again);
	news(conn, EVENT_CLOSE);
	return EV_NONE;
}

/* What lifecycle.c can ask for; each answers with the event that it caused. */

static enum conn_event
do_nothing(struct conn *conn)
{
	(void)conn;
	return EV_NONE;
}

static enum conn_event
failure_event(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
		return EV_NO_FDS;
	case ENOMEM:
	case ENOBUFS:
		return EV_NO_MEMORY;
	case EADDRNOTAVAIL:
		return EV_NO_PORTS;
	case ECONNREFUSED:
		return EV_REFUSED;
	case ETIMEDOUT:
		return EV_CONNECT_TIMEOUT;
	default:
		return EV_UNREACHABLE;
	}
}

/* Others may remain, unless the shortage is our own. */
static enum conn_event
target_failed(struct conn *conn, int error)
{
	struct conn_leg *leg = &conn->legs[LEG_UPSTREAM];
	enum conn_event event = failure_event(error);

	totals_add(&conn->bench->totals->counts[TOTAL_CONNECT_FAILURES], 1);
	close_leg(conn, LEG_UPSTREAM, false);
	leg->end_turn = 0;
	conn->connect_error = (uint16_t)error;
	edit(conn)->legs[LEG_UPSTREAM].error = (uint16_t)error;
	edit(conn)->legs[LEG_UPSTREAM].fd = -1;
	return event == EV_NO_FDS || event == EV_NO_MEMORY ? event : EV_TARGET_FAILED;
}

/* From each source in turn, until one has a port left; a Unix target has no source. */
static int
connect_from(struct workbench *bench, const struct addr *to, int *fd)
{
	const struct settings *settings = bench->settings;
	bool tried = false;
	int error = 0;

	for (int i = 0; i < settings->source_count && (!tried || error == -EADDRNOTAVAIL); i++) {
		const struct addr *source = &settings->sources[bench->next_source++ % (unsigned)settings->source_count];

		if (source->any.sa_family != to->any.sa_family)
			continue;
		tried = true;
		error = socket_connect(to, source, &bench->keepalive, fd);
	}
	return tried ? error : socket_connect(to, NULL, &bench->keepalive, fd);
}

static void
describe_target(struct conn *conn, int target, const struct addr *to, int fd)
{
	struct record *record = edit(conn);
	struct record_leg *leg = &record->legs[LEG_UPSTREAM];
	struct addr local;

	if (fd == -1 || !socket_name(fd, &local))
		local = (struct addr){ .any.sa_family = to->any.sa_family };
	conn->legs[LEG_UPSTREAM].is_unix = addr_is_unix(to);
	record->target = (uint16_t)target;
	record->target_chosen = true;
	record->attempts++;
	flow_set(&leg->flow, &local, to);
	record->target_address = leg->flow.destination;
	leg->fd = fd;
	leg->error = 0;
	leg->tcp_state = 0;
	leg->socket_cookie = fd == -1 ? 0 : socket_cookie(fd);
}

static enum conn_event
do_connect(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	struct conn_leg *leg = &conn->legs[LEG_UPSTREAM];
	struct dial before = conn->dial;
	struct addr to;
	int target, fd;

	switch (dial_next(&conn->dial, bench->groups[edit(conn)->upstream], &target, &to)) {
	case DIAL_NO_ADDRESS:
		return EV_NO_ADDRESS;
	case DIAL_EXHAUSTED:
		return failure_event(conn->connect_error);
	case DIAL_ADDRESS:
		break;
	}
	if (!conn->retrying)
		conn->times.phase = now_of(conn);
	conn->retrying = false;
	conn->rearm = true;
	int error = connect_from(bench, &to, &fd);
	if (error == -EAGAIN && addr_is_unix(&to)) {
		conn->dial = before;
		conn->retrying = true;
		return EV_NONE;
	}
	totals_add(&bench->totals->counts[TOTAL_CONNECT_ATTEMPTS], 1);
	describe_target(conn, target, &to, fd);
	if (error != 0 && error != -EINPROGRESS)
		return target_failed(conn, -error);
	error = loop_watch(
	    bench->loop, &leg->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, leg->watch.on_events);
	if (error != 0) {
		socket_close(fd);
		return target_failed(conn, -error);
	}
	note_tcp_state(conn, LEG_UPSTREAM);
	return EV_NONE;
}

/* The kernel takes so few bytes at once from a socket that never sent any. */
static enum conn_event
send_prologue(struct conn *conn)
{
	const struct record *record = edit(conn);
	const struct settings *settings = conn->bench->settings;
	char header[PROXY_HEADER_MAX];
	size_t size = proxy_header_write(header, settings->proxy_out, &record->legs[LEG_CLIENT].flow,
	    conn->legs[LEG_CLIENT].is_unix ? settings->listeners[record->listener].addr.local.sun_path : NULL);
	ssize_t sent = size == 0 ? 0 : socket_send(conn->legs[LEG_UPSTREAM].watch.fd, header, size);

	if (sent == (ssize_t)size) {
		conn->prologue = (uint16_t)size;
		return EV_NONE;
	}
	conn->connect_error = sent < 0 ? (uint16_t)-sent : ENOBUFS;
	/* A reset is news for its own edge, which is on its way. */
	return sent == -ECONNRESET || sent == -EPIPE ? EV_NONE : EV_UPSTREAM_LOST;
}

static enum conn_event
do_forward(struct conn *conn)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		conn->pumps[i].source = conn->legs[i].watch.fd;
		conn->pumps[i].sink = conn->legs[leg_other(i)].watch.fd;
		conn->pumps[i].can_peek = !conn->legs[i].is_unix;
	}
	conn->connect_error = 0;
	edit(conn)->connect_us = offset_now(conn);
	edit(conn)->legs[LEG_UPSTREAM].error = 0;
	note_tcp_state(conn, LEG_UPSTREAM);
	news(conn, EVENT_CONNECTED);
	return send_prologue(conn);
}

static enum conn_event
do_finish(struct conn *conn)
{
	conn->look_ms = LOOK_FINS_MS;
	return EV_NONE;
}

static enum conn_event
do_pass_rst(struct conn *conn)
{
	conn->look_ms = LOOK_FIRST_MS;
	return EV_NONE;
}

/* All is delivered.  The side that was not lost gets the RST that the other sent. */
static enum conn_event
do_close(struct conn *conn)
{
	bool client_lost = conn->legs[LEG_CLIENT].error != 0, upstream_lost = conn->legs[LEG_UPSTREAM].error != 0;

	return end(conn, (bool[LEG_COUNT]){ upstream_lost && !client_lost, client_lost && !upstream_lost });
}

static enum conn_event
do_abort(struct conn *conn)
{
	return end(conn, (bool[LEG_COUNT]){ true, true });
}

static enum conn_event (*const actions[])(struct conn *) = {
	[DO_NOTHING] = do_nothing,
	[DO_CONNECT] = do_connect,
	[DO_FORWARD] = do_forward,
	[DO_FINISH] = do_finish,
	[DO_PASS_RST] = do_pass_rst,
	[DO_CLOSE] = do_close,
	[DO_ABORT] = do_abort,
};

/* An empty cell: our fault, and the only way to WHY_INTERNAL_ERROR. */
static void
surprised(struct conn *conn, enum conn_event event)
{
	assert(!"an event that cannot happen in this state");
	log_error("internal error: event %d in state %s", event, conn_state_text(conn->state));
	conn->why = lifecycle_why(conn->why, WHY_INTERNAL_ERROR);
	conn->state = CONN_CLOSED;
	do_abort(conn);
}

/* The only place where a connection changes state.  An action may answer with
 * the event it caused, so a chain of events is a loop here and never a recursion. */
static void
step(struct conn *conn, enum conn_event event)
{
	while (event != EV_NONE) {
		const struct transition *next = lifecycle_next(conn->state, event);

		if (next == NULL) {
			surprised(conn, event);
			return;
		}
		edit(conn);
		if (next->to != conn->state && next->to != CONN_CONNECTING) {
			conn->times.phase = now_of(conn);
			conn->rearm = true;
		}
		if (conn->ending == 0 && next->to >= CONN_CLIENT_HALF_CLOSED)
			conn->ending = now_of(conn);
		conn->state = (uint8_t)next->to;
		conn->why = (uint8_t)lifecycle_why(conn->why, next->why);
		event = actions[next->action](conn);
	}
}

/* What sockets and pumps tell. */

static void
note_end(struct conn *conn, enum leg_name leg)
{
	if (conn->legs[leg].end_turn == 0)
		conn->legs[leg].end_turn = (uint32_t)loop_turns(conn->bench->loop);
	note_tcp_state(conn, leg);
}

/* Before the connect is done a FIN is no event: it waits, and is one then. */
static void
see_fin(struct conn *conn, enum leg_name leg)
{
	struct conn_leg *it = &conn->legs[leg];

	if (it->ended)
		return;
	it->ended = true;
	note_end(conn, leg);
	edit(conn)->legs[leg].fin_received_us = offset_now(conn);
	if (!is_forwarding(conn) && conn->state != CONN_FLUSHING)
		return;
	step(conn, fin_event[leg]);
	if (is_forwarding(conn))
		news(conn, EVENT_HALF_CLOSE);
}

/* What came before the loss still goes to the other side; what was for it can go nowhere. */
static void
lose(struct conn *conn, enum leg_name leg, int error)
{
	struct conn_leg *it = &conn->legs[leg];
	struct pump *from = &conn->pumps[leg], *to = &conn->pumps[leg_other(leg)];
	bool reset = error == ECONNRESET || error == EPIPE;

	if (it->error != 0)
		return;
	if (error == EPIPE)
		see_fin(conn, leg);
	it->error = (uint16_t)error;
	note_end(conn, leg);
	edit(conn)->legs[leg].error = (uint16_t)error;
	if (reset)
		edit(conn)->legs[leg].rst_received_us = offset_now(conn);
	from->source_error = (uint16_t)error;
	from->readable = from->read_on = true;
	to->through = true;
	give_back_loan(conn, leg_other(leg));
	loop_ready(conn->bench->loop, &conn->again);
	step(conn, reset ? rst_event[leg] : lost_event[leg]);
}

static void
queue_for_loan(struct conn *conn, enum leg_name from)
{
	struct workbench *bench = conn->bench;

	if (conn->wants_loan & 1u << from)
		return;
	totals_add(&bench->totals->counts[TOTAL_LOAN_WAITS], 1);
	if (conn->wants_loan == 0)
		TAILQ_INSERT_TAIL(&bench->wanting_loans, conn, wanting);
	conn->wants_loan |= (uint8_t)(1u << from);
}

static void
note_payload(struct conn *conn, enum leg_name from, uint64_t received_before, uint64_t sent_before)
{
	static const enum total received[] = { TOTAL_CLIENT_BYTES_RECEIVED, TOTAL_UPSTREAM_BYTES_RECEIVED };
	static const enum total sent[] = { TOTAL_UPSTREAM_BYTES_SENT, TOTAL_CLIENT_BYTES_SENT };
	const struct pump *pump = &conn->pumps[from];
	struct totals *totals = conn->bench->totals;

	if (pump->received == received_before && pump->sent == sent_before)
		return;
	if (received_before == 0 && pump->received > 0 && from == LEG_CLIENT)
		edit(conn)->first_client_byte_us = record_offset_us(edit(conn), now_of(conn));
	if (received_before == 0 && pump->received > 0 && from == LEG_UPSTREAM)
		edit(conn)->first_upstream_byte_us = record_offset_us(edit(conn), now_of(conn));
	totals_add(&totals->counts[received[from]], pump->received - received_before);
	totals_add(&totals->counts[sent[from]], pump->sent - sent_before);
	conn->times.last_payload = now_of(conn);
	conn->moved = true;
	touch(conn);
}

static void
note_stall(struct conn *conn)
{
	bool full = (conn->pumps[LEG_CLIENT].sink_full && !conn->pumps[LEG_CLIENT].through) ||
		    (conn->pumps[LEG_UPSTREAM].sink_full && !conn->pumps[LEG_UPSTREAM].through);

	if (!full) {
		conn->times.stalled = 0;
	} else if (conn->times.stalled == 0) {
		conn->times.stalled = now_of(conn);
		conn->rearm = conn->rearm || conn->bench->settings->stall_timeout_ns > 0;
	}
}

static void
run_pump(struct conn *conn, enum leg_name from)
{
	struct workbench *bench = conn->bench;
	enum leg_name to = leg_other(from);
	struct pump *pump = &conn->pumps[from];
	uint64_t received = pump->received, sent = pump->sent;
	bool had_loan = pump->loan != NULL;
	enum pump_result result = pump_run(pump, &bench->tools);

	note_payload(conn, from, received, sent);
	if (had_loan && pump->loan == NULL)
		lend(bench);
	if (pump->source_ended && pump->source_error == 0)
		see_fin(conn, from);
	switch (result) {
	case PUMP_WAITING:
		break;
	case PUMP_AGAIN:
		loop_ready(bench->loop, &conn->again);
		break;
	case PUMP_WANTS_LOAN:
		queue_for_loan(conn, from);
		break;
	case PUMP_EOF_PASSED_ON:
		conn->legs[to].fin_sent = true;
		edit(conn)->legs[to].fin_sent_us = offset_now(conn);
		note_tcp_state(conn, to);
		break;
	case PUMP_SOURCE_LOST:
		break;
	case PUMP_SINK_LOST: {
		/* ENOTCONN hides what SO_ERROR still knows. */
		int error = socket_error(pump->sink);

		give_back_loan(conn, from);
		lose(conn, to, error != 0 ? error : pump->sink_error);
		break;
	}
	}
	if (pump->source_error != 0)
		lose(conn, from, pump->source_error);
}

static bool
can_run(const struct pump *pump)
{
	return !pump->through && !pump->sink_full && (pump->held > 0 || pump->readable || pump->source_ended);
}

static void
run_pumps(struct conn *conn)
{
	for (int from = 0; from < LEG_COUNT; from++) {
		if ((is_forwarding(conn) || conn->state == CONN_FLUSHING) && can_run(&conn->pumps[from]))
			run_pump(conn, from);
	}
	note_stall(conn);
}

/* In flushing: has the other kernel got it all?  A lost side is owed nothing. */
static enum conn_event
look_at_queues(struct conn *conn)
{
	uint64_t acknowledged = 0;
	bool owed = false;

	for (int i = 0; i < LEG_COUNT; i++) {
		const struct pump *to = &conn->pumps[leg_other(i)];
		int queued;

		if (conn->legs[i].error != 0)
			continue;
		queued = socket_outq(conn->legs[i].watch.fd);
		acknowledged += to->sent - (queued > 0 && (uint64_t)queued <= to->sent ? (uint64_t)queued : 0);
		if (!to->through || queued > 0) {
			owed = true;
			conn->owed = (uint8_t)i;
		}
	}
	if (!owed)
		return EV_FLUSHED;
	if (acknowledged > conn->acknowledged)
		conn->times.phase = now_of(conn);
	conn->acknowledged = acknowledged;
	conn->rearm = true;
	return EV_NONE;
}

/*
 * Silence of a side that has something to acknowledge.  TCP_USER_TIMEOUT would
 * also cut a living one whose window is closed, a paused reader: the kernel
 * counts from the first probe, answered or not.  So we look ourselves, for
 * probes that went without an answer.
 */
static bool
is_silent(const struct conn *conn, enum leg_name leg)
{
	const struct conn_leg *it = &conn->legs[leg];
	int64_t limit_ms = conn->bench->settings->user_timeout_ns / NS_PER_MS;
	struct tcp_facts facts;

	if (it->is_unix || it->error != 0 || socket_outq(it->watch.fd) <= 0 || !tcp_info_read(it->watch.fd, &facts))
		return false;
	return facts.last_ack_ms >= limit_ms &&
	       (facts.retransmits >= UNANSWERED_LEAST || facts.probes >= UNANSWERED_LEAST);
}

static void
look_for_silence(struct conn *conn)
{
	if (conn->bench->settings->user_timeout_ns == 0)
		return;
	for (int i = 0; i < LEG_COUNT; i++) {
		if ((is_forwarding(conn) || conn->state == CONN_FLUSHING) && is_silent(conn, i))
			lose(conn, i, ETIMEDOUT);
	}
}

static void
arm(struct conn *conn)
{
	const struct settings *settings = conn->bench->settings;
	int64_t now = now_of(conn), at = deadline_next(settings, conn->state, &conn->times).at, look = INT64_MAX;

	if (conn->state == CONN_FLUSHING)
		look = now + conn->look_ms * NS_PER_MS;
	else if (conn->retrying)
		look = now + RETRY_MS * NS_PER_MS;
	else if (is_forwarding(conn) && settings->user_timeout_ns > 0)
		look = now + settings->user_timeout_ns / SILENCE_LOOKS;
	at = look < at ? look : at;
	conn->rearm = false;
	if (at != INT64_MAX && (conn->timer.at == 0 || at < conn->timer.at))
		timer_arm(loop_timers(conn->bench->loop), &conn->timer, at);
}

static void
settle(struct conn *conn)
{
	if (conn->state == CONN_FLUSHING)
		step(conn, look_at_queues(conn));
	if (conn->drafting)
		publish(conn);
	if (conn->state == CONN_CLOSED)
		touch(conn);
	else if (conn->rearm)
		arm(conn);
}

/* Call-backs: from here the world comes in. */

static void
on_connecting(struct conn *conn, uint32_t events)
{
	int error = socket_error(conn->legs[LEG_UPSTREAM].watch.fd);

	if (error != 0 && error != ECONNRESET && error != EPIPE) {
		step(conn, target_failed(conn, error));
		return;
	}
	if (error == 0 && !(events & EPOLLOUT))
		return;
	step(conn, EV_CONNECTED);
	if (conn->legs[LEG_CLIENT].ended && is_forwarding(conn)) {
		step(conn, EV_CLIENT_FIN);
		news(conn, EVENT_HALF_CLOSE);
	}
	if (error != 0 && is_forwarding(conn))
		lose(conn, LEG_UPSTREAM, error);
}

/* The source may have something, or its end; the sink may have room. */
static void
note_edges(struct conn *conn, enum leg_name leg, uint32_t events)
{
	struct pump *from = &conn->pumps[leg], *to = &conn->pumps[leg_other(leg)];

	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		from->readable = !from->source_ended;
	if (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		from->read_on = true;
	if (events & EPOLLOUT)
		to->sink_full = false;
}

static void
on_leg(struct conn *conn, enum leg_name leg, uint32_t events)
{
	struct conn_leg *it = &conn->legs[leg];

	note_edges(conn, leg, events);
	if (leg == LEG_UPSTREAM && conn->state == CONN_CONNECTING) {
		on_connecting(conn, events);
		if (conn->state == CONN_CONNECTING || conn->state == CONN_CLOSED)
			return;
	}
	if (events & EPOLLERR) {
		int error = socket_error(it->watch.fd);

		if (error != 0)
			lose(conn, leg, error);
	}
	if (conn->state == CONN_CLOSED)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP) && it->error == 0)
		see_fin(conn, leg);
	else if (it->fin_sent)
		note_tcp_state(conn, leg);
	run_pumps(conn);
}

static void
on_client_events(struct loop_watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, legs[LEG_CLIENT].watch));

	on_leg(conn, LEG_CLIENT, events);
	settle(conn);
}

static void
on_upstream_events(struct loop_watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, legs[LEG_UPSTREAM].watch));

	on_leg(conn, LEG_UPSTREAM, events);
	settle(conn);
}

static void
on_again(struct loop_task *task)
{
	struct conn *conn = (struct conn *)((char *)task - offsetof(struct conn, again));

	run_pumps(conn);
	settle(conn);
}

static enum leg_name
leg_at_fault(const struct conn *conn, enum conn_event event)
{
	if (event == EV_HALF_CLOSE)
		return conn->state == CONN_CLIENT_HALF_CLOSED ? LEG_UPSTREAM : LEG_CLIENT;
	if (event == EV_STALL)
		return conn->pumps[LEG_CLIENT].sink_full ? LEG_UPSTREAM : LEG_CLIENT;
	return event == EV_FLUSH ? (enum leg_name)conn->owed : LEG_NONE;
}

static void
on_timer(struct timer *timer)
{
	struct conn *conn = (struct conn *)((char *)timer - offsetof(struct conn, timer));
	int64_t now = now_of(conn);
	struct deadline due;

	conn->rearm = true;
	if (conn->state == CONN_FLUSHING)
		step(conn, look_at_queues(conn));
	due = deadline_next(conn->bench->settings, conn->state, &conn->times);
	if (due.at <= now && due.event == EV_CONNECT_TIMEOUT) {
		conn->retrying = false;
		step(conn, target_failed(conn, ETIMEDOUT));
	} else if (due.at <= now) {
		conn->fault = (uint8_t)leg_at_fault(conn, due.event);
		step(conn, due.event);
	} else if (conn->retrying) {
		step(conn, EV_TARGET_FAILED);
	} else {
		look_for_silence(conn);
		if (conn->look_ms < LOOK_MOST_MS) {
			conn->look_ms *= 2;
			conn->look_ms = conn->look_ms < LOOK_MOST_MS ? conn->look_ms : LOOK_MOST_MS;
		}
	}
	settle(conn);
}

/* From outside. */

int
conn_reserve_all(struct workbench *bench)
{
	size_t size = (size_t)table_max_conns(bench->track->table) * sizeof(struct conn);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	bench->conns = memory == MAP_FAILED ? NULL : memory;
	return bench->conns == NULL ? -ENOMEM : 0;
}

void
conn_unreserve_all(struct workbench *bench)
{
	if (bench->conns != NULL)
		munmap(bench->conns, (size_t)table_max_conns(bench->track->table) * sizeof(struct conn));
	bench->conns = NULL;
}

static void
describe_client(struct conn *conn, int listener, int fd, const struct addr *client, const struct addr *local)
{
	struct record *record = edit(conn);
	struct record_leg *leg = &record->legs[LEG_CLIENT];

	record->state = CONN_ACCEPTED;
	record->listener = record->upstream = (uint16_t)listener;
	record->opened_ns = conn->times.opened;
	record->opened_at_us = clock_wall_us();
	leg->fd = fd;
	leg->socket_cookie = socket_cookie(fd);
	flow_set(&leg->flow, client, local);
	conn->legs[LEG_CLIENT].is_unix = addr_is_unix(local);
}

void
conn_open(struct workbench *bench, int listener, int fd, const struct addr *client, const struct addr *local)
{
	uint32_t slot;

	bench->draft = table_claim(bench->track->table, bench->number, &slot);
	struct conn *conn = &bench->conns[slot];
	*conn = (struct conn){
		.bench = bench,
		.slot = slot,
		.state = CONN_ACCEPTED,
		.fault = LEG_NONE,
		.in_use = true,
		.drafting = true,
		.legs = {
			{ .watch = { .on_events = on_client_events, .fd = -1 } },
			{ .watch = { .on_events = on_upstream_events, .fd = -1 } },
		},
		.timer = { .fire = on_timer },
		.again = { .run = on_again },
		.times = { .opened = clock_now() },
	};
	if (slot >= bench->conns_touched)
		bench->conns_touched = slot + 1;
	describe_client(conn, listener, fd, client, local);
	totals_add(&bench->totals->counts[TOTAL_ACCEPTED], 1);
	news(conn, EVENT_OPEN);
	dial_init(&conn->dial, bench->groups[listener]);
	/* Without a watch there is no way to serve it: it ends as a shortage of ours. */
	int error = loop_watch(bench->loop, &conn->legs[LEG_CLIENT].watch, fd,
	    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, on_client_events);
	note_tcp_state(conn, LEG_CLIENT);
	step(conn, EV_ROUTED);
	if (error != 0 && conn->state != CONN_CLOSED) {
		conn->connect_error = (uint16_t)-error;
		conn->legs[LEG_CLIENT].watch.fd = fd;
		step(conn, EV_NO_MEMORY);
	}
	settle(conn);
}

void
conn_shutdown_all(struct workbench *bench)
{
	for (uint32_t slot = 0; slot < bench->conns_touched; slot++) {
		struct conn *conn = &bench->conns[slot];

		if (!conn->in_use || conn->state == CONN_CLOSED)
			continue;
		step(conn, EV_SHUTDOWN);
		settle(conn);
	}
}

void
conn_after_turn(struct workbench *bench)
{
	struct conn *conn;

	while ((conn = SLIST_FIRST(&bench->touched)) != NULL) {
		SLIST_REMOVE_HEAD(&bench->touched, link);
		conn->touched = false;
		if (conn->state == CONN_CLOSED) {
			conn->in_use = false;
			table_release(bench->track->table, bench->number, conn->slot);
			bench->on_place_free(bench->argument);
		} else if (conn->moved) {
			struct record_counters counters = counters_of(conn);

			conn->moved = false;
			table_count(bench->track->table, bench->number, conn->slot, &counters);
		}
	}
	totals_set(&bench->totals->counts[TOTAL_LOANS_LENT], loans_lent(bench->tools.loans));
}
