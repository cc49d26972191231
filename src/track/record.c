/* SPDX-License-Identifier: MIT */
#include "track/record.h"

#include <string.h>
#include "base/clock.h"

void
record_forget_sample(struct record_leg *leg)
{
	leg->receive_queue_bytes = leg->send_queue_bytes = TCP_UNKNOWN_32;
	memset(&leg->tcp, 0xff, sizeof(leg->tcp)); /* TCP_UNKNOWN_32, TCP_UNKNOWN_64 */
}

void
record_init(struct record *record)
{
	memset(record, 0, sizeof(*record));
	record->connect_us = record->first_client_byte_us = record->first_upstream_byte_us = RECORD_UNKNOWN;
	for (int i = 0; i < LEG_COUNT; i++) {
		struct record_leg *leg = &record->legs[i];

		leg->fd = -1;
		leg->fin_received_us = leg->fin_sent_us = RECORD_UNKNOWN;
		leg->rst_received_us = leg->rst_sent_us = RECORD_UNKNOWN;
		leg->rate_received = leg->rate_sent = -1;
		record_forget_sample(leg);
		record->close.undelivered[i] = RECORD_UNKNOWN;
	}
	record->attempt.began_us = record->attempt.ended_us = RECORD_UNKNOWN;
	record->close.leg = record->close.speaker = LEG_NONE;
	record->close.cause_us = record->close.idle_us = RECORD_UNKNOWN;
	record->speaks_first = record->spoke_last = LEG_NONE;
}

int64_t
record_offset_us(const struct record *record, int64_t now)
{
	return (now - record->opened_ns) / NS_PER_US;
}

const char *
client_source_text(enum client_source source)
{
	static const char *const texts[CLIENT_SOURCES] = {
		[CLIENT_SOCKET] = "socket",
		[CLIENT_PROXY_V1] = "proxy_v1",
		[CLIENT_PROXY_V2] = "proxy_v2",
	};

	return texts[source];
}

const char *
record_kind_text(enum record_kind kind)
{
	static const char *const texts[KIND_COUNT] = {
		[KIND_PROXY] = "proxy",
		[KIND_PROBE] = "probe",
		[KIND_REJECTED] = "rejected",
	};

	return texts[kind];
}

const char *
close_order_text(enum close_order order)
{
	static const char *const texts[ORDER_COUNT] = {
		[ORDER_NONE] = NULL,
		[ORDER_CLIENT_FIRST] = "client_first",
		[ORDER_UPSTREAM_FIRST] = "upstream_first",
		[ORDER_SAME_TURN] = "same_turn",
	};

	return texts[order];
}

const char *
datapath_text(enum datapath datapath)
{
	static const char *const texts[DATAPATHS] = { [DATAPATH_COPY] = "copy", [DATAPATH_SPLICE] = "splice" };

	return texts[datapath];
}

const char *
limit_text(enum limit limit)
{
	static const char *const texts[LIMIT_COUNT] = {
		[LIMIT_UNKNOWN] = NULL,
		[LIMIT_NONE] = "none",
		[LIMIT_APPLICATION] = "application",
		[LIMIT_PROXY] = "proxy",
		[LIMIT_SENDER_BUFFER] = "sender_buffer",
		[LIMIT_NETWORK] = "network",
		[LIMIT_RECEIVER] = "receiver",
	};

	return texts[limit];
}

enum limit
record_limit(const struct record *record)
{
	uint8_t client = record->legs[LEG_CLIENT].limited_by, upstream = record->legs[LEG_UPSTREAM].limited_by;

	return (enum limit)(client > upstream ? client : upstream);
}

void
record_count_turn(struct record_turns *turns, int64_t turn_us)
{
	turns->max_us = turn_us > turns->max_us ? turn_us : turns->max_us;
	turns->last_us = turn_us;
	turns->sum_us += turn_us;
	turns->count++;
}
