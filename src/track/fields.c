/* SPDX-License-Identifier: MIT */
#include "track/fields.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "track/conn_id.h"
#include "track/detail.h"
#include "track/story.h"

#define VIEW_OF(view)      VIEW_##view
#define MAY_BE_NULL_ALWAYS false
#define MAY_BE_NULL_MAYBE  true

const struct field_meaning field_meanings[FIELD_COUNT] = {
#define FIELD(name, path, type, view, known, value, meaning) \
	[FIELD_ENUM(name)] = { path, TYPE_##type, VIEW_OF(view), MAY_BE_NULL_##known, meaning },
#include "track/fields.def"
};

const char *const field_type_texts[FIELD_TYPES] = {
	[TYPE_BOOL] = "boolean",
	[TYPE_COUNT] = "count",
	[TYPE_BYTES] = "bytes",
	[TYPE_RATE] = "bytes/s",
	[TYPE_DURATION] = "duration",
	[TYPE_OFFSET] = "offset",
	[TYPE_INSTANT] = "instant",
	[TYPE_TEXT] = "text",
	[TYPE_WORD] = "word",
	[TYPE_ADDRESS] = "address",
	[TYPE_PORT] = "port",
	[TYPE_ERRNO] = "errno",
	[TYPE_ATTEMPTS] = "list",
	[TYPE_EVENTS] = "list",
};

const char *const field_object_paths[FIELD_OBJECTS] = {
	[OBJECT_UPSTREAM_LEG] = "legs.upstream",
	[OBJECT_CLOSE] = "close",
};

bool
field_object_is_null(const struct record *record, enum field_object object)
{
	if (object == OBJECT_UPSTREAM_LEG)
		return record->legs[LEG_UPSTREAM].flow.protocol == FLOW_NONE;
	return record->state != CONN_CLOSED;
}

static struct value
value_null(void)
{
	return (struct value){ .kind = VALUE_NULL };
}

static struct value
value_bool(bool truth)
{
	return (struct value){ .kind = VALUE_BOOL, .truth = truth };
}

static struct value
value_u64(uint64_t number)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = (int64_t)number };
}

/* For what is RECORD_UNKNOWN until it is known. */
static struct value
value_known_i64(int64_t number)
{
	return number < 0 ? value_null() : value_u64((uint64_t)number);
}

static struct value
value_list(void)
{
	return (struct value){ .kind = VALUE_LIST };
}

static struct value
value_32(uint32_t number)
{
	return number == TCP_UNKNOWN_32 ? value_null() : value_u64(number);
}

static struct value
value_rate(float rate)
{
	return rate < 0 ? value_null() : value_u64((uint64_t)rate);
}

static struct value
value_text(const char *text)
{
	return (struct value){ .kind = text == NULL ? VALUE_NULL : VALUE_TEXT, .text = text };
}

static struct value
value_errno(int error)
{
	return error == 0 ? value_null() : value_text(strerrorname_np(error));
}

static struct value
reading_id(struct reading *r)
{
	return value_text(conn_id_format(r->track->boot, r->record->id, r->room));
}

static struct value
reading_boot(struct reading *r)
{
	return value_text(conn_id_format_boot(r->track->boot, r->room));
}

static struct value
value_instant(int64_t wall_us)
{
	return (struct value){ .kind = VALUE_INSTANT, .number = wall_us };
}

/* From the opening on by the clock that nobody sets: an end never comes before its beginning. */
static struct value
reading_closed_at(const struct reading *r)
{
	const struct record *record = r->record;

	if (record->closed_ns == 0)
		return value_null();
	return value_instant(record->opened_at_us + record_offset_us(record, record->closed_ns));
}

/* A reader's clock may be older than what it read. */
static struct value
elapsed(const struct reading *r, int64_t since_ns)
{
	int64_t until = r->record->closed_ns != 0 ? r->record->closed_ns : r->now_ns;

	return value_u64(until > since_ns ? (uint64_t)((until - since_ns) / NS_PER_US) : 0);
}

static struct value
reading_duration(const struct reading *r)
{
	return elapsed(r, r->record->opened_ns);
}

static struct value
reading_idle(const struct reading *r)
{
	return elapsed(r, r->record->last_payload_ns != 0 ? r->record->last_payload_ns : r->record->opened_ns);
}

static struct value
value_protocol(const struct record_leg *leg)
{
	return value_text(flow_protocol_text((enum flow_protocol)leg->flow.protocol));
}

static struct value
value_address(const struct flow_end *end)
{
	return (struct value){ .kind = VALUE_ADDRESS, .end = end };
}

static struct value
value_ip(const struct record_leg *leg, const struct flow_end *end)
{
	return leg->flow.protocol == FLOW_TCP ? value_address(end) : value_null();
}

static struct value
value_port(const struct record_leg *leg, const struct flow_end *end)
{
	return leg->flow.protocol == FLOW_TCP ? value_u64(end->port) : value_null();
}

/* Both ends of a Unix leg have one path: the listener's, or the target's. */
static struct value
reading_path(const struct reading *r, enum leg_name leg)
{
	const struct record *record = r->record;
	const struct settings *settings = r->track->settings;

	if (record->legs[leg].flow.protocol != FLOW_UNIX)
		return value_null();
	return value_text(leg == LEG_CLIENT
			      ? settings->listeners[record->listener].addr.local.sun_path
			      : settings->upstreams[record->upstream].targets[record->target].addr.local.sun_path);
}

static struct value
value_tcp_state(const struct record_leg *leg)
{
	return value_text(leg->flow.protocol == FLOW_TCP ? tcp_state_text(leg->tcp_state) : NULL);
}

static struct value
reading_cookie(struct reading *r, const struct record_leg *leg)
{
	if (leg->socket_cookie == 0)
		return value_null();
	snprintf(r->room, sizeof(r->room), "%llx", (unsigned long long)leg->socket_cookie);
	return value_text(r->room);
}

/* The kernel never leaves the window out. */
static bool
is_sampled(const struct record_leg *leg)
{
	return leg->tcp.cwnd_segments != TCP_UNKNOWN_32;
}

static struct value
reading_sampled_at(const struct reading *r, const struct record_leg *leg)
{
	const struct record *record = r->record;

	if (!is_sampled(leg))
		return value_null();
	return value_instant(record->opened_at_us + record_offset_us(record, record->sampled_ns));
}

static struct value
value_64(uint64_t number)
{
	return number == TCP_UNKNOWN_64 ? value_null() : value_u64(number);
}

static struct value
reading_congestion(const struct reading *r, const struct record_leg *leg)
{
	return value_text(congestion_text(&r->track->congestions[r->record->worker], leg->congestion));
}

static struct value
reading_turn(const struct reading *r, int64_t us)
{
	return r->record->turns.count == 0 ? value_null() : value_u64((uint64_t)us);
}

static struct value
reading_turn_mean(const struct reading *r)
{
	const struct record_turns *turns = &r->record->turns;

	return reading_turn(r, turns->count == 0 ? 0 : turns->sum_us / (int64_t)turns->count);
}

static struct value
reading_client_ip(const struct reading *r)
{
	const struct record *record = r->record;

	if (record->client_source == CLIENT_SOCKET)
		return value_ip(&record->legs[LEG_CLIENT], &record->legs[LEG_CLIENT].flow.source);
	return record->client_protocol == FLOW_TCP ? value_address(&record->client) : value_null();
}

static struct value
reading_client_port(const struct reading *r)
{
	const struct record *record = r->record;

	if (record->client_source == CLIENT_SOCKET)
		return value_port(&record->legs[LEG_CLIENT], &record->legs[LEG_CLIENT].flow.source);
	return record->client_protocol == FLOW_TCP ? value_u64(record->client.port) : value_null();
}

static bool
target_has_ip(const struct record *record)
{
	return record->target_chosen && record_target(record)->port != 0;
}

static struct value
reading_target_ip(const struct reading *r)
{
	return target_has_ip(r->record) ? value_address(record_target(r->record)) : value_null();
}

static struct value
reading_target_port(const struct reading *r)
{
	return target_has_ip(r->record) ? value_u64(record_target(r->record)->port) : value_null();
}

static struct value
reading_target_name(const struct reading *r)
{
	const struct record *record = r->record;

	if (!record->target_chosen)
		return value_null();
	return value_text(r->track->settings->upstreams[record->upstream].targets[record->target].name);
}

/* Most were connected at once. */
static struct value
reading_target_failed_first(const struct reading *r)
{
	const struct record *record = r->record;
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	int error = 0, target;

	if (record->attempts == 0 || (record->attempts == 1 && record->attempt.error == 0))
		return value_null();
	target = story_first_target(record, attempts, story_attempts(r->track, record, attempts), &error);
	return error == 0 ? value_null()
			  : value_text(r->track->settings->upstreams[record->upstream].targets[target].name);
}

static struct value
reading_detail(struct reading *r)
{
	struct text text;

	if (r->record->close.reason == WHY_NONE)
		return value_null();
	_Static_assert(sizeof(r->room) >= DETAIL_MAX, "a sentence fits");
	text_init(&text, r->room, sizeof(r->room));
	detail_write(&text, r->track, r->record);
	return value_text(r->room);
}

static struct value
reading_admin_words(struct reading *r)
{
	return value_text(story_admin_words(r->track, r->record, r->room));
}

struct value
field_read(struct reading *r, enum field field)
{
	switch (field) {
#define FIELD(name, path, type, view, known, value, meaning) \
	case FIELD_ENUM(name): \
		return value;
#include "track/fields.def"
	case FIELD_COUNT:
		break;
	}
	return value_null();
}

struct value
field_show(struct reading *r, enum field field)
{
	for (int object = 0; object < FIELD_OBJECTS; object++) {
		size_t length = strlen(field_object_paths[object]);

		if (strncmp(field_meanings[field].path, field_object_paths[object], length) == 0 &&
		    field_meanings[field].path[length] == '.')
			return field_object_is_null(r->record, (enum field_object)object) ? value_null()
											  : field_read(r, field);
	}
	return field_read(r, field);
}
