/* SPDX-License-Identifier: MIT */
#include "proxy/look.h"

#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/limits.h"

#define INTERVAL_LEAST_NS (250 * NS_PER_MS) /* rates and shares of less are chance */
#define STALL_LEAST_NS    NS_PER_S          /* a sink that is full for less is only slow */

static uint8_t
name_congestion(const struct conn *conn, int fd)
{
	struct workbench *bench = conn->bench;
	char name[TCP_CONGESTION_MAX];

	tcp_congestion_read(fd, name);
	return congestion_number(&bench->track->congestions[bench->number], name);
}

/* A rate that what there was to send did not limit is kept until the next such one, or a higher one (tcp_rate_gen
 * in the kernel's tcp_rate.c), maybe for ever: only a new one says that the path was full. */
static bool
measured_path(const struct tcp_facts *facts, const struct tcp_sample *before)
{
	return !facts->app_limited && facts->sample.delivery_rate != before->delivery_rate;
}

/* By the kernel's counts, which spare the question.  A FIN that came counts as a byte, and so leads to it. */
static bool
has_read_all(const struct conn *conn, enum leg_name leg, const struct tcp_facts *facts)
{
	return facts->bytes_received == conn->pumps[leg].received + (leg == LEG_CLIENT ? conn->preface : 0);
}

static bool
has_sent_all(const struct conn *conn, enum leg_name leg, const struct tcp_facts *facts)
{
	unsigned ours = conn->legs[leg].fin_sent + (leg == LEG_UPSTREAM ? conn->prologue + 1 : 0); /* … and our SYN */

	return facts->bytes_acked == conn->pumps[leg_other(leg)].sent + ours;
}

void
look_at_leg(struct conn *conn, enum leg_name leg)
{
	struct record_leg *record = &chronicle_edit(conn)->legs[leg];
	int fd = conn->legs[leg].watch.fd;
	struct tcp_facts facts;

	if (fd == -1)
		return;
	bool is_known = !conn->legs[leg].is_unix && tcp_info_read(fd, &facts);
	record->receive_queue_bytes = is_known && has_read_all(conn, leg, &facts) ? 0 : record_queue(socket_inq(fd));
	record->send_queue_bytes = is_known && has_sent_all(conn, leg, &facts) ? 0 : record_queue(socket_outq(fd));
	if (!is_known)
		return;
	if (measured_path(&facts, &record->tcp))
		conn->look.path_full[leg] = true;
	const struct tcp_sample before = record->tcp;
	record->tcp = facts.sample;
	chronicle_sample(conn, leg, &before);
	record->tcp_state = facts.state;
	conn->legs[leg].state_moved = false;
	if (record->congestion == 0)
		record->congestion = name_congestion(conn, fd);
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

/* Bytes lie unread, and nothing else keeps them from going on to this side. */
static bool
neglects(const struct conn *conn, enum leg_name sink, const struct record *record)
{
	uint32_t unread = record->legs[leg_other(sink)].receive_queue_bytes;
	bool has_room = !conn->pumps[leg_other(sink)].sink_full && record->legs[sink].send_queue_bytes == 0;

	return has_room && unread != TCP_UNKNOWN_32 && unread > 0;
}

static struct conn_look
stand(const struct conn *conn, const struct record *record)
{
	struct conn_look look = { .at = clock_now() };

	for (int i = 0; i < LEG_COUNT; i++) {
		const struct record_leg *leg = &record->legs[i];

		look.received[i] = conn->pumps[i].received;
		look.held[i] = (uint32_t)(conn->pumps[i].received - conn->pumps[i].sent);
		look.busy_ms[i] = low_ms(leg->tcp.busy_us);
		look.rwnd_limited_ms[i] = low_ms(leg->tcp.rwnd_limited_us);
		look.sndbuf_limited_ms[i] = low_ms(leg->tcp.sndbuf_limited_us);
		look.retransmits[i] = (uint16_t)leg->tcp.retransmits_total;
		look.neglected[i] = neglects(conn, (enum leg_name)i, record);
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
judge(const struct conn *conn, enum leg_name sink, const struct conn_look *now, const struct record *record)
{
	const struct conn_look *then = &conn->look;
	const struct record_leg *leg = &record->legs[sink];
	struct limits_look look = {
		.interval_us = (now->at - then->at) / NS_PER_US,
		.busy_us = apart_us(now->busy_ms[sink], then->busy_ms[sink]),
		.rwnd_limited_us = apart_us(now->rwnd_limited_ms[sink], then->rwnd_limited_ms[sink]),
		.sndbuf_limited_us = apart_us(now->sndbuf_limited_ms[sink], then->sndbuf_limited_ms[sink]),
		.moved = sent_to(now, sink) - sent_to(then, sink),
		.waits_for_path = then->path_full[sink] || now->retransmits[sink] != then->retransmits[sink] ||
				  (leg->tcp.not_sent_bytes != TCP_UNKNOWN_32 && leg->tcp.not_sent_bytes > 0),
		.sink_full = conn->pumps[leg_other(sink)].sink_full,
		.source_neglected = now->neglected[sink] && then->neglected[sink],
		.is_unix = conn->legs[sink].is_unix,
	};

	return limits_judge(&look);
}

static float
rate(uint64_t now, uint64_t then, int64_t interval_ns)
{
	return (float)((double)(now - then) * (double)NS_PER_S / (double)interval_ns);
}

/* The one that still lasts, of the side that takes nothing; 0: there was no room for it. */
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

/* Each is told once, when it has lasted long enough. */
static void
look_for_stall(struct conn *conn, enum leg_name from)
{
	int64_t since = conn->times.stalled[from];
	uint8_t bit = (uint8_t)(1u << from);

	if (since == 0 || conn->stalls_told & bit || clock_now() - since < STALL_LEAST_NS)
		return;
	conn->stalls_told |= bit;
	chronicle_note(conn, (struct note){ .kind = NOTE_STALL,
				 .leg = (uint8_t)leg_other(from),
				 .at_us = record_offset_us(chronicle_edit(conn), since),
				 .until_us = RECORD_UNKNOWN });
}

void
look_for_stalls(struct conn *conn)
{
	for (int from = 0; from < LEG_COUNT; from++)
		look_for_stall(conn, (enum leg_name)from);
}

void
look_resumed(struct conn *conn, enum leg_name from)
{
	struct note note;

	look_for_stall(conn, from);
	if (!(conn->stalls_told & 1u << from))
		return;
	conn->stalls_told &= (uint8_t) ~(1u << from);
	uint32_t number = find_stall(conn, chronicle_edit(conn), leg_other(from), &note);
	if (number == 0)
		return;
	note.until_us = chronicle_offset(conn);
	notes_change(conn->bench->track->notes, conn->bench->number, number, &note);
}

void
look_take(struct conn *conn)
{
	struct record *record = chronicle_edit(conn);

	for (int i = 0; i < LEG_COUNT; i++)
		look_at_leg(conn, (enum leg_name)i);
	record->sampled_ns = clock_now();
	if (conn->state < CONN_ESTABLISHED)
		return;
	look_for_stalls(conn);
	struct conn_look now = stand(conn, record);
	int64_t interval = now.at - conn->look.at;
	if (conn->look.at != 0 && interval < INTERVAL_LEAST_NS)
		return;
	for (int i = 0; i < LEG_COUNT && conn->look.at != 0 && interval < LOOK_APART_MOST; i++) {
		struct record_leg *leg = &record->legs[i];

		leg->rate_received = rate(now.received[i], conn->look.received[i], interval);
		leg->rate_sent = rate(
		    sent_to(&now, (enum leg_name)i), sent_to(&conn->look, (enum leg_name)i), interval);
		leg->limited_by = (uint8_t)judge(conn, (enum leg_name)i, &now, record);
	}
	conn->look = now;
}
