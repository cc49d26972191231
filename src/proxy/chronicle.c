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
	int fd = conn->legs[leg].watch.fd;

	if (fd != -1 && !conn->legs[leg].is_unix)
		chronicle_edit(conn)->legs[leg].tcp_state = tcp_info_state(fd);
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

void
chronicle_counters(struct record *record, const struct conn *conn)
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
			.kind = record->kind,
		};

		if (conn->news & 1u << type)
			bus_publish(bench->track->bus, bench->number, &event);
	}
	conn->news = 0;
}

static void
count_closed(struct totals *totals, const struct record *record)
{
	static const enum total undelivered[LEG_COUNT] = { TOTAL_UNDELIVERED_TO_CLIENT, TOTAL_UNDELIVERED_TO_UPSTREAM };

	for (int i = 0; i < LEG_COUNT; i++) {
		if (record->close.undelivered[i] > 0)
			totals_add(&totals->counts[undelivered[i]], (uint64_t)record->close.undelivered[i]);
	}
	totals_add(&totals->counts[TOTAL_CLOSED], 1);
	totals_add(&totals->closed_by[record->close.reason], 1);
	totals_add(&totals->closed_as[record->kind], 1);
}

void
chronicle_publish(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	uint64_t history_number = 0;

	chronicle_edit(conn)->state = conn->state;
	chronicle_counters(chronicle_edit(conn), conn);
	const union record_words *written = table_commit(bench->track->table, bench->number, conn->slot);
	conn->drafting = conn->moved = false;
	if (conn->state == CONN_CLOSED) {
		history_number = history_append(bench->track->history, written);
		count_closed(bench->totals, &written->record); /* whom it counts can be found by now */
	}
	publish_news(conn, &written->record, history_number);
}

void
chronicle_touch(struct conn *conn)
{
	if (!conn->touched)
		SLIST_INSERT_HEAD(&conn->bench->touched, conn, link);
	conn->touched = true;
}

void
chronicle_news(struct conn *conn, enum event_type type)
{
	conn->news |= (uint8_t)(1u << type);
}

void
chronicle_payload(struct conn *conn, enum leg_name from, uint64_t received_before, uint64_t sent_before)
{
	static const enum total received[] = { TOTAL_CLIENT_BYTES_RECEIVED, TOTAL_UPSTREAM_BYTES_RECEIVED };
	static const enum total sent[] = { TOTAL_UPSTREAM_BYTES_SENT, TOTAL_CLIENT_BYTES_SENT };
	const struct pump *pump = &conn->pumps[from];
	struct totals *totals = conn->bench->totals;

	if (pump->received == received_before && pump->sent == sent_before)
		return;
	if (received_before == 0 && pump->received > 0 && from == LEG_CLIENT)
		chronicle_edit(conn)->first_client_byte_us = record_offset_us(chronicle_edit(conn), conn_now(conn));
	if (received_before == 0 && pump->received > 0 && from == LEG_UPSTREAM)
		chronicle_edit(conn)->first_upstream_byte_us = record_offset_us(chronicle_edit(conn), conn_now(conn));
	totals_add(&totals->counts[received[from]], pump->received - received_before);
	totals_add(&totals->counts[sent[from]], pump->sent - sent_before);
	conn->times.last_payload = conn_now(conn);
	conn->moved = true;
	chronicle_touch(conn);
}

void
chronicle_count(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	struct record_counters counters = counters_of(conn);

	conn->moved = false;
	table_count(bench->track->table, bench->number, conn->slot, &counters);
}
