/* SPDX-License-Identifier: MIT */
#include "proxy/look.h"

#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/limits.h"

enum { NOT_YET = -1 };

#define INTERVAL_LEAST_NS (250 * NS_PER_MS) /* rates and shares of less are chance */
#define STALL_LEAST_NS    NS_PER_S          /* a sink that is full for less is only slow */

/* What the kernel said of one leg just now. */
struct glance {
	bool known; /* a TCP leg that told */
	bool app_limited;
};

static uint8_t
name_congestion(const struct conn *conn, int fd)
{
	struct workbench *bench = conn->bench;
	char name[TCP_CONGESTION_MAX];

	tcp_congestion_read(fd, name);
	return congestion_number(&bench->track->congestions[bench->number], name);
}

static struct glance
glance_at(struct conn *conn, enum leg_name leg)
{
	struct record_leg *record = &chronicle_edit(conn)->legs[leg];
	int fd = conn->legs[leg].watch.fd, unread, queued;
	struct tcp_facts facts;

	if (fd == -1)
		return (struct glance){ .known = false };
	unread = socket_inq(fd);
	queued = socket_outq(fd);
	record->receive_queue_bytes = unread < 0 ? TCP_UNKNOWN_32 : (uint32_t)unread;
	record->send_queue_bytes = queued < 0 ? TCP_UNKNOWN_32 : (uint32_t)queued;
	if (conn->legs[leg].is_unix || !tcp_info_read(fd, &facts))
		return (struct glance){ .known = false };
	record->tcp = facts.sample;
	record->tcp_state = facts.state;
	if (record->congestion == 0)
		record->congestion = name_congestion(conn, fd);
	return (struct glance){ .known = true, .app_limited = facts.app_limited };
}

/* What the kernel does not say is 0. */
static uint16_t
low_ms(uint64_t us)
{
	return us == TCP_UNKNOWN_64 ? 0 : (uint16_t)(us / 1000);
}

static int64_t
apart_us(uint16_t now_ms, uint16_t then_ms)
{
	return (uint16_t)(now_ms - then_ms) * INT64_C(1000);
}

static struct conn_look
stand(const struct conn *conn, const struct record *record)
{
	struct conn_look look = { .at = clock_now() };

	for (int i = 0; i < LEG_COUNT; i++) {
		const struct record_leg *leg = &record->legs[i];

		look.received[i] = conn->pumps[i].received;
		look.held[i] = conn->pumps[i].held;
		look.busy_ms[i] = low_ms(leg->tcp.busy_us);
		look.rwnd_limited_ms[i] = low_ms(leg->tcp.rwnd_limited_us);
		look.sndbuf_limited_ms[i] = low_ms(leg->tcp.sndbuf_limited_us);
		look.retransmits[i] = (uint16_t)leg->tcp.retransmits_total;
		look.unread[i] = leg->receive_queue_bytes != TCP_UNKNOWN_32 && leg->receive_queue_bytes > 0;
	}
	return look;
}

static uint64_t
sent_to(const struct conn_look *look, enum leg_name sink)
{
	enum leg_name source = leg_other(sink);

	return look->received[source] - look->held[source];
}

static enum limit
judge(const struct conn *conn, enum leg_name sink, const struct conn_look *now, const struct record *record,
    const struct glance *glance)
{
	const struct conn_look *then = &conn->look;
	const struct pump *to = &conn->pumps[leg_other(sink)];
	const struct record_leg *leg = &record->legs[sink];
	bool has_room = !to->sink_full && leg->send_queue_bytes == 0;
	struct limits_look look = {
		.interval_us = (now->at - then->at) / NS_PER_US,
		.busy_us = apart_us(now->busy_ms[sink], then->busy_ms[sink]),
		.rwnd_limited_us = apart_us(now->rwnd_limited_ms[sink], then->rwnd_limited_ms[sink]),
		.sndbuf_limited_us = apart_us(now->sndbuf_limited_ms[sink], then->sndbuf_limited_ms[sink]),
		.moved = sent_to(now, sink) - sent_to(then, sink),
		.waits_for_path = now->retransmits[sink] != then->retransmits[sink] ||
				  (leg->tcp.not_sent_bytes != TCP_UNKNOWN_32 && leg->tcp.not_sent_bytes > 0) ||
				  (glance->known && !glance->app_limited),
		.sink_full = to->sink_full,
		.source_neglected = has_room && now->unread[leg_other(sink)] && then->unread[leg_other(sink)],
		.is_unix = conn->legs[sink].is_unix,
	};

	return limits_judge(&look);
}

static float
rate(uint64_t now, uint64_t then, int64_t interval_ns)
{
	return (float)((double)(now - then) * (double)NS_PER_S / (double)interval_ns);
}

/* The one that still lasts, of the side that takes nothing; 0: it is not told yet. */
static uint32_t
find_stall(const struct conn *conn, const struct record *record, enum leg_name sink, struct note *note)
{
	const struct track *track = conn->bench->track;

	for (uint32_t number = record->first_note; number != 0; number = note->next) {
		if (!notes_read(track->notes, record->worker, number, record->id, note))
			return 0;
		if (note->kind == NOTE_STALL && note->leg == sink && note->until_us == RECORD_UNKNOWN)
			return number;
	}
	return 0;
}

static void
note_stall(struct conn *conn, enum leg_name sink, int64_t since, int64_t until_us)
{
	chronicle_note(conn, (struct note){ .kind = NOTE_STALL,
				 .leg = (uint8_t)sink,
				 .at_us = record_offset_us(chronicle_edit(conn), since),
				 .until_us = until_us });
}

static void
look_for_stall(struct conn *conn, enum leg_name sink, int64_t now)
{
	int64_t since = conn->times.stalled[leg_other(sink)];
	struct note note;

	if (since != 0 && now - since >= STALL_LEAST_NS && find_stall(conn, chronicle_edit(conn), sink, &note) == 0)
		note_stall(conn, sink, since, RECORD_UNKNOWN);
}

void
look_resumed(struct conn *conn, enum leg_name from, int64_t since)
{
	enum leg_name sink = leg_other(from);
	struct note note;

	if (conn_now(conn) - since < STALL_LEAST_NS)
		return;
	uint32_t number = find_stall(conn, chronicle_edit(conn), sink, &note);
	if (number == 0) {
		note_stall(conn, sink, since, chronicle_offset(conn));
		return;
	}
	note.until_us = chronicle_offset(conn);
	notes_change(conn->bench->track->notes, conn->bench->number, number, &note);
}

void
look_take(struct conn *conn)
{
	struct record *record = chronicle_edit(conn);
	struct glance glances[LEG_COUNT];

	for (int i = 0; i < LEG_COUNT; i++)
		glances[i] = glance_at(conn, (enum leg_name)i);
	record->sampled_ns = clock_now();
	if (conn->state < CONN_ESTABLISHED)
		return;
	struct conn_look now = stand(conn, record);
	int64_t interval = now.at - conn->look.at;
	if (conn->look.at != 0 && interval < INTERVAL_LEAST_NS)
		return;
	for (int i = 0; i < LEG_COUNT && conn->look.at != 0 && interval < LOOK_APART_MOST; i++) {
		struct record_leg *leg = &record->legs[i];

		leg->rate_received = rate(now.received[i], conn->look.received[i], interval);
		leg->rate_sent = rate(
		    sent_to(&now, (enum leg_name)i), sent_to(&conn->look, (enum leg_name)i), interval);
		leg->limited_by = (uint8_t)judge(conn, (enum leg_name)i, &now, record, &glances[i]);
		look_for_stall(conn, (enum leg_name)i, now.at);
	}
	conn->look = now;
}
