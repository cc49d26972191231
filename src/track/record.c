/* SPDX-License-Identifier: MIT */
#include "track/record.h"

#include <string.h>
#include "base/clock.h"

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
		record->close.undelivered[i] = RECORD_UNKNOWN;
	}
	record->close.leg = LEG_NONE;
	record->close.idle_before_us = RECORD_UNKNOWN;
}

int64_t
record_offset_us(const struct record *record, int64_t now)
{
	return (now - record->opened_ns) / NS_PER_US;
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
