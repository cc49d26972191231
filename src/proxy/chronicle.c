/* SPDX-License-Identifier: MIT */
#include "proxy/chronicle.h"

#include "base/clock.h"
#include "net/tcp_info.h"

struct record *
chronicle_edit(struct conn *conn)
{
	struct workbench *bench = conn->bench;

	if (!conn->drafting)
		bench->draft = table_edit(bench->track->table, bench->number, conn->slot);
	conn->drafting = true;
	return bench->draft;
}

int64_t
chronicle_offset(const struct conn *conn)
{
	return (clock_now() - conn->times.opened) / NS_PER_US;
}

void
chronicle_tcp_state(struct conn *conn, enum leg_name leg)
{
	chronicle_edit(conn);
	conn->legs[leg].state_moved = true;
}

/* Behind a FIN that came, as long as none of ours went and no error is known, there is one state only. */
static uint8_t
state_of(const struct conn_leg *leg)
{
	return leg->ended && !leg->fin_sent && leg->error == 0 ? TCP_IS_CLOSE_WAIT : tcp_info_state(leg->watch.fd);
}

static void
ask_states(struct conn *conn, struct record *record)
{
	for (int i = 0; i < LEG_COUNT; i++) {
		struct conn_leg *leg = &conn->legs[i];

		if (leg->state_moved && leg->watch.fd != -1 && !leg->is_unix)
			record->legs[i].tcp_state = state_of(leg);
		leg->state_moved = false;
	}
}

void
chronicle_cause(struct conn *conn)
{
	const struct life_times *times = &conn->times;
	int64_t now = conn_now(conn), quiet_since = times->last_payload != 0 ? times->last_payload : times->opened;
	struct record *record = chronicle_edit(conn);
	struct record_close *close = &record->close;

	close->cause_us = record_offset_us(record, now);
	close->idle_us = now > quiet_since ? (now - quiet_since) / NS_PER_US : 0;
	close->speaker = conn->speaker;
	close->last_words = conn->speaker == LEG_NONE ? 0 : conn->pumps[conn->speaker].received - conn->speech_from;
}

/* The side whose end was the cause, so far. */
static enum leg_name
ended_by(const struct conn *conn)
{
	if (conn->state == CONN_CLIENT_HALF_CLOSED)
		return LEG_CLIENT;
	if (conn->state == CONN_UPSTREAM_HALF_CLOSED)
		return LEG_UPSTREAM;
	return close_subject((enum close_reason)conn->why);
}

void
chronicle_late_payload(struct conn *conn, enum leg_name from, uint64_t received_before)
{
	struct record *record;
	struct record_close *close;

	if (ended_by(conn) != from)
		return;
	record = chronicle_edit(conn);
	close = &record->close;
	close->last_words = (close->speaker == from ? close->last_words : 0) + conn->pumps[from].received -
			    received_before;
	close->speaker = (uint8_t)from;
	/* What a full sink has kept us from reading until later may have come long before that end. */
	if (record_offset_us(record, conn_now(conn)) == close->cause_us)
		close->idle_us = 0;
}

void
chronicle_counters(struct conn *conn)
{
	struct record_counters counters = chronicle_counters_of(conn);
	struct record *record = chronicle_edit(conn);

	record->last_payload_ns = counters.last_payload_ns;
	for (int i = 0; i < LEG_COUNT; i++) {
		record->bytes[i].received = counters.received[i];
		record->bytes[i].sent = counters.sent[i];
	}
	if (counters.turn_us != RECORD_UNKNOWN)
		record_count_turn(&record->turns, counters.turn_us);
	conn->turn_us = RECORD_UNKNOWN;
}

static void
publish_news(struct conn *conn, const struct record *record, uint64_t history_number)
{
	struct workbench *bench = conn->bench;

	if (conn->news == 0)
		return;
	struct event event = {
		.id = record->id,
		.revision = record->revision,
		.at_us = clock_wall_us(),
		.history_number = history_number,
		.state = record->state,
		.reason = record->close.reason,
		.kind = record->kind,
	};
	for (int type = 0; type < EVENT_TYPES; type++) {
		event.type = (uint8_t)type;
		if (conn->news & 1u << type)
			bus_publish(bench->track->bus, bench->number, &event);
	}
	conn->news = 0;
}

/* What a count of the kernel's has grown by: it counts modulo 2^32. */
static uint32_t
grown(uint32_t now, uint32_t before)
{
	return now == TCP_UNKNOWN_32 ? 0 : now - (before == TCP_UNKNOWN_32 ? 0 : before);
}

void
chronicle_sample(struct conn *conn, enum leg_name leg, const struct tcp_sample *before)
{
	static const enum pair_histogram rtts[LEG_COUNT] = { PAIR_CLIENT_RTTS, PAIR_UPSTREAM_RTTS };
	struct pair_counts *counts = &conn->bench->pairs[conn->listener];
	const struct tcp_sample *now = &chronicle_edit(conn)->legs[leg].tcp;

	if (now->rtt_us != TCP_UNKNOWN_32)
		histogram_add(&counts->histograms[rtts[leg]], now->rtt_us);
	totals_add(&counts->segments_sent[leg], grown(now->segments_sent, before->segments_sent));
	totals_add(&counts->segments_retransmitted[leg], grown(now->retransmits_total, before->retransmits_total));
}

void
chronicle_attempt(struct conn *conn)
{
	struct pair_counts *counts = &conn->bench->pairs[conn->listener];
	const struct record *record = chronicle_edit(conn);
	const struct record_attempt *attempt = &record->attempt;
	enum attempt_result result = attempt_result(attempt->error, attempt->reached);

	totals_add(&counts->attempts[record->target][result], 1);
	if (result == ATTEMPT_CONNECTED)
		histogram_add(&counts->histograms[PAIR_CONNECTS], (uint64_t)(attempt->ended_us - attempt->began_us));
}

static void
count_closed(struct workbench *bench, const struct record *record)
{
	static const enum total undelivered[LEG_COUNT] = { TOTAL_UNDELIVERED_TO_CLIENT, TOTAL_UNDELIVERED_TO_UPSTREAM };
	struct pair_counts *counts = &bench->pairs[record->listener];
	const struct record_close *close = &record->close;
	struct totals *totals = bench->totals;

	for (int i = 0; i < LEG_COUNT; i++) {
		if (close->undelivered[i] > 0) {
			totals_add(&totals->counts[undelivered[i]], (uint64_t)close->undelivered[i]);
			totals_add(&counts->undelivered[i], (uint64_t)close->undelivered[i]);
		}
	}
	if (record->attempts > 0 && record->attempt.ended_us == RECORD_UNKNOWN)
		totals_add(&counts->attempts[record->target][ATTEMPT_ABANDONED], 1);
	totals_add(&totals->counts[TOTAL_CLOSED], 1);
	totals_add(&totals->closed_by[close->reason], 1);
	totals_add(&totals->closed_as[record->kind], 1);
	totals_add(&counts->closed_by[close->reason], 1);
	if (close->initiator == BY_NOBODY)
		totals_add(&counts->closed_by_nobody[close->reason], 1);
	histogram_add(&counts->histograms[PAIR_DURATIONS], (uint64_t)record_offset_us(record, record->closed_ns));
}

void
chronicle_publish(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	struct record *record = chronicle_edit(conn);
	uint64_t history_number = 0;

	ask_states(conn, record);
	record->state = conn->state;
	record->spoke_last = conn->speaker;
	chronicle_counters(conn);
	const union record_words *written = table_commit(bench->track->table, bench->number, conn->slot);
	conn->drafting = false;
	if (conn->state == CONN_CLOSED) {
		history_number = history_append(bench->track->history, written);
		count_closed(bench, &written->record); /* whom it counts can be found by now */
	}
	publish_news(conn, &written->record, history_number);
}

void
chronicle_news(struct conn *conn, enum event_type type)
{
	conn->news |= (uint8_t)(1u << type);
}

void
chronicle_note(struct conn *conn, struct note note)
{
	struct workbench *bench = conn->bench;
	struct record *record = chronicle_edit(conn);
	uint32_t number = 0;

	note.id = record->id;
	note.next = record->first_note;
	if (record->notes < NOTES_MAX)
		number = notes_add(bench->track->notes, bench->number, &note);
	if (number != 0) {
		record->first_note = number;
		record->notes++;
		return;
	}
	totals_add(&bench->totals->counts[TOTAL_EVENTS_DROPPED], 1);
	if (record->notes_dropped < UINT16_MAX)
		record->notes_dropped++;
}

void
chronicle_first_byte(struct conn *conn, enum leg_name from)
{
	struct workbench *bench = conn->bench;
	union record_words few;
	struct record *record = conn->drafting ? bench->draft : &few.record;
	int64_t *firsts[LEG_COUNT] = { &record->first_client_byte_us, &record->first_upstream_byte_us };

	if (!conn->drafting)
		table_first_bytes(bench->slots, conn->slot, &few);
	int64_t other = *firsts[leg_other(from)];

	if (*firsts[from] != RECORD_UNKNOWN)
		return;
	*firsts[from] = chronicle_offset(conn);
	if (other == RECORD_UNKNOWN)
		record->speaks_first = (uint8_t)from;
	else if (other >= (conn_now(conn) - conn->times.opened) / NS_PER_US) /* both in this turn: no order is known */
		record->speaks_first = LEG_NONE;
	record->spoke_last = conn->speaker;
	if (!conn->drafting)
		table_set_first_bytes(bench->slots, conn->slot, &few);
}

void
chronicle_overlap(struct conn *conn)
{
	if (!conn->overlapped)
		chronicle_edit(conn)->overlapped = true;
	conn->overlapped = true;
}
