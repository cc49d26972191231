/* SPDX-License-Identifier: MIT */
#include "proxy/ending.h"

#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/farewell.h"
#include "proxy/look.h"

static void
say_farewell(struct conn *conn, const bool abort[LEG_COUNT])
{
	struct record *record = chronicle_edit(conn);
	struct last_look *look = &conn->bench->last_look;
	struct farewell farewell = {
		.why = conn->why,
		.fault = close_meanings[conn->why].how == HOW_TIMEOUT ? conn->fault : LEG_NONE,
		.prologue = conn->prologue,
		.preface = conn->preface,
		.unsorted = conn->bench->settings->proxy_in && conn->preface == 0,
		.turn = (uint32_t)loop_turns(conn->bench->loop),
		.now_ns = clock_now(),
		.error = conn->connect_error,
	};

	struct tcp_sample before[LEG_COUNT];
	for (int i = 0; i < LEG_COUNT; i++) {
		const struct conn_leg *leg = &conn->legs[i];

		before[i] = record->legs[i].tcp;
		farewell.legs[i] = (struct farewell_leg){
			.facts = look->of == conn && look->known[i] ? &look->facts[i] : NULL,
			.fd = leg->watch.fd,
			.is_unix = leg->is_unix,
			.ended = leg->ended,
			.abort = abort[i],
			.error = leg->error,
			.end_turn = leg->end_turn,
			.end_met = leg->end_met,
		};
	}
	record->state = CONN_CLOSED;
	chronicle_counters(conn);
	farewell_say(&farewell, record);
	for (int i = 0; i < LEG_COUNT; i++) {
		if (conn->legs[i].watch.fd != -1 && !conn->legs[i].is_unix)
			chronicle_sample(conn, i, &before[i]);
	}
	look->of = NULL;
}

void
ending_close_leg(struct conn *conn, enum leg_name leg, bool abort)
{
	int fd = conn->legs[leg].watch.fd;

	if (fd == -1)
		return;
	loop_forget(conn->bench->loop, &conn->legs[leg].watch);
	if (abort)
		socket_abort(fd);
	else
		socket_close(fd);
}

enum conn_event
ending_close(struct conn *conn, const bool abort[LEG_COUNT])
{
	look_for_stalls(conn);
	say_farewell(conn, abort);
	timer_cancel(loop_timers(conn->bench->loop), &conn->timer);
	admission_leave(conn->bench->admission, &conn->pass); /* before the client can know, and come again */
	for (int i = 0; i < LEG_COUNT; i++) {
		pump_fini(&conn->pumps[i], &conn->bench->tools);
		ending_close_leg(conn, i, abort[i]);
	}
	loop_unready(conn->bench->loop, &conn->again);
	chronicle_news(conn, EVENT_CLOSE);
	return EV_NONE;
}

bool
ending_is_lossy(const struct conn *conn)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		const struct conn_leg *leg = &conn->legs[i];

		if (leg->error != 0 || (conn->concluding && conn->pumps[i].through && socket_inq(leg->watch.fd) > 0))
			return true;
	}
	return false;
}

/* Of `sent`, our FIN among it, what nobody has acknowledged.  All that the kernel says is kept for the farewell,
 * which mostly follows at once. */
static uint64_t
ask_queued(struct conn *conn, enum leg_name leg, uint64_t sent)
{
	struct last_look *look = &conn->bench->last_look;

	look->known[leg] = !conn->legs[leg].is_unix && tcp_info_read(conn->legs[leg].watch.fd, &look->facts[leg]);
	if (!look->known[leg])
		return 0; /* a Unix socket's bytes are there as soon as they are sent */
	uint64_t acknowledged = look->facts[leg].bytes_acked;

	acknowledged -= acknowledged > 0 && leg == LEG_UPSTREAM;
	return sent > acknowledged ? sent - acknowledged : 0;
}

/* Bytes that go on coming must not keep one that an admin ends: until both FINs are on their way none count. */
static bool
is_progress(const struct conn *conn, uint64_t acknowledged)
{
	bool pumping = !conn->pumps[LEG_CLIENT].through || !conn->pumps[LEG_UPSTREAM].through;

	return acknowledged > conn->acknowledged && !(conn->concluding && pumping);
}

enum conn_event
ending_look(struct conn *conn)
{
	bool awaits_fins = conn->concluding && !ending_is_lossy(conn);
	struct last_look *look = &conn->bench->last_look;
	uint64_t acknowledged = 0;
	bool owed = false;

	for (int i = 0; i < LEG_COUNT; i++) {
		const struct pump *to = &conn->pumps[leg_other(i)];
		uint64_t sent = to->sent + (i == LEG_UPSTREAM ? conn->prologue : 0) + conn->legs[i].fin_sent;

		look->known[i] = false;
		if (conn->legs[i].error != 0 || conn->legs[i].watch.fd == -1)
			continue;
		uint64_t queued = ask_queued(conn, i, sent);
		acknowledged += sent - queued;
		if (!to->through || queued > 0 || (awaits_fins && !conn->legs[i].ended)) {
			owed = true;
			conn->owed = (uint8_t)i;
		}
	}
	look->of = owed ? NULL : conn;
	if (!owed)
		return EV_FLUSHED;
	if (is_progress(conn, acknowledged))
		conn->times.phase = conn_now(conn);
	conn->acknowledged = acknowledged;
	conn->rearm = true;
	return EV_NONE;
}
