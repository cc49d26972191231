/* SPDX-License-Identifier: MIT */
/*
 * GET /conns: a list of any length in bounded memory.
 *
 * It is written while the client reads, a record at a time; nothing is locked
 * or held meanwhile.  What is known only at the end (where the next page
 * begins, how many match) stands behind the records.
 */
#include "api/router.h"

#include <stdlib.h>
#include <string.h>
#include "api/conns_walk.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "export/record_json.h"
#include "track/conn_id.h"

enum { LIMIT_DEFAULT = 500, LIMIT_MAX = 10000 };

const struct parameter route_conns_parameters[] = {
	{ "state", "{\"type\":\"string\"}", "active (all but closed), closed, all, or the name of a state" },
	{ "kind", "{\"enum\":[\"proxy\",\"probe\",\"rejected\"]}", "only those of this kind" },
	{ "limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000}", "no more than so many; 500 if not said" },
	{ "after", "{\"type\":\"string\"}", "goes on where another list ended: its next" },
	{ "port", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535}",
	    "only those with this port at any of their four ends" },
	{ "view", "{\"enum\":[\"short\",\"full\"]}", "how much of each is shown; short if not said" },
	{ "count", "{\"enum\":[0,1]}", "1: matched says how many there are in all" },
	{ 0 },
};

struct order {
	struct conns_filter filter;
	uint32_t limit;
	enum field_view view;
	bool count;
	bool continues; /* from `after` */
	struct cursor after;
};

enum stage { STAGE_RECORDS, STAGE_COUNT, STAGE_TAIL, STAGE_END };

struct listing {
	struct reading reading;
	struct order order;
	enum stage stage;
	struct conns_walk walk, count;
	uint32_t shown;
	bool more; /* the limit ended the list, and `next` is where it goes on */
	struct cursor next;
	uint64_t matched;
	struct text text; /* in `room`: what was written and not yet taken */
	size_t taken;
	char room[RECORD_JSON_MAX + 2 * CURSOR_TEXT_MAX];
};

static void
refuse_word(struct reply *reply, const char *name, const char *value, const char *expected, const char *const *names)
{
	const char *meant = nearest(value, names);

	reply_problem(reply, PROBLEM_BAD_VALUE, name, "Expected %s%s%s%s.", expected,
	    meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant, meant == NULL ? "" : "?");
}

static bool
take_kind(struct order *order, const char *value, struct reply *reply)
{
	const char *names[KIND_COUNT + 1] = { NULL };
	char room[80];
	struct text expected;

	order->filter.kind = -1;
	text_init(&expected, room, sizeof(room));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		names[kind] = record_kind_text((enum record_kind)kind);
		text_addf(&expected, "%s%s", kind == 0 ? "" : kind + 1 < KIND_COUNT ? ", " : " or ", names[kind]);
		if (value != NULL && strcmp(value, names[kind]) == 0)
			order->filter.kind = kind;
	}
	if (value == NULL || order->filter.kind != -1)
		return true;
	refuse_word(reply, "kind", value, room, names);
	return false;
}

/* Only closed ones are of other kinds than KIND_PROXY, so whoever asks for those need not say so. */
static const char *
state_unless_said(const struct order *order)
{
	return order->filter.kind == -1 || order->filter.kind == KIND_PROXY ? "active" : "closed";
}

static bool
take_state(struct order *order, const char *value, struct reply *reply)
{
	const char *names[CONN_STATES + 3];
	int count = 0;

	order->filter.live = true;
	order->filter.state = -1;
	if (value == NULL)
		value = state_unless_said(order);
	if (strcmp(value, "active") == 0)
		return true;
	order->filter.live = strcmp(value, "closed") != 0;
	order->filter.closed = !order->filter.live || strcmp(value, "all") == 0;
	if (order->filter.closed)
		return true;
	for (int state = 0; state < CONN_STATES; state++) {
		names[count++] = conn_state_text((enum conn_state)state);
		if (strcmp(value, names[state]) == 0)
			order->filter.state = state;
	}
	if (order->filter.state != -1)
		return true;
	names[count++] = "active";
	names[count++] = "all";
	names[count] = NULL;
	refuse_word(reply, "state", value, "active, closed, all or the name of a state", names);
	return false;
}

static bool
take_number(
    const struct request *request, const char *name, uint64_t low, uint64_t high, uint64_t *number, struct reply *reply)
{
	const char *value = query_value(&request->query, name);

	if (value == NULL || query_number(value, low, high, number))
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, name, "Expected a number from %llu to %llu.", (unsigned long long)low,
	    (unsigned long long)high);
	return false;
}

static bool
take_view(struct order *order, const char *value, struct reply *reply)
{
	order->view = value != NULL && strcmp(value, "full") == 0 ? VIEW_FULL : VIEW_SHORT;
	if (value == NULL || order->view == VIEW_FULL || strcmp(value, "short") == 0)
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "view", "Expected short or full.");
	return false;
}

static bool
take_after(struct order *order, const char *value, const struct track *track, struct reply *reply)
{
	order->continues = value != NULL;
	if (value == NULL)
		return true;
	if (!cursor_parse(&order->after, value)) {
		reply_problem(reply, PROBLEM_BAD_VALUE, "after", "Expected what `next` said in an answer.");
		return false;
	}
	if (order->after.boot != track->boot) {
		reply_problem(
		    reply, PROBLEM_CURSOR_GONE, "after", "It is from another start of the process; list anew.");
		return false;
	}
	return true;
}

static bool
take_order(struct order *order, const struct request *request, struct reply *reply)
{
	const struct query *query = &request->query;
	uint64_t limit = LIMIT_DEFAULT, port = 0, count = 0;

	if (!take_kind(order, query_value(query, "kind"), reply) ||
	    !take_state(order, query_value(query, "state"), reply) ||
	    !take_number(request, "limit", 1, LIMIT_MAX, &limit, reply) ||
	    !take_number(request, "port", 1, 65535, &port, reply) ||
	    !take_number(request, "count", 0, 1, &count, reply) ||
	    !take_view(order, query_value(query, "view"), reply) ||
	    !take_after(order, query_value(query, "after"), request->track, reply))
		return false;
	order->limit = (uint32_t)limit;
	order->filter.port = (uint16_t)port;
	order->count = count == 1;
	return true;
}

/* Its cursor is where /events can go on without a hole, so it comes before any look at a record. */
static void
write_head(struct listing *listing)
{
	const struct track *track = listing->reading.track;
	struct cursor cursor = { .kind = CURSOR_EVENTS, .boot = track->boot, .count = track->settings->workers };
	struct text *text = &listing->text;
	char now[CLOCK_TEXT_MAX];

	for (int i = 0; i < cursor.count; i++)
		cursor.numbers[i] = bus_head(track->bus, i);
	text_addf(text, "{\"schema_version\":1,\"time\":\"%s\",\"cursor\":\"",
	    clock_format(clock_wall_us(), now, sizeof(now)));
	cursor_format(&cursor, text);
	text_add(text, "\",\"conns\":[");
}

/* When all were shown, their number is known; else they are counted in a walk of their own. */
static void
end_records(struct listing *listing, bool more)
{
	bool all_shown = !more && !listing->order.continues;

	listing->more = more;
	listing->matched = all_shown ? listing->shown : 0;
	listing->stage = STAGE_TAIL;
	if (!listing->order.count || all_shown)
		return;
	listing->stage = STAGE_COUNT;
	conns_walk_init(&listing->count, listing->reading.track, &listing->order.filter, 0);
}

static bool
write_next_record(struct listing *listing)
{
	union record_words copy;

	switch (conns_walk_next(&listing->walk, &copy)) {
	case WALK_BUSY:
		return false;
	case WALK_OVER:
		end_records(listing, false);
		return true;
	case WALK_FOUND:
		break;
	}
	if (listing->shown == listing->order.limit) {
		conns_walk_place(&listing->walk, &copy, &listing->next);
		end_records(listing, true);
		return true;
	}
	text_add(&listing->text, listing->shown++ == 0 ? "\n" : ",\n");
	listing->reading.record = &copy.record;
	listing->reading.now_ns = clock_now();
	record_json_write(&listing->text, &listing->reading, listing->order.view);
	return true;
}

static bool
count_on(struct listing *listing)
{
	union record_words copy;

	for (;;) {
		switch (conns_walk_next(&listing->count, &copy)) {
		case WALK_FOUND:
			/* What is counted one by one is bounded as what is looked at. */
			if (++listing->matched % 4096 == 0)
				return false;
			break;
		case WALK_BUSY:
			return false;
		case WALK_OVER:
			listing->stage = STAGE_TAIL;
			return true;
		}
	}
}

static void
write_tail(struct listing *listing)
{
	struct text *text = &listing->text;

	text_add(text, listing->shown == 0 ? "],\"next\":" : "\n],\"next\":");
	if (listing->more) {
		text_add_char(text, '"');
		cursor_format(&listing->next, text);
		text_add_char(text, '"');
	} else {
		text_add(text, "null");
	}
	text_add(text, ",\"matched\":");
	if (listing->order.count)
		text_add_u64(text, listing->matched);
	else
		text_add(text, "null");
	text_add(text, ",\"overwritten\":");
	if (listing->order.filter.closed)
		text_add_u64(text, listing->walk.overwritten);
	else
		text_add(text, "null");
	text_add(text, "}\n");
	listing->stage = STAGE_END;
}

/* False: enough for this turn. */
static bool
write_some(struct listing *listing)
{
	text_init(&listing->text, listing->room, sizeof(listing->room));
	listing->taken = 0;
	switch (listing->stage) {
	case STAGE_RECORDS:
		return write_next_record(listing);
	case STAGE_COUNT:
		return count_on(listing);
	case STAGE_TAIL:
		write_tail(listing);
		return true;
	case STAGE_END:
		break;
	}
	return true;
}

static size_t
fill(void *source, char *bytes, size_t size)
{
	struct listing *listing = source;
	size_t filled = 0;

	while (filled < size) {
		size_t ready = listing->text.length - listing->taken;

		if (ready > 0) {
			size_t part = ready < size - filled ? ready : size - filled;

			memcpy(bytes + filled, listing->room + listing->taken, part);
			listing->taken += part;
			filled += part;
		} else if (listing->stage == STAGE_END) {
			break;
		} else if (!write_some(listing)) {
			/* Nothing found for long, and others wait.  A line break hurts nowhere in JSON. */
			if (filled == 0)
				bytes[filled++] = '\n';
			break;
		}
	}
	return filled;
}

static void
free_listing(void *source)
{
	struct listing *listing = source;

	conns_walk_fini(&listing->walk); /* `count` keeps nothing */
	free(listing);
}

void
route_conns(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	struct order *order = &listing->order;
	listing->reading.track = track;
	if (!take_order(order, request, reply)) {
		free_listing(listing);
		return;
	}
	text_init(&listing->text, listing->room, sizeof(listing->room));
	write_head(listing);
	if (conns_walk_init(&listing->walk, track, &order->filter, order->limit) != 0) {
		free_listing(listing);
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again with a smaller limit.");
		return;
	}
	if (order->continues && !conns_walk_resume(&listing->walk, &order->after)) {
		free_listing(listing);
		reply_problem(
		    reply, PROBLEM_BAD_VALUE, "after", "Expected what `next` said in an answer for this state.");
		return;
	}
	reply_stream(reply, "application/json", fill, free_listing, listing);
}
