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
 * this file, or from conns.c, and leaves through settle; in between the record is an open draft.
 * The ways of the kernel that shape it (what an end looks like: symptoms.h):
 *
 * - SO_ERROR forgets in telling.  So it is asked once, and the pump that still
 *   reads the last bytes is told (source_error): its recv will say 0.
 * - A RST right behind the handshake: SO_ERROR says ECONNRESET and not
 *   ECONNREFUSED.  The connect had succeeded.
 * - No edge tells that a queue without a FIN ran empty: a RST that waits for it
 *   looks again by the timer.
 */
#include "proxy/conn.h"

#include <assert.h>
#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/carrying.h"
#include "proxy/chronicle.h"
#include "proxy/dialing.h"
#include "proxy/ending.h"
#include "proxy/leg_end.h"
#include "proxy/sniffing.h"
#include "proxy/symptoms.h"
#include "track/conn_id.h"

enum {
	LOOK_FIRST_MS = 1,    /* a RST waits: how soon to look at the queue again, doubling … */
	LOOK_MOST_MS = 50,    /* … up to this */
	LOOK_FINS_MS = 1000,  /* two FINs wait: edges tell, this only measures progress */
	RETRY_MS = 5,         /* a Unix listener's queue is full: no edge tells when it is not */
	SILENCE_LOOKS = 4,    /* looks within one user timeout */
	UNANSWERED_LEAST = 2, /* probes in a row without an answer before silence means loss */
};

/* What lifecycle.c can ask for; each answers with the event that it caused. */

static enum conn_event
do_nothing(struct conn *conn)
{
	(void)conn;
	return EV_NONE;
}

/* Left to a pump whose upstream is not there, and so has nothing more to give. */
static enum conn_event
do_answer(struct conn *conn)
{
	conn->pumps[LEG_CLIENT].through = true;
	conn->pumps[LEG_UPSTREAM].source_ended = true;
	conn->pumps[LEG_UPSTREAM].sink = conn->legs[LEG_CLIENT].watch.fd;
	conn->look_ms = LOOK_FINS_MS;
	return EV_NONE;
}

static enum conn_event
do_forward(struct conn *conn)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		conn->pumps[i].source = conn->legs[i].watch.fd;
		conn->pumps[i].sink = conn->legs[leg_other(i)].watch.fd;
		conn->pumps[i].is_unix = conn->legs[i].is_unix;
		conn->pumps[i].copies = conn->legs[LEG_CLIENT].is_unix || conn->legs[LEG_UPSTREAM].is_unix;
		conn->pumps[i].splices = conn->bench->tools.always_splice && !conn->pumps[i].copies;
	}
	dialing_connected(conn);
	newcomers_add(&conn->bench->newcomers, conn->slot, conn->generation);
	chronicle_news(conn, EVENT_CONNECTED);
	conn->connect_error = (uint16_t)dialing_greet(conn);
	return EV_NONE;
}

static enum conn_event
do_finish(struct conn *conn)
{
	conn->look_ms = LOOK_FINS_MS;
	return EV_NONE;
}

/* An edge may be on its way for what has come: so each pump looks once more. */
static enum conn_event
do_conclude(struct conn *conn)
{
	conn->concluding = true;
	conn->look_ms = LOOK_FINS_MS;
	for (int i = 0; i < LEG_COUNT; i++) {
		conn->pumps[i].last_call = true;
		conn->pumps[i].readable = !conn->pumps[i].source_ended;
	}
	loop_ready(conn->bench->loop, &conn->again);
	return EV_NONE;
}

static enum conn_event
do_pass_rst(struct conn *conn)
{
	conn->look_ms = LOOK_FIRST_MS;
	return EV_NONE;
}

/* All is delivered that can be.  If a side was lost, a RST to both: the other has it coming, and the lost
 * one may live after all, to which a FIN behind what it lacks would look complete. */
static enum conn_event
do_close(struct conn *conn)
{
	bool lost = ending_is_lossy(conn);

	return ending_close(conn, (bool[LEG_COUNT]){ lost, lost });
}

static enum conn_event
do_abort(struct conn *conn)
{
	return ending_close(conn, (bool[LEG_COUNT]){ true, true });
}

static enum conn_event (*const actions[])(struct conn *) = {
	[DO_NOTHING] = do_nothing,
	[DO_ANSWER] = do_answer,
	[DO_DIAL] = dialing_begin,
	[DO_CONNECT] = dialing_next,
	[DO_FORWARD] = do_forward,
	[DO_FINISH] = do_finish,
	[DO_CONCLUDE] = do_conclude,
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
	if (conn->state == CONN_CLOSED)
		return;
	conn->why = lifecycle_why(conn->why, WHY_INTERNAL_ERROR);
	conn->state = CONN_CLOSED;
	chronicle_cause(conn);
	do_abort(conn);
}

/* The only place where a connection changes state.  An action may answer with
 * the event it caused, so a chain of events is a loop here and never a recursion. */
void
conn_step(struct conn *conn, enum conn_event event)
{
	while (event != EV_NONE) {
		const struct transition *next = lifecycle_next(conn->state, event);

		if (next == NULL) {
			surprised(conn, event);
			return;
		}
		struct record *record = chronicle_edit(conn);

		if (next->to != conn->state && next->to != CONN_CONNECTING) {
			conn->times.phase = conn_now(conn);
			conn->rearm = true;
		}
		enum close_reason why = lifecycle_why(conn->why, next->why);
		bool began = record->close.cause_us != RECORD_UNKNOWN;
		if (began ? why != conn->why && close_meanings[why].how != HOW_FIN
			  : next->to >= CONN_CLIENT_HALF_CLOSED)
			chronicle_cause(conn);
		conn->state = (uint8_t)next->to;
		conn->why = (uint8_t)why;
		event = actions[next->action](conn);
	}
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

	if (it->watch.fd == -1 || it->is_unix || it->error != 0 || socket_outq(it->watch.fd) <= 0 ||
	    !tcp_info_read(it->watch.fd, &facts))
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
		if ((conn_is_forwarding(conn) || conn->state == CONN_FLUSHING) && is_silent(conn, i))
			leg_end_loss(conn, i, ETIMEDOUT);
	}
}

static void
arm(struct conn *conn)
{
	const struct settings *settings = conn->bench->settings;
	int64_t now = conn_now(conn), at = deadline_next(settings, conn->state, &conn->times).at, look = INT64_MAX;

	if (conn->state == CONN_FLUSHING)
		look = now + conn->look_ms * NS_PER_MS;
	else if (conn->retrying)
		look = now + RETRY_MS * NS_PER_MS;
	else if (conn_is_forwarding(conn) && settings->user_timeout_ns > 0)
		look = now + settings->user_timeout_ns / SILENCE_LOOKS;
	at = look < at ? look : at;
	conn->rearm = false;
	if (at != INT64_MAX && (conn->timer.at == 0 || at < conn->timer.at))
		timer_arm(loop_timers(conn->bench->loop), &conn->timer, at);
}

void
conn_settle(struct conn *conn)
{
	if (conn->state == CONN_FLUSHING)
		conn_step(conn, ending_look(conn));
	if (conn->drafting)
		chronicle_publish(conn);
	if (conn->state == CONN_CLOSED)
		chronicle_touch(conn);
	else if (conn->rearm)
		arm(conn);
}

/* Call-backs: from here the world comes in. */

/* Without EPOLLERR SO_ERROR may still name a lost packet's ICMP answer, which the next SYN made good. */
static void
on_connecting(struct conn *conn, uint32_t events)
{
	int error = events & EPOLLERR ? socket_error(conn->legs[LEG_UPSTREAM].watch.fd) : 0;

	if (error != 0 && symptom_of_error(error) == SYMPTOM_LOST) {
		conn_step(conn, dialing_failed(conn, error));
		return;
	}
	if (error == 0 && !(events & EPOLLOUT))
		return;
	conn_step(conn, EV_CONNECTED);
	/* The header's send may be the one that the kernel told of a reset: no edge will say it again. */
	if (error == 0)
		error = conn->connect_error;
	conn->connect_error = 0;
	if (conn->legs[LEG_CLIENT].ended && conn_is_forwarding(conn)) {
		conn_step(conn, EV_CLIENT_FIN);
		chronicle_news(conn, EVENT_HALF_CLOSE);
	}
	if (error != 0 && conn_is_forwarding(conn))
		leg_end_loss(conn, LEG_UPSTREAM, error);
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

/* What nobody reads any more, or not before there is an upstream, has come all the same.  EPOLLIN alone means
 * bytes; beside an end it may mean that end. */
static void
note_unread(struct conn *conn, enum leg_name leg, uint32_t events)
{
	bool is_read = conn->state != CONN_CONNECTING && !conn->pumps[leg].through;
	bool may_be_end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

	if (!is_read && (!may_be_end || socket_inq(conn->legs[leg].watch.fd) > 0))
		chronicle_first_byte(conn, leg);
}

static void
on_leg(struct conn *conn, enum leg_name leg, uint32_t events)
{
	struct conn_leg *it = &conn->legs[leg];
	enum conn_event heard = EV_NONE;

	note_edges(conn, leg, events);
	if (events & EPOLLIN && conn->state != CONN_CLOSED)
		note_unread(conn, leg, events);
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) && it->end_turn == 0)
		it->end_turn = (uint32_t)loop_turns(conn->bench->loop);
	if (leg == LEG_UPSTREAM && conn->state == CONN_CONNECTING) {
		on_connecting(conn, events);
		if (conn->state == CONN_CONNECTING || conn->state == CONN_CLOSED)
			return;
	}
	if (conn->state == CONN_SNIFFING) /* first of all: what came before a RST is there, and says who it was */
		heard = sniffing_look(conn, events & (EPOLLRDHUP | EPOLLHUP));
	if (events & EPOLLERR) {
		int error = socket_error(it->watch.fd);

		if (error != 0)
			leg_end_loss(conn, leg, error);
	}
	if (conn->state == CONN_CLOSED)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP) && it->error == 0)
		leg_end_fin(conn, leg);
	else if (it->fin_sent)
		chronicle_tcp_state(conn, leg);
	if (conn->state == CONN_SNIFFING)
		conn_step(conn, heard);
	carrying_run_in_turn(conn);
}

static void
on_client_events(struct loop_watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, legs[LEG_CLIENT].watch));

	on_leg(conn, LEG_CLIENT, events);
	conn_settle(conn);
}

static void
on_upstream_events(struct loop_watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, legs[LEG_UPSTREAM].watch));

	on_leg(conn, LEG_UPSTREAM, events);
	conn_settle(conn);
}

static void
on_again(struct loop_task *task)
{
	struct conn *conn = (struct conn *)((char *)task - offsetof(struct conn, again));

	carrying_run(conn);
	conn_settle(conn);
}

static enum leg_name
stalled_longest(const struct conn *conn)
{
	int64_t up = conn->times.stalled[LEG_CLIENT], down = conn->times.stalled[LEG_UPSTREAM];

	return up != 0 && (down == 0 || up <= down) ? LEG_UPSTREAM : LEG_CLIENT;
}

static enum leg_name
leg_at_fault(const struct conn *conn, enum conn_event event)
{
	if (event == EV_HALF_CLOSE)
		return conn->state == CONN_CLIENT_HALF_CLOSED ? LEG_UPSTREAM : LEG_CLIENT;
	if (event == EV_STALL)
		return stalled_longest(conn);
	if (event == EV_HEADER_TIMEOUT)
		return LEG_CLIENT;
	return event == EV_FLUSH ? (enum leg_name)conn->owed : LEG_NONE;
}

static void
on_timer(struct timer *timer)
{
	struct conn *conn = (struct conn *)((char *)timer - offsetof(struct conn, timer));
	int64_t now = conn_now(conn);
	struct deadline due;

	conn->rearm = true;
	if (conn->state == CONN_FLUSHING)
		conn_step(conn, ending_look(conn));
	due = deadline_next(conn->bench->settings, conn->state, &conn->times);
	if (due.at <= now && due.event == EV_CONNECT_TIMEOUT) {
		conn->retrying = false;
		conn_step(conn, dialing_failed(conn, ETIMEDOUT));
	} else if (due.at <= now) {
		conn->fault = (uint8_t)leg_at_fault(conn, due.event);
		conn_step(conn, due.event);
	} else if (conn->retrying) {
		conn_step(conn, EV_TARGET_FAILED);
	} else {
		look_for_silence(conn);
		if (conn->look_ms < LOOK_MOST_MS) {
			conn->look_ms *= 2;
			conn->look_ms = conn->look_ms < LOOK_MOST_MS ? conn->look_ms : LOOK_MOST_MS;
		}
	}
	conn_settle(conn);
}

void
conn_init(struct conn *conn, struct workbench *bench, uint32_t slot, int listener)
{
	*conn = (struct conn){
		.bench = bench,
		.slot = slot,
		.state = CONN_ACCEPTED,
		.fault = LEG_NONE,
		.speaker = LEG_NONE,
		.turn_us = RECORD_UNKNOWN,
		.listener = (uint16_t)listener,
		.generation = conn_id_generation(bench->draft->id),
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
}

/* Without a watch there is no way to serve it: it ends as a shortage of ours. */
void
conn_serve(struct conn *conn, int fd)
{
	struct workbench *bench = conn->bench;
	int error = loop_watch(bench->loop, &conn->legs[LEG_CLIENT].watch, fd,
	    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, on_client_events);

	if (error == 0) {
		conn_step(conn, bench->settings->proxy_in ? EV_SNIFF : EV_ROUTED);
	} else {
		conn->legs[LEG_CLIENT].watch.fd = fd; /* to be closed */
		conn->connect_error = (uint16_t)-error;
		conn_step(conn, EV_NO_MEMORY);
	}
	conn_settle(conn);
}
