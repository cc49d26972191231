/* SPDX-License-Identifier: MIT */
#include "unit/explain_scene.h"

#include <string.h>
#include "net/socket.h"
#include "support/suite.h"

struct settings settings;
struct track track;
struct record record;
int64_t now;
enum leg_name X, Y;

static void
flow(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	flow_set(&record.legs[leg].flow, &from, &to);
}

/* An established connection over good paths, that nobody has used yet. */
static void
begin(void)
{
	record_init(&record);
	record.live = true;
	record.id = 7;
	record.state = CONN_ESTABLISHED;
	record.opened_ns = 5 * NS_PER_S;
	record.opened_at_us = 0;
	now = record.opened_ns + 2 * NS_PER_S;
	flow(LEG_CLIENT, "198.51.100.7:40000", "192.0.2.100:8080");
	flow(LEG_UPSTREAM, "192.0.2.100:50000", "192.0.2.1:80");
	record.target_chosen = true;
	record.attempts = 1;
	record.attempt = (struct record_attempt){ .began_us = 20, .ended_us = 330, .reached = CONNECT_CONNECT };
	record.connect_us = 340;
	for (int i = 0; i < LEG_COUNT; i++) {
		record.legs[i].send_queue_bytes = record.legs[i].receive_queue_bytes = 0;
		record.legs[i].tcp.rtt_us = record.legs[i].tcp.min_rtt_us = 900;
		record.legs[i].tcp.retransmits_total = 0;
		record.legs[i].tcp.segments_sent = 200;
		record.legs[i].tcp.send_window_bytes = 65535;
		record.legs[i].limited_by = LIMIT_NONE;
	}
}

void
explain_setup(void)
{
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.listeners[0].addr.local.sun_path, "/run/in");
	strcpy(settings.upstreams[0].name, "db");
	strcpy(settings.upstreams[0].targets[0].name, "unix:/run/db");
	settings.keepalive = (struct keepalive_setting){ 60 * NS_PER_S, 10 * NS_PER_S, 6 };
	settings.connect_timeout_ns = settings.proxy_in_timeout_ns = 5 * NS_PER_S;
	settings.idle_timeout_ns = settings.max_duration_ns = settings.stall_timeout_ns = 300 * NS_PER_S;
	settings.half_close_timeout_ns = 60 * NS_PER_S;
	settings.flush_timeout_ns = settings.drain_timeout_ns = 30 * NS_PER_S;
	track = (struct track){ .settings = &settings, .notes = notes_new(1, 2 * NOTES_MAX) };
	X = LEG_CLIENT;
	Y = LEG_UPSTREAM;
	begin();
}

void
explain_teardown(void)
{
	notes_free(track.notes);
}

struct record_leg *
leg_x(void)
{
	return &record.legs[X];
}

struct record_leg *
leg_y(void)
{
	return &record.legs[Y];
}

void
make_unix(enum leg_name leg)
{
	memset(&record.legs[leg].flow, 0, sizeof(record.legs[leg].flow));
	record.legs[leg].flow.protocol = FLOW_UNIX;
	record_forget_sample(&record.legs[leg]);
}

void
not_connected(void)
{
	record.state = CONN_CONNECTING;
	record.connect_us = RECORD_UNKNOWN;
	record.attempt.ended_us = RECORD_UNKNOWN;
}

void
said(enum leg_name leg, uint64_t bytes)
{
	int64_t *firsts[] = { &record.first_client_byte_us, &record.first_upstream_byte_us };

	if (record.first_client_byte_us == RECORD_UNKNOWN && record.first_upstream_byte_us == RECORD_UNKNOWN)
		record.speaks_first = (uint8_t)leg;
	if (*firsts[leg] == RECORD_UNKNOWN)
		*firsts[leg] = 1000;
	if (leg == LEG_UPSTREAM && record.spoke_last == LEG_CLIENT)
		record_count_turn(&record.turns, 3000);
	record.bytes[leg].received += bytes;
	record.bytes[leg_other(leg)].sent += bytes;
	record.spoke_last = (uint8_t)leg;
}

void
answered(int times, int64_t after_us)
{
	said(LEG_CLIENT, 10);
	for (int i = 0; i < times; i++)
		record_count_turn(&record.turns, after_us);
	said(LEG_UPSTREAM, 10);
	record.turns = (struct record_turns){ (uint64_t)times, after_us, after_us, times * after_us };
	record.spoke_last = LEG_UPSTREAM;
}

void
ends_after(enum close_reason why, int64_t idle_us)
{
	record.state = CONN_CLOSED;
	record.closed_ns = record.opened_ns + NS_PER_S + idle_us * NS_PER_US;
	record.close.reason = (uint8_t)why;
	record.close.initiator = (uint8_t)close_meanings[why].initiator;
	record.close.how = (uint8_t)close_meanings[why].how;
	record.close.cause_us = US_PER_S + idle_us;
	record.close.idle_us = idle_us;
	record.close.undelivered[LEG_CLIENT] = record.close.undelivered[LEG_UPSTREAM] = 0;
}

void
ends(enum close_reason why)
{
	ends_after(why, 12000);
}

enum close_reason
of_x(enum close_reason client, enum close_reason upstream)
{
	return X == LEG_CLIENT ? client : upstream;
}

void
idle_for(int64_t us)
{
	now = record.opened_ns + us * NS_PER_US;
}

void
add_note(struct note note)
{
	note.id = record.id;
	note.next = record.first_note;
	record.first_note = notes_add(track.notes, 0, &note);
	ck_assert_uint_ne(record.first_note, 0);
}

void
add_failure(const char *address, int error)
{
	struct addr addr;
	struct flow flow;

	ck_assert(addr_parse(&addr, address));
	flow_set(&flow, &addr, &addr);
	add_note((struct note){ .kind = NOTE_ATTEMPT,
	    .error = (uint16_t)error,
	    .at_us = 20,
	    .until_us = 120,
	    .address = flow.source,
	    .reached = CONNECT_CONNECT });
}

void
loses(enum leg_name leg, uint32_t segments)
{
	record.legs[leg].tcp.retransmits_total = segments;
}
